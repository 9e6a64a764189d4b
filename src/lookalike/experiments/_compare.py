"""`compare`: all families of models on one table, chosen by rows that nobody trained on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

import numpy as np
import pyarrow as pa

from lookalike._core.errors import DataError, ParameterError
from lookalike._core.jobs import JOBS
from lookalike._core.parameters import AnyOf, Flag, Number, check_parameters
from lookalike._core.progress import progress as show_progress
from lookalike._core.seeds import RandomState, as_seed, derive_seed, generator
from lookalike.experiments._candidates import Candidate, families
from lookalike.experiments._choice import choose_trial, notes_on_choice
from lookalike.experiments._clock import Clock
from lookalike.experiments._declared import Declared
from lookalike.experiments._leaderboard import Comparison
from lookalike.experiments._race import Raced, Rung, race
from lookalike.experiments._trial import TableParts, score_of
from lookalike.metrics import score_tables
from lookalike.models import Synthesizer
from lookalike.relations import infer_schema
from lookalike.tables import Kind, Schema, conform, to_arrow_sample

__all__ = ["compare", "divided", "raced_families", "summary"]

#: The share of the rows that choose, and of those that report, and their maximum number.
_SHARE, _MOST = 0.2, 5_000
#: The fewest rows of a part, with which a detector says something.
_FEWEST = 20
#: Tables of more rows are compared on this many first, and only the best models on all of them.
_FIRST_RUNG, _RUNG_FROM, _PROMOTED = 2_000, 6_000, 3


def compare(
    data: Any,
    models: Sequence[str | Synthesizer] | None = None,
    *,
    seconds: float | None = None,
    target: str | None = None,
    kinds: Mapping[str, Kind | str] | None = None,
    rules: Sequence[str] | None = None,
    broken: str = "refuse",
    metrics: bool = True,
    n_jobs: int | None = None,
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
    rules : sequence of str, optional
        Rules that hold on every generated row, as for `Synthesizer.fit`.
    broken : {"refuse", "drop", "repair", "keep"}
        What becomes of real rows that break a rule: an error, rows left out, cells changed so that
        the rules hold, or nothing.
    metrics : bool
        Whether to compute all scores of `evaluate` for each model, or only those that choose.
    n_jobs : int, optional
        The number of models to try at once, as in joblib, whose backends of several machines work
        as they are. Where networks take part, each is trained in a process of one thread, also with
        1, so that the number of jobs changes no score. Not with `seconds`: what is left out then
        depends on what came before. By default models are tried one after another.
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
        If the table cannot be used, or has fewer than 100 rows; if rules contradict each other, or
        rows break them.
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
    checks = {"seconds": seconds_rule, "metrics": Flag(), "progress": AnyOf((Flag(),), none=True)}
    values = {"seconds": seconds, "metrics": metrics, "progress": progress, "n_jobs": n_jobs}
    check_parameters("compare", {**checks, "n_jobs": JOBS}, values)
    if seconds is not None and n_jobs is not None:
        raise ParameterError(
            "Give seconds or n_jobs, not both: within a time, models are tried one after another."
        )
    declared = Declared.of("compare", rules, broken)
    parts = divided(data, target, kinds, as_seed(random_state), declared)
    raced = raced_families(
        models, parts, Clock(seconds), every_score=metrics, n_jobs=n_jobs, progress=progress
    )
    return summary(raced, parts)


def raced_families(
    models: Sequence[str | Synthesizer] | None,
    parts: TableParts,
    clock: Clock,
    *,
    every_score: bool,
    n_jobs: int | None = None,
    progress: bool | None,
) -> Raced:
    """Compare families on the parts of a table; on few rows of a large table first.

    Parameters
    ----------
    models : sequence of str or Synthesizer, optional
        As for `compare`.
    parts : TableParts
    clock : Clock
        The time that is left.
    every_score : bool
    n_jobs : int or None
    progress : bool or None
        As `metrics`, `n_jobs` and `progress` of `compare`.
    """
    candidates = families(models, parts.seed)
    large = len(parts.fit) > _RUNG_FROM and len(candidates) > _PROMOTED + 2
    rungs = [Rung(_FIRST_RUNG, _PROMOTED, quick=True)] if large else []
    with show_progress("comparing", len(candidates), show=progress) as report:
        return race(
            candidates,
            parts,
            clock,
            rungs,
            stays=_is_floor,
            every_score=every_score,
            n_jobs=n_jobs,
            report=report,
        )


def _is_floor(candidate: Candidate) -> bool:
    return candidate.name == "Independent"


def divided(
    data: Any,
    target: str | None,
    kinds: Mapping[str, Kind | str] | None,
    seed: int,
    declared: Declared,
) -> TableParts:
    """Return the three parts of a table, whose rows obey declared rules."""
    table, _, _ = to_arrow_sample(data, None, derive_seed(seed, "held"), show=None)
    table, schema = declared.applied(table, _schema(table, declared.kinds(table, kinds), target))
    rows = len(table)
    held = min(round(_SHARE * rows), _MOST)
    if held < _FEWEST:
        raise DataError(
            f"A comparison needs at least {round(_FEWEST / _SHARE)} rows, so that rows are left to "
            f"judge by; this table has {rows}. Fit one model: GaussianCopula or GAN."
        )
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


def summary(raced: Raced, parts: TableParts) -> Comparison:
    """Return the comparison of trials.

    Parameters
    ----------
    raced : Raced
        The trials, and the models that were fitted to all rows of the part.
    parts : TableParts
    """
    trials, rows = raced.trials, len(parts.choose)
    winner = choose_trial(trials, rows)
    ranked = sorted(trials, key=lambda t: (t is not winner, -t.rows, -score_of(t)))
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
        "rules": list(parts.schema.rules),
        "seed": parts.seed,
        "versions": {name: version(name) for name in ("lookalike", "numpy", "lightgbm")},
    }
    return Comparison(
        trials=tuple(ranked),
        chosen="" if winner is None else winner.label,
        ceiling=reference.value,
        floor=reference.floor,
        facts=facts,
        notes=tuple(notes_on_choice(trials, winner, rows)),
        best=None if winner is None else raced.fitted[winner.label],
    )
