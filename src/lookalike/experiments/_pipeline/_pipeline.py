"""`pipeline`: from a table, or its TOML file, to a report on what refinement gained."""

from __future__ import annotations

import dataclasses
import inspect
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from lookalike._core.errors import DataError, ParameterError, nearest
from lookalike._core.parameters import AnyOf, Flag, Instance, Number, check_parameters
from lookalike._core.progress import ReportProgress
from lookalike._core.progress import progress as show_progress
from lookalike._core.seeds import RandomState, as_seed, derive_seed
from lookalike.experiments._battery import battery_model, check_models
from lookalike.experiments._identity import digest, table_digest
from lookalike.experiments._pipeline._bench import PipelineStudy, SplitBench, UnmadeRows
from lookalike.experiments._pipeline._cycles import Refinery
from lookalike.experiments._pipeline._final import final_rows, reported
from lookalike.experiments._pipeline._mix import MixPart, TrainingMix
from lookalike.experiments._pipeline._report import PipelineReport
from lookalike.experiments._pipeline._spec import spec_arguments
from lookalike.experiments._pipeline._store import StepStore
from lookalike.experiments._study import versions
from lookalike.experiments._study_spec import StudySpec, specify
from lookalike.metrics import CLASS_METRICS, LOWER_IS_BETTER, NUMBER_METRICS
from lookalike.models import BayesianNetwork, Synthesizer, load
from lookalike.tables import Kind, read_table

__all__ = ["pipeline"]

#: The model of the battery that is trained where none is given.
_ESTIMATOR = "boosted trees"


