"""Numbers that may be stored: values that several rows share, and means of several rows."""

from __future__ import annotations

import numpy as np

__all__ = ["TOGETHER", "apart", "ends", "inner_ends", "middle"]

#: A stored number that is no shared value is the mean of this many rows, fewer in short columns.
TOGETHER = 4
#: This many rows at each end do not count for how far the range may reach.
_OUTERMOST = 2
#: So many rows are looked at at each end.
_LOOKED_AT = _OUTERMOST + 2 * TOGETHER


def ends(
    distinct: np.ndarray, counts: np.ndarray, fewest: int
) -> tuple[int, int] | tuple[float, float]:
    """Return the least and the greatest number of a column that are stored and generated.

    Each is the mean of the four outermost rows, but no further out than a straight line through
    the rows before the last two would lead, so that an outlier does not stretch the range. Where
    `fewest` rows share a value beyond that, it is that value. Columns of fewer than 10 rows leave
    out and average fewer.

    Parameters
    ----------
    distinct : ndarray of int64 or float64, shape (k,)
        The values of a column, sorted.
    counts : ndarray of int, shape (k,)
        How often each occurs.
    fewest : int
        The least count of a value that may be stored; 1 keeps both ends as they are.

    Examples
    --------
    >>> ends(np.array([1, 20, 22, 24, 26, 27, 29, 31, 33, 35, 37, 999]), np.ones(12, int), 2)
    (18, 39)
    """
    if fewest <= 1:
        return distinct[0].item(), distinct[-1].item()
    most = _LOOKED_AT
    first = np.repeat(distinct[:most], np.minimum(counts[:most], most))[:most]
    last = np.repeat(distinct[-most:], np.minimum(counts[-most:], most))[-most:]
    low, high = _drawn_in(first), _drawn_in(last[::-1])
    low, high = min(low, high), max(low, high)
    shared = distinct[counts >= fewest]
    if len(shared):
        low, high = min(low, shared[0].item()), max(high, shared[-1].item())
    return low, high


def inner_ends(rows: np.ndarray) -> tuple[float, float]:
    """Return the ends of sorted numbers, of which none counts as shared."""
    low, high = _drawn_in(rows[:_LOOKED_AT]), _drawn_in(rows[::-1][:_LOOKED_AT])
    return float(min(low, high)), float(max(low, high))


def middle(numbers: np.ndarray, fewest: int) -> int | float:
    """Return about the median of numbers, as the mean of several rows; 0 where there are none."""
    if len(numbers) == 0:
        return 0
    ordered, centre = np.sort(numbers), len(numbers) // 2
    reach = TOGETHER // 2 if fewest > 1 else 0
    found = _mean(ordered[max(centre - reach, 0) : centre + max(reach, 1)])
    return found if numbers.dtype.kind == "i" else float(found)


def apart(numbers: np.ndarray, rare: np.ndarray) -> np.ndarray:
    """Return floats, those that equal one of some sorted values moved half-way to the next."""
    if len(rare) < 2:
        return np.where(np.isin(numbers, rare), np.nextafter(numbers, np.inf), numbers)
    at = np.minimum(np.searchsorted(rare, numbers), len(rare) - 1)
    beside = np.where(at + 1 < len(rare), at + 1, at - 1)
    beside = np.minimum(beside, len(rare) - 1)
    return np.where(rare[at] == numbers, rare[at] / 2 + rare[beside] / 2, numbers)


def _drawn_in(rows: np.ndarray) -> float:
    """Return how far the range reaches on the side of the outermost rows, outermost first."""
    if len(rows) < _LOOKED_AT:
        out = _OUTERMOST // 2 if len(rows) >= 6 else 0
        return _mean(rows[out : out + max(2, (len(rows) - 2 * out) // 2)])
    near, inner = _mean(rows[_OUTERMOST:-TOGETHER]), _mean(rows[-TOGETHER:])
    # between the means of ranks 2 to 5 and 6 to 9 lie four ranks, as many as out to rank 0
    outer, straight = _mean(rows[:TOGETHER]), near + (near - inner)
    return max(outer, straight) if near < inner else min(outer, straight)


def _mean(rows: np.ndarray) -> float:
    """Return the mean, rounded where the numbers are whole."""
    if rows.dtype.kind == "i":  # exact, whatever the size
        return int((2 * sum(rows.tolist()) + len(rows)) // (2 * len(rows)))
    return float(np.sum(rows / len(rows)))
