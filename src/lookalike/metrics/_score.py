"""`score_tables`: every metric, between the scores of real rows and of independent columns."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from lightgbm.basic import LightGBMError

from lookalike._core.errors import SchemaError
from lookalike._core.seeds import RandomState, as_seed, generator
from lookalike.metrics._base import METRICS, Metric
from lookalike.metrics._pair import Pair
from lookalike.metrics._result import Measured, Score
from lookalike.tables import Schema

__all__ = ["Progress", "attempt", "independent_columns", "score_tables"]

#: Called before each metric with the number of metrics done, their total number, and its name.
Progress = Callable[[int, int, str], None]

#: The errors of numerical libraries where the data leave nothing to compute.
_FAILURES = (ValueError, ArithmeticError, LightGBMError)


def score_tables(
    real: pa.Table,
    synthetic: pa.Table,
    *,
    schema: Schema,
    holdout: pa.Table | None = None,
    target: str | None = None,
    metrics: Iterable[str | Metric] | None = None,
    random_state: RandomState = 0,
    references: bool = True,
    progress: Progress | None = None,
) -> dict[str, Score]:
    """Score a synthetic table against a real one.

    Each score has a ceiling, the same metric for real rows that are not those compared with:
    held-out rows, or, without them, one random half of the real rows against the other. Its floor
    is the same metric for such rows with their columns shuffled independently of each other.

    Parameters
    ----------
    real, synthetic : pyarrow.Table
        Canonical (see `lookalike.tables.conform`); the rows that the synthesizer was trained on,
        and those that it generated.
    schema : Schema
        The columns and their kinds.
    holdout : pyarrow.Table, optional
        Canonical; real rows that the synthesizer has not seen.
    target : str, optional
        The column that models of the utility metrics predict.
    metrics : iterable of str or Metric, optional
        The metrics to compute; by default all that are entered in `METRICS`, not those of installed
        packages, so that the same call gives the same scores on any machine.
    random_state : int, Generator, RandomState or None
        The seed: the same seed, the same scores.
    references : bool
        Whether to measure ceilings and floors too, which takes twice as long again.
    progress : callable, optional
        Called before each metric with the number of metrics done, their total number, and its
        name.

    Returns
    -------
    dict of str to Score
        In the order of `metrics`. A metric that cannot be computed has a score without a value, and
        the reason.

    Raises
    ------
    ParameterError
        If a metric is not known.
    SchemaError
        If the target or a column of the schema is not in a table.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from lookalike.tables import Column, Kind, Schema
    >>> schema = Schema((Column("x", Kind.INTEGER, "int64"), Column("y", Kind.INTEGER, "int64")))
    >>> real = pa.table({"x": [1, 2, 3, 4], "y": [2, 4, 6, 8]})
    >>> scores = score_tables(real, real, schema=schema, metrics=["shape", "trend"])
    >>> scores["shape"].value, scores["trend"].value
    (1.0, 1.0)
    """
    chosen = METRICS.create_all(METRICS.entered if metrics is None else metrics)
    for words, table in (("real", real), ("synthetic", synthetic), ("held-out", holdout)):
        _check(table, words, schema)
    seed = as_seed(random_state)
    pair = Pair(real, synthetic, schema, target, holdout, seed)
    between = _references(pair) if references else None
    scores = {}
    for done, metric in enumerate(chosen):
        if progress is not None:
            progress(done, len(chosen), metric.name)
        if between is None:
            scores[metric.name] = metric.score(attempt(metric.compute, pair))
        else:
            scores[metric.name] = _score(metric, between)
    return scores


def independent_columns(table: pa.Table, rows: int, seed: int) -> pa.Table:
    """Return a table with the same columns, each shuffled on its own.

    Parameters
    ----------
    table : pyarrow.Table
        The columns.
    rows : int
        The number of rows to return; beyond those of the table, each column starts over.
    seed : int
        The seed of the shuffles.

    Returns
    -------
    pyarrow.Table
        The same columns, `rows` rows (none where the table has none).
    """
    count = len(table)
    rounds = -(-rows // count) if count else 0
    columns = []
    for place, column in enumerate(table.columns):
        random = generator(seed, "metrics", "independent", place)
        order = [random.permutation(count) for _ in range(rounds)] or [np.empty(0, np.int64)]
        columns.append(column.take(pa.array(np.concatenate(order)[:rows], pa.int64())))
    return pa.table(columns, schema=table.schema)


@dataclass(frozen=True)
class References:
    """The pairs of tables behind a score, shared by all metrics.

    The ceiling is the score of real rows other than those of the comparison; the floor is that of
    the same rows after each of their columns was shuffled independently. Both are samples of the
    same kind and size: shuffled columns of the compared table itself would have an advantage.
    """

    pair: Pair
    ceiling: Pair
    copied: Pair
    floor: Pair
    shuffled: Pair
    halves: bool

    def ceiling_of(self, metric: Metric) -> Pair:
        return self.copied if metric.ceiling_from == "training" else self.ceiling

    def floor_of(self, metric: Metric) -> Pair:
        return self.shuffled if metric.ceiling_from == "training" else self.floor

    def chance(self, metric: Metric) -> float:
        """Return two standard deviations of the value of equally good rows."""
        pair = self.ceiling_of(metric)
        sizes = [len(pair.real), len(pair.synthetic)]
        if "holdout" in metric.needs and pair.test is not None:
            sizes.append(len(pair.test))
        return 2 * metric.noise / math.sqrt(max(min(sizes), 1))

    def words(self, metric: Metric) -> tuple[str, str]:
        """Describe the rows on which ceiling and floor were measured."""
        if metric.ceiling_from == "training":
            rows = "the training rows"
        elif self.halves:
            rows = "one random half of the real rows against the other, as none were held out"
        else:
            rows = f"{len(self.ceiling.synthetic):,} held-out rows against the training rows"
        floor = "the training rows" if metric.ceiling_words else "the same rows"
        return metric.ceiling_words or rows, f"{floor}, each column shuffled on its own"


def _references(pair: Pair) -> References:
    ceiling = _ceiling(pair)
    columns = list(pair.columns)

    def independent(table: pa.Table, rows: int) -> pa.Table:
        return independent_columns(table.select(columns), rows, pair.seed)

    others = ceiling.synthetic
    return References(
        pair,
        ceiling,
        pair.against(pair.real),
        ceiling.against(independent(others, len(others))),
        pair.against(independent(pair.real, len(pair.real))),
        pair.test is None,
    )


def _ceiling(pair: Pair) -> Pair:
    """Return the pair in which other real rows take the place of the synthetic ones."""
    rows, seed, held = len(pair.synthetic), pair.seed, pair.test
    if held is None:
        order = generator(seed, "metrics", "halves").permutation(len(pair.real))
        half = len(order) // 2
        one, other = (pair.real.take(pa.array(np.sort(r))) for r in (order[:half], order[half:]))
        return Pair(one, other, pair.schema, pair.target, seed=seed)
    if len(held) > rows:
        # No more rows than the synthetic table has, for few rows score lower than many.
        drawn = generator(seed, "metrics", "ceiling").permutation(len(held))[:rows]
        held = held.take(pa.array(np.sort(drawn)))
    return pair.against(held)


def _score(metric: Metric, references: References) -> Score:
    measured = attempt(metric.compute, references.pair)
    ceiling = floor = None
    if measured.value is not None:
        floor = attempt(metric.compute_floor, references.floor_of(metric))
        ceiling = attempt(metric.compute_ceiling, references.ceiling_of(metric))
    pair = references.pair
    return metric.score(
        measured,
        ceiling,
        floor,
        chance=references.chance(metric),
        on=references.words(metric),
        left_out=tuple(name for name in pair.schema.names if name not in pair.columns),
    )


def attempt(measure: Callable[[Pair], Measured], pair: Pair) -> Measured:
    try:
        return measure(pair)
    except _FAILURES as error:
        return Measured.undefined(f"It could not be computed: {error}")


def _check(table: pa.Table | None, words: str, schema: Schema) -> None:
    for column in schema.columns if table is not None else ():
        if column.name not in table.column_names:  # type: ignore[union-attr]
            raise SchemaError(
                f"Every column of the schema must be in each table: the {words} one has no "
                f"column {column.name!r}."
            )
