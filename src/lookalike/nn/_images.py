"""Convolutional networks that draw and judge images, as flat rows of pixels."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray, PyTree

from lookalike._core.errors import ParameterError
from lookalike._core.parameters import Flag, Number, check_parameters
from lookalike.nn._activations import activation, rectifier_gain
from lookalike.nn._architecture import Architecture
from lookalike.nn._convolutions import TAPS, convolved, patches, resized, transposed
from lookalike.nn._network import Layer
from lookalike.nn._primitives import INITIALS
from lookalike.nn._product import product
from lookalike.nn.normalisations import Normalisation, Nothing

__all__ = ["ImageArchitecture", "ImageDrawer", "ImageJudge"]

_SIDE = Number(1, 2**12, integer=True)
_RULES = {
    "height": _SIDE,
    "across": _SIDE,
    "channels": Number(1, 64, integer=True),
    "classes": Number(0, 2**16, integer=True),
    "draws": Flag(),
}
#: Options of dense networks that convolutional ones do not have.
_UNUSED = ("residual", "dropout")


@dataclass(frozen=True)
class ImageArchitecture(Architecture):
    """The layers of a convolutional network, which each halve or double the sides of images.

    A network that judges has a 4 × 4 convolution with stride 2 for each width, then an affine map.
    With batch normalisation, the first convolution has none. One that draws has an affine map to
    the smallest images, with the first width as channels, and a transposed convolution to each
    further width and at last to pixels, after which there is no normalisation.

    Source: Radford, Metz and Chintala 2016, arXiv 1511.06434. Classes enter a judge by projection
    (Miyato and Koyama 2018, arXiv 1802.05637), and a drawer beside the noise.

    Parameters
    ----------
    widths : tuple of int
        The channels of each layer; at least one.
    residual, activation, slope, normalisation, dropout, bias, initial : optional
        As of `Architecture`; ``residual`` and ``dropout`` keep their defaults.
    height, across, channels : int
        The sides of images in pixels, and the number of their colours.
    classes : int
        The number of classes that a judge reads beside the pixels, one-hot; 0 for none.
    draws : bool
        Whether the network draws images; else it judges them.

    Raises
    ------
    ParameterError
        If a value breaks its rule.
    """

    height: int = 28
    across: int = 28
    channels: int = 1
    classes: int = 0
    draws: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        check_parameters("ImageArchitecture", _RULES, {name: vars(self)[name] for name in _RULES})
        plain = Architecture((1,))
        changed = [name for name in _UNUSED if vars(self)[name] != vars(plain)[name]]
        if changed or not self.widths:
            what = f"{changed[0]}={vars(self)[changed[0]]}" if changed else "no widths"
            raise ParameterError(
                "Convolutional layers have at least one width, no residuals and no dropout; "
                f"got {what}. Leave it out, or give a width."
            )
        if self.draws and self.normalisation == "spectral":
            raise ParameterError(
                "A network that draws images has no spectral normalisation, which is for judges. "
                "Choose 'batch', 'layer' or None."
            )

    @property
    def pixels(self) -> int:
        """The number of values of an image."""
        return self.height * self.across * self.channels

    @property
    def smallest(self) -> tuple[int, int]:
        """The sides of the smallest images, in pixels."""
        scale = 2 ** len(self.widths)
        return -(-self.height // scale), -(-self.across // scale)

    def build(self, inputs: int, outputs: int, key: PRNGKeyArray) -> Any:
        """Return an untrained network.

        Parameters
        ----------
        inputs, outputs : int
            Of a network that draws, the width of noise with classes, and the number of pixels; of
            one that judges, the width of rows (pixels and one-hot classes; of several images if it
            is a multiple), and 1.
        key : PRNG key

        Returns
        -------
        ImageDrawer or ImageJudge
        """
        return self._drawer(inputs, key) if self.draws else self._judge(inputs, outputs, key)

    def products(self, inputs: int, outputs: int) -> int:
        """Return the number of multiplications for one image; see `Architecture.products`."""
        down, across = self.smallest
        widths = self.widths if self.draws else self.widths[::-1]
        pairs = pairwise((*widths, self.channels))
        convolutions: int = sum(
            down * across * 4**stage * TAPS * a * b for stage, (a, b) in enumerate(pairs)
        )
        ends = inputs if self.draws else outputs
        return convolutions + ends * down * across * widths[0]

    def weight(self, inputs: int, units: int, fan: int, key: PRNGKeyArray, *, last: bool) -> Array:
        """Return an initial matrix of weights, whose units each read `fan` values."""
        gain = 1.0 if last else rectifier_gain(str(self.activation), self.slope)
        return jax.random.normal(key, (inputs, units)) * INITIALS[self.initial](fan, units, gain)

    def _drawer(self, inputs: int, key: PRNGKeyArray) -> ImageDrawer:
        down, across = self.smallest
        keys = jax.random.split(key, len(self.widths) + 1)
        first = self.weight(inputs, down * across * self.widths[0], inputs, keys[0], last=False)
        layers = [_Spread.of(self, first, self.widths[0])]
        before = self.widths[0]
        for width, own in zip(self.widths[1:], keys[1:], strict=False):
            # Each pixel is reached by 2 × 2 of the taps.
            taps = self.weight(TAPS * width, before, 4 * before, own, last=False)
            layers.append(_Spread.of(self, taps, width))
            before = width
        taps = self.weight(TAPS * self.channels, before, 4 * before, keys[-1], last=True)
        last = _Spread(taps, jnp.zeros(self.channels), Nothing())
        return ImageDrawer(tuple(layers), last, self)

    def _judge(self, inputs: int, outputs: int, key: PRNGKeyArray) -> ImageJudge:
        pack = inputs // (self.pixels + self.classes)
        keys = jax.random.split(key, len(self.widths) + 1)
        before, layers = pack * self.channels, []
        for number, (width, own) in enumerate(zip(self.widths, keys, strict=False)):
            weight = self.weight(TAPS * before, width, TAPS * before, own, last=False)
            bare = number == 0 and not self._normalisation.last
            kind = Nothing if bare else self._normalisation
            layers.append(Layer(weight, self._bias(width), kind.begin(weight, 1.0, own)))
            before = width
        down, across = self.smallest
        features, units = down * across * before, outputs + pack * self.classes
        weight = self.weight(features, units, features, keys[-1], last=True)
        kind = self._normalisation if self._normalisation.last else Nothing
        last = Layer(weight, jnp.zeros(units), kind.begin(weight, 1.0, keys[-1]))
        return ImageJudge(tuple(layers), last, self, outputs, pack)

    def _bias(self, units: int) -> Array | None:
        return jnp.zeros(units) if self.bias else None


class _Spread(eqx.Module):
    """A map to images that are normalised afterwards: of rows, or of images of half the sides.

    Parameters
    ----------
    weight : array, shape (inputs, places × units) or (16 units, inputs)
        Of an affine map, or of a transposed convolution.
    bias : array, shape (units,), or None
    normalisation : Normalisation
        Of each unit over images and pixels.
    """

    weight: Float[Array, "_ _"]
    bias: Float[Array, " units"] | None
    normalisation: Normalisation

    @classmethod
    def of(cls, form: ImageArchitecture, weight: Array, units: int) -> _Spread:
        normalisation = form._normalisation.begin(jnp.zeros((1, units)), 1.0, jax.random.key(0))
        return cls(weight, form._bias(units), normalisation)

    def spread(self, x: Array, down: int, across: int) -> Array:
        """Return the products of rows as images."""
        rows = product(x, self.weight).reshape(len(x), down, across, -1)
        return rows.transpose(1, 2, 0, 3)

    def doubled(self, x: Array) -> Array:
        """Return images of twice the sides."""
        return transposed(x, self.weight)

    def normal(self, images: Array) -> Array:
        """Return images as when sampling."""
        units = images.shape[-1]
        return self.normalisation(images.reshape(-1, units), None, self.bias).reshape(images.shape)

    def learn(self, images: Array) -> tuple[Array, PyTree[Array]]:
        """Return images normalised as while training, and their statistics."""
        units = images.shape[-1]
        found, seen = self.normalisation.learn(images.reshape(-1, units), None, self.bias)
        return found.reshape(images.shape), seen

    def absorb(self, stats: PyTree[Array]) -> _Spread:
        return _Spread(self.weight, self.bias, self.normalisation.absorb(stats))


class ImageDrawer(eqx.Module):
    """A network that draws images from noise: the interface of `Network`.

    Parameters
    ----------
    layers : tuple of layers
        The affine map, and the transposed convolutions before the last.
    last : layer
        The transposed convolution to pixels.
    form : ImageArchitecture
    """

    layers: tuple[_Spread, ...]
    last: _Spread
    form: ImageArchitecture = eqx.field(static=True)

    @property
    def tracks(self) -> bool:
        """True if a training step updates statistics besides the gradients."""
        return any(layer.normalisation.tracks for layer in self.layers)

    def __call__(self, x: Float[Array, "rows inputs"]) -> Float[Array, "rows pixels"]:
        """Return images before their last activation, each of which depends on its row alone."""
        activate = activation(str(self.form.activation), self.form.slope)
        first, *others = self.layers
        h = activate(first.normal(first.spread(x, *self.form.smallest)))
        for layer in others:
            h = activate(layer.normal(layer.doubled(h)))
        return self._pixels(h)

    def learn(
        self,
        x: Float[Array, "rows inputs"],
        key: PRNGKeyArray,  # noqa: ARG002 - there is no dropout
    ) -> tuple[Float[Array, "rows pixels"], PyTree[Array]]:
        """Return images as when training, and the statistics of each layer."""
        activate = activation(str(self.form.activation), self.form.slope)
        first, *others = self.layers
        h, seen = first.learn(first.spread(x, *self.form.smallest))
        stats = [seen]
        for layer in others:
            h, seen = layer.learn(layer.doubled(activate(h)))
            stats.append(seen)
        return self._pixels(activate(h)), tuple(stats) if self.tracks else ()

    def absorb(self, stats: PyTree[Array]) -> ImageDrawer:
        """Return the network with normalisations updated by the statistics of a batch."""
        if not self.tracks:
            return self
        pairs = zip(self.layers, stats, strict=True)
        return ImageDrawer(tuple(layer.absorb(s) for layer, s in pairs), self.last, self.form)

    def _pixels(self, h: Array) -> Array:
        images = resized(self.last.normal(self.last.doubled(h)), self.form.height, self.form.across)
        return _flat(images)


class ImageJudge(eqx.Module):
    """A network that judges images, or finds their classes: the interface of `Network`.

    Its inputs are pixels, then one-hot classes; with `pack` images in a row, these follow one
    another, and their pixels are colours of one image.

    Parameters
    ----------
    layers : tuple of Layer
        Convolutions as affine maps of patches.
    last : Layer
        The map of all units to the outputs, and to one number for each class, of which that of the
        image's class is added to the first output.
    form : ImageArchitecture
    outputs, pack : int
        The number of outputs, and of images in a row.
    """

    layers: tuple[Layer, ...]
    last: Layer
    form: ImageArchitecture = eqx.field(static=True)
    outputs: int = eqx.field(static=True)
    pack: int = eqx.field(static=True)

    @property
    def tracks(self) -> bool:
        """True if a training step updates statistics besides the gradients."""
        return any(layer.normalisation.tracks for layer in (*self.layers, self.last))

    def __call__(self, x: Float[Array, "rows inputs"]) -> Float[Array, "rows outputs"]:
        """Return the outputs; each row's depend on that row alone."""
        images, classes = self._parted(x)
        return self._outputs(self.last(self._units(images)), classes)

    def features(self, x: Float[Array, "rows inputs"]) -> Float[Array, "rows features"]:
        """Return the units before the last map."""
        return self._units(self._parted(x)[0])

    def _units(self, images: Array) -> Array:
        activate = activation(str(self.form.activation), self.form.slope)
        for layer in self.layers:
            x, weight, sides = _read(layer, images)
            units = layer.normalisation(x, weight, layer.bias)
            images = activate(units).reshape(*sides, -1)
        return _flat(images)

    def learn(
        self,
        x: Float[Array, "rows inputs"],
        key: PRNGKeyArray,  # noqa: ARG002 - there is no dropout
    ) -> tuple[Float[Array, "rows outputs"], PyTree[Array]]:
        """Return the outputs as when training, and the statistics of each layer."""
        activate = activation(str(self.form.activation), self.form.slope)
        images, classes = self._parted(x)
        stats = []
        for layer in self.layers:
            x, weight, sides = _read(layer, images)
            units, seen = layer.normalisation.learn(x, weight, layer.bias)
            images = activate(units).reshape(*sides, -1)
            stats.append(seen)
        found, seen = self.last.learn(_flat(images))
        return self._outputs(found, classes), (*stats, seen) if self.tracks else ()

    def absorb(self, stats: PyTree[Array]) -> ImageJudge:
        """Return the network with normalisations updated by the statistics of a batch."""
        if not self.tracks:
            return self
        *seen, last = stats
        layers = tuple(layer.absorb(s) for layer, s in zip(self.layers, seen, strict=True))
        return ImageJudge(layers, self.last.absorb(last), self.form, self.outputs, self.pack)

    def _parted(self, x: Array) -> tuple[Array, Array]:
        """Return images, padded to sides that can be halved, and their classes."""
        form, scale = self.form, 2 ** len(self.layers)
        rows = x.reshape(len(x), self.pack, -1)
        pixels = rows[:, :, : form.pixels].reshape(
            len(x), self.pack, form.height, form.across, form.channels
        )
        images = pixels.transpose(2, 3, 0, 1, 4).reshape(form.height, form.across, len(x), -1)
        down, across = form.smallest
        # A penalty on slopes concerns pixels alone.
        classes = jax.lax.stop_gradient(rows[:, :, form.pixels :]).reshape(len(x), -1)
        return resized(images, scale * down, scale * across), classes

    def _outputs(self, found: Array, classes: Array) -> Array:
        outputs = found[:, : self.outputs]
        if not classes.shape[1]:
            return outputs
        own = jnp.sum(classes * found[:, self.outputs :], axis=1, keepdims=True)
        return outputs.at[:, :1].add(own)


def _flat(images: Array) -> Float[Array, "images values"]:
    """Return images, whose places are first, as rows."""
    return images.transpose(2, 0, 1, 3).reshape(images.shape[2], -1)


def _read(layer: Layer, images: Array) -> tuple[Array, Array | None, tuple[int, int, int]]:
    """Return the convolution of images as rows without a weight, and its sides and number.

    For a normalisation of the weight itself: the patches as rows, and the weight.
    """
    sides = images.shape[0] // 2, images.shape[1] // 2, images.shape[2]
    if layer.normalisation.last:
        read = patches(images)
        return read.reshape(-1, read.shape[-1]), layer.weight, sides
    return convolved(images, layer.weight).reshape(-1, layer.weight.shape[1]), None, sides
