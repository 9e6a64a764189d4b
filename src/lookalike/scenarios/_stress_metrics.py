"""The metrics of stress tests: of classes, numbers, changed rows and alarms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.metrics import average_precision_score

from lookalike._core.errors import ParameterError, nearest
from lookalike._core.numerics import Floats, auc
from lookalike.metrics import (
    CLASS_METRICS,
    LOWER_IS_BETTER,
    NUMBER_METRICS,
    ClassPredictions,
    class_metrics,
    number_metrics,
)
from lookalike.scenarios._stressed_model import Predictions, Problem

__all__ = ["StressMetric", "Unmeasured", "alarms", "metrics_for"]

#: The share of unchanged rows that a detector may accuse where its recall is measured.
FALSE_ALARMS = 0.05
_BINS = 10
#: The default metrics of each problem, the headline first, and all others.
_DEFAULTS = {
    "classes": ("roc_auc", "recall", "calibration"),
    "numbers": ("r2", "mae"),
    "changes": ("roc_auc", "recall"),
    "drift": ("detected", "delay", "false_alarm"),
}
_KNOWN = {
    "classes": (*CLASS_METRICS, "recall", "calibration"),
    "numbers": NUMBER_METRICS,
    "changes": ("roc_auc", "recall", "average_precision"),
    "drift": ("detected", "delay", "false_alarm"),
}
_LOWER = LOWER_IS_BETTER | {"calibration", "delay", "false_alarm"}
#: Metrics without bounds: their losses are relative.
_UNBOUNDED = frozenset({"log_loss", "rmse", "mae", "delay"})

#: Metrics in which those who ignore the inputs can be best, or worst, for no merit.
_WITHOUT_FLOOR = frozenset({"recall", "calibration"})

MeasurePredictions = Callable[[Floats, Predictions], float]


class Unmeasured(Exception):
    """The reason why a metric has no value."""


@dataclass(frozen=True)
class StressMetric:
    """A metric of a model's predictions.

    Parameters
    ----------
    name : str
        Its name.
    higher : bool
        Whether higher is better.
    bounded : bool
        Whether it has bounds; of others, losses are shares of the value without changes.
    limits : tuple of float
        The bounds.
    measure : callable
        Takes the truth and the predictions of rows, both without missing truth, and returns a
        number; it raises `Unmeasured` where there is none.
    """

    name: str
    higher: bool
    bounded: bool
    limits: tuple[float, float]
    measure: MeasurePredictions

    @property
    def has_floor(self) -> bool:
        """Return whether the score of predictions that ignore the inputs means something."""
        return self.name not in _WITHOUT_FLOOR


def metrics_for(metric: Any, problem: Problem) -> list[StressMetric]:
    """Return the metrics that a call names.

    Parameters
    ----------
    metric : str, callable, sequence of these, or None
        None for the defaults of the problem. A function takes the truth and the predictions (the
        scores of the positive class of two) and returns a number; higher is better.
    problem : Problem

    Raises
    ------
    ParameterError
        If there is no such metric.
    """
    if metric is None:
        metric = _DEFAULTS[problem.kind]
    named: Sequence[Any] = [metric] if isinstance(metric, str) or callable(metric) else metric
    known, found = _KNOWN[problem.kind], []
    for one in named:
        if callable(one) and problem.kind in ("classes", "numbers"):
            name = getattr(one, "__name__", "metric")
            found.append(StressMetric(name, True, True, (-np.inf, np.inf), _own(one)))
        elif one in known:
            bounded = one not in _UNBOUNDED
            limits = (-np.inf if one == "r2" else 0.0, 1.0 if bounded else np.inf)
            measure = _measure(one, problem)
            found.append(StressMetric(one, one not in _LOWER, bounded, limits, measure))
        else:
            raise ParameterError(
                f"metric must be one of {', '.join(known)} here, or a function of the truth and "
                f"the predictions; got {one!r}.{nearest(str(one), known)}"
            )
    if not found:
        raise ParameterError("metric must name one metric at least, or be None.")
    return found


def _own(function: Callable[[Any, Any], float]) -> MeasurePredictions:
    def measure(truth: Floats, given: Predictions) -> float:
        scores = given.scores
        if scores.ndim == 2 and scores.shape[1] == 2:
            scores = scores[:, 1]
        return float(function(truth, scores))

    return measure


def _measure(name: str, problem: Problem) -> MeasurePredictions:
    if problem.kind == "numbers":
        return lambda truth, given: _value(number_metrics(truth, given.scores)[name])
    if problem.kind == "changes":
        return _CHANGES[name]
    if problem.kind == "drift":
        return _unused
    if name == "calibration":
        return _calibration
    binary = len(problem.levels) == 2
    known = np.arange(len(problem.levels), dtype=np.float64)

    def measure(truth: Floats, given: Predictions) -> float:
        found = ClassPredictions(truth, known, given.scores, given.probable)
        if name == "recall":
            if not binary:
                return found.balanced_accuracy
            if not (truth == 1).any():
                raise Unmeasured("No row is of the positive class.")
            return float(np.mean(found.guess[truth == 1] == 1))
        return _value(class_metrics(found, binary)[name])

    return measure


def _value(found: float | str) -> float:
    if isinstance(found, str):
        raise Unmeasured(found)
    return found


def _unused(truth: Floats, given: Predictions) -> float:  # noqa: ARG001 - as a `MeasurePredictions`
    raise AssertionError("Alarms are measured by `alarms`.")


def _calibration(truth: Floats, given: Predictions) -> float:
    """Return the expected calibration error of the positive, or else of the likeliest class."""
    if not given.probable:
        raise Unmeasured("The model gives no probabilities.")
    scores = given.scores
    if scores.shape[1] == 2:
        stated, came = scores[:, 1], truth == 1
    else:
        stated, came = scores.max(axis=1), scores.argmax(axis=1) == truth
    bins = np.minimum((stated * _BINS).astype(int), _BINS - 1)
    sums = [np.bincount(bins, values, _BINS) for values in (stated, came.astype(float))]
    return float(np.abs(sums[0] - sums[1]).sum() / len(truth))


def _detection_auc(truth: Floats, given: Predictions) -> float:
    changed = _both(truth)
    return auc(given.scores[changed], given.scores[~changed])


def _detection_recall(truth: Floats, given: Predictions) -> float:
    changed = _both(truth)
    limit = np.quantile(given.scores[~changed], 1 - FALSE_ALARMS)
    return float((given.scores[changed] > limit).mean())


def _detection_precision(truth: Floats, given: Predictions) -> float:
    return float(average_precision_score(_both(truth), given.scores))


def _both(truth: Floats) -> Any:
    changed = truth == 1
    if changed.all() or not changed.any():
        raise Unmeasured("No row was changed." if not changed.any() else "All rows were changed.")
    return changed


_CHANGES: dict[str, MeasurePredictions] = {
    "roc_auc": _detection_auc,
    "recall": _detection_recall,
    "average_precision": _detection_precision,
}


def alarms(scores: Floats, first: int | None, threshold: float) -> dict[str, float]:
    """Return whether and when a drift was noticed.

    Parameters
    ----------
    scores : ndarray, shape (n,)
        A score for each row in the order of time.
    first : int or None
        The row with which the drift begins; None where there is none.
    threshold : float
        A row with this score or more raises an alarm.

    Returns
    -------
    dict
        ``"detected"``: 1 where an alarm comes with or after the first row; ``"delay"``: the rows
        until then, and those to the end where none comes; ``"false_alarm"``: 1 where one comes
        before. Without a drift there are no first two.
    """
    raised = np.flatnonzero(scores >= threshold)
    if first is None:
        return {"false_alarm": float(len(raised) > 0)}
    after = raised[raised >= first]
    return {
        "detected": float(len(after) > 0),
        "delay": float(after[0] - first if len(after) else len(scores) - first),
        "false_alarm": float((raised < first).any()),
    }
