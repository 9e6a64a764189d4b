"""`evaluate`: from tables to the contents of a report."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version
from typing import Any, Protocol, TypeVar

import pyarrow as pa

from lookalike._core.errors import (
    DataError,
    NotFittedError,
    ParameterError,
    SchemaError,
    nearest,
)
from lookalike._core.parameters import check_parameters
from lookalike._core.progress import progress as show_progress
from lookalike._core.seeds import RandomState, as_seed
from lookalike.metrics import METRICS, Score, score_tables
from lookalike.metrics.sequences import SequenceOrder, chosen_metrics, score_sequences
from lookalike.reports._associations import associations
from lookalike.reports._columns import column_rows, importances
from lookalike.reports._curves import HistoryLike, curves
from lookalike.reports._distances import nearest_distances
from lookalike.reports._evaluate_sequences import paired, sequence_order, sequence_summary
from lookalike.reports._evaluation import Evaluation
from lookalike.reports._grids import components, pair_grids
from lookalike.reports._marginals import marginal
from lookalike.reports._origins import origins
from lookalike.reports._statistics import sample_rows, statistics
from lookalike.reports._summary import ColumnRow, Marginal, SampleRows, Summary
from lookalike.tables import (
    MAX_ROWS,
    Column,
    Kind,
    Schema,
    conform,
    infer_columns,
    to_arrow,
    to_arrow_sample,
)

__all__ = ["evaluate"]

#: The largest number of columns that a report compares in pairs, the worst ones.
MOST_PAIRED = 200
_T = TypeVar("_T")
_VERSIONED = ("lookalike", "numpy", "pyarrow", "scikit-learn", "lightgbm")


class EvaluatedModel(Protocol):
    """The part of a fitted model that an evaluation needs."""

    schema_: Schema
    target_: str | None
    history_: Any


def evaluate(
    real: Any,
    synthetic: Any,
    holdout: Any = None,
    target: str | None = None,
    *,
    model: EvaluatedModel | None = None,
    schema: Schema | None = None,
    kinds: Mapping[str, Kind | str] | None = None,
    metrics: Sequence[str] | None = None,
    entity: str | None = None,
    time: str | None = None,
    window: int | None = None,
    history: HistoryLike | Sequence[Mapping[str, Any]] | None = None,
    facts: Mapping[str, str] | None = None,
    max_rows: int | None = None,
    random_state: RandomState = 0,
    progress: bool | None = None,
) -> Evaluation:
    """Judge how well a synthetic table stands for a real one.

    Parameters
    ----------
    real : dataframe or path
        The real rows, those that the synthesizer has learned (pandas, polars, pyarrow, …).
    synthetic : dataframe
        The synthetic rows, with the same columns.
    holdout : dataframe, optional
        Real rows that the synthesizer has not seen. They give the ceilings; without them, one
        random half of the real rows against the other does, and scores that need unseen rows have
        none. The verdict, the page and the JSON say which.
    target : str, optional
        The column that models of the utility scores predict; by default the one that `model` was
        fitted with.
    model : Synthesizer, optional
        The fitted model that generated the synthetic rows: its schema is used, and its history is
        drawn.
    schema : Schema, optional
        The columns and their kinds; by default the schema of `model`, or inferred from `real`.
    kinds : mapping of str to str, optional
        Kinds of columns that inference should not guess.
    metrics : sequence of str, optional
        The names of the scores to compute; all by default. For sequences, those that are slow are
        computed only by name (``"discriminative_score"``).
    entity : str, optional
        The column that says whose event a row is. With it, whole histories are compared, not rows.
    time : str, optional
        The column that says when an event happened; without it, events follow in the order of the
        rows. With `time` alone, or with `window`, each table is a series, and blocks of it are
        compared.
    window : int, optional
        The number of events of a block. For a single series, 24 by default, or less if it is short.
    history : HistoryLike or sequence of dict, optional
        The training history (a model's ``history_``) to draw in the report; that of `model` by
        default.
    facts : mapping of str to str, optional
        Further facts for the head of the page, such as ``{"table": "customers.csv"}``; the model
        and its seed are there where `model` is given.
    max_rows : int, optional
        The most rows of each table to hold in memory, drawn at random; by default all, except of a
        file or folder that takes more than 1 GiB of memory: 1,000,000 of that. Histories and
        series are always held as a whole.
    random_state : int, numpy.random.Generator, numpy.random.RandomState or None
        The same seed gives the same scores.
    progress : bool or None
        True or False to show progress on standard error or not; by default it is shown
        where it is watched: in a terminal and in a notebook.

    Returns
    -------
    Evaluation
        Scores, a verdict, and the contents of reports.

    Raises
    ------
    SchemaError
        If the columns of the tables differ, or values do not fit.
    DataError
        If a table is empty or not a dataframe.
    ParameterError
        If a name is unknown, or more than one of `model`, `schema` and `kinds` is given.
    NotFittedError
        If `model` has not been fitted.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from lookalike.reports import evaluate
    >>> real = pa.table({"age": [31, 25, 47, 52, 38, 29], "smokes": [True, False] * 3})
    >>> synthetic = pa.table({"age": [30, 24, 49, 50, 39, 33], "smokes": [True, True, False] * 2})
    >>> found = evaluate(real, synthetic, metrics=["shape", "trend"])
    >>> sorted(found.scores)
    ['shape', 'trend']
    """
    check_parameters("evaluate", {"max_rows": MAX_ROWS}, {"max_rows": max_rows})
    sequences = entity is not None or time is not None or window is not None
    seed = as_seed(random_state)
    facts = {**(facts or {}), **_model_facts(model)}
    came = {}
    for name, data in (("real", real), ("synthetic", synthetic), ("held-out", holdout)):
        if data is None:
            continue
        if sequences:
            came[name] = to_arrow(data)[0]
            continue
        came[name], _, large = to_arrow_sample(data, max_rows, seed, show=progress)
        if large is not None:
            facts[f"{name} rows"] = str(large)
    schema = _schema(came["real"], model, schema, kinds)
    if model is not None:
        target = model.target_ if target is None and not sequences else target
        history = model.history_ if history is None else history
    if target is not None and sequences:
        raise ParameterError(
            "target is for tables of independent rows: of sequences, next_step predicts every "
            "column. Leave target out, or entity, time and window."
        )
    if target is not None and target not in schema.names:
        raise ParameterError(
            f"target must be a column; there is no {target!r}.{nearest(target, schema.names)}"
        )
    order = sequence_order(came, entity, time, window)
    if order is not None:
        found = _evaluate_sequences(came, schema, order, metrics, seed, history, progress)
        return replace(found, summary=replace(found.summary, facts=facts))
    tables = {name: _canonical(table, schema, name) for name, table in came.items()}
    with show_progress("evaluating", len(metrics or METRICS.entered), show=progress) as report:
        scores = score_tables(
            tables["real"],
            tables["synthetic"],
            schema=schema,
            holdout=tables.get("held-out"),
            target=target,
            metrics=metrics,
            random_state=seed,
            progress=lambda done, _total, _name: report(done, {}),
        )
    summary = _summary(schema, tables, scores, target, seed, history)
    held_out = tables.get("held-out")
    both = tables["real"], tables["synthetic"], held_out
    summary = replace(
        summary,
        facts=facts,
        distances=_drawn(lambda: nearest_distances(schema, *both, seed), None),
        origins=_drawn(lambda: origins(schema, *both, _said(model)), ()),
    )
    return Evaluation(scores, summary)


def _said(model: EvaluatedModel | None) -> dict[str, tuple[str, str]]:
    """Return what a model says of the origin of its values, by column."""
    ask = getattr(model, "value_origins", None)
    return {} if ask is None else {one.column: (one.word, one.words) for one in ask()}


def _model_facts(model: EvaluatedModel | None) -> dict[str, str]:
    if model is None:
        return {}
    seed = getattr(model, "seed_", None)
    return {"model": type(model).__name__ + ("" if seed is None else f", seed {seed}")}


def _evaluate_sequences(
    came: Mapping[str, pa.Table],
    schema: Schema,
    order: SequenceOrder,
    metrics: Sequence[str] | None,
    seed: int,
    history: HistoryLike | Sequence[Mapping[str, Any]] | None,
    progress: bool | None,
) -> Evaluation:
    pair = paired(came, schema, order, _canonical, seed)
    chosen = [metric.name for metric in chosen_metrics(metrics)]
    with show_progress("evaluating", len(chosen), show=progress) as report:
        scores = score_sequences(pair, chosen, lambda done, _total, _name: report(done, {}))
    tables = {"real": pair.real, "synthetic": pair.synthetic}
    if pair.test is not None:
        tables["held-out"] = pair.test
    found = _summary(pair.schema, tables, scores, None, seed, history)
    return Evaluation(scores, replace(found, sequences=sequence_summary(pair, scores)))


def _schema(
    real: pa.Table,
    model: EvaluatedModel | None,
    schema: Schema | None,
    kinds: Mapping[str, Kind | str] | None,
) -> Schema:
    """Return the schema, from the one source that the caller names."""
    given = {"model": model, "schema": schema, "kinds": kinds}
    named = [name for name, value in given.items() if value is not None]
    if len(named) > 1:
        raise ParameterError(
            f"Give {' or '.join(named)}, not both: a model and a schema state all kinds."
        )
    if model is not None:
        if getattr(model, "schema_", None) is None:
            raise NotFittedError(
                f"model must be fitted, but this {type(model).__name__} is not: call fit first."
            )
        return model.schema_
    return infer_columns(real, kinds) if schema is None else schema


def _canonical(table: pa.Table, schema: Schema, name: str) -> pa.Table:
    if not table.num_rows:
        raise DataError(f"An evaluation needs rows; the {name} table has none.")
    try:
        return conform(table, schema)
    except SchemaError as error:
        raise SchemaError(f"The {name} table does not fit: {error}") from error


def _summary(
    schema: Schema,
    tables: Mapping[str, pa.Table],
    scores: Mapping[str, Score],
    target: str | None,
    seed: int,
    history: HistoryLike | Sequence[Mapping[str, Any]] | None,
) -> Summary:
    real, synthetic = tables["real"], tables["synthetic"]
    rows = column_rows(schema, real, synthetic, scores)
    compared = sorted((row for row in rows if row.compared), key=_badness)
    found = associations(
        schema, real, synthetic, scores, {row.column for row in compared[:MOST_PAIRED]}
    )
    return Summary(
        real_rows=len(real),
        synthetic_rows=len(synthetic),
        holdout_rows=len(tables["held-out"]) if "held-out" in tables else None,
        target=target,
        seed=seed,
        versions={name: version(name) for name in _VERSIONED},
        columns=rows,
        marginals=tuple(
            _marginal(schema[row.column], real[row.column], synthetic[row.column])
            for row in compared
        ),
        associations=found,
        importances=importances(scores),
        curves=curves(history),
        grids=_drawn(lambda: pair_grids(schema, real, synthetic, found.pairs()), ()),
        view=_drawn(lambda: components(schema, real, synthetic), None),
        statistics=_drawn(lambda: statistics(schema, real, synthetic), ()),
        sample=_drawn(lambda: sample_rows(schema, synthetic), SampleRows()),
    )


def _drawn(make: Callable[[], _T], nothing: _T) -> _T:
    """Return a picture's values, or nothing: a failed drawing must not cost the scores."""
    try:
        return make()
    except (ValueError, ArithmeticError, IndexError, TypeError):
        return nothing


def _marginal(column: Column, real: pa.ChunkedArray, synthetic: pa.ChunkedArray) -> Marginal:
    """Describe a column; a failed drawing must not cost the scores."""
    try:
        return marginal(column, real, synthetic)
    except (ValueError, ArithmeticError, IndexError) as error:
        return Marginal(column.name, note=f"Not drawn: {str(error).rstrip('.')}.")


def _badness(row: ColumnRow) -> float:
    return row.scores.get("shape", 1.0)
