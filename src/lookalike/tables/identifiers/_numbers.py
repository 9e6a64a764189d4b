"""New whole numbers that look like those of an identifier column."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lookalike._core.bounds import whole
from lookalike._core.errors import DataError
from lookalike.tables.identifiers._free_ranks import FreeRanks
from lookalike.tables.identifiers._permutation import key, permuted

__all__ = ["NumberPattern", "is_sequence"]

_WORD = 2**64
#: The greatest share of gaps in sequential numbers.
_GAPS = 0.02
_LEAST_SEQUENCE = 3
#: The greatest number of ranges: the training numbers', one for each further digit, and one below.
_MOST_LEVELS = 32


def is_sequence(low: int, high: int, distinct: int) -> bool:
    """Return whether distinct numbers fill their range, as sequential numbers do.

    Examples
    --------
    >>> is_sequence(1, 891, 891), is_sequence(1, 891, 400)
    (True, False)
    """
    return distinct >= _LEAST_SEQUENCE and high - low + 1 <= distinct * (1 + _GAPS)


class NumberPattern:
    """Whole numbers of an identifier column.

    Sequential numbers are continued. Otherwise the range, rounded outwards, is used where training
    numbers leave it free; when it is exhausted, greater numbers follow, then smaller ones. A few
    outliers do not widen the range: no numbers with as many digits as theirs are generated.
    """

    kind = "numbers"

    def __init__(self, arrow: pa.DataType, levels: list[tuple[int, FreeRanks | int]]) -> None:
        self._type = arrow
        #: (lowest number, its free ranks or the number of free numbers from it on).
        self._levels = levels

    @classmethod
    def fit(cls, values: pa.Array) -> Self:
        """Learn from present identifiers of an integer type."""
        counting = cls.counting(values)
        if counting is not None:
            return counting
        ordered = np.sort(values.to_numpy())
        limits = np.iinfo(ordered.dtype)
        out = _aside(len(ordered))
        low, high = int(ordered[out]), int(ordered[len(ordered) - 1 - out])
        least, bound = _outwards(low, high, int(limits.max))
        inside = ordered[(ordered >= least) & (ordered <= bound - 1)]
        ranks = inside.astype(np.uint64) - np.uint64(least % _WORD)
        levels: list[tuple[int, FreeRanks | int]] = [
            (least, FreeRanks.fit(ranks, min(bound - least, _WORD - 1)))
        ]
        others = ordered[(ordered < least) | (ordered > bound - 1)].tolist()
        return cls(values.type, [*levels, *_without(others, _beyond(least, bound, limits))])

    @classmethod
    def counting(cls, values: pa.Array) -> Self | None:
        """Learn sequential numbers, or return None where they are not, except for a few."""
        ordered = np.sort(values.to_numpy())
        limits, most = np.iinfo(ordered.dtype), _aside(len(ordered))
        cuts = sorted(((a, b) for a in range(most + 1) for b in range(most + 1)), key=sum)
        for below, above in cuts:
            part = ordered[below : len(ordered) - above]
            low, high = int(part[0]), int(part[-1])
            if is_sequence(low, high, len(part)):
                start = _next(low, high, len(part))
                others = ordered[len(ordered) - above :].tolist()
                if start > limits.max:
                    return None
                free: list[tuple[int, FreeRanks | int]] = [(start, int(limits.max) - start + 1)]
                if others:
                    free = [level for level in _beyond(start, start, limits) if level[0] >= start]
                return cls(values.type, _without(others, free))
        return None

    def values(self, rows: np.ndarray, seed: int) -> pa.Array:
        """Return the identifiers of some row numbers.

        Parameters
        ----------
        rows : ndarray of uint64, shape (n,)
            The row numbers.
        seed : int
            The seed.

        Returns
        -------
        pyarrow.Array, shape (n,)
            The identifiers, in the training type.
        """
        identifiers = np.zeros(len(rows), np.uint64)
        begin = 0
        for i, (low, free) in enumerate(self._levels):
            count = free if isinstance(free, int) else free.count
            inside = (rows >= np.uint64(begin)) & (rows - np.uint64(begin) < np.uint64(count))
            if inside.any():
                places = rows[inside] - np.uint64(begin)
                if isinstance(free, FreeRanks):
                    places = free.at(permuted(places, count, key(seed, "identifier", i)))
                elif i:
                    places = permuted(places, count, key(seed, "identifier", i))
                identifiers[inside] = places + np.uint64(low % _WORD)
            begin += count
        if len(rows) and int(rows.max()) >= begin:
            raise DataError(
                f"The type {self._type} has room for {begin:,} more identifiers, but row "
                f"{int(rows.max()):,} needs one: cast the column to int64."
            )
        signed = pa.types.is_signed_integer(self._type)
        return pc.cast(pa.array(identifiers.view(np.int64) if signed else identifiers), self._type)

    def state(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """Return JSON-ready values and arrays."""
        levels, arrays = [], {}
        for i, (low, free) in enumerate(self._levels):
            if isinstance(free, int):
                levels.append({"low": low, "count": free})
            else:
                stored, arrays[f"taken {i}"] = free.state()
                levels.append({"low": low, **stored})
        return {"kind": self.kind, "type": str(self._type), "levels": levels}, arrays

    @classmethod
    def from_state(cls, values: dict[str, Any], arrays: dict[str, np.ndarray]) -> Self:
        """Restore the pattern from `state`, which comes from a file.

        Raises
        ------
        ValueError
            If the type is not of whole numbers, or has no room for the numbers to generate.
        """
        arrow = pa.type_for_alias(values["type"])
        if not pa.types.is_integer(arrow):
            raise ValueError(f"identifiers that are numbers must be whole, but are {arrow}")
        limits = np.iinfo(arrow.to_pandas_dtype())
        if len(values["levels"]) > _MOST_LEVELS:
            raise ValueError("an identifier has too many ranges of numbers")
        levels: list[tuple[int, FreeRanks | int]] = []
        for i, level in enumerate(values["levels"]):
            low = whole(level["low"], int(limits.min), int(limits.max) + 1, "a lowest identifier")
            most = int(limits.max) + 1 - low
            if "count" in level:
                levels.append((low, whole(level["count"], 0, most, "a number of identifiers")))
                continue
            free = FreeRanks.from_state(level, arrays[f"taken {i}"])
            whole(free.width * len(free.taken), 0, most, "a number of identifiers")
            levels.append((low, free))
        return cls(arrow, levels)


def _aside(count: int) -> int:
    """Return the number of outliers allowed at each end."""
    return 2 if count >= 10 else 1 if count >= 6 else 0


def _next(low: int, high: int, distinct: int) -> int:
    """Return the start of new sequential numbers, which reveals neither the first nor the last."""
    if high - low + 1 > distinct:
        high = low + int(distinct * (1 + _GAPS)) - 1
    unit = 10 ** max(len(str(distinct)) - 2, 1) if low > 1 else 1
    return -(-(high + 1) // unit) * unit


def _without(
    others: list[int], levels: list[tuple[int, FreeRanks | int]]
) -> list[tuple[int, FreeRanks | int]]:
    """Return ranges of numbers, without those that contain any of some numbers."""
    return [
        (low, count)
        for low, count in levels
        if not (isinstance(count, int) and any(low <= n < low + count for n in others))
    ]


def _beyond(least: int, bound: int, limits: np.iinfo) -> list[tuple[int, FreeRanks | int]]:
    """Return the numbers above a range, digit by digit, then those below it."""
    levels: list[tuple[int, FreeRanks | int]] = []
    start = bound
    while start <= limits.max:
        stop = min(10 ** len(str(max(start, 1))), int(limits.max) + 1)
        levels.append((start, stop - start))
        start = stop
    lowest = 1 if least > 0 else int(limits.min)
    return [*levels, (lowest, least - lowest)] if lowest < least else levels


def _outwards(low: int, high: int, most: int) -> tuple[int, int]:
    """Return a rounded range with the same number of digits around the numbers, end excluded."""
    unit = 10 ** max(len(str(high - low)) - 2, 1)
    least, bound = low // unit * unit, (high // unit + 1) * unit
    if low > 0:
        least = max(least, 10 ** (len(str(low)) - 1))
        bound = min(bound, 10 ** len(str(high)))
    return max(least, -most - 1 if low < 0 else 0), min(bound, most + 1)
