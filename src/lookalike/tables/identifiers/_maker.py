"""New identifiers of the same pattern: unique, never from training, generated row by row."""

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
#: The greatest number of skeletons.
_SKELETONS = 20
#: The greatest number of patterns in a model file.
_MOST_PATTERNS = 10_000
#: If this many skeletons cover less than this share, letters and digits may alternate at random.
_OF_CODES, _COVERED = 3, 0.9
#: The length of a cycle of rows, within which patterns occur by their shares.
_CYCLE = 2**13


class IdentifierMaker:
    """A generator of identifiers that look like those of a column.

    Sequential numbers are continued. For other identifiers, the value space of their pattern is cut
    into buckets; those with a training identifier are marked, and never used. Row ``i`` gets the
    free value at position π(i), where π is a random permutation computed from the seed (see
    `lookalike.tables.identifiers._permutation`): identifiers are unique over all rows, any row can
    be generated alone, and only the marks are kept of the training identifiers. An exhausted space
    is extended by one digit or letter.

    A column may have several patterns, and a pattern parts with few values, such as a prefix, a
    country or a year: each is generated as often as it occurs, and those of too few identifiers
    are neither kept nor generated. Missing cells have the same share as in training.

    Parameters
    ----------
    min_count : int, default 2
        The least number of identifiers that must share a pattern, or a part of one, to keep it.

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
            The identifiers; they may repeat. Nulls may have been dropped.
        column : Column
            The column.

        Returns
        -------
        IdentifierMaker
            The fitted generator.

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
        """Generate the identifiers of some rows.

        Parameters
        ----------
        start : int
            The number of the first row.
        count : int
            The number of rows.
        seed : int
            The seed; rows depend on it and on their number alone.

        Returns
        -------
        pyarrow.Array, shape (count,)
            The identifiers, in the training type.

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
        parts = [
            pattern.values(places[which == i], seed) for i, pattern in enumerate(self._patterns)
        ]
        # From the order of patterns back to the order of rows.
        order = np.argsort(np.argsort(which, kind="stable"), kind="stable")
        values = parts[0] if len(parts) == 1 else pa.concat_arrays(parts).take(pa.array(order))
        values = pc.cast(values, self._type)
        return pc.if_else(pa.array(missing), pa.scalar(None, self._type), values)

    def _turns(self, rows: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the pattern of each row, and the number of its earlier uses.

        Within a cycle of rows, each pattern is used according to its share, in random order.
        """
        if len(self._patterns) == 1:
            return np.zeros(len(rows), np.int64), rows
        # The pattern of each row of a cycle, in a random order.
        turns = np.maximum(np.rint(self._shares / self._shares.sum() * _CYCLE), 1).astype(np.int64)
        length = int(turns.sum())
        order = permuted(np.arange(length, dtype=np.uint64), length, key(seed, "shape"))
        cycle = np.repeat(np.arange(len(turns)), turns)[order.astype(np.int64)]
        # The number of earlier uses of that pattern within the cycle.
        before = np.empty(length, np.uint64)
        first = np.cumsum(turns) - turns
        before[np.argsort(cycle, kind="stable")] = np.arange(length) - np.repeat(first, turns)
        cycles, at = np.divmod(rows, np.uint64(length))
        which = cycle[at.astype(np.int64)]
        return which, cycles * turns.astype(np.uint64)[which] + before[at.astype(np.int64)]

    @property
    def is_whole(self) -> bool:
        """True where all generated identifiers are whole numbers without leading zeros."""
        return all(isinstance(pattern, NumberPattern) for pattern in self._patterns)

    def state(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """Return the learned state as JSON-ready values and arrays."""
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
        """Restore the generator from `state`, which comes from a file."""
        self = cls()
        self._type = parse_type(values["type"])
        self._missing = finite(values["missing"], "the share of missing identifiers")
        self._shares = arrays["shares"]
        count = whole(len(values["patterns"]), 0, _MOST_PATTERNS, "the number of patterns")
        positive = np.isfinite(self._shares).all() and (self._shares > 0).all()
        if self._shares.shape != (count,) or not positive:
            raise ValueError("the shares of an identifier's patterns must be one for each")
        self._patterns = []
        for i, stored in enumerate(values["patterns"]):
            pattern_arrays = {
                name.removeprefix(f"{i} "): array
                for name, array in arrays.items()
                if name.startswith(f"{i} ")
            }
            self._patterns.append(_PATTERNS[stored["kind"]].from_state(stored, pattern_arrays))
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
        # No shape is shared: keep only the sequence of letter and digit runs of the first.
        shape = re.sub("[^9Aa]", "", skeletons(words[:1])[0].as_py())
        counted = {re.sub(r"(.)\1+", r"\1", shape) or "9": len(words)}
    weighted: dict[str, int] = {}
    for skeleton, cells in counted.items():
        # A skeleton with neither letters nor digits gets a number appended.
        able = skeleton if any(letter in "9Aax" for letter in skeleton) else skeleton + "9"
        weighted[able] = weighted.get(able, 0) + cells
    return [
        pattern
        for skeleton in weighted
        for pattern in word_patterns(runs_of(words, skeleton), fewest)
    ]


def _counted(skeleton: pa.Array, fewest: int) -> dict[str, int]:
    """Return the most common skeletons that at least `fewest` words share, with their counts."""
    counted = pc.value_counts(skeleton)
    counts = counted.field("counts").to_numpy()
    top = np.argsort(-counts, kind="stable")[:_SKELETONS]
    return {
        counted.field("values")[int(i)].as_py(): int(counts[i]) for i in top if counts[i] >= fewest
    }
