"""Numbers scaled to [-1, 1], as most published table GANs do."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from lookalike.encoding._layout import Head
from lookalike.encoding._scaled import Scaled

__all__ = ["MinMax"]


class MinMax(Scaled):
    """Scale linearly so that the least value is -1 and the greatest is 1.

    Parameters
    ----------
    min_count : int, default 2
        The least number of rows that share a stored value.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from lookalike.tables import Column, Kind
    >>> column = Column("n", Kind.INTEGER, "int64")
    >>> encoding = MinMax(min_count=1).fit(pa.array([0, 5, 10]), column)
    >>> encoding.encode(pa.array([5, 10])).floats.tolist()
    [[0.0], [1.0]]
    """

    name: ClassVar[str] = "minmax"
    head: ClassVar[Head] = "tanh"

    def _learn(self, positions: np.ndarray) -> None:
        self._low, self._high = float(positions.min()), float(positions.max())

    def _scale(self, positions: np.ndarray) -> np.ndarray:
        return (positions - self._middle) / (self._half or 1.0)

    def _unscale(self, numbers: np.ndarray) -> np.ndarray:
        return np.asarray(self._middle + self._half * np.clip(numbers, -1, 1))

    @property
    def _middle(self) -> float:
        return (self._low + self._high) / 2

    @property
    def _half(self) -> float:
        return (self._high - self._low) / 2

    def _values(self) -> dict[str, Any]:
        return {"low": self._low, "high": self._high}

    def _take(self, values: dict[str, Any]) -> None:
        self._low, self._high = float(values["low"]), float(values["high"])
