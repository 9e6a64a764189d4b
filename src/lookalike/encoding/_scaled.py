"""The base of encodings that scale a number to one number."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar, Self

import numpy as np
import pyarrow as pa

from lookalike._core.learned import Learned
from lookalike.encoding._base import ColumnEncoding
from lookalike.encoding._layout import Block, EncodedRows, Head, SampledRows
from lookalike.tables import Column, Kind
from lookalike.tables.values.grid import MEASURED, Grid
from lookalike.tables.values.shared import apart

__all__ = ["Scaled"]


class Scaled(ColumnEncoding):
    """A monotone function of the position of a value on its column's grid.

    Decoding rounds to the grid (whole numbers, decimals, dates) and never leaves the observed
    range, whose ends are trimmed so that no single row stretches it. It is exact where the range
    has fewer than about 2**22 steps, the resolution of float32; otherwise it is the nearest value.

    Parameters
    ----------
    min_count : int, default 2
        The least number of rows that share a stored value; 1 keeps the range untrimmed.
    """

    kinds: ClassVar[frozenset[Kind]] = MEASURED
    #: The generator's output layer.
    head: ClassVar[Head] = "linear"
    pools: ClassVar[bool] = True

    def __init__(self, min_count: int = 2) -> None:
        self.min_count = min_count

    def fit(self, values: pa.Array, column: Column) -> Self:
        """Learn the grid and the function from present cells."""
        self._column = column.name
        self._grid = Grid.fit(values, column, self.min_count)
        self._learn(self._grid.positions(self._grid.raw(values)))
        return self

    @abstractmethod
    def _learn(self, positions: np.ndarray) -> None:
        """Learn the function from positions, shape (n,)."""

    @abstractmethod
    def _scale(self, positions: np.ndarray) -> np.ndarray:
        """Return encoded numbers."""

    @abstractmethod
    def _unscale(self, numbers: np.ndarray) -> np.ndarray:
        """Return positions; the caller clips those outside the range."""

    @abstractmethod
    def _values(self) -> dict[str, Any]:
        """Return the learned parameters as JSON-ready values."""

    @abstractmethod
    def _take(self, values: dict[str, Any]) -> None:
        """Restore the learned parameters from `_values`."""

    def _mean_of(self, numbers: np.ndarray) -> float:
        """Return the mean, slightly shifted where a row has exactly that number."""
        mean = np.array([numbers.mean()])
        return float((apart(mean, np.unique(numbers)) if self.min_count > 1 else mean)[0])

    @property
    def keeps_ends(self) -> bool:
        return self.min_count == 1

    @property
    def blocks(self) -> tuple[Block, ...]:
        return (Block(self._column, "value", "value", 0, 0, 1, self.head),)

    def encode(self, values: pa.Array) -> EncodedRows:
        numbers = self._scale(self._grid.positions(self._grid.raw(values)))
        floats = numbers.astype(np.float32)[:, None]
        return EncodedRows(floats, np.zeros((len(values), 0), np.int32))

    def decode(self, drawn: SampledRows) -> pa.Array:
        positions = self._unscale(drawn.numbers[:, 0].astype(np.float64))
        return self._grid.array(self._grid.at(positions))

    def state(self) -> Learned:
        return Learned({"grid": self._grid.to_dict(), "min_count": self.min_count} | self._values())

    @classmethod
    def from_state(cls, state: Learned, column: Column) -> Self:
        self = cls(int(state.values["min_count"]))
        self._column = column.name
        self._grid = Grid(**state.values["grid"])
        self._take(state.values)
        return self
