"""`compare`: all families of models on one table, chosen by rows that nobody trained on."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from typing import Any

import numpy as np
import pyarrow as pa

from lookalike._core.errors import DataError, ParameterError
from lookalike._core.parameters import AnyOf, Flag, Number, check_parameters
from lookalike._core.progress import progress as show_progress
from lookalike._core.seeds import RandomState, as_seed, generator
from lookalike.experiments._leaderboard import Comparison
from lookalike.experiments._trial import TableParts, Trial, run_trial
from lookalike.metrics import score_tables
from lookalike.models import SYNTHESIZERS, Synthesizer, find_synthesizer
from lookalike.relations import infer_schema
from lookalike.tables import Kind, Schema, conform, to_arrow

__all__ = ["Clock", "compare", "compared", "divided"]

#: The share of the rows that choose, and of those that report, and their maximum number.
_SHARE, _MOST = 0.2, 5_000
#: The fewest rows of a part, with which a detector says something.
_FEWEST = 20
#: Tables of more rows are compared on this many first, and only the best models on all of them.
_FIRST_RUNG, _RUNG_FROM, _PROMOTED = 2_000, 6_000, 3
#: Where choosing rows cannot tell models apart, the first of these is chosen.
_PREFERRED = ("GAN", "Mixture", "Diffusion", "Autoregressive", "Forest", "BayesianNetwork")
#: The seconds of a fit of cost 1 on no cells, and per million cells, before any was measured.
_START, _PER_MILLION = 1.0, 10.0
#: Models of at most this cost are tried first, and on few rows of large tables.
_QUICK = 2.0
#: Fits of a smaller cost say nothing of the pace of others.
_TELLING = 0.5
#: The share by which `seconds` may be exceeded.
_TOLERANCE = 0.1


def compare(
    data: Any,
    models: Sequence[str | Synthesizer] | None = None,
    *,
    seconds: float | None = None,
    target: str | None = None,
    kinds: Mapping[str, Kind | str] | None = None,
    metrics: bool = True,
    random_state: RandomState = 0,
    progress: bool | None = None,
) -> Comparison:
    """Fit several families of models to a table and compare them on rows that none has learned.

    The rows are divided at random before anything is fitted: 60 % are learned, 20 % choose, 20 %
    report. Models are judged by a detector (c2st) among the choosing rows. A model whose rows
    betray who was learned cannot win. The scores of the winner on the report rows, which took no
    part in its choice, are what to expect.

    Parameters
    ----------
    data : dataframe or path
        The real rows.
    models : sequence of str or Synthesizer, optional
        Names of families, such as ``"gaussian-copula"``, or unfitted models; all families by
        default. `Independent` always takes part.
    seconds : float, optional
        The time for all fits and scores: models that would not fit in it are left out. By default
        there is no limit, and the same table gives the same trials everywhere.
    target : str, optional
        The column that the table is meant to predict.
    kinds : mapping of str to str, optional
        Kinds of columns that inference should not guess.
    metrics : bool
        Whether to compute all scores of `evaluate` for each model, or only those that choose.
    random_state : int, Generator, RandomState or None
        The seed of the division, of all models and samples.
    progress : bool or None
        True or False to show progress on standard error or not; by default it is shown
        where it is watched: in a terminal and in a notebook.

    Returns
    -------
    Comparison
        The models, the best one first, and the best one itself, fitted to its 60 % of the rows.

    Raises
    ------
    ParameterError
        If there is no such family, or another parameter breaks its rule.
    DataError
        If the table cannot be used, or has fewer than 100 rows.
    MissingDependencyError
        If a family that was named needs a library that is not installed.

    Examples
    --------
    >>> import lookalike as la
    >>> found = la.compare(la.datasets.load("penguins"), ["Independent"], metrics=False)
    >>> found.chosen
    'Independent'
    """
    seconds_rule = AnyOf((Number(0, open_low=True),), none=True)
    rules = {"seconds": seconds_rule, "metrics": Flag(), "progress": AnyOf((Flag(),), none=True)}
    values = {"seconds": seconds, "metrics": metrics, "progress": progress}
    check_parameters("compare", rules, values)
    seed = as_seed(random_state)
    parts = divided(data, target, kinds, seed)
    return compared(parts, models, Clock(seconds), every_score=metrics, progress=progress)


def compared(
    parts: TableParts,
    models: Sequence[str | Synthesizer] | None,
    clock: Clock,
    *,
    every_score: bool,
    progress: bool | None,
) -> Comparison:
    """Compare models on the parts of a table.

    Parameters
    ----------
    parts : TableParts
    models : sequence of str or Synthesizer, optional
        As for `compare`.
    clock : Clock
        The time that is left.
    every_score : bool
    progress : bool or None
        As `metrics` and `progress` of `compare`.
    """
    candidates = _candidates(models, parts.seed)
    with show_progress("comparing", len(candidates), show=progress) as report:
        trials, fitted = _tried(candidates, parts, clock, every_score, report)
    return _summary(trials, fitted, parts)


@dataclass
class Clock:
    """The time that is left, and what a fit is expected to take.

    Parameters
    ----------
    seconds : float or None
        The time for all; None for no limit.
    reserve : float
        The time that must be left after a trial, as a multiple of the trial's.
    """

    seconds: float | None
    reserve: float = 0.0
    begin: float = field(default_factory=time.perf_counter)
    pace: float | None = None
    rows: int = 0
    scoring: float = 0.0

    @property
    def elapsed(self) -> float:
        """The seconds since it was started."""
        return time.perf_counter() - self.begin

    def expected(self, model: Synthesizer, table: pa.Table) -> float:
        """Return the expected seconds of a fit, its scores and what must be left after it."""
        if self.pace is None:
            pace = _START + _PER_MILLION * len(table) * table.num_columns / 1e6
        else:  # a part of the work does not depend on the number of rows
            pace = self.pace * (len(table) / self.rows) ** 0.5
        return float(model.cost * pace * (1 + self.reserve) + self.scoring)

    def measured(self, model: Synthesizer, table: pa.Table, fit: float, scoring: float) -> None:
        """Learn the pace of this machine.

        Parameters
        ----------
        model : Synthesizer
        table : pyarrow.Table
            The rows that it has learned.
        fit, scoring : float
            The seconds of its fit and of its scores.
        """
        self.scoring = scoring
        if model.cost >= _TELLING:
            pace, known = fit / model.cost, self.pace is not None and self.rows == len(table)
            self.pace = 0.5 * (pace + (self.pace or 0.0)) if known else pace
            self.rows = len(table)

    def has(self, seconds: float) -> bool:
        """Return whether so many seconds are left."""
        return self.seconds is None or self.elapsed + seconds <= (1 + _TOLERANCE) * self.seconds


@dataclass(frozen=True)
class _TriedModel:
    """A model to try and its parameters that are not the defaults."""

    model: Synthesizer
    settings: dict[str, Any]

    def fresh(self) -> Synthesizer:
        """Return an unfitted copy."""
        parameters = self.model.get_params(deep=False)
        return type(self.model)(**parameters)


def _candidates(models: Sequence[str | Synthesizer] | None, seed: int) -> list[_TriedModel]:
    """Return the models to try: quick ones, then those that win most, then by cost."""
    if isinstance(models, str):
        raise ParameterError(f"models must be a list of names or models; got {models!r}.")
    named = _families() if models is None else list(models)
    found = []
    for one in named:
        model = find_synthesizer(one)() if isinstance(one, str) else one
        if not isinstance(model, Synthesizer):
            raise ParameterError(f"A model must be a name or a Synthesizer; got {one!r}.")
        defaults = type(model)().get_params(deep=False)
        own = model.get_params(deep=False)
        settings = {k: v for k, v in own.items() if v != defaults[k] and k != "random_state"}
        found.append(_TriedModel(type(model)(**{**own, "random_state": seed}), settings))
    if not any(type(one.model).__name__ == "Independent" for one in found):
        found.append(_TriedModel(find_synthesizer("Independent")(random_state=seed), {}))
    return sorted(found, key=_turn)


def _families() -> list[str]:
    """Return the names of all families that are tried unasked."""
    return [name for name in SYNTHESIZERS if not getattr(SYNTHESIZERS[name], "BY_NAME_ONLY", False)]


def _turn(candidate: _TriedModel) -> tuple[bool, bool, float]:
    model = candidate.model
    quick = model.cost <= _QUICK
    return not quick, not quick and type(model).__name__ != _PREFERRED[0], model.cost


def divided(
    data: Any, target: str | None, kinds: Mapping[str, Kind | str] | None, seed: int
) -> TableParts:
    """Return the three parts of a table."""
    table, _ = to_arrow(data)
    rows = len(table)
    held = min(round(_SHARE * rows), _MOST)
    if held < _FEWEST:
        raise DataError(
            f"A comparison needs at least {round(_FEWEST / _SHARE)} rows, so that rows are left to "
            f"judge by; this table has {rows}. Fit one model: GaussianCopula or GAN."
        )
    schema = _schema(table, kinds, target)
    order = generator(seed, "compare").permutation(rows)
    fit, choose, report = (
        table.take(pa.array(np.sort(order[some])))
        for some in (slice(2 * held, None), slice(0, held), slice(held, 2 * held))
    )
    choose, report = conform(choose, schema), conform(report, schema)
    return TableParts(fit, choose, report, schema, target, seed)


def _schema(table: pa.Table, kinds: Mapping[str, Kind | str] | None, target: str | None) -> Schema:
    schema = infer_schema(table, kinds)
    if target is not None and target not in schema.names:
        raise ParameterError(f"target must be a column of the table; got {target!r}.")
    return schema


def _tried(
    candidates: list[_TriedModel],
    parts: TableParts,
    clock: Clock,
    every_score: bool,
    report: Any,
) -> tuple[list[Trial], dict[str, Synthesizer]]:
    """Return trials of all candidates, and the fitted models by label."""
    done = 0
    settled: list[Trial] = []
    if len(parts.fit) > _RUNG_FROM and len(candidates) > _PROMOTED + 2:
        chosen = generator(parts.seed, "first rung").permutation(len(parts.fit))[:_FIRST_RUNG]
        some = replace(parts, fit=parts.fit.take(pa.array(np.sort(chosen))))
        first: list[Trial] = []
        for candidate in candidates:
            if candidate.model.cost <= _QUICK:
                first.append(_trial(candidate, some, clock, False)[0])
                done += 1
                report(done, {})
        ranked = sorted(first, key=lambda one: -_score(one))
        kept = {one.label for one in ranked[:_PROMOTED] if one.choose is not None}
        settled = [
            replace(one, reason=one.reason or f"not among the best on {_FIRST_RUNG:,} rows")
            for one in first
            if one.label not in kept and one.model != "Independent"
        ]
        out = {one.label for one in settled}
        candidates = [c for c in candidates if _label(c) not in out]
    trials, fitted = list(settled), {}
    for candidate in candidates:
        trial, model = _trial(candidate, parts, clock, every_score)
        trials.append(trial)
        if model is not None:
            fitted[trial.label] = model
        done += 1
        report(done, {})
    return trials, fitted


def _label(candidate: _TriedModel) -> str:
    return Trial(type(candidate.model).__name__, candidate.settings, 0).label


def _trial(
    candidate: _TriedModel, parts: TableParts, clock: Clock, every_score: bool
) -> tuple[Trial, Synthesizer | None]:
    """Run a trial if there is time for it."""
    model, expected = candidate.fresh(), clock.expected(candidate.model, parts.fit)
    if not clock.has(expected) and type(model).__name__ != "Independent":
        reason = f"it would take about {expected:,.0f} s, and {_left(clock):,.0f} s are left"
        return Trial(type(model).__name__, candidate.settings, len(parts.fit), reason=reason), None
    begin = time.perf_counter()
    trial, fitted = run_trial(model, candidate.settings, parts, every_score=every_score)
    if fitted is not None:
        fit = trial.seconds or 0.0
        clock.measured(model, parts.fit, fit, time.perf_counter() - begin - fit)
    return trial, fitted


def _left(clock: Clock) -> float:
    return max((clock.seconds or 0.0) - clock.elapsed, 0.0)


def _score(trial: Trial) -> float:
    return -np.inf if trial.choose is None else trial.choose


def choose_trial(trials: Sequence[Trial], rows: int) -> Trial | None:
    """Return the preferred one of the trials that the choosing rows cannot tell from the best.

    Parameters
    ----------
    trials : sequence of Trial
    rows : int
        The number of choosing rows.
    """
    eligible = [trial for trial in trials if trial.eligible]
    if not eligible:
        return None
    # The standard error of 2 − 2 AUC at an AUC of ½ (Hanley and McNeil 1982).
    error = 2 * (6 * rows) ** -0.5
    best = max(map(_score, eligible))
    near = [trial for trial in eligible if _score(trial) >= best - error / 2]
    order = {name: place for place, name in enumerate(_PREFERRED)}
    return min(near, key=lambda trial: (order.get(trial.model, len(order)), -_score(trial)))


def _summary(
    trials: list[Trial], fitted: Mapping[str, Synthesizer], parts: TableParts
) -> Comparison:
    """Return the comparison of trials."""
    winner = choose_trial(trials, len(parts.choose))
    ranked = sorted(trials, key=lambda one: (one is not winner, -_score(one)))
    reference = score_tables(
        parts.choose,
        parts.report,
        schema=parts.schema,
        holdout=parts.report,
        metrics=["c2st"],
        random_state=parts.seed,
    )["c2st"]
    facts = {
        "rows": {name: len(getattr(parts, name)) for name in ("fit", "choose", "report")},
        "columns": len(parts.schema.names),
        "target": parts.target,
        "seed": parts.seed,
        "versions": {name: version(name) for name in ("lookalike", "numpy", "lightgbm")},
    }
    return Comparison(
        trials=tuple(ranked),
        chosen="" if winner is None else winner.label,
        ceiling=reference.value,
        floor=reference.floor,
        facts=facts,
        notes=tuple(_notes(trials, winner)),
        best=None if winner is None else fitted[winner.label],
    )


def _notes(trials: Sequence[Trial], winner: Trial | None) -> Iterator[str]:
    """Yield remarks on the choice."""
    if winner is None:
        yield "Every model failed or betrays who was learned: see the remarks."
        return
    better = [t for t in trials if _score(t) > _score(winner)]
    for trial in better:
        if trial.privacy:
            yield f"{trial.label} scores higher but is left out: {trial.privacy}"
        elif trial.holds_rows:
            yield f"{trial.label} scores higher but holds training rows: it is never chosen."
        else:
            gain = _score(trial) - _score(winner)
            yield (
                f"{trial.label} scores higher by {gain:.3f}, which so few rows cannot tell from "
                f"chance; {winner.label} is preferred."
            )