def pipeline(
    data: Any,
    target: str | None = None,
    *,
    rows: int | None = None,
    synthesizer: Synthesizer | None = None,
    replace: bool = False,
    preprocess: Sequence[Any] = (),
    estimator: Any = _ESTIMATOR,
    metric: str | None = None,
    cycles: int = 5,
    goal: float | None = None,
    seconds: float | None = None,
    splits: int = 10,
    validation: float = 0.2,
    report: float = 0.2,
    groups: str | None = None,
    time: str | None = None,
    kinds: Mapping[str, Kind | str] | None = None,
    folder: str | os.PathLike[str] | None = None,
    random_state: RandomState = 0,
    progress: bool | None = None,
) -> PipelineReport:
    """Refine the training rows of a model in cycles: generate, preprocess, split, evaluate, refine.

    Rows for the report are put aside first. The others are split into training and validation rows,
    several times; a synthesizer and the preprocessing are fitted to the training rows of each split
    alone. In each cycle, what the evaluation found weak (classes, regions of the inputs, columns)
    decides which synthetic rows are tried; they are kept if models become better on the validation
    rows by the corrected resampled t-test, at a level at which all cycles together keep a useless
    change in 5 % of runs. In the end, every state is scored on the report rows.

    Parameters
    ----------
    data : dataframe, path, mapping, or fitted model
        The real rows. Or the TOML file of a pipeline (``.toml``), or its content, which then holds
        all other parameters but `folder` and `progress`. Or a fitted model (or its file), from
        which `rows` rows are sampled in the place of real ones, and more in each cycle.
    target : str
        The column to predict: classes, or a number.
    rows : int, optional
        The number of rows to sample, where `data` is a model.
    synthesizer : Synthesizer, optional
        The model that generates rows, fitted anew in each split. By default a `BayesianNetwork`
        without correction, which takes seconds and generates rows for rare conditions.
    replace : bool
        Whether models are trained on synthetic rows alone; by default on real and synthetic ones.
    preprocess : sequence of estimator
        Transformers of scikit-learn, and samplers of imbalanced-learn, which reduce noise or
        augment training rows; fitted in turn, to training rows alone. They get imputed, scaled and
        one-hot inputs; before a `sklearn.pipeline.Pipeline`, rows as a dataframe.
    estimator : str or estimator
        The name of a model of the battery, such as ``"boosted trees"``, or an estimator.
    metric : str, optional
        What should become better; ``"roc_auc"`` or ``"r2"`` by default.
    cycles : int
        The most cycles. Each tries one change.
    goal : float, optional
        The metric on the validation rows at which no more is changed.
    seconds : float, optional
        The time after which no cycle begins.
    splits : int
        The number of splits into training and validation rows.
    validation, report : float
        The share of validation rows among the rows that are not of the report; the share of
        report rows among all.
    groups : str, optional
        A column; rows of the same group are never on both sides of a split.
    time : str, optional
        A column; validation rows are later than training rows, and report rows later than both.
    kinds : mapping of str to str, optional
        Kinds of columns that inference should not guess.
    folder : str or path-like, optional
        Where finished steps are kept. A run that was interrupted goes on from there.
    random_state : int, Generator, RandomState or None
        The same seed gives the same report.
    progress : bool or None
        True or False to show progress on standard error or not; by default it is shown
        where it is watched: in a terminal and in a notebook.

    Returns
    -------
    PipelineReport

    Raises
    ------
    ParameterError
        If a parameter breaks its rule.
    DataError
        If the table cannot be used, or the target cannot be predicted.
    FileFormatError
        If the file is no pipeline, or the folder holds steps that cannot be read.
    TrainingError
        If no model can be trained on the first rows.

    Examples
    --------
    >>> import lookalike as la
    >>> found = la.pipeline(
    ...     la.datasets.load("penguins"),
    ...     target="species",
    ...     estimator="Gaussian naive Bayes",
    ...     cycles=1,
    ...     splits=3,
    ... )
    >>> len(found.cycles)
    2
    """
    if isinstance(data, Mapping) or _is_file(data, ".toml"):
        _check_alone(locals())
        return pipeline(**{"folder": folder, "progress": progress, **spec_arguments(data)})
    options = {
        "rows": rows,
        "replace": replace,
        "preprocess": preprocess,
        "cycles": cycles,
        "goal": goal,
        "seconds": seconds,
        "splits": splits,
        "validation": validation,
        "report": report,
    }
    _check(options, synthesizer)
    if target is None:
        raise ParameterError("target must name the column to predict; got None.")
    seed = as_seed(random_state)
    table, world = _rows(data, rows, synthesizer, derive_seed(seed, "world"))
    spec = specify(table, target, kinds, groups, time)
    outer = spec.splits(1, report, derive_seed(seed, "report rows"))[0]
    study = PipelineStudy(
        spec.taken(outer.train),
        None if world is not None else _synthesizer(synthesizer),
        world,
        tuple(preprocess),
        _estimator(estimator, spec),
        _metric(metric, spec),
        seed,
        StepStore(folder),
        from_file=isinstance(data, str | os.PathLike) and world is None,
    )
    shares = (splits, validation, report)
    inner = study.spec.splits(splits, validation, derive_seed(seed, "validation rows"))
    study.store.note(
        "split",
        {"data": table_digest(spec.table), "settings": digest(seed, shares, target, groups, time)},
        digest([(one.train.tolist(), one.test.tolist()) for one in (outer, *inner)]),
        {"rows": len(outer.train), "report_rows": len(outer.test), "splits": splits},
    )
    refinery = Refinery(study, [SplitBench(study, one) for one in inner], cycles, goal, seconds)
    start = TrainingMix(not replace, (MixPart(1.0),) if replace else ())
    facts = {**_facts(study, spec, estimator), **{name: options[name] for name in _REPORTED}}
    with show_progress("pipeline", cycles + 3, show=progress) as shown:
        found = _refined(refinery, start, spec.table.take(pa.array(outer.test)), shown)
    facts |= {"groups": groups, "time": time, "report_rows": len(outer.test)}
    notes = (*spec.notes, *([_OF_A_WORLD] if world is not None else []))
    return dataclasses.replace(found, facts={**facts, **found.facts}, notes=notes)


#: The options that a report holds as they were given.
_REPORTED = ("replace", "cycles", "goal", "seconds", "splits", "validation", "report")
_OF_A_WORLD = (
    "All rows were generated, those of the report as well: the scores say nothing of real rows."
)


def _refined(
    refinery: Refinery, start: TrainingMix, held: pa.Table, shown: ReportProgress
) -> PipelineReport:
    """Go through the cycles, and score what they kept on the report rows."""
    try:
        state = refinery.state(start)
    except UnmadeRows as error:
        raise DataError(f"The first rows cannot be evaluated. {error}") from error
    shown(1, {})
    runs, ended = refinery.run(state, lambda done: shown(done + 1, {}))
    lines, rivals = reported(refinery, state, runs, held)
    shown(refinery.cycles + 2, {})
    last = runs[-1].state if runs else state
    whole = final_rows(refinery.study, last.mix)
    facts = {
        "ended": ended,
        "level": refinery.level,
        "train_rows": [len(bench.split.train) for bench in refinery.benches],
        "weak": [one.to_dict() for one in refinery.weak(last)],
        "mix": last.mix.to_list(),
    }
    shown(refinery.cycles + 3, {})
    steps = tuple(
        {"step": s.step, "key": s.key, "inputs": s.inputs, "output": s.output, **s.facts}
        for s in refinery.study.store.steps
    )
    return PipelineReport(lines, rivals, steps, facts, (), whole)


