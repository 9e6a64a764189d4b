"""Numbers scaled to mean 0 and standard deviation 1."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from lookalike.encoding._scaled import Scaled

__all__ = ["Standard"]


class Standard(Scaled):
    """Scale linearly to mean 0 and standard deviation 1.

    Parameters
    ----------
    min_count : int, default 2
        The least number of rows that share a stored value.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from lookalike.tables import Column, Kind
    >>> column = Column("n", Kind.INTEGER, "int64")
    >>> encoding = Standard(min_count=1).fit(pa.array([0, 10]), column)
    >>> encoding.encode(pa.array([0, 5])).floats.tolist()
    [[-1.0], [0.0]]
    """

    name: ClassVar[str] = "standard"

    def _learn(self, positions: np.ndarray) -> None:
        self._mean, self._deviation = self._mean_of(positions), float(positions.std()) or 1.0

    def _scale(self, positions: np.ndarray) -> np.ndarray:
        return (positions - self._mean) / self._deviation

    def _unscale(self, numbers: np.ndarray) -> np.ndarray:
        return self._mean + self._deviation * numbers

    def _values(self) -> dict[str, Any]:
        return {"mean": self._mean, "deviation": self._deviation}

    def _take(self, values: dict[str, Any]) -> None:
        self._mean, self._deviation = float(values["mean"]), float(values["deviation"])
