"""`stress`: how a model responds to a scenario, beside models that know the stress."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from typing import Any

import numpy as np
import pyarrow as pa

from lookalike._core.errors import InputError, ParameterError
from lookalike._core.numerics import Floats
from lookalike._core.parameters import Flag, Instance, Number, check_parameters
from lookalike._core.progress import progress as show_progress
from lookalike._core.seeds import RandomState, as_seed, derive_seed, generator
from lookalike.scenarios._base import RowNumbers, ScenarioStep
from lookalike.scenarios._drift import DriftStep
from lookalike.scenarios._fitted import fitted_model
from lookalike.scenarios._scenario import Scenario, ScenarioRun
from lookalike.scenarios._stress_curve import DrawScores, response_curve
from lookalike.scenarios._stress_metrics import StressMetric, Unmeasured, alarms, metrics_for
from lookalike.scenarios._stress_points import StressCurve
from lookalike.scenarios._stress_reference import cross_fitted, naive
from lookalike.scenarios._stress_report import StressReport
from lookalike.scenarios._stress_slices import StressSlice, checked_slices
from lookalike.scenarios._stressed_model import (
    Predictions,
    Problem,
    problem_of,
    rows_for,
    stressed,
)
from lookalike.tables import Origin, natural_rows

__all__ = ["stress"]

_DIALS = (0.0, 0.25, 0.5, 0.75, 1.0)
#: Beyond this difference at dial 0 the reference is remarked upon.
_FAR = 0.05


def stress(
    model: Any,
    data: Any,
    scenario: Scenario | Sequence[ScenarioStep | Mapping[str, Any]],
    *,
    target: str | None = None,
    metric: str | Callable[[Any, Any], float] | Sequence[Any] | None = None,
    dials: Sequence[float] = _DIALS,
    repeats: int = 20,
    reference: bool = True,
    tolerance: float = 0.05,
    positive: Any = None,
    threshold: float = 0.5,
    random_state: RandomState = 0,
    progress: bool | None = None,
) -> StressReport:
    """Measure how a fitted model responds to a scenario over a dial from 0 to 1.

    At dial d every step of the scenario has d of its strength. A score may fall because the rows
    became harder for anyone: so the model stands beside boosted trees that are trained, by
    cross-fitting, on the stressed rows themselves. It breaks where it loses more than these by
    more than `tolerance` in any metric, beyond chance (all metrics and positions together raise a
    false alarm in at most 5 % of reports). Of drifts, the rows that come more often are also looked
    at as they are: the model is weak on them where its predictions can be corrected from rows of
    the same kind, wherever the dial is.

    Every repeat draws the scenario anew and scores it on a random half of the given rows, whose
    spread over repeats is that of the mean of all rows; intervals are of Student's t.

    Parameters
    ----------
    model : estimator or callable
        A fitted scikit-learn estimator, or a function from a dataframe to one score for each row
        (of the positive class of two), or to one for each class, or to classes.
    data : dataframe or path
        Rows that the model has not learned, with the target; for drifts in the order of time.
    scenario : Scenario or sequence of ScenarioStep or mapping
        The steps at full strength.
    target : str, optional
        The column that the model predicts. Without it, the model scores rows: those that the
        scenario changes should score higher; or, where all steps are drifts, it watches them, and a
        score of `threshold` or more is an alarm.
    metric : str, callable or sequence, optional
        The metrics, the headline first. By default ``roc_auc``, ``recall``
        and ``calibration`` of classes, ``r2`` and ``mae`` of numbers, ``roc_auc`` and ``recall``
        (at 5 % false alarms) of changed rows, and ``detected``, ``delay`` (in rows) and
        ``false_alarm`` of drifts.
    dials : sequence of float
        Positions in [0, 1], increasing, 0 first.
    repeats : int
        The number of draws of the scenario, 2 or more; of fewer than 3 there are no intervals, and
        a model breaks only where it fails.
    reference : bool
        Whether to train the reference; without it, every loss counts in full.
    tolerance : float
        The loss that does not matter: in units of the metric, or as a share of its value at 0 where
        it has no bounds (such as ``mae``).
    positive : object, optional
        The positive class of two; the last in sorted order by default.
    threshold : float
        The score from which on a row raises an alarm, where the model watches for drifts.
    random_state : int, numpy.random.Generator, numpy.random.RandomState or None
        The same seed gives the same report.
    progress : bool or None
        True or False to show progress on standard error or not; by default it is shown where it is
        watched: in a terminal and in a notebook.

    Returns
    -------
    StressReport

    Raises
    ------
    ParameterError
        If a parameter breaks its rule, or the model does not predict the rows as they are.
    SchemaError
        If the scenario, the target or the model's columns do not fit the rows.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> import lookalike as la
    >>> x = np.random.default_rng(0).normal(size=600)
    >>> rows = pd.DataFrame({"x": x, "y": x > 0})
    >>> steps = [{"name": "noisy", "column": "x", "share": 1, "scale": 3}]
    >>> report = la.stress(lambda rows: rows["x"], rows, steps, target="y", repeats=3)
    >>> report.curves[0].metric, report.curves[0].points[0].value
    ('roc_auc', 1.0)
    """
    positions = _checked(dials, repeats, reference, tolerance, threshold)
    scenario = scenario if isinstance(scenario, Scenario) else Scenario(scenario)
    table, origin = natural_rows(data)
    drifts = all(isinstance(step, DriftStep) for step in scenario.steps)
    problem = problem_of(model, table, target, positive, drifts)
    metrics = metrics_for(metric, problem)
    referred = reference and problem.kind in ("classes", "numbers")
    study = _StressStudy(model, table, origin, scenario, problem, metrics, referred, threshold)
    seed = as_seed(random_state)
    found: dict[float, list[DrawScores]] = {dial: [] for dial in positions}
    with show_progress("stress", repeats * len(positions), show=progress) as report:
        for repeat in range(repeats):
            for place, dial in enumerate(positions, start=1):
                found[dial].append(study.scores(dial, derive_seed(seed, "stress", repeat)))
                report(repeat * len(positions) + place, {})
    tests = (len(positions) - 1) * len(metrics)
    curves = tuple(response_curve(one, found, tests, problem.kind == "drift") for one in metrics)
    facts = {
        "model": type(model).__name__ if hasattr(model, "predict") else _name(model),
        "kind": problem.kind,
        "target": target,
        "positive": str(problem.levels[-1]) if len(problem.levels) == 2 else None,
        "rows": len(table),
        "repeats": repeats,
        "reference": referred,
        "tolerance": tolerance,
        "threshold": threshold if problem.kind == "drift" else None,
        "seed": seed,
        "steps": [step.to_mapping() for step in scenario.steps],
        "versions": {"lookalike": version("lookalike")},
    }
    notes = tuple(_notes(curves[0], scenario, target))
    return StressReport(curves, facts, notes, study.slices(seed))


def _checked(
    dials: Sequence[float], repeats: int, reference: bool, tolerance: float, threshold: float
) -> list[float]:
    check_parameters(
        "stress",
        {
            "dials": Instance((list, tuple, np.ndarray), "a list of positions"),
            "repeats": Number(2, integer=True),
            "reference": Flag(),
            "tolerance": Number(0),
            "threshold": Number(),
        },
        {
            "dials": dials,
            "repeats": repeats,
            "reference": reference,
            "tolerance": tolerance,
            "threshold": threshold,
        },
    )
    check_parameters("dials", {str(p): Number(0, 1) for p in dials}, {str(p): p for p in dials})
    found = [float(one) for one in dials]
    if len(found) < 2 or found[0] != 0 or sorted(set(found)) != found:
        raise ParameterError(
            f"dials must increase from 0, two positions or more; got {list(dials)!r}."
        )
    return found


def _name(model: Any) -> str:
    return getattr(model, "__name__", type(model).__name__)


class _StressStudy:
    """The fixed parts of a stress test, and the scores of one draw of its scenario."""

    def __init__(
        self,
        model: Any,
        table: pa.Table,
        origin: Origin,
        scenario: Scenario,
        problem: Problem,
        metrics: Sequence[StressMetric],
        reference: bool,
        threshold: float,
    ) -> None:
        self.table, self.origin, self.scenario = table, origin, scenario
        self.problem, self.metrics = problem, metrics
        self.reference, self.threshold = reference, threshold
        self._predict = stressed(model, problem)
        # One model of ordinary rows for all draws, of steps that need one.
        self._model = fitted_model(None, table) if scenario.needs_model else None
        self._unchanged: Predictions | None = None
        judged = problem.kind in ("classes", "numbers")
        self._truths = problem.truth(table) if judged else None

    def scores(self, dial: float, seed: int) -> DrawScores:
        """Return the scores of every metric for one draw, or why there are none."""
        run = self.scenario.run(self.table, seed, dial, model=self._model)
        try:
            given = self._predictions(run)
        except _FailedModel as error:
            return {one.name: (str(error), None, None) for one in self.metrics}
        if self.problem.kind == "drift":
            return self._alarms(run, given)
        truth = self._truth(run)
        order = generator(seed, "stress", "half").permutation(len(self.table))
        half = order < (len(self.table) + 1) // 2
        rows = np.flatnonzero(half[run.source] & ~np.isnan(truth))
        referred = floor = None
        if self._truths is not None:
            floor = naive(self.problem, self._truths, len(truth))
        if self.reference:
            random = generator(seed, "stress", "folds")
            referred = cross_fitted(self.problem, run.table, run.source, random)
        return {
            one.name: (
                _measured(one, truth, given, rows),
                _number(_measured(one, truth, referred, rows)),
                _number(_measured(one, truth, floor if one.has_floor else None, rows)),
            )
            for one in self.metrics
        }

    def slices(self, seed: int) -> tuple[StressSlice, ...]:
        """Return whether the model is weak on the rows that the scenario brings."""
        if self._truths is None or self._unchanged is None:
            return ()
        # Rows that are chosen by what is to be predicted would give it away.
        brought = [
            step.brings(self.table)
            for step in self.scenario.steps
            if getattr(step, "column", None) != self.problem.target
        ]
        slices = [one for one in brought if one is not None]
        random = generator(seed, "stress", "slices")
        return checked_slices(self.problem, self._truths, self._unchanged, slices, random)

    def _truth(self, run: ScenarioRun) -> Floats:
        if self.problem.kind != "changes":
            return self.problem.truth(run.table)
        truth = np.zeros(len(run.table))
        truth[run.labels["row"].to_numpy()] = 1.0
        return truth

    def _predictions(self, run: ScenarioRun) -> Predictions:
        if run.steps:
            return self._asked(run.table)
        if self._unchanged is None:
            try:
                self._unchanged = self._asked(self.table)
            except _FailedModel as error:
                raise ParameterError(
                    f"The model must predict the rows as they are. {error} Give it rows such as it "
                    "was fitted on, or a pipeline that prepares them."
                ) from error
        return self._unchanged

    def _asked(self, table: pa.Table) -> Predictions:
        frame = rows_for(table, self.origin, self.problem.target)
        try:
            found = self._predict(frame)
        except InputError:
            raise
        except Exception as error:  # the caller's model may raise anything
            words = " ".join(f"{type(error).__name__}: {error}".split())
            raise _FailedModel(f"The model failed: {words[:200]}") from error
        # A watcher may have no score yet: that is no alarm.
        if self.problem.kind != "drift" and not np.isfinite(found.scores).all():
            raise _FailedModel("The model failed: its scores are not all finite.")
        return found

    def _alarms(self, run: ScenarioRun, given: Predictions) -> DrawScores:
        drifts = [step["first_row"] for step in run.steps if step.get("first_row") is not None]
        noticed = alarms(given.scores, min(drifts, default=None), self.threshold)
        reason = "There is no drift."
        return {one.name: (noticed.get(one.name, reason), None, None) for one in self.metrics}


class _FailedModel(Exception):
    """The reason why a model gave no predictions."""


def _measured(
    metric: StressMetric, truth: Floats, given: Predictions | None, rows: RowNumbers
) -> float | str:
    if given is None:
        return "There is none."
    if not len(rows):
        return "There are no rows with a known target."
    try:
        return metric.measure(truth[rows], Predictions(given.scores[rows], given.probable))
    except Unmeasured as error:
        return str(error)


def _number(value: float | str) -> float | None:
    return None if isinstance(value, str) else value


def _notes(curve: StressCurve, scenario: Scenario, target: str | None) -> list[str]:
    notes = []
    first = curve.points[0]
    if first.value is not None and first.reference is not None and curve.bounded:
        ahead = (first.value - first.reference) * (1 if curve.higher else -1)
        beside = f"at dial 0 ({first.reference:.3f} beside {first.value:.3f} of the model)"
        if ahead > _FAR:
            notes.append(
                f"The reference is weaker than the model {beside}: it has few rows to learn from, "
                "and weaknesses may stay hidden."
            )
    wrong = [
        step.name
        for step in scenario.steps
        if target is not None
        and not isinstance(step, DriftStep)
        and getattr(step, "column", None) == target
    ]
    if wrong:
        notes.append(
            f"{wrong[0]} changes the target itself: a part of every loss is that true labels "
            "became wrong, for the reference as well."
        )
    return notes
