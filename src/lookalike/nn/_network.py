"""Networks of dense layers: the generator's and the discriminator's body."""

from __future__ import annotations

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray, PyTree

from lookalike.nn._activations import activation
from lookalike.nn.normalisations import Normalisation

__all__ = ["Layer", "Network"]

#: The number of values of a random byte.
_CHANCES = 256


class Layer(eqx.Module):
    """An affine map of whole batches with its normalisation.

    Parameters
    ----------
    weight : array, shape (inputs, units)
    bias : array, shape (units,), or None
    normalisation : Normalisation
        The normalisation that applies both.
    """

    weight: Float[Array, "inputs units"]
    bias: Float[Array, " units"] | None
    normalisation: Normalisation

    def __call__(self, x: Float[Array, "rows inputs"]) -> Float[Array, "rows units"]:
        """Return the results when sampling."""
        return self.normalisation(x, self.weight, self.bias)

    def learn(
        self, x: Float[Array, "rows inputs"]
    ) -> tuple[Float[Array, "rows units"], PyTree[Array]]:
        """Return the results while training, and the statistics of the normalisation."""
        return self.normalisation.learn(x, self.weight, self.bias)

    def absorb(self, stats: PyTree[Array]) -> Layer:
        """Return the layer with the normalisation updated by the statistics of a batch."""
        return Layer(self.weight, self.bias, self.normalisation.absorb(stats))

    def with_weights(self, change: Callable[[Array], Array]) -> Layer:
        """Return the layer with a function applied to its weight and to its bias."""
        bias = None if self.bias is None else change(self.bias)
        return Layer(change(self.weight), bias, self.normalisation)


class Network(eqx.Module):
    """Hidden layers (affine → normalisation → activation → dropout), then an affine map.

    In a residual network every hidden layer but the first adds to its input:
    h₀ = f₀(x); hₖ = hₖ₋₁ + fₖ(hₖ₋₁); output = B h. In a plain one hₖ = fₖ(hₖ₋₁).

    Networks are built by `Architecture.build`. Leaves are in the order of the computation; the
    statistics of normalisations are leaves, too, with zero gradients (see `Normalisation`).

    Parameters
    ----------
    hidden : tuple of Layer
    last : Layer
    activation : str
        A function of one argument in `jax.nn`.
    slope : float
        Of ``leaky_relu`` below zero.
    residual : bool
    dropout : float
        The share of hidden units that are set to 0 while training, to the nearest 1/256; the others
        are scaled up.
    """

    hidden: tuple[Layer, ...]
    last: Layer
    activation: str = eqx.field(static=True)
    slope: float = eqx.field(static=True)
    residual: bool = eqx.field(static=True)
    dropout: float = eqx.field(static=True)

    def __call__(self, x: Float[Array, "rows inputs"]) -> Float[Array, "rows outputs"]:
        """Return the outputs as when sampling.

        Running statistics, no dropout: each row's output depends on that row alone.
        """
        return self.last(self.features(self.hidden[0](x)) if self.hidden else x)

    def features(self, first: Float[Array, "rows units"]) -> Float[Array, "rows features"]:
        """Return the units of the last hidden layer when sampling.

        Parameters
        ----------
        first : array, shape (rows, units)
            The results of the first hidden layer before its activation.
        """
        activate = activation(self.activation, self.slope)
        x = activate(first)
        for layer in self.hidden[1:]:
            branch = activate(layer(x))
            x = x + branch if self.residual else branch
        return x

    def learn(
        self, x: Float[Array, "rows inputs"], key: PRNGKeyArray
    ) -> tuple[Float[Array, "rows outputs"], PyTree[Array]]:
        """Return the outputs as when training, and what `absorb` needs of this batch.

        Parameters
        ----------
        x : array, shape (rows, inputs)
        key : PRNG key
            The seed of dropout.

        Returns
        -------
        array, shape (rows, outputs)
        tuple
            The statistics of each layer; empty if no layer keeps any.
        """
        activate = activation(self.activation, self.slope)
        stats = []
        for number, layer in enumerate(self.hidden):
            branch, seen = layer.learn(x)
            branch = self._dropped(activate(branch), key, number)
            x = x + branch if self.residual and number else branch
            stats.append(seen)
        outputs, seen = self.last.learn(x)
        return outputs, (*stats, seen) if self.tracks else ()

    @property
    def tracks(self) -> bool:
        """True if a training step updates statistics besides the gradients."""
        return any(layer.normalisation.tracks for layer in (*self.hidden, self.last))

    def absorb(self, stats: PyTree[Array]) -> Network:
        """Return the network with normalisations updated by the statistics of batches.

        Parameters
        ----------
        stats : tuple
            From `learn`.

        Returns
        -------
        Network
        """
        if not self.tracks:
            return self
        *seen, last = stats
        hidden = tuple(layer.absorb(s) for layer, s in zip(self.hidden, seen, strict=True))
        parts = (hidden, self.last.absorb(last))
        taught: Network = eqx.tree_at(lambda n: (n.hidden, n.last), self, parts)
        return taught

    def _dropped(
        self, x: Float[Array, "rows units"], key: PRNGKeyArray, number: int
    ) -> Float[Array, "rows units"]:
        if self.dropout == 0:
            return x
        lost = round(self.dropout * _CHANCES)
        # One word serves four units: drawing words is half the cost of a small network's step.
        words = jax.random.bits(jax.random.fold_in(key, number), (-(-x.size // 4),), jnp.uint32)
        chances = jax.lax.bitcast_convert_type(words, jnp.uint8).reshape(-1)[: x.size]
        scale = _CHANCES / (_CHANCES - lost)
        return jnp.where(chances.reshape(x.shape) >= lost, scale * x, 0.0)
