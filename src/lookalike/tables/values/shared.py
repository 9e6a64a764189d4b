"""Numbers that may be stored: values that several rows share, and means of several rows."""

from __future__ import annotations

import numpy as np

__all__ = ["TOGETHER", "apart", "ends", "inner_ends", "middle"]

#: The number of rows averaged for a stored number that is not shared, fewer in short columns.
TOGETHER = 4
#: The number of rows at each end that do not extend the range.
_OUTERMOST = 2
#: The number of rows examined at each end.
_EXAMINED = _OUTERMOST + 2 * TOGETHER


def ends(
    distinct: np.ndarray, counts: np.ndarray, fewest: int
) -> tuple[int, int] | tuple[float, float]:
    """Return the least and the greatest number of a column that are stored and generated.

    Each is the mean of the four outermost rows, but no further out than the linear extrapolation
    of the rows before the last two, so that an outlier does not stretch the range. Where `fewest`
    rows share a value beyond that, it is that value. Columns of fewer than 10 rows omit and
    average fewer.

    Parameters
    ----------
    distinct : ndarray of int64 or float64, shape (k,)
        The sorted values of a column.
    counts : ndarray of int, shape (k,)
        The count of each.
    fewest : int
        The least count of a value that may be stored; 1 keeps both ends untrimmed.

    Examples
    --------
    >>> ends(np.array([1, 20, 22, 24, 26, 27, 29, 31, 33, 35, 37, 999]), np.ones(12, int), 2)
    (18, 39)
    """
    if fewest <= 1:
        return distinct[0].item(), distinct[-1].item()
    most = _EXAMINED
    first = np.repeat(distinct[:most], np.minimum(counts[:most], most))[:most]
    last = np.repeat(distinct[-most:], np.minimum(counts[-most:], most))[-most:]
    low, high = _trimmed_end(first), _trimmed_end(last[::-1])
    low, high = min(low, high), max(low, high)
    shared = distinct[counts >= fewest]
    if len(shared):
        low, high = min(low, shared[0].item()), max(high, shared[-1].item())
    return low, high


def inner_ends(rows: np.ndarray) -> tuple[float, float]:
    """Return the ends of sorted numbers, none of which counts as shared."""
    low, high = _trimmed_end(rows[:_EXAMINED]), _trimmed_end(rows[::-1][:_EXAMINED])
    return float(min(low, high)), float(max(low, high))


def middle(numbers: np.ndarray, fewest: int) -> int | float:
    """Return the approximate median, as the mean of several rows; 0 where there are none."""
    if len(numbers) == 0:
        return 0
    ordered, centre = np.sort(numbers), len(numbers) // 2
    reach = TOGETHER // 2 if fewest > 1 else 0
    mean = _mean(ordered[max(centre - reach, 0) : centre + max(reach, 1)])
    return mean if numbers.dtype.kind == "i" else float(mean)


def apart(numbers: np.ndarray, rare: np.ndarray) -> np.ndarray:
    """Move floats that equal one of some sorted values half-way to the next."""
    if len(rare) < 2:
        return np.where(np.isin(numbers, rare), np.nextafter(numbers, np.inf), numbers)
    at = np.minimum(np.searchsorted(rare, numbers), len(rare) - 1)
    beside = np.where(at + 1 < len(rare), at + 1, at - 1)
    beside = np.minimum(beside, len(rare) - 1)
    return np.where(rare[at] == numbers, rare[at] / 2 + rare[beside] / 2, numbers)


def _trimmed_end(rows: np.ndarray) -> float:
    """Return the trimmed end of the range on one side, given its rows, outermost first."""
    if len(rows) < _EXAMINED:
        out = _OUTERMOST // 2 if len(rows) >= 6 else 0
        return _mean(rows[out : out + max(2, (len(rows) - 2 * out) // 2)])
    near, inner = _mean(rows[_OUTERMOST:-TOGETHER]), _mean(rows[-TOGETHER:])
    # The means of ranks 2 to 5 and 6 to 9 are four ranks apart, as many as out to rank 0.
    outer, straight = _mean(rows[:TOGETHER]), near + (near - inner)
    return max(outer, straight) if near < inner else min(outer, straight)


def _mean(rows: np.ndarray) -> float:
    """Return the mean, rounded where the numbers are whole."""
    if rows.dtype.kind == "i":  # exact, whatever the size
        return int((2 * sum(rows.tolist()) + len(rows)) // (2 * len(rows)))
    return float(np.sum(rows / len(rows)))