# --- parameters -----------------------------------------------------------------------------------


def _is_file(data: Any, suffix: str) -> bool:
    return isinstance(data, str | os.PathLike) and Path(data).suffix == suffix


def _check_alone(given: Mapping[str, Any]) -> None:
    """Reject parameters beside a file that holds them."""
    defaults = {name: one.default for name, one in inspect.signature(pipeline).parameters.items()}
    extra = [
        name
        for name, value in given.items()
        if name not in ("data", "folder", "progress") and value != defaults[name]
    ]
    if extra:
        raise ParameterError(
            f"The file of a pipeline holds its parameters: write {extra[0]} there, or give the "
            "table instead of the file."
        )


def _check(options: Mapping[str, Any], synthesizer: Synthesizer | None) -> None:
    share = Number(0.01, 0.9)
    check_parameters(
        "pipeline",
        {
            "rows": AnyOf((Number(10, integer=True),), none=True),
            "replace": Flag(),
            "preprocess": Instance((list, tuple), "a list of transformers and samplers"),
            "cycles": Number(0, 1000, integer=True),
            "goal": AnyOf((Number(),), none=True),
            "seconds": AnyOf((Number(0),), none=True),
            "splits": Number(2, 1000, integer=True),
            "validation": share,
            "report": share,
            "synthesizer": Instance((Synthesizer,), "a synthesizer of lookalike", optional=True),
        },
        {**options, "synthesizer": synthesizer},
    )
    for step in options["preprocess"]:
        able = hasattr(step, "transform") or hasattr(step, "fit_resample")
        if isinstance(step, type) or not hasattr(step, "fit") or not able:
            raise ParameterError(
                "preprocess must hold transformers of scikit-learn or samplers of "
                f"imbalanced-learn; got {step!r}."
            )
    if synthesizer is not None:
        synthesizer._check_parameters()  # before any work, not at the first fit


def _rows(
    data: Any, rows: int | None, synthesizer: Synthesizer | None, seed: int
) -> tuple[Any, Any]:
    """Return the rows, and the model that made them; None where they were given."""
    if _is_file(data, ".lookalike"):
        data = load(data)
    if not (hasattr(data, "sample") and hasattr(data, "schema_")):
        if isinstance(data, Synthesizer):
            raise ParameterError(f"A model must be fitted to make rows; {data!r} is not.")
        if rows is not None:
            raise ParameterError("rows is for a model that makes them: of a table, all are taken.")
        return read_table(data) if isinstance(data, str | os.PathLike) else data, None
    if rows is None:
        raise ParameterError("Give the number of rows to sample from the model, as rows=2000.")
    if synthesizer is not None:
        raise ParameterError("A model makes its own rows: give data or synthesizer, not both.")
    return data.sample(rows, random_state=seed), data


def _synthesizer(given: Synthesizer | None) -> Synthesizer:
    return BayesianNetwork(refine={"correct": False}) if given is None else given


def _estimator(given: Any, spec: StudySpec) -> Any:
    """Return an unfitted estimator."""
    named = isinstance(given, str)
    chosen = check_models([given] if named else {"estimator": given}, spec.classes)
    found = next(iter(chosen.values()))
    if found is None:
        return battery_model(given, spec.classes, spec.table.num_rows)
    return found


def _metric(given: str | None, spec: StudySpec) -> str:
    known = CLASS_METRICS if spec.classes else NUMBER_METRICS
    if given is None:
        return known[0]
    if given not in known:
        hint = nearest(str(given), known) or f" The metrics are: {', '.join(known)}."
        raise ParameterError(f"There is no metric {given!r} for this target.{hint}")
    return given


# --- facts ----------------------------------------------------------------------------------------


def _facts(study: PipelineStudy, spec: StudySpec, estimator: Any) -> dict[str, Any]:
    world = study.world is not None
    return {
        "rows": spec.table.num_rows,
        "target": spec.target,
        "classes": spec.classes,
        "inputs": [name for name in spec.schema.names if name != spec.target],
        "metric": study.metric,
        "higher_is_better": study.metric not in LOWER_IS_BETTER,
        "split": spec.parted,
        "generator": type(study.world).__name__ if world else repr(study.synthesizer),
        "preprocess": [repr(one) for one in study.preprocess],
        "estimator": estimator if isinstance(estimator, str) else repr(estimator),
        "seed": study.seed,
        "versions": versions(),
    }
