"""The form of a set of images, and images as rows of numbers in [-1, 1]."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np

from lookalike._core.bounds import whole
from lookalike._core.errors import DataError, ModelFileError
from lookalike._core.numerics import Floats32

__all__ = ["ImageForm"]

#: The greatest side in pixels: training takes minutes for 28 and hours for more.
_GREATEST_SIDE = 128
#: Types that images are given back in.
_TYPES = ("uint8", "uint16", "int32", "int64", "float32", "float64", "bool")


@dataclass(frozen=True)
class ImageForm:
    """The shape of images, the range of their pixels and their type.

    Parameters
    ----------
    height, width, channels : int
        The sides in pixels, and the number of colours.
    flat : bool
        Whether images have no axis of colours.
    low, high : float
        The range of pixels: 0 and 255 for bytes, else the least and the greatest one.
    whole : bool
        Whether all pixels are whole numbers.
    dtype : str
        Their numpy type.
    """

    height: int
    width: int
    channels: int
    flat: bool
    low: float
    high: float
    whole: bool
    dtype: str

    @classmethod
    def of(cls, images: np.ndarray) -> Self:
        """Return the form of checked images, shape (n, height, width[, channels]).

        Raises
        ------
        DataError
            If the images are too large to learn.
        """
        height, width = images.shape[1:3]
        channels = images.shape[3] if images.ndim == 4 else 1
        if max(height, width) > _GREATEST_SIDE:
            raise DataError(
                f"Images may have at most {_GREATEST_SIDE} × {_GREATEST_SIDE} pixels; these have "
                f"{height} × {width}. Make them smaller first."
            )
        low, high = float(images.min()), float(images.max())
        if images.dtype == np.uint8:
            low, high = 0.0, 255.0
        if low == high:
            raise DataError(
                f"Images must show something, but every pixel is {low:g}. Give other images."
            )
        return cls(
            height,
            width,
            channels,
            images.ndim == 3,
            low,
            high,
            not np.issubdtype(images.dtype, np.floating) or bool((images == images.round()).all()),
            images.dtype.name if images.dtype.name in _TYPES else "float64",
        )

    @property
    def pixels(self) -> int:
        """The number of values of an image."""
        return self.height * self.width * self.channels

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of an image as the caller has it."""
        return (self.height, self.width) if self.flat else (self.height, self.width, self.channels)

    def rows(self, images: np.ndarray) -> Floats32:
        """Return images as rows in [-1, 1], shape (n, pixels)."""
        flat = images.reshape(len(images), -1).astype(np.float32)
        scaled: Floats32 = (flat - np.float32(self.low)) * np.float32(
            2 / (self.high - self.low)
        ) - 1
        return scaled

    def images(self, rows: Floats32) -> np.ndarray:
        """Return rows in [-1, 1] as images of the caller's type and range."""
        values = self.low + (np.clip(rows, -1, 1).astype(np.float64) + 1) / 2 * (
            self.high - self.low
        )
        if self.whole:
            values = np.rint(values)
        return values.reshape(-1, *self.shape).astype(self.dtype)

    def to_dict(self) -> dict[str, Any]:
        """Return the form as JSON-ready values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Restore a form from its `to_dict`, which may be damaged."""
        sides = {name: whole(values[name], 1, _GREATEST_SIDE, name) for name in ("height", "width")}
        low, high = float(values["low"]), float(values["high"])
        if values["dtype"] not in _TYPES or not low < high:
            raise ModelFileError("the form of its images is damaged.")
        channels = whole(values["channels"], 1, 64, "channels")
        if values["flat"] and channels != 1:
            raise ModelFileError("the form of its images is damaged.")
        return cls(
            **sides,
            channels=channels,
            flat=bool(values["flat"]),
            low=low,
            high=high,
            whole=bool(values["whole"]),
            dtype=str(values["dtype"]),
        )
