"""Numbers with their mean taken away, divided by their standard deviation."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from lookalike.encoding._scaled import Scaled

__all__ = ["Standard"]


class Standard(Scaled):
    """Scale linearly to mean 0 and standard deviation 1.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from lookalike.tables import Column, Kind
    >>> column = Column("n", Kind.INTEGER, "int64")
    >>> Standard().fit(pa.array([0, 10]), column).compact(pa.array([0, 5])).floats.tolist()
    [[-1.0], [0.0]]
    """

    name: ClassVar[str] = "standard"

    def _learn(self, positions: np.ndarray) -> None:
        # divided first, so that squares of extreme floats cannot overflow
        size = float(np.abs(positions).max()) or 1.0
        self._mean = float((positions / size).mean()) * size
        self._scale_ = float((positions / size).std()) * size or 1.0

    def _scale(self, positions: np.ndarray) -> np.ndarray:
        return positions / self._scale_ - self._mean / self._scale_

    def _unscale(self, numbers: np.ndarray) -> np.ndarray:
        return self._mean + self._scale_ * numbers

    def _values(self) -> dict[str, Any]:
        return {"mean": self._mean, "scale": self._scale_}

    def _take(self, values: dict[str, Any]) -> None:
        self._mean, self._scale_ = float(values["mean"]), float(values["scale"])
