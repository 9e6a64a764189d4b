"""From the scores of all draws of a scenario to one response curve with intervals."""

from __future__ import annotations

import math

import numpy as np
from scipy import stats

from lookalike._core.numerics import Floats
from lookalike.scenarios._stress_metrics import StressMetric
from lookalike.scenarios._stress_points import StressCurve, StressPoint, has_failed

__all__ = ["DrawScores", "response_curve"]

_LEVEL = 0.05
#: The fewest repeats of which an interval is stated.
_FEWEST = 3
#: The scores of the model, the reference and the naive baseline by metric, or reasons.
DrawScores = dict[str, tuple[float | str, float | None, float | None]]


def response_curve(
    metric: StressMetric, found: dict[float, list[DrawScores]], tests: int, runs: bool
) -> StressCurve:
    """Return the curve of a metric.

    All `tests` together have the level (Bonferroni): those of losses, one for each position but 0,
    and likewise those of gaps to the reference, one for each position. With `runs`, each repeat is
    a trial and not a half.
    """
    gaps = tests * len(found) / max(len(found) - 1, 1)
    columns = {dial: [one[metric.name] for one in scores] for dial, scores in found.items()}
    start = columns[0.0]
    value_at_start = _mean(_column(start, 0))
    unit = 1.0 if metric.bounded or not value_at_start else abs(value_at_start)
    sign = (1.0 if metric.higher else -1.0) / unit
    points = []
    for dial, scores in columns.items():
        values, references = _column(scores, 0), _column(scores, 1)
        # A model that fails in some draws fails: the others would be no fair sample.
        failed = [str(one[0]) for one in scores if has_failed(one[0])]
        if failed or np.isnan(values).all():
            points.append(StressPoint(dial, reason=failed[0] if failed else str(scores[0][0])))
            continue
        low, high = _interval(values, _LEVEL, runs)
        losses = sign * (_column(start, 0) - values)
        excess = losses
        if not np.isnan(references).all():
            excess = losses - sign * (_column(start, 1) - references)
        below, above = _interval(excess, _LEVEL, runs)
        strict, _ = _interval(excess, _LEVEL / tests, runs)
        gap = sign * (references - values)
        gap_low, gap_high = _interval(gap, _LEVEL, runs)
        strict_gap, _ = _interval(gap, _LEVEL / gaps, runs)
        points.append(
            StressPoint(
                dial,
                _mean(values),
                None if low is None else max(low, metric.limits[0]),
                None if high is None else min(high, metric.limits[1]),
                _mean(references),
                _mean(_column(scores, 2)),
                _mean(losses),
                _mean(excess),
                below,
                above,
                strict is not None and strict > 0,
                _mean(gap),
                gap_low,
                gap_high,
                strict_gap is not None and strict_gap > 0,
            )
        )
    return StressCurve(metric.name, metric.higher, metric.bounded, tuple(points))


def _column(scores: list[tuple[float | str, float | None, float | None]], place: int) -> Floats:
    values = [one[place] for one in scores]
    return np.array([np.nan if v is None or isinstance(v, str) else v for v in values])


def _mean(values: Floats) -> float | None:
    present = values[~np.isnan(values)]
    return float(present.mean()) if len(present) else None


def _interval(values: Floats, level: float, runs: bool) -> tuple[float | None, float | None]:
    """Return the interval of a mean.

    The spread over random halves is the standard error of the whole: a mean of half the rows
    varies around that of all rows by σ²/n · (1 − ½) / ½ = σ²/n.
    """
    present = values[~np.isnan(values)]
    count = len(present)
    if count < _FEWEST:
        return None, None
    error = float(present.std(ddof=1)) / (math.sqrt(count) if runs else 1.0)
    reach = float(stats.t.ppf(1 - level / 2, count - 1)) * error
    return float(present.mean()) - reach, float(present.mean()) + reach
