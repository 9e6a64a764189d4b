"""`stress`: how a model responds to a scenario, beside models that know the stress."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from typing import Any

import numpy as np

from lookalike._core.errors import ParameterError
from lookalike._core.parameters import Flag, Instance, Number, check_parameters
from lookalike._core.progress import progress as show_progress
from lookalike._core.seeds import RandomState, as_seed, derive_seed
from lookalike.scenarios._base import ScenarioStep
from lookalike.scenarios._drift import DriftStep
from lookalike.scenarios._scenario import Scenario
from lookalike.scenarios._stress_curve import DrawScores, response_curve
from lookalike.scenarios._stress_metrics import metrics_for
from lookalike.scenarios._stress_points import StressCurve
from lookalike.scenarios._stress_report import StressReport
from lookalike.scenarios._stress_study import StressStudy
from lookalike.scenarios._stressed_model import problem_of
from lookalike.tables import natural_rows

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
    the same kind, wherever the dial is, and sound predictions would hardly err as much.

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
    study = StressStudy(model, table, origin, scenario, problem, metrics, referred, threshold)
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
