"""Augmentation of images, as scikit-learn transformers: small changes that keep the class.

Each draws a new random change for each image, at every call of ``transform``. Transformers have a
``random_state``; with an integer, the same images are changed in the same way again.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
from scipy import ndimage
from sklearn.base import BaseEstimator, TransformerMixin

from lookalike._core.errors import DataError
from lookalike._core.parameters import Number, Rule, check_parameters
from lookalike._core.seeds import RandomState, as_seed, generator

__all__ = [
    "ElasticDeformation",
    "ImageTransformer",
    "PixelNoise",
    "RandomRotation",
    "RandomScale",
    "RandomShear",
    "RandomShift",
    "augmented",
]

_SHARE, _ANGLE = Number(0, 1), Number(0, 180)


class ImageTransformer(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Base class of random changes of images.

    A subclass stores its parameters, has a rule for each, and implements `_changed`.
    """

    _rules: ClassVar[Mapping[str, Rule]] = {}

    random_state: RandomState

    def fit(self, images: Any, labels: Any = None) -> Self:  # noqa: ARG002 - nothing is learned
        """Check the parameters; nothing is learned.

        Parameters
        ----------
        images : array-like, shape (n, height, width[, channels])
        labels : array-like, optional
            Ignored.

        Returns
        -------
        ImageTransformer
            The transformer itself.

        Raises
        ------
        ParameterError
            If a parameter breaks its rule.
        """
        values = self.get_params()
        values.pop("random_state")
        check_parameters(type(self).__name__, self._rules, values)
        return self

    def transform(self, images: Any) -> np.ndarray:
        """Return changed images.

        Parameters
        ----------
        images : array-like, shape (n, height, width[, channels])

        Returns
        -------
        ndarray
            Of the same shape and type, within the range of the given pixels.

        Raises
        ------
        DataError
            If these are no images.
        """
        self.fit(images)
        given = np.asarray(images)
        if given.ndim not in (3, 4) or given.dtype.kind not in "buif":
            raise DataError(
                "images must be numbers of the shape (n, height, width[, channels]); got "
                f"{given.dtype} of shape {given.shape}."
            )
        if not given.size:
            return given.copy()
        whole = given if given.ndim == 4 else given[..., None]
        rng, low, high = generator(as_seed(self.random_state)), given.min(), given.max()
        changed = np.stack([self._changed(image, rng, float(low)) for image in whole.astype(float)])
        changed = np.clip(changed, low, high).reshape(given.shape)
        if given.dtype.kind != "f":
            changed = np.rint(changed)
        found: np.ndarray = changed.astype(given.dtype)
        return found

    @abstractmethod
    def _changed(self, image: np.ndarray, rng: np.random.Generator, low: float) -> np.ndarray:
        """Return an image, shape (height, width, channels), after a random change.

        `low` is the value of pixels beyond its edge.
        """

    def __sklearn_is_fitted__(self) -> bool:
        return True


def _mapped(image: np.ndarray, matrix: np.ndarray, low: float) -> np.ndarray:
    """Return an image whose pixels are taken from where a linear map about its centre leads."""
    centre = (np.array(image.shape[:2]) - 1) / 2
    colours = [
        ndimage.affine_transform(
            image[..., k], matrix, centre - matrix @ centre, order=1, mode="constant", cval=low
        )
        for k in range(image.shape[2])
    ]
    return np.stack(colours, axis=-1)


class RandomShift(ImageTransformer):
    """Shift images, by up to a share of their sides in both directions.

    Parameters
    ----------
    share : float
        The greatest shift, as a share of each side.
    random_state : int, Generator, RandomState or None
        The seed.

    Examples
    --------
    >>> import numpy as np
    >>> from lookalike.images import RandomShift
    >>> RandomShift(0.25, random_state=0).fit_transform(np.eye(8)[None]).shape
    (1, 8, 8)
    """

    _rules: ClassVar[Mapping[str, Rule]] = {"share": _SHARE}

    def __init__(self, share: float = 0.1, *, random_state: RandomState = None) -> None:
        self.share = share
        self.random_state = random_state

    def _changed(self, image: np.ndarray, rng: np.random.Generator, low: float) -> np.ndarray:
        most = self.share * np.array(image.shape[:2])
        by = (*rng.uniform(-most, most), 0)
        moved: np.ndarray = ndimage.shift(image, by, order=1, mode="constant", cval=low)
        return moved


class RandomRotation(ImageTransformer):
    """Rotate images about their centre.

    Parameters
    ----------
    degrees : float
        The greatest angle, in both directions.
    random_state : int, Generator, RandomState or None
        The seed.
    """

    _rules: ClassVar[Mapping[str, Rule]] = {"degrees": _ANGLE}

    def __init__(self, degrees: float = 10.0, *, random_state: RandomState = None) -> None:
        self.degrees = degrees
        self.random_state = random_state

    def _changed(self, image: np.ndarray, rng: np.random.Generator, low: float) -> np.ndarray:
        angle = np.deg2rad(rng.uniform(-self.degrees, self.degrees))
        cosine, sine = np.cos(angle), np.sin(angle)
        return _mapped(image, np.array([[cosine, -sine], [sine, cosine]]), low)


