"""Statistics of a pipeline: whether a change is kept, and what it gained on the report rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from lookalike._core.seeds import generator
from lookalike.experiments._pipeline._predictor import measured
from lookalike.experiments._pipeline._store import StepArrays
from lookalike.experiments._statistics import LEVEL, Difference, paired
from lookalike.metrics import LOWER_IS_BETTER

__all__ = ["Gain", "oriented", "report_gain", "validation_gain"]

#: Draws of report rows, for the standard error of a difference.
_DRAWS = 200


@dataclass(frozen=True)
class Gain:
    """The advantage of one state of a pipeline over another.

    Parameters
    ----------
    mean : float
        The mean difference; positive is better, also for metrics of which less is.
    low, high : float or None
        Its 95 % interval; None where the spread is unknown.
    p : float or None
        The one-sided p-value of "it is not better".
    """

    mean: float
    low: float | None = None
    high: float | None = None
    p: float | None = None

    @property
    def above(self) -> bool:
        """True if the whole interval is above 0."""
        return self.low is not None and self.low > 0

    @property
    def below(self) -> bool:
        """True if the whole interval is below 0."""
        return self.high is not None and self.high < 0


def oriented(value: float, metric: str) -> float:
    """Return a score such that more is better."""
    return -value if metric in LOWER_IS_BETTER else value


def validation_gain(new: Sequence[float], old: Sequence[float], metric: str, ratio: float) -> Gain:
    """Compare two states on the validation rows, split by split.

    By the corrected resampled t-test (Nadeau and Bengio 2003), one-sided.

    Parameters
    ----------
    new, old : sequence of float
        The scores of each split.
    metric : str
        Their name.
    ratio : float
        Validation rows for each training row.
    """
    apart = [oriented(one - two, metric) for one, two in zip(new, old, strict=True)]
    found: Difference = paired(apart, ratio)
    if found.p is None:
        return Gain(found.mean)
    p = found.p / 2 if found.mean > 0 else 1 - found.p / 2
    return Gain(found.mean, found.low, found.high, p)


def report_gain(
    new: Sequence[StepArrays],
    old: Sequence[StepArrays],
    metric: str,
    binary: bool,
    ratio: float,
    seed: int,
) -> Gain | None:
    """Compare two states on the report rows, which all splits share.

    The variance of the mean difference has two parts: that of the report rows, by drawing them
    again (the same rows for both states), and that of training, corrected for training rows that
    splits share (Nadeau and Bengio 2003).

    Parameters
    ----------
    new, old : sequence of mapping
        The predictions of each split's model for the report rows.
    metric : str
        The metric.
    binary : bool
        Whether the target has two classes.
    ratio : float
        Validation rows for each training row.
    seed : int
        The seed of the draws.

    Returns
    -------
    Gain or None
        None where the metric cannot be computed.
    """
    rows = len(new[0]["truth"])
    whole = _differences(new, old, metric, binary, np.arange(rows))
    if whole is None:
        return None
    random = generator(seed, "pipeline", "report draws")
    draws = [
        found.mean()
        for _ in range(_DRAWS)
        if (found := _differences(new, old, metric, binary, random.integers(rows, size=rows)))
        is not None
    ]
    mean, count = float(whole.mean()), len(whole)
    if len(draws) < _DRAWS / 2 or count < 2:
        return Gain(mean)
    trained = float(whole.var(ddof=1)) * (1 / count + ratio)
    error = math.sqrt(float(np.var(draws, ddof=1)) + trained)
    if error == 0:
        return Gain(mean, mean, mean, 1.0 if mean <= 0 else 0.0)
    reach = float(stats.t.ppf(1 - LEVEL / 2, count - 1)) * error
    p = float(stats.t.sf(mean / error, count - 1))
    return Gain(mean, mean - reach, mean + reach, p)


def _differences(
    new: Sequence[StepArrays],
    old: Sequence[StepArrays],
    metric: str,
    binary: bool,
    rows: np.ndarray,
) -> np.ndarray | None:
    """Return the difference in each split; None where a score cannot be computed."""
    pairs = [
        (measured(one, metric, binary, rows), measured(two, metric, binary, rows))
        for one, two in zip(new, old, strict=True)
    ]
    if any(isinstance(value, str) for pair in pairs for value in pair):
        return None
    return np.array([oriented(float(one) - float(two), metric) for one, two in pairs])
