"""New identifiers of the same pattern: unique, never one of the training set, made row by row."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from lookalike._core.errors import DataError
from lookalike.tables._arrow_types import parse_type
from lookalike.tables._id_numbers import NumberPattern
from lookalike.tables._id_words import RunningPattern, WordPattern, runs_of
from lookalike.tables._permutation import key, uniforms
from lookalike.tables._schema import Column
from lookalike.tables._shapes import skeletons
from lookalike.tables._storage import is_text, plain_type

__all__ = ["IdentifierMaker"]

_Pattern = NumberPattern | RunningPattern | WordPattern
_PATTERNS: dict[str, type[_Pattern]] = {
    pattern.kind: pattern for pattern in (NumberPattern, RunningPattern, WordPattern)
}
#: So many skeletons are made, and how many words these should be of.
_SKELETONS = 3
_COVERED = 0.9


class IdentifierMaker:
    """Makes identifiers that look like those of a column.

    Running numbers are counted on. Of other identifiers the value space of their pattern is cut
    into buckets; those that hold a training identifier are marked, and never used. Row ``i`` gets
    the value at place π(i) of what is free, π being a random order that is computed from the seed
    (see `lookalike.tables._permutation`): identifiers are unique over all rows, any row can be made
    alone, and of the training identifiers nothing is kept but the marks. When a space is used up,
    it gets one more digit or letter.

    Missing cells occur in the same share as in training.

    Examples
    --------
    >>> column = Column("ssn", "identifier", "string")
    >>> maker = IdentifierMaker().fit(pa.array(["980-24-0087", "852-90-4418"]), column)
    >>> len(maker.make(0, 2, seed=1)[0].as_py())
    11
    >>> maker.make(0, 9, seed=1)[5:].equals(maker.make(5, 4, seed=1))
    True
    """

    _type: pa.DataType
    _missing: float
    _patterns: list[_Pattern]
    _limits: np.ndarray

    def fit(self, values: pa.Array, column: Column) -> Self:
        """Learn the pattern of a column.

        Parameters
        ----------
        values : pyarrow.Array of text or whole numbers, shape (n,)
            Its identifiers; they may repeat. Nulls may have been dropped.
        column : Column
            The column.

        Returns
        -------
        IdentifierMaker
            Itself.

        Raises
        ------
        DataError
            If the values are neither text nor whole numbers.
        """
        self._type = plain_type(values.type)
        present = pc.cast(values, self._type).drop_null()
        absent = values.null_count or column.missing
        self._missing = absent / max(absent + len(present), 1)
        weighted = _patterns(pc.unique(present), column.name) if len(present) else []
        weights = np.array([weight for weight, _ in weighted])
        self._limits = np.cumsum(weights / weights.sum())[:-1] if len(weights) else weights
        self._patterns = [pattern for _, pattern in weighted]
        return self

    def make(self, start: int, count: int, seed: int) -> pa.Array:
        """Make the identifiers of some rows.

        Parameters
        ----------
        start : int
            The number of the first row.
        count : int
            How many rows.
        seed : int
            Rows depend on it and on their number alone.

        Returns
        -------
        pyarrow.Array, shape (count,)
            Of the training identifiers' type.

        Raises
        ------
        DataError
            If an integer type has no room for so many identifiers.
        """
        rows = np.arange(start, start + count, dtype=np.uint64)
        missing = uniforms(rows, key(seed, "missing")) < self._missing
        if not self._patterns:
            return pa.nulls(count, self._type)
        which = np.searchsorted(self._limits, uniforms(rows, key(seed, "shape")), side="right")
        made = [pattern.values(rows[which == i], seed) for i, pattern in enumerate(self._patterns)]
        order = np.argsort(np.argsort(which, kind="stable"), kind="stable")
        values = made[0] if len(made) == 1 else pa.concat_arrays(made).take(pa.array(order))
        values = pc.cast(values, self._type)
        return pc.if_else(pa.array(missing), pa.scalar(None, self._type), values)

    @property
    def is_whole(self) -> bool:
        """Whether all that it makes are whole numbers without leading zeros."""
        return all(isinstance(pattern, NumberPattern) for pattern in self._patterns)

    def state(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """Return what was learned, as JSON-ready values and arrays."""
        states = [pattern.state() for pattern in self._patterns]
        values = {
            "type": str(self._type),
            "missing": self._missing,
            "patterns": [values for values, _ in states],
        }
        arrays = {
            f"{i} {name}": a for i, (_, some) in enumerate(states) for name, a in some.items()
        }
        return values, {"limits": self._limits.astype(np.float64), **arrays}

    @classmethod
    def from_state(cls, values: dict[str, Any], arrays: dict[str, np.ndarray]) -> Self:
        """Return the maker of which `state` was kept."""
        self = cls()
        self._type = parse_type(values["type"])
        self._missing = float(values["missing"])
        self._limits = arrays["limits"]
        self._patterns = []
        for i, stored in enumerate(values["patterns"]):
            own = {
                name.removeprefix(f"{i} "): array
                for name, array in arrays.items()
                if name.startswith(f"{i} ")
            }
            self._patterns.append(_PATTERNS[stored["kind"]].from_state(stored, own))
        return self


def _patterns(values: pa.Array, name: str) -> list[tuple[float, _Pattern]]:
    """Return the patterns of distinct identifiers, with their shares."""
    if pt.is_integer(values.type):
        return [(1.0, NumberPattern.fit(values))]
    if is_text(values.type):
        return _word_patterns(pc.cast(values, pa.string()))
    try:
        return [(1.0, NumberPattern.fit(pc.cast(values, pa.int64())))]
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise DataError(
            f"Identifiers must be text or whole numbers: column {name!r} is of type {values.type}."
        ) from error


def _word_patterns(words: pa.Array) -> list[tuple[float, _Pattern]]:
    if pc.all(pc.match_substring_regex(words, "^[1-9][0-9]{0,17}$")).as_py():
        return [(1.0, NumberPattern.fit(pc.cast(words, pa.int64())))]
    counted = _counted(skeletons(words))
    if sum(counted.values()) < _COVERED * len(words):
        mixed = _counted(pc.replace_substring_regex(words, "[0-9A-Za-z]+", "x"))
        first = next(iter(mixed))
        if mixed[first] >= _COVERED * len(words) and "x" in first:
            counted = {first: mixed[first]}
    weighted: dict[str, int] = {}
    for skeleton, cells in counted.items():
        # what has neither letters nor digits gets a number behind it
        able = skeleton if any(letter in "9Aax" for letter in skeleton) else skeleton + "9"
        weighted[able] = weighted.get(able, 0) + cells
    patterns: list[tuple[float, _Pattern]] = []
    for skeleton, cells in weighted.items():
        runs = runs_of(words, skeleton)
        patterns.append((float(cells), RunningPattern.fit(runs) or WordPattern.fit(runs)))
    return patterns


def _counted(skeleton: pa.Array) -> dict[str, int]:
    """Return the commonest skeletons and how many words each has."""
    counted = pc.value_counts(skeleton)
    counts = counted.field("counts").to_numpy()
    top = np.argsort(-counts, kind="stable")[:_SKELETONS]
    return {counted.field("values")[int(i)].as_py(): int(counts[i]) for i in top}
