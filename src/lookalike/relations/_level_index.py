"""The learned cells of a lookup's columns, as codes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lookalike.relations._cells import Least
from lookalike.tables import Column
from lookalike.tables.values.arrow import is_null, to_numpy
from lookalike.tables.values.codec import array_from_json, array_to_json
from lookalike.tables.values.grid import nearest, raw_of
from lookalike.tables.values.levels import Levels

__all__ = ["LevelIndex", "joined_codes", "known_rows"]


class LevelIndex:
    """The learned cells of a lookup's column, with a code for each; *missing* is the last code.

    Parameters
    ----------
    values : pyarrow.Array, shape (k,)
        The distinct cells; sorted where they are numbers, dates, times or durations.
    measured : bool
        Whether any other cell counts as the nearest of them.
    """

    def __init__(self, values: pa.Array, measured: bool) -> None:
        self.values = values
        self.measured = measured
        self._raw = raw_of(values, None) if measured else None

    @classmethod
    def of(cls, cells: pa.Array, column: Column, least: Least | None) -> Self:
        """Index the cells of a column, without those that are too rare to be stored."""
        present = cells.drop_null()
        fewest = 1 if least is None else least(column)
        if column.kind.is_numeric:
            counted = pc.value_counts(present)
            common = pc.greater_equal(counted.field("counts"), fewest)
            return cls(counted.field("values").filter(common).sort(), True)
        if len(present) == 0:
            return cls(pa.array([], pa.string()), False)
        return cls(Levels.of(present, column.kind, fewest).values, False)

    def rare(self, cells: pa.Array) -> np.ndarray:
        """Return a mask of cells that are present but too rare to be stored, shape (n,)."""
        if not self.measured:
            return self.codes(cells)[1]
        known = pc.is_in(cells, value_set=self.values)
        return np.asarray(~is_null(cells) & ~to_numpy(known))

    def codes(self, cells: pa.Array) -> tuple[np.ndarray, np.ndarray]:
        """Return the code of each cell as int64, and a mask of cells that are not in the index."""
        last = len(self.values)
        missing = is_null(cells)
        codes = np.full(len(cells), last, np.int64)
        if self._raw is not None and last > 0:
            codes[~missing] = nearest(self._raw, raw_of(cells.drop_null(), None))
        if self.measured:
            return codes, np.zeros(len(cells), bool)
        if last > 0:
            codes = _index(cells, self.values)
        return codes, (codes == last) & ~missing

    def cells(self, codes: np.ndarray, dictionary: bool) -> pa.Array:
        """Return the cells of codes."""
        indices = pa.array(codes.astype(np.int32), mask=codes == len(self.values))
        if dictionary:
            return pa.DictionaryArray.from_arrays(indices, self.values)
        return self.values.take(indices)

    def check(self, codes: np.ndarray) -> None:
        """Check codes that come from a file.

        Raises
        ------
        ValueError
            If one is not the code of a cell.
        """
        if codes.ndim != 1 or codes.dtype.kind not in "iu":
            raise ValueError("codes must be whole numbers")
        if len(codes) and not 0 <= codes.min() <= codes.max() <= len(self.values):
            raise ValueError(
                "a code must be the index of a stored cell, or the last one for missing"
            )

    def to_dict(self) -> dict[str, Any]:
        """Return the cells as JSON-ready values."""
        return {"cells": array_to_json(self.values), "measured": self.measured}

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> Self:
        """Restore the index from its `to_dict`."""
        return cls(array_from_json(stored["cells"]), bool(stored["measured"]))


def joined_codes(known: Sequence[LevelIndex], codes: Sequence[np.ndarray]) -> np.ndarray:
    """Return one integer key for each combination of codes of some columns."""
    key = np.zeros(len(codes[0]), np.int64)
    for cells, code in zip(known, codes, strict=True):
        key = key * (len(cells.values) + 1) + code
    return key


def known_rows(known: Sequence[LevelIndex], cells: Sequence[pa.Array]) -> list[np.ndarray]:
    """Return the codes of columns in the rows without cells that are too rare to be stored."""
    rare = np.logical_or.reduce([k.rare(column) for k, column in zip(known, cells, strict=True)])
    kept = pa.array(~rare)
    return [k.codes(column.filter(kept))[0] for k, column in zip(known, cells, strict=True)]


def _index(cells: pa.Array, known: pa.Array) -> np.ndarray:
    """Return the index of each cell among known ones, ``len(known)`` for others."""
    if pa.types.is_dictionary(cells.type):
        table: np.ndarray = np.append(_index(cells.dictionary, known), len(known))
        return np.take(table, to_numpy(cells.indices.fill_null(len(table) - 1)))
    indices = pc.index_in(cells, value_set=known).fill_null(len(known))
    return to_numpy(indices).astype(np.int64)
