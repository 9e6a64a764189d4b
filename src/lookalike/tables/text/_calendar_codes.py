"""Dates and times that are written or stored as whole numbers: 20210405, 202104, 2021095, 1345.

Any whole number may be an ordinary one. A column is taken for dates only if all its numbers are
valid as such, and numbers of the same range and roundness would hardly all be by chance.
"""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lookalike.tables.text._date_patterns import parse_dates, write_dates

__all__ = ["CODES", "find_code", "is_proven", "read_codes", "write_codes"]

#: The number of digits of each pattern, in the order in which they are tried.
CODES = {
    "%Y%m%d": 8,
    "%Y%m": 6,
    "%Y%j": 7,
    "%y%m%d": 6,
    "%d%m%Y": 8,
    "%m%d%Y": 8,
    "%d%m%y": 6,
    "%m%d%y": 6,
    "%Y%m%d%H": 10,
    "%Y%m%d%H%M": 12,
    "%Y%m%d%H%M%S": 14,
    "%m%d": 4,
    "%H%M": 4,
    "%H%M%S": 6,
}
#: The range of years, unless the user declares dates.
_FIRST_YEAR, _LAST_YEAR = 1900, 2100
#: The least number of distinct numbers for a decision without a hint from the name.
_ENOUGH = 5
#: The greatest probability that ordinary numbers are all valid by chance; and where the name says
#: that they are dates.
_CHANCE, _CHANCE_IF_NAMED = 1e-6, 1e-2
#: The number of random numbers tried.
_TRIED = 2000


def find_code(numbers: pa.Array, hinted: bool, *, proven: bool = True) -> str | None:
    """Return the pattern of whole numbers that are dates or times, or None.

    Parameters
    ----------
    numbers : pyarrow.Array of int64, shape (n,)
        Distinct numbers.
    hinted : bool
        Whether the column's name says that it holds dates or times.
    proven : bool
        Whether they must be unlikely to be ordinary numbers; if not, all must only be valid.

    Returns
    -------
    str or None
        The pattern.

    Examples
    --------
    >>> find_code(pa.array([20210228, 20210301, 20201231, 20200704, 20190605]), False)
    '%Y%m%d'
    >>> find_code(pa.array([20210228, 20210230, 20201231, 20200704, 20190605]), False)
    """
    for pattern in CODES:
        if not _all_valid(numbers, pattern):
            continue
        if is_proven(numbers, pattern, hinted) or not proven:
            return pattern
    return None


def is_proven(numbers: pa.Array, pattern: str, hinted: bool) -> bool:
    """Return whether ordinary numbers of the same range and roundness would hardly all be valid.

    Parameters
    ----------
    numbers : pyarrow.Array of int64, shape (n,)
        Distinct numbers, all valid by the pattern.
    pattern : str
        One of `CODES`.
    hinted : bool
        Whether the column's name says that it holds dates or times.

    Returns
    -------
    bool
    """
    if not _near_years(numbers, pattern).all():
        return False
    if hinted and pattern.startswith("%Y"):
        return True
    if len(numbers) < _ENOUGH and not hinted:
        return False
    # Random numbers of the same range, multiples of the same step: the share that is valid.
    values = numbers.to_numpy()
    step = max(int(np.gcd.reduce(values)), 1)
    rng = np.random.default_rng(0)
    others = rng.integers(values.min() // step, values.max() // step, _TRIED, endpoint=True) * step
    valid = read_codes(pa.array(others), pattern).is_valid().to_numpy(zero_copy_only=False)
    valid &= _near_years(pa.array(others), pattern)
    share = max(float(valid.mean()), 1 / _TRIED)
    least = math.log(_CHANCE_IF_NAMED if hinted else _CHANCE)
    return bool(len(numbers) * math.log(share) < least)


def _near_years(numbers: pa.Array, pattern: str) -> np.ndarray:
    if "%Y" not in pattern:
        return np.ones(len(numbers), bool)
    found = numbers.to_numpy()
    year = found % 10**4 if pattern.endswith("%Y") else found // 10 ** (CODES[pattern] - 4)
    return np.asarray((year >= _FIRST_YEAR) & (year <= _LAST_YEAR))


def _all_valid(numbers: pa.Array, pattern: str) -> bool:
    limits = pc.min_max(numbers).as_py()
    if limits["min"] is None or limits["min"] < 0 or limits["max"] >= 10 ** CODES[pattern]:
        return False
    parts = (numbers[:50], numbers)
    return all(bool(read_codes(part, pattern).null_count == 0) for part in parts)


def read_codes(numbers: pa.Array, pattern: str) -> pa.Array:
    """Parse whole numbers by a pattern, shape (n,); null for impossible days."""
    words = pc.utf8_lpad(pc.cast(numbers, pa.string()), CODES[pattern], "0")
    return parse_dates(words, pattern)


def write_codes(values: pa.Array, pattern: str) -> pa.Array:
    """Return dates or times as whole numbers, int64 of shape (n,); nulls stay null.

    Examples
    --------
    >>> from datetime import time
    >>> write_codes(pa.array([time(0, 26), time(13, 45)]), "%H%M").to_pylist()
    [26, 1345]
    """
    return pc.cast(write_dates(values, pattern), pa.int64())
