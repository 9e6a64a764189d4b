"""Paired comparisons over repeated splits that share rows, and so are not independent."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

__all__ = ["LEVEL", "Difference", "holm", "paired", "repeats_needed"]

#: The significance level: the largest share of false findings where there is no effect.
LEVEL = 0.05
#: The power: the share of studies that find an effect of the observed size with the repeats needed.
POWER = 0.8
#: The largest number of repeats that is recommended.
MOST_REPEATS = 10_000
#: Differences whose spread is this small beside their mean are all the same but for rounding.
_SAME = 1e-9


@dataclass(frozen=True)
class Difference:
    """The mean of paired differences, and its uncertainty.

    Parameters
    ----------
    mean : float
        The mean difference.
    low, high : float or None
        Its 95 % interval; None where the differences have no spread to judge by.
    p : float or None
        The two-sided p-value of "there is no difference"; None as above.
    spread : float
        The standard deviation of the differences.
    repeats : int
        The number of differences.
    ratio : float
        Held-out rows for each training row.
    """

    mean: float
    low: float | None
    high: float | None
    p: float | None
    spread: float
    repeats: int
    ratio: float


def paired(differences: Sequence[float], ratio: float) -> Difference:
    """Compare two arms by the corrected resampled t-test.

    t = mean / (s·√(1/k + ratio)) with k − 1 degrees of freedom, where k is the number of splits
    and ratio the number of held-out rows over that of training rows: splits share rows, so their
    plain variance is too small. Source: Nadeau and Bengio 2003, Machine Learning 52, 239-281.

    Parameters
    ----------
    differences : sequence of float
        One for each split.
    ratio : float
        Held-out rows for each training row. Where a part of the training rows is dropped, all of
        them count: the overlap of two splits depends on the split of the whole table.

    Returns
    -------
    Difference
        No interval and no p-value where there are fewer than two differences, or where all are
        the same and not 0: nothing is known of their spread.

    Examples
    --------
    >>> found = paired([0.01, 0.02, 0.03, 0.02], 0.25)
    >>> round(found.mean, 3), round(found.low, 3), round(found.high, 3), round(found.p, 3)
    (0.02, 0.002, 0.038, 0.041)
    """
    values = np.asarray(differences, dtype=np.float64)
    count = len(values)
    mean = float(values.mean())
    spread = float(values.std(ddof=1)) if count > 1 else 0.0
    size = float(np.abs(values).max())
    if count > 1 and size == 0:
        return Difference(0.0, 0.0, 0.0, 1.0, 0.0, count, ratio)
    if spread <= _SAME * size:
        return Difference(mean, None, None, None, spread, count, ratio)
    error = spread * math.sqrt(1 / count + ratio)
    reach = float(stats.t.ppf(1 - LEVEL / 2, count - 1)) * error
    p = float(2 * stats.t.sf(abs(mean) / error, count - 1))
    return Difference(mean, mean - reach, mean + reach, p, spread, count, ratio)


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Adjust p-values for their number, after Holm 1979.

    Parameters
    ----------
    p_values : sequence of float or None
        None stands for a test that could not be made; it is not counted.

    Returns
    -------
    list of float or None
        In the same order.

    Examples
    --------
    >>> holm([0.01, 0.04, None, 0.03])
    [0.03, 0.06, None, 0.06]
    """
    tests = sorted((p, place) for place, p in enumerate(p_values) if p is not None)
    adjusted: list[float | None] = [None] * len(p_values)
    highest = 0.0
    for rank, (p, place) in enumerate(tests):
        highest = max(highest, min(1.0, p * (len(tests) - rank)))
        adjusted[place] = highest
    return adjusted


def repeats_needed(found: Difference) -> int | None:
    """Return the number of splits needed to see an effect of the observed size.

    Parameters
    ----------
    found : Difference
        The observed difference.

    Returns
    -------
    int or None
        The smallest number at which the test finds such an effect in 80 % of studies; None where
        none up to 10,000 does: splits share rows, so more of them help only up to a point.
    """
    if found.p is None or found.mean == 0:
        return None
    if not _seen(found, MOST_REPEATS):
        return None
    low, high = 1, MOST_REPEATS
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _seen(found, middle) else (middle, high)
    return high


def _seen(found: Difference, repeats: int) -> bool:
    strength = abs(found.mean) / (found.spread * math.sqrt(1 / repeats + found.ratio))
    required = stats.t.ppf(1 - LEVEL / 2, repeats - 1) + stats.t.ppf(POWER, repeats - 1)
    return bool(strength >= required)
