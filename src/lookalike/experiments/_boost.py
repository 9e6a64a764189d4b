"""`boost`: from a table to a verdict on whether synthetic rows help."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from joblib import effective_n_jobs
from sklearn.exceptions import ConvergenceWarning

from lookalike._core.errors import ParameterError, nearest
from lookalike._core.jobs import in_jobs, jobs_for
from lookalike._core.progress import progress as show_progress
from lookalike._core.progress import watched
from lookalike._core.seeds import RandomState, as_seed
from lookalike._core.streams import say
from lookalike.experiments._arms import Arm
from lookalike.experiments._battery import check_models
from lookalike.experiments._build_verdict import build_verdict
from lookalike.experiments._declared import Declared
from lookalike.experiments._design import QUICK_MODELS, Design, check_options
from lookalike.experiments._expected_time import expected_seconds, spoken
from lookalike.experiments._records import Record, Records
from lookalike.experiments._splits import Split
from lookalike.experiments._study import Study, WorkItem, steps
from lookalike.experiments._study_facts import study_facts
from lookalike.experiments._study_spec import StudySpec, specify
from lookalike.experiments._taught_arms import arms_for
from lookalike.experiments._verdict import Verdict
from lookalike.metrics import CLASS_METRICS, NUMBER_METRICS, SUPPORT_VECTORS
from lookalike.models import Synthesizer
from lookalike.tables import Kind

__all__ = ["boost"]

#: The largest number of rows of a support vector machine, whose time grows with their square.
_MOST_ROWS_SVM = 20_000


def boost(
    data: Any,
    target: str,
    *,
    synthesizer: Synthesizer | None = None,
    factors: Sequence[float] | None = None,
    shares: Sequence[float] = (1.0,),
    curve: Sequence[float] | None = None,
    replace: bool = False,
    balance: bool = False,
    label: bool = False,
    controls: bool = True,
    models: Mapping[str, Any] | Sequence[str] | None = None,
    metrics: Sequence[str] | None = None,
    repeats: int | None = None,
    test_size: float = 0.2,
    groups: str | None = None,
    time: str | None = None,
    kinds: Mapping[str, Kind | str] | None = None,
    rules: Sequence[str] | None = None,
    broken: str = "refuse",
    records: str | os.PathLike[str] | None = None,
    retry: bool = False,
    quick: bool = False,
    n_jobs: int | None = None,
    random_state: RandomState = 0,
    progress: bool | None = None,
) -> Verdict:
    """Find out whether synthetic rows help models that predict a column.

    Two questions are answered: would synthetic rows help, and would more real rows? By default,
    models learn 30, 60 and 100 % of the real training rows, and all of them with 20, 100 and 200 %
    synthetic rows more. The rows are split repeatedly. In every split, everything (imputation,
    scaling, encodings, the synthesizer) is learned from the training rows that are kept, and
    models trained on them, with and without synthetic rows, are judged on the held-out real rows.
    The verdict rests on the corrected resampled t-test with Holm's correction, against the real
    rows alone *and* against the best of the cheap controls.

    Parameters
    ----------
    data : dataframe
        The real rows (pandas, polars, pyarrow, …).
    target : str
        The column to predict: classes, or a number.
    synthesizer : Synthesizer, optional
        The model that generates the rows; a `GAN` of the budget ``"fast"`` if not given. It is
        retrained for each split and share, with a seed of its own.
    factors : sequence of float, optional
        The numbers of synthetic rows added for each real one: 0.2 is 20 % more rows. Empty for
        none, to study `replace` or `shares` alone. By default 0.2, 1 and 2.
    shares : sequence of float
        The shares of the training rows at which everything is compared, synthesizer and controls
        included, to study synthetic rows where data are few.
    curve : sequence of float, optional
        Further shares of the training rows, at which models learn real rows alone: the learning
        curve. By default 0.3 and 0.6, and none where `factors` or `shares` are given.
    replace : bool
        True to train models on synthetic rows alone as well, as many as there are real ones.
    balance : bool
        True to train models also on synthetic rows of rarer classes, until all classes are equally
        frequent: added to the real rows, and alone with `replace`.
    label : bool
        True to train models also on synthetic rows whose labels are drawn by a teacher: an ensemble
        that has learned the real rows (Bucilua et al. 2006): added to the real rows by each factor,
        and alone with `replace`. The teacher itself stands beside them.
    controls : bool
        True to compare with cheap controls: copies and noisy copies of real rows; with classes also
        random oversampling, SMOTE and class weights.
    models : mapping of str to estimator, or sequence of str, optional
        Names of models of the battery, or scikit-learn estimators by names of your own. An
        estimator gets imputed, scaled and one-hot inputs; a `sklearn.pipeline.Pipeline` gets
        rows as a dataframe (polars if `data` is, else pandas). By default seven models and a dense
        network. Where a model fails, that is recorded, and the others go on.
    metrics : sequence of str, optional
        The first one is the headline. Classes: ``"roc_auc"``, ``"accuracy"``,
        ``"balanced_accuracy"``, ``"f1"``, ``"average_precision"``, ``"log_loss"``; numbers:
        ``"r2"``, ``"rmse"``, ``"mae"``. All by default.
    repeats : int, optional
        The number of splits; 5 by default.
    test_size : float
        The share of rows that is held out in each split.
    groups : str, optional
        A column; rows of the same group are never on both sides of a split.
    time : str, optional
        A column; held-out rows are later than training rows.
    kinds : mapping of str to str, optional
        Kinds of columns that inference should not guess.
    rules : sequence of str, optional
        Rules that hold on every generated row, as for `Synthesizer.fit`; on columns that are
        learned. Labels that a teacher draws (`label`) obey no rule.
    broken : {"refuse", "drop", "repair", "keep"}
        What becomes of real rows that break a rule, when the synthesizer learns: an error, rows
        left out, cells changed so that the rules hold, or nothing. Models are trained and judged on
        the real rows as they are.
    records : str or path-like, optional
        A SQLite file for every number as it comes. With the same file, and the same versions of
        lookalike and of the libraries it computes with, an interrupted study resumes there.
    retry : bool
        True to retry what failed before, according to the records; by default it stays failed.
    quick : bool
        True for a first answer: by default 3 splits, three models, 20 and 100 % more rows, and half
        of the real rows.
    n_jobs : int, optional
        The number of splits to work on at once, as in joblib. Networks are trained in
        processes of one thread each, also with 1, so that no number of cores or of jobs changes a
        number; joblib's backends of several machines work as they are. By default one, and where
        networks are trained on this machine, as many as there are cores, up to 4.
    random_state : int, Generator, RandomState or None
        The same seed gives the same numbers, on any backend.
    progress : bool or None
        True or False to show progress on standard error or not; by default it is shown
        where it is watched: in a terminal and in a notebook.

    Returns
    -------
    Verdict
        The answer, its statistics, and every number.

    Raises
    ------
    ParameterError
        If a parameter breaks its rule.
    DataError
        If the table cannot be used, or the target cannot be predicted; if rules contradict each
        other, or rows break them.
    OutputError
        If the records cannot be written.

    Examples
    --------
    >>> import lookalike as la
    >>> found = la.boost(
    ...     la.datasets.load("penguins"),
    ...     target="species",
    ...     synthesizer=la.Independent(),
    ...     models=["Gaussian naive Bayes", "decision tree"],
    ...     quick=True,
    ... )
    >>> found.table[-1].word is None and found.answer.split(":")[0] in (
    ...     "Synthetic rows help",
    ...     "Synthetic rows harm",
    ...     "No evidence that synthetic rows help",
    ... )
    True
    """
    flags = {"replace": replace, "balance": balance, "label": label, "controls": controls}
    check_options(
        {**flags, "retry": retry, "quick": quick},
        2 if repeats is None else repeats,
        test_size,
        n_jobs,
        progress,
        synthesizer,
    )
    design = Design.of(factors, shares, curve, repeats, quick=quick)
    if not design.factors and not (replace or balance or design.curve) and design.shares == (1.0,):
        raise ParameterError(
            "boost needs a factor, replace=True, balance=True, a curve or a share below 1: there "
            "is nothing to compare."
        )
    declared = Declared.of("boost", rules, broken)
    spec = specify(data, target, kinds, groups, time, declared)
    seed = as_seed(random_state)
    arms = arms_for(
        design.factors,
        replace=replace,
        balance=balance,
        label=label,
        controls=controls,
        classes=spec.classes,
    )
    names = QUICK_MODELS[spec.classes] if quick and models is None else models
    chosen, notes = _models(names, spec, arms, test_size)
    parted = (
        spec.parted,
        groups,
        time,
        test_size,
        design.repeats if time is not None else None,
        spec.partition,
    )
    study = Study(
        table=spec.table,
        schema=spec.schema,
        target=target,
        strata=spec.strata,
        synthesizer=_default(conditions=balance) if synthesizer is None else synthesizer,
        arms=arms,
        models=chosen,
        metrics=_metrics(metrics, spec),
        seed=seed,
        library=spec.library,
        parted=parted,
        declared=declared,
    )
    splits = spec.splits(design.repeats, test_size, seed)
    items = _items(study, splits, design)
    jobs = jobs_for(n_jobs, compiled=study.compiled)
    with Records(records) as store:
        _run(study, items, store, jobs, progress, retry)
        found = _own(study, items, store)
    shown = sorted({*design.shares, *design.curve}) if design.curve else design.shares
    facts = study_facts(
        study,
        found,
        rows=study.table.num_rows,
        classes=spec.classes,
        inputs=[name for name in study.schema.names if name != target],
        split=spec.parted,
        groups=groups,
        time=time,
        test_size=test_size,
        repeats=design.repeats,
        factors=design.factors,
        shares=design.shares,
        curve=design.curve,
        **flags,
        kinds={column.name: str(column.kind) for column in study.schema.columns},
        rules=list(declared.rules),
    )
    return build_verdict(
        found, arms, shown, study.metrics, facts, [*spec.notes, *notes], design.curve
    )


# --- parameters -----------------------------------------------------------------------------------


def _metrics(metrics: Sequence[str] | None, spec: StudySpec) -> tuple[str, ...]:
    known = CLASS_METRICS if spec.classes else NUMBER_METRICS
    if metrics is None:
        return known
    for name in metrics:
        if name not in known:
            hint = nearest(str(name), known) or f" The metrics are: {', '.join(known)}."
            raise ParameterError(f"There is no metric {name!r} for this target.{hint}")
    if not metrics:
        raise ParameterError("metrics must name one metric at least, or be None for all.")
    return tuple(dict.fromkeys(metrics))


def _models(
    models: Mapping[str, Any] | Sequence[str] | None,
    spec: StudySpec,
    arms: Sequence[Arm],
    test_size: float,
) -> tuple[dict[str, Any], list[str]]:
    """Return the models, and a note where one of the whole battery is left out."""
    chosen = check_models(models, spec.classes)
    rows = (
        (1 - test_size) * spec.table.num_rows * (1 + max((arm.factor for arm in arms), default=0.0))
    )
    if models is not None or rows <= _MOST_ROWS_SVM:
        return chosen, []
    del chosen[SUPPORT_VECTORS]
    return chosen, [
        f"The support vector machine was left out: it would have had {round(rows):,} rows, "
        f"more than {_MOST_ROWS_SVM:,}."
    ]


def _default(*, conditions: bool) -> Synthesizer:
    from lookalike.models import GAN  # noqa: PLC0415 - it loads JAX

    return GAN(budget="fast", conditions=conditions)


# --- the work -------------------------------------------------------------------------------------


def _items(study: Study, splits: Sequence[Split], design: Design) -> list[WorkItem]:
    """Return the items of work: everything at the shares, real rows alone along the curve."""
    alone = tuple((arm, model) for arm, model in study.keys if arm.role == "real")
    return [
        WorkItem(split, share, tuple(study.keys)) for split in splits for share in design.shares
    ] + [WorkItem(split, share, alone) for split in splits for share in design.curve]


def _run(
    study: Study,
    items: Sequence[WorkItem],
    store: Records,
    n_jobs: int | None,
    show: bool | None,
    retry: bool,
) -> None:
    """Do the work that the records lack, and write each part when it is done."""
    held = store.of(study.data)
    done = {_key(record) for record in held if record.value is not None or not retry}
    unfinished = [item for item in (_rest(study, item, done) for item in items) if item.todo]
    if unfinished and (watched() if show is None else show):
        jobs = min(effective_n_jobs(n_jobs), len(unfinished))
        say(_announced(study, unfinished, expected_seconds(study, unfinished, jobs)))
    total = sum(len(item.todo) for item in items)
    ready = total - sum(len(item.todo) for item in unfinished)
    with (
        show_progress("trying", total, show=show, begin=ready) as report,
        warnings.catch_warnings(),
    ):
        # Linear models stop after a fixed number of steps, converged or not.
        warnings.simplefilter("ignore", ConvergenceWarning)
        for found in in_jobs(partial(steps, study), unfinished, n_jobs, compiled=study.compiled):
            store.add(found, replace=retry)
            ready += len({(record.arm, record.factor, record.model) for record in found})
            report(ready, {})


def _announced(study: Study, items: Sequence[WorkItem], seconds: float) -> str:
    splits = len({item.split.number for item in items})
    arms = {(item.share, arm) for item in items for arm, _ in item.todo}
    counts = ", ".join(
        (
            _counted(splits, "split"),
            _counted(len(arms), "set", " of training rows"),
            _counted(len(study.models), "model"),
        )
    )
    return f"{counts}: expected to take {spoken(seconds)}"


def _counted(count: int, noun: str, rest: str = "") -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}{rest}"


def _key(record: Record) -> tuple[Any, ...]:
    return (
        record.settings,
        record.split,
        record.arm,
        record.factor,
        record.share,
        record.model,
        record.metric,
    )


def _keys(study: Study, item: WorkItem, arm: Arm, model: str) -> set[tuple[Any, ...]]:
    """Return the keys of the records that one arm and model of an item give."""
    place = (item.split.number, arm.name, arm.factor, item.share, model)
    return {(study.settings[model], *place, metric) for metric in study.metrics}


def _rest(study: Study, item: WorkItem, done: set[tuple[Any, ...]]) -> WorkItem:
    """Return an item without what is done."""
    todo = [pair for pair in item.todo if not _keys(study, item, *pair) <= done]
    return WorkItem(item.split, item.share, tuple(todo))


def _own(study: Study, items: Sequence[WorkItem], store: Records) -> list[Record]:
    """Return the records of this study among those of the table."""
    wanted = set().union(
        *(_keys(study, item, arm, model) for item in items for arm, model in item.todo)
    )
    return [record for record in store.of(study.data) if _key(record) in wanted]
