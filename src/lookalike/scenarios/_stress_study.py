"""The fixed parts of a stress test: a model, rows, a scenario; and the scores of one draw."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from lookalike._core.errors import InputError, ParameterError
from lookalike._core.numerics import Floats
from lookalike._core.seeds import generator
from lookalike.scenarios._base import RowNumbers
from lookalike.scenarios._fitted import fitted_model
from lookalike.scenarios._scenario import Scenario, ScenarioRun
from lookalike.scenarios._stress_curve import DrawScores
from lookalike.scenarios._stress_metrics import StressMetric, Unmeasured, alarms
from lookalike.scenarios._stress_reference import cross_fitted, naive
from lookalike.scenarios._stress_slices import StressSlice, checked_slices
from lookalike.scenarios._stressed_model import Predictions, Problem, rows_for, stressed
from lookalike.tables import Origin

__all__ = ["StressStudy"]

#: The number of sound models that a weak slice is compared with.
_SOUND = 3


class StressStudy:
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
        if self._truths is None:
            return ()
        # Rows that are chosen by what is to be predicted would give it away.
        brought = [
            step.brings(self.table)
            for step in self.scenario.steps
            if getattr(step, "column", None) != self.problem.target
        ]
        slices = [one for one in brought if one is not None]
        if not slices:
            return ()
        random = generator(seed, "stress", "slices")

        def sound() -> list[Predictions]:
            source, folds = np.arange(len(self.table)), generator(seed, "stress", "sound")
            return [cross_fitted(self.problem, self.table, source, folds) for _ in range(_SOUND)]

        given = self._as_they_came()
        return checked_slices(self.problem, self._truths, given, slices, random, sound)

    def _truth(self, run: ScenarioRun) -> Floats:
        if self.problem.kind != "changes":
            return self.problem.truth(run.table)
        truth = np.zeros(len(run.table))
        truth[run.labels["row"].to_numpy()] = 1.0
        return truth

    def _predictions(self, run: ScenarioRun) -> Predictions:
        return self._asked(run.table) if run.steps else self._as_they_came()

    def _as_they_came(self) -> Predictions:
        """Return the predictions for the rows without any change."""
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
