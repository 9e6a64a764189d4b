"""New identifiers of the same pattern: unique, never one of the training set, made row by row."""

from __future__ import annotations

import re
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from lookalike._core.bounds import finite, whole
from lookalike._core.errors import DataError
from lookalike.tables._arrow_types import parse_type
from lookalike.tables._schema import Column
from lookalike.tables._storage import is_text, plain_type
from lookalike.tables.identifiers._numbers import NumberPattern
from lookalike.tables.identifiers._permutation import key, permuted, uniforms
from lookalike.tables.identifiers._words import RunningPattern, WordPattern, runs_of, word_patterns
from lookalike.tables.text._shapes import is_hexadecimal, skeletons

__all__ = ["IdentifierMaker"]

_IdentifierPattern = NumberPattern | RunningPattern | WordPattern
_PATTERNS: dict[str, type[_IdentifierPattern]] = {
    pattern.kind: pattern for pattern in (NumberPattern, RunningPattern, WordPattern)
}
#: So many skeletons are made.
_SKELETONS = 20
#: No model file has more patterns.
_MOST_PATTERNS = 10_000
#: Where so many do not make up this share, letters and digits may follow each other at random.
_OF_CODES, _COVERED = 3, 0.9
#: So many rows together have patterns by their shares.
_CYCLE = 2**13


class IdentifierMaker:
    """Makes identifiers that look like those of a column.

    Running numbers are counted on. Of other identifiers the value space of their pattern is cut
    into buckets; those that hold a training identifier are marked, and never used. Row ``i`` gets
    the value at place π(i) of what is free, π being a random order that is computed from the seed
    (see `lookalike.tables.identifiers._permutation`): identifiers are unique over all rows, any row
    can be made alone, and of the training identifiers nothing is kept but the marks. When a space
    is used up,
    it gets one more digit or letter.

    A column may have several patterns, and a pattern parts of few values, such as a prefix, a
    country or a year: each is made as often as it occurs, and what too few identifiers have is
    neither kept nor made. Missing cells occur in the same share as in training.

    Parameters
    ----------
    min_count : int, default 2
        The least number of identifiers that have a pattern, or a part of one, that is kept.

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
    _patterns: list[_IdentifierPattern]
    _shares: np.ndarray

    def __init__(self, min_count: int = 2) -> None:
        self.min_count = min_count

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
        weighted: list[tuple[float, _IdentifierPattern]] = []
        if len(present):
            weighted = _patterns(pc.unique(present), column.name, self.min_count)
        self._shares = np.array([max(weight, 1.0) for weight, _ in weighted])
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
        which, places = self._turns(rows, seed)
        made = [
            pattern.values(places[which == i], seed) for i, pattern in enumerate(self._patterns)
        ]
        order = np.argsort(np.argsort(which, kind="stable"), kind="stable")
        values = made[0] if len(made) == 1 else pa.concat_arrays(made).take(pa.array(order))
        values = pc.cast(values, self._type)
        return pc.if_else(pa.array(missing), pa.scalar(None, self._type), values)

    def _turns(self, rows: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """Return which pattern has its turn in rows, and how many turns it had before.

        Within a cycle of rows each pattern has as many turns as its share says, in random order.
        """
        if len(self._patterns) == 1:
            return np.zeros(len(rows), np.int64), rows
        turns = np.maximum(np.rint(self._shares / self._shares.sum() * _CYCLE), 1).astype(np.int64)
        length = int(turns.sum())
        order = permuted(np.arange(length, dtype=np.uint64), length, key(seed, "shape"))
        cycle = np.repeat(np.arange(len(turns)), turns)[order.astype(np.int64)]
        before = np.empty(length, np.uint64)
        first = np.cumsum(turns) - turns
        before[np.argsort(cycle, kind="stable")] = np.arange(length) - np.repeat(first, turns)
        cycles, at = np.divmod(rows, np.uint64(length))
        which = cycle[at.astype(np.int64)]
        return which, cycles * turns.astype(np.uint64)[which] + before[at.astype(np.int64)]

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
        return values, {"shares": self._shares / max(self._shares.sum(), 1.0), **arrays}

    @classmethod
    def from_state(cls, values: dict[str, Any], arrays: dict[str, np.ndarray]) -> Self:
        """Return the maker of which `state` was kept; it comes from a file."""
        self = cls()
        self._type = parse_type(values["type"])
        self._missing = finite(values["missing"], "the share of missing identifiers")
        self._shares = arrays["shares"]
        count = whole(len(values["patterns"]), 0, _MOST_PATTERNS, "the count of patterns")
        positive = np.isfinite(self._shares).all() and (self._shares > 0).all()
        if self._shares.shape != (count,) or not positive:
            raise ValueError("the shares of an identifier's patterns must be one for each")
        self._patterns = []
        for i, stored in enumerate(values["patterns"]):
            own = {
                name.removeprefix(f"{i} "): array
                for name, array in arrays.items()
                if name.startswith(f"{i} ")
            }
            self._patterns.append(_PATTERNS[stored["kind"]].from_state(stored, own))
        return self


def _patterns(values: pa.Array, name: str, fewest: int) -> list[tuple[float, _IdentifierPattern]]:
    """Return the patterns of distinct identifiers, with their shares."""
    if pt.is_integer(values.type):
        return [(1.0, NumberPattern.fit(values))]
    if is_text(values.type):
        return _word_patterns(pc.cast(values, pa.string()), fewest)
    try:
        return [(1.0, NumberPattern.fit(pc.cast(values, pa.int64())))]
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise DataError(
            f"Identifiers must be text or whole numbers: column {name!r} is of type {values.type}."
        ) from error


def _word_patterns(words: pa.Array, fewest: int) -> list[tuple[float, _IdentifierPattern]]:
    if pc.all(pc.match_substring_regex(words, "^[1-9][0-9]{0,17}$")).as_py():
        return [(1.0, NumberPattern.fit(pc.cast(words, pa.int64())))]
    counted = _counted(skeletons(words), fewest)
    covered = sum(list(counted.values())[:_OF_CODES])
    if covered < _COVERED * len(words) or is_hexadecimal(words):
        mixed = _counted(pc.replace_substring_regex(words, "[0-9A-Za-z]+", "x"), fewest)
        counted = {
            s: n for s, n in mixed.items() if n >= _COVERED * len(words) and "x" in s
        } or counted
    if not counted:
        # no shape is shared: of the first, only which letters and digits follow each other is kept
        shape = re.sub("[^9Aa]", "", skeletons(words[:1])[0].as_py())
        counted = {re.sub(r"(.)\1+", r"\1", shape) or "9": len(words)}
    weighted: dict[str, int] = {}
    for skeleton, cells in counted.items():
        # what has neither letters nor digits gets a number behind it
        able = skeleton if any(letter in "9Aax" for letter in skeleton) else skeleton + "9"
        weighted[able] = weighted.get(able, 0) + cells
    return [
        found for skeleton in weighted for found in word_patterns(runs_of(words, skeleton), fewest)
    ]


def _counted(skeleton: pa.Array, fewest: int) -> dict[str, int]:
    """Return the commonest skeletons that so many words share, and how many each has."""
    counted = pc.value_counts(skeleton)
    counts = counted.field("counts").to_numpy()
    top = np.argsort(-counts, kind="stable")[:_SKELETONS]
    return {
        counted.field("values")[int(i)].as_py(): int(counts[i]) for i in top if counts[i] >= fewest
    }
