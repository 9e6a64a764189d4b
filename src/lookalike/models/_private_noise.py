"""Noise for differential privacy, in whole numbers: no rounding of floats can betray a count.

Every draw is an index into a table of cumulative probabilities of 64 bits, which does not depend on
data, found by 64 bits of the operating system. The tables are exact to about 1e-16.
"""

from __future__ import annotations

import os
from math import ceil, log, sqrt

import numpy as np
import numpy.typing as npt

from lookalike._core.errors import ParameterError
from lookalike._core.numerics import Floats
from lookalike._core.seeds import generator

__all__ = [
    "Entropy",
    "WholeNumbers",
    "choose_privately",
    "noisy",
    "standard_deviation",
    "surpassed_by_noise",
]

WholeNumbers = npt.NDArray[np.int64]
#: Beyond so many standard deviations, noise has a probability below 2⁻⁶⁴.
_FARTHEST = 10


class Entropy:
    """Random bits of the operating system, or, to test a mechanism, of a seed.

    Parameters
    ----------
    seed : int or None
        None for the operating system. Noise that follows from a known seed protects nothing.
    """

    def __init__(self, seed: int | None = None) -> None:
        self._rng = None if seed is None else generator(seed, "private noise")

    def bits(self, count: int) -> npt.NDArray[np.uint64]:
        """Return numbers of 64 random bits; shape (count,)."""
        if self._rng is not None:
            return self._rng.integers(0, 2**64, count, np.uint64)
        return np.frombuffer(os.urandom(8 * count), np.uint64)

    def pick(self, weights: Floats, count: int) -> WholeNumbers:
        """Return indices with probabilities in proportion to weights; shape (count,)."""
        reached = np.cumsum(weights.astype(np.longdouble))
        # The last index takes the rest, so that no rounding leaves a gap.
        steps = np.minimum(reached[:-1] / reached[-1] * 2.0**64, np.longdouble(2**64 - 2**11))
        found = np.searchsorted(steps.astype(np.uint64), self.bits(count), side="right")
        return found.astype(np.int64)


def standard_deviation(rho: float) -> float:
    """Return the standard deviation of noise on counts, of which a row changes one by one."""
    return 1 / sqrt(2 * rho)


def noisy(counts: npt.ArrayLike, rho: float, entropy: Entropy) -> WholeNumbers:
    """Return counts with discrete Gaussian noise (Canonne, Kamath and Steinke 2020).

    With σ² = 1 / (2 ρ), counts of disjoint cells, of which a row changes one by one, are ρ-zCDP.

    Parameters
    ----------
    counts : array of int
        The true counts.
    rho : float
        The privacy that they cost.
    entropy : Entropy
        The random bits.

    Returns
    -------
    ndarray of int
        Of the same shape; negative numbers are possible.
    """
    counts = np.asarray(counts, np.int64)
    weights = _weights(rho)
    reach = len(weights) // 2
    return counts + (entropy.pick(weights, counts.size) - reach).reshape(counts.shape)


def _weights(rho: float, farthest: float = _FARTHEST) -> Floats:
    """Return the unnormalised probabilities of noise from -reach to reach."""
    sigma = standard_deviation(rho)
    reach = ceil(farthest * sigma) + 1
    return np.asarray(np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2))


def surpassed_by_noise(rho: float, delta: float) -> int:
    """Return the least number that noise exceeds with a probability of at most `delta`.

    Parameters
    ----------
    rho, delta : float

    Raises
    ------
    ParameterError
        If `delta` is not above 0: no noise is safe from being exceeded.
    """
    if not delta > 0:
        raise ParameterError(
            f"Some δ is needed to release levels, but {delta:g} is left for each. Give a larger "
            "delta, or declare the levels in domain."
        )
    # So far out that a tail is as small as δ, however small that is: P(noise ≥ t σ) ≤ exp(−t² / 2).
    weights = _weights(rho, max(_FARTHEST, sqrt(-2 * log(delta))))
    # Summed from the far end, where the smallest ones are.
    tails = np.cumsum(weights[::-1])[::-1] / weights.sum()
    return int(np.argmax(tails <= delta)) - 1 - len(weights) // 2


def choose_privately(scores: npt.ArrayLike, rho: float, entropy: Entropy) -> int:
    """Choose an index by the exponential mechanism (McSherry and Talwar 2007).

    Parameters
    ----------
    scores : array of float, shape (n,)
        A row changes each by one at most.
    rho : float
        The privacy that it costs: ε² / 8 for an ε-private choice.
    entropy : Entropy
        The random bits.

    Returns
    -------
    int
    """
    scores = np.asarray(scores, np.float64)
    epsilon = sqrt(8 * rho)
    weights = np.exp(0.5 * epsilon * (scores - scores.max()))
    return int(entropy.pick(weights, 1)[0])
