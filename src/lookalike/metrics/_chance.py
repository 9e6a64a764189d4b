"""Scores relative to the differences between two samples of one distribution by chance alone.

Two samples of one distribution are never equal: the smaller they are, and the more levels a column
has, the less similar they look. A raw similarity therefore says as much about the number of rows as
about the rows. It is compared with its expected value if both tables came from one distribution:
the pooled rows are split at random, since every split is then as likely as the observed one (the
null distribution of a permutation test; Good 2005). Where that expectation has a closed form, it is
computed; elsewhere it is the mean over some random splits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln

from lookalike._core.seeds import generator
from lookalike.metrics._codebook import Floats
from lookalike.metrics._view import View

__all__ = ["Parting", "adjusted", "clipped", "expected_variation", "partings"]

#: Random splits, and the number of rows of a table that all of them use together: with many rows
#: chance is small, and a few splits are enough to know its mean.
MOST = 10
_ROWS = 20_000
#: The smallest expected similarity that a similarity is divided by. Where two samples of one
#: distribution have hardly a value in common, the quotient would be amplified noise.
_LEAST = 0.5


@dataclass(frozen=True)
class Parting:
    """A division of the pooled rows of two tables into two tables of the same sizes.

    Parameters
    ----------
    real, synthetic : ndarray of bool, shapes (n,) and (m,)
        True for the rows of each table that go into the first part, n in all.
    """

    real: npt.NDArray[np.bool_]
    synthetic: npt.NDArray[np.bool_]

    def apply(self, real: np.ndarray, synthetic: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the entries of the rows of the first and of the second part."""
        first = np.concatenate([real[self.real], synthetic[self.synthetic]])
        second = np.concatenate([real[~self.real], synthetic[~self.synthetic]])
        return first, second


def partings(real: View, synthetic: View, most: int = MOST) -> list[Parting]:
    """Split the pooled rows of two tables at random.

    Parameters
    ----------
    real, synthetic : View
        n and m rows.
    most : int
        The largest number of splits; large tables get fewer, at least one.

    Returns
    -------
    list of Parting
        The same for the same rows and seed, in whatever order the rows are.
    """
    whole = real.keep(("partings", synthetic), lambda: _partings(real, synthetic))
    return whole[:most]


def _partings(real: View, synthetic: View) -> list[Parting]:
    size, rows = len(real), len(real) + len(synthetic)
    count = int(np.clip(_ROWS // max(min(size, rows - size), 1), 1, MOST))
    # The pooled rows are sorted by their cells: a split depends on no order of rows or tables.
    cells = [np.concatenate([view.numbers, view.codes], axis=1).T for view in (real, synthetic)]
    order = np.lexsort(np.concatenate(cells, axis=1)) if len(cells[0]) else np.arange(rows)
    random = generator(real.seed, "metrics", "chance")
    splits = []
    for _ in range(count):
        chosen = np.zeros(rows, bool)
        chosen[order[random.permutation(rows)[:size]]] = True
        splits.append(Parting(chosen[:size], chosen[size:]))
    return splits


def adjusted(likeness: float, usual: float) -> float:
    """Return a similarity in [0, 1] relative to that of two samples of one distribution.

    Parameters
    ----------
    likeness : float
        1 for equal tables.
    usual : float
        Its mean over samples of one distribution.

    Returns
    -------
    float
        1 where the similarity is the expected one, 0 where there is none; more than 1 where tables
        are more similar than samples are, so that means over columns are not biased.

    Examples
    --------
    >>> adjusted(0.9, 0.9), adjusted(0.45, 0.9)
    (1.0, 0.5)
    """
    return 1 - (usual - likeness) / max(usual, _LEAST)


def clipped(value: float) -> float:
    """Clip an adjusted similarity to [0, 1]: more alike than two samples is no better."""
    return float(min(max(value, 0.0), 1.0))


def expected_variation(counts: npt.NDArray[np.int64], first: int, second: int) -> float:
    """Return the mean total variation of two samples of one distribution, given the pooled one.

    Parameters
    ----------
    counts : ndarray of int, shape (levels,)
        The number of pooled rows with each level.
    first, second : int
        The sizes of the samples, which add up to the pooled rows.

    Returns
    -------
    float
        In [0, 1].
    """
    if not first or not second:
        return 0.0
    total = first + second
    kinds, repeats = np.unique(counts, return_counts=True)
    # The first sample has X of a level's K rows, X hypergeometric; the shares differ by
    # X / first - (K - X) / second = (X - K first / total) total / (first second).
    deviations = _mean_deviation(kinds.astype(np.float64), float(first), float(total))
    return float((repeats * deviations).sum() * total / (2 * first * second))


def _mean_deviation(marked: Floats, drawn: float, total: float) -> Floats:
    """Return the mean absolute deviation of hypergeometric counts (Ramasubban 1958)."""
    # E|X - mean| = 2 v (total - marked - drawn + v) / total P(X = v), v the first whole number
    # above the mean.
    above = np.floor(marked * drawn / total) + 1
    neither = total - marked - drawn + above
    possible = (above <= np.minimum(marked, drawn)) & (neither > 0)
    above = np.where(possible, above, 0.0)
    chance = np.exp(
        _choose(marked, above) + _choose(total - marked, drawn - above) - _choose(total, drawn)
    )
    return np.where(possible, 2 * above * neither / total * chance, 0.0)


def _choose(size: Floats | float, count: Floats | float) -> Floats:
    """Return the logarithm of a binomial coefficient; -inf where it is 0."""
    with np.errstate(invalid="ignore"):
        found = gammaln(np.add(size, 1.0)) - gammaln(np.add(count, 1.0))
        found = found - gammaln(np.maximum(np.subtract(size, count), 0.0) + 1.0)
    result: Floats = np.where(np.less_equal(count, size), found, -np.inf)
    return result
