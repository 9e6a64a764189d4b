"""Evaluation: tables in, everything that a report says and draws out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

import pyarrow as pa

from lookalike._core.errors import DataError, ParameterError, SchemaError, nearest
from lookalike._core.progress import progress as show_progress
from lookalike._core.seeds import RandomState, as_seed
from lookalike.metrics import METRICS, Score, score_tables
from lookalike.reports._associations import associations
from lookalike.reports._columns import column_rows, importances
from lookalike.reports._curves import History, curves
from lookalike.reports._evaluation import Evaluation
from lookalike.reports._marginals import marginal
from lookalike.reports._summary import ColumnRow, Summary
from lookalike.tables import Kind, Schema, conform, infer_schema, to_arrow

__all__ = ["evaluate"]

_VERSIONED = ("lookalike", "numpy", "pyarrow", "scikit-learn", "lightgbm")


def evaluate(
    real: Any,
    synthetic: Any,
    holdout: Any = None,
    target: str | None = None,
    *,
    schema: Schema | None = None,
    kinds: Mapping[str, Kind | str] | None = None,
    metrics: Sequence[str] | None = None,
    history: History | Sequence[Mapping[str, Any]] | None = None,
    random_state: RandomState = 0,
    progress: bool = False,
) -> Evaluation:
    """Judge how well a synthetic table stands for a real one.

    Parameters
    ----------
    real : dataframe
        The real rows, those that the synthesizer has learned (pandas, polars, pyarrow, …).
    synthetic : dataframe
        The synthetic rows, with the same columns.
    holdout : dataframe, optional
        Real rows that the synthesizer has not seen. They give the ceilings; without them, a split
        of the real rows does, and scores that need unseen rows have none.
    target : str, optional
        The column that models of the utility scores predict.
    schema : Schema, optional
        What the columns are; inferred from `real` by default.
    kinds : mapping of str to str, optional
        Kinds of columns that inference should not guess.
    metrics : sequence of str, optional
        The names of the scores to compute; all by default.
    history : History or sequence of dict, optional
        What training recorded (a model's ``history_``), to be drawn in the report.
    random_state : int, numpy.random.Generator, numpy.random.RandomState or None
        The same seed gives the same scores.
    progress : bool
        Whether progress is shown on standard error.

    Returns
    -------
    Evaluation
        Scores, a verdict, and what reports are made of.

    Raises
    ------
    SchemaError
        If the columns of the tables differ, or values do not fit.
    DataError
        If a table is empty or not a dataframe.
    ParameterError
        If a name is unknown, or both `schema` and `kinds` are given.

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
    came = {
        name: to_arrow(data)[0]
        for name, data in (("real", real), ("synthetic", synthetic), ("held-out", holdout))
        if data is not None
    }
    schema = _schema(came["real"], schema, kinds)
    if target is not None and target not in schema.names:
        raise ParameterError(
            f"target must be a column; there is no {target!r}.{nearest(target, schema.names)}"
        )
    seed = as_seed(random_state)
    tables = {name: _canonical(table, schema, name) for name, table in came.items()}
    with show_progress("evaluating", len(metrics or METRICS), show=progress) as report:
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
    return Evaluation(scores, _summary(schema, tables, scores, target, seed, history))


def _schema(
    real: pa.Table, schema: Schema | None, kinds: Mapping[str, Kind | str] | None
) -> Schema:
    if schema is None:
        return infer_schema(real, kinds, dependencies=False)
    if kinds is not None:
        raise ParameterError("Give schema or kinds, not both: a schema states all kinds.")
    return schema


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
    history: History | Sequence[Mapping[str, Any]] | None,
) -> Summary:
    real, synthetic = tables["real"], tables["synthetic"]
    rows = column_rows(schema, real, synthetic, scores)
    compared = sorted((row for row in rows if row.compared), key=_badness)
    return Summary(
        real_rows=len(real),
        synthetic_rows=len(synthetic),
        holdout_rows=len(tables["held-out"]) if "held-out" in tables else None,
        target=target,
        seed=seed,
        versions={name: version(name) for name in _VERSIONED},
        columns=rows,
        marginals=tuple(
            marginal(schema[row.column], real[row.column], synthetic[row.column])
            for row in compared
        ),
        associations=associations(schema, real, synthetic, scores),
        importances=importances(scores),
        curves=curves(history),
    )


def _badness(row: ColumnRow) -> float:
    return row.scores.get("shape", 1.0)
