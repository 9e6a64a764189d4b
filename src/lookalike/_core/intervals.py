"""Exact intervals of shares."""

from __future__ import annotations

from dataclasses import dataclass

from scipy.special import betaincinv

__all__ = ["LEVEL", "ShareEstimate", "clopper_pearson"]

#: The confidence of every interval that is not stated otherwise.
LEVEL = 0.95


@dataclass(frozen=True)
class ShareEstimate:
    """A share of trials that succeeded, with its exact interval.

    Parameters
    ----------
    value : float
        The share, or the mean of known probabilities.
    low, high : float
        The ends of the interval of Clopper and Pearson at 95 %.
    trials : int
        The number of trials.
    """

    value: float
    low: float
    high: float
    trials: int

    @classmethod
    def of(cls, successes: int, trials: int) -> ShareEstimate:
        """Return the estimate from a number of successes.

        Parameters
        ----------
        successes, trials : int
            0 trials give the share 0, about which nothing is known.

        Returns
        -------
        ShareEstimate
        """
        low, high = clopper_pearson(successes, trials)
        return cls(successes / trials if trials else 0.0, low, high, trials)


def clopper_pearson(successes: int, trials: int, level: float = LEVEL) -> tuple[float, float]:
    """Return the exact interval of a share (Clopper and Pearson 1934).

    Parameters
    ----------
    successes, trials : int
        Of no trials, nothing is known: the interval is 0 to 1.
    level : float
        The confidence, such as 0.95.

    Returns
    -------
    low, high : float

    Examples
    --------
    >>> low, high = clopper_pearson(0, 100)
    >>> round(low, 3), round(high, 3)
    (0.0, 0.036)
    """
    tail = (1 - level) / 2
    low = float(betaincinv(successes, trials - successes + 1, tail)) if successes else 0.0
    missed = trials - successes
    high = float(betaincinv(successes + 1, missed, 1 - tail)) if missed else 1.0
    return low, high