class RandomScale(ImageTransformer):
    """Enlarge or shrink what images show, about their centre.

    Parameters
    ----------
    share : float
        The greatest change: of 0.1, images are scaled by 1 / 1.1 to 1.1.
    random_state : int, Generator, RandomState or None
        The seed.
    """

    _rules: ClassVar[Mapping[str, Rule]] = {"share": _SHARE}

    def __init__(self, share: float = 0.1, *, random_state: RandomState = None) -> None:
        self.share = share
        self.random_state = random_state

    def _changed(self, image: np.ndarray, rng: np.random.Generator, low: float) -> np.ndarray:
        factor = (1 + self.share) ** rng.uniform(-1, 1)
        return _mapped(image, np.eye(2) / factor, low)


class RandomShear(ImageTransformer):
    """Shear images along their rows, as slanted handwriting is.

    Parameters
    ----------
    share : float
        The greatest shift of a row, as a share of its distance from the middle row.
    random_state : int, Generator, RandomState or None
        The seed.
    """

    _rules: ClassVar[Mapping[str, Rule]] = {"share": _SHARE}

    def __init__(self, share: float = 0.15, *, random_state: RandomState = None) -> None:
        self.share = share
        self.random_state = random_state

    def _changed(self, image: np.ndarray, rng: np.random.Generator, low: float) -> np.ndarray:
        slant = rng.uniform(-self.share, self.share)
        return _mapped(image, np.array([[1.0, 0.0], [slant, 1.0]]), low)


class ElasticDeformation(ImageTransformer):
    """Move pixels by a smooth random field.

    Source: Simard, Steinkraus and Platt 2003, "Best practices for convolutional neural networks
    applied to visual document analysis".

    Parameters
    ----------
    pixels : float
        The standard deviation of the movement, in pixels.
    smoothness : float
        The standard deviation of the Gaussian filter of the field, as a share of the sides.
    random_state : int, Generator, RandomState or None
        The seed.
    """

    _rules: ClassVar[Mapping[str, Rule]] = {"pixels": Number(0), "smoothness": Number(0, 1)}

    def __init__(
        self, pixels: float = 0.5, smoothness: float = 0.2, *, random_state: RandomState = None
    ) -> None:
        self.pixels = pixels
        self.smoothness = smoothness
        self.random_state = random_state

    def _changed(self, image: np.ndarray, rng: np.random.Generator, low: float) -> np.ndarray:
        sides = image.shape[:2]
        widths = self.smoothness * np.array(sides)
        # Two fields, each smoothed, then scaled back to the wanted deviation.
        fields = [
            ndimage.gaussian_filter(rng.standard_normal(sides), widths, mode="nearest")
            for _ in sides
        ]
        moves = [field * (self.pixels / max(field.std(), 1e-9)) for field in fields]
        places = np.stack(np.meshgrid(*map(np.arange, sides), indexing="ij")) + moves
        colours = [
            ndimage.map_coordinates(image[..., k], places, order=1, mode="constant", cval=low)
            for k in range(image.shape[2])
        ]
        return np.stack(colours, axis=-1)


class PixelNoise(ImageTransformer):
    """Add normal noise to each pixel.

    Parameters
    ----------
    share : float
        The standard deviation, as a share of the range of the image's pixels.
    random_state : int, Generator, RandomState or None
        The seed.
    """

    _rules: ClassVar[Mapping[str, Rule]] = {"share": _SHARE}

    def __init__(self, share: float = 0.05, *, random_state: RandomState = None) -> None:
        self.share = share
        self.random_state = random_state

    def _changed(
        self,
        image: np.ndarray,
        rng: np.random.Generator,
        low: float,  # noqa: ARG002 - no pixel comes from beyond the edge
    ) -> np.ndarray:
        spread = self.share * (image.max() - image.min())
        found: np.ndarray = image + spread * rng.standard_normal(image.shape)
        return found


#: The changes of `augmented`: one after another.
_USUAL = (RandomShift, RandomRotation, RandomScale, RandomShear)


def augmented(
    images: np.ndarray, labels: np.ndarray, n: int, *, random_state: RandomState = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return changed copies of images: shifted, rotated, scaled and sheared a little.

    Parameters
    ----------
    images : ndarray, shape (m, height, width[, channels])
    labels : ndarray, shape (m,)
    n : int
        The number of copies; images are taken in turn, in a random order.
    random_state : int, Generator, RandomState or None
        The seed.

    Returns
    -------
    ndarray, shape (n, height, width[, channels])
    ndarray, shape (n,)
        Their labels.

    Examples
    --------
    >>> import numpy as np
    >>> images, labels = augmented(np.eye(8)[None], np.array([1]), 3, random_state=0)
    >>> images.shape, labels.tolist()
    ((3, 8, 8), [1, 1, 1])
    """
    seed = as_seed(random_state)
    order = generator(seed, "order").permutation(len(images))
    chosen = np.resize(order, n)
    found = images[chosen]
    for number, kind in enumerate(_USUAL):
        rng = generator(seed, "augment", number)
        found = kind(random_state=rng).fit_transform(found)
    return found, labels[chosen]
