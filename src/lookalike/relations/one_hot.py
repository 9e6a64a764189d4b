"""Flags of which exactly one is 1 in each row, declared by a rule.

Each flag is learned given that none before it is 1, and the last one is computed, so that all of
them have the shares of the training table even where a model learns each column by itself.
"""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lookalike._core.learned import Learned
from lookalike._core.rows import Rows
from lookalike.relations._base import Relation
from lookalike.relations._cells import Cells
from lookalike.tables import Dependency, Schema
from lookalike.tables.values.arrow import plain
from lookalike.tables.values.codec import array_from_json, array_to_json

__all__ = ["EarlierFlag", "LastFlag", "is_one"]

_TRUE = {1, "1", "true", "yes", "y", "t"}


def is_one(value: Any) -> bool:
    """Return whether a value of a flag means 1.

    Parameters
    ----------
    value : object
        A boolean, a number or a text.

    Returns
    -------
    bool
        True if it does.
    """
    return (value.casefold() if isinstance(value, str) else value) in _TRUE


class _ExclusiveFlag(Relation):
    """A flag that is 0 where one of the flags before it is 1."""

    def suits(self, cells: Cells) -> bool:
        columns = [cells[name] for name in (*self.spec.on, self.spec.column)]
        if any(column.null_count for column in columns):
            return False
        states = [[is_one(v) for v in plain(c).unique().to_pylist()] for c in columns]
        return all(sorted(state) == [False, True] for state in states)

    def fit(self, cells: Cells, schema: Schema) -> Self:
        self._states = {}
        self._rare = False
        for name in (*self.spec.on, self.spec.column):
            counted = plain(cells[name]).value_counts()
            values = counted.field("values")
            order = np.argsort([is_one(value) for value in values.to_pylist()])
            self._states[name] = values.take(pa.array(order))  # 0, then 1
            fewest = self.fewest(schema[name])
            self._rare |= min(counted.field("counts").to_pylist()) < fewest
        self._dictionary = pa.types.is_dictionary(cells[self.spec.column].type)
        return self

    @property
    def is_empty(self) -> bool:
        return self._rare

    def _is_one(self, name: str, cells: Cells) -> np.ndarray:
        one = self._states[name][1].as_py()
        return np.array(pc.equal(plain(cells[name]), one).fill_null(pa.scalar(value=False)))

    def _is_settled(self, cells: Cells) -> np.ndarray:
        """Return a mask of the rows in which an earlier flag is 1."""
        return np.asarray(np.logical_or.reduce([self._is_one(n, cells) for n in self.spec.on]))

    def _cells(self, ones: np.ndarray) -> pa.Array:
        array = self._states[self.spec.column].take(pa.array(ones.astype(np.int64)))
        return array.dictionary_encode() if self._dictionary else array

    def state(self) -> Learned:
        states = [array_to_json(self._states[n]) for n in (*self.spec.on, self.spec.column)]
        return Learned({"states": states, "dictionary": self._dictionary})

    def load(self, state: Learned, schema: Schema) -> Self:
        names, stored = (*self.spec.on, self.spec.column), state.values["states"]
        states = [array_from_json(values) for values in stored]
        if len(states) != len(names) or any(len(values) != 2 for values in states):
            raise ValueError("each flag must have two values")
        self._states = dict(zip(names, states, strict=True))
        self._dictionary, self._rare = bool(state.values["dictionary"]), False
        return self


class EarlierFlag(_ExclusiveFlag):
    """A flag that is 0 where one of the flags before it is 1, otherwise the residual.

    In other rows of the training table, the residual is drawn by the share of the flag.
    """

    name: ClassVar[str] = "flag"
    learns_residual: ClassVar[bool] = True

    def fit(self, cells: Cells, schema: Schema) -> Self:
        self.residual_column = schema[self.spec.column]
        return super().fit(cells, schema)

    def load(self, state: Learned, schema: Schema) -> Self:
        self.residual_column = schema[self.spec.column]
        return super().load(state, schema)

    def residual(self, cells: Cells) -> pa.Array:
        own, settled = self._is_one(self.spec.column, cells), self._is_settled(cells)
        share = own[~settled].mean() if not settled.all() else 0.0
        # As many ones as their share, at random rows: the learned share is exact.
        rows = np.flatnonzero(settled)
        order = np.argsort(Rows().of(self.spec.column).uniforms(rows))
        filled = own.copy()
        filled[rows[order]] = np.arange(len(rows)) < np.rint(share * len(rows))
        return self._cells(filled)

    def compute(self, cells: Cells, residual: pa.Array | None, rows: Rows) -> pa.Array:
        assert residual is not None
        own = self._is_one(self.spec.column, {self.spec.column: residual})
        return self._cells(own & ~self._is_settled(cells))

    @classmethod
    def statement(cls, spec: Dependency) -> str:
        return f"{spec.column} is 0 where {' or '.join(spec.on)} is 1, otherwise the residual"


class LastFlag(_ExclusiveFlag):
    """A flag that is 1 where none of the flags before it is."""

    name: ClassVar[str] = "last_flag"
    exact: ClassVar[bool] = True

    def compute(self, cells: Cells, residual: pa.Array | None, rows: Rows) -> pa.Array:
        return self._cells(~self._is_settled(cells))

    @classmethod
    def statement(cls, spec: Dependency) -> str:
        return f"{spec.column} is 1 where none of {', '.join(spec.on)} is"
