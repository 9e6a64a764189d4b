"""Every metric between its references, on tables of all kinds."""

from __future__ import annotations

import json
import math

import numpy as np
import pyarrow as pa
import pytest

from lookalike._core.errors import ParameterError, SchemaError
from lookalike.metrics import (
    METRICS,
    Measured,
    Metric,
    Pair,
    Score,
    Shape,
    read_score,
    score_tables,
)
from lookalike.metrics import independent_columns as shuffled
from lookalike.tables import Kind

FAST = [name for name in METRICS if name not in ("tstr", "trtr")]
BETTER_OFF_THE_FLOOR = [
    "c2st", "c2st_holdout", "trend", "wnmi", "correlation_difference", "beta_recall", "coverage",
    "tstr", "trtr",
]  # fmt: skip


@pytest.fixture(scope="module")
def scores(trio, mixed_schema):
    """All scores of a good synthetic table, with held-out rows and a target."""
    real, synthetic, test = trio
    return score_tables(real, synthetic, schema=mixed_schema, holdout=test, target="level")


@pytest.mark.parametrize("name", METRICS)
def test_every_metric_states_what_it_is(name):
    metric = METRICS[name]
    assert metric.name == name
    assert metric.direction in ("higher", "lower")
    assert metric.low <= metric.best <= metric.high
    assert len(metric.__doc__) > 100
    assert metric.title
    assert metric.subject
    assert metric.meaning.endswith(".")


@pytest.mark.parametrize("name", METRICS)
def test_every_score_lies_in_its_range(name, scores):
    score = scores[name]
    assert score.reason is None
    for value in (score.value, score.ceiling, score.floor):
        assert score.low - 1e-9 <= value <= score.high + 1e-9
    assert score.ceiling_source.on
    assert score.floor_source.on


@pytest.mark.parametrize("name", BETTER_OFF_THE_FLOOR)
def test_good_rows_score_near_the_ceiling(name, scores):
    score = scores[name]
    sign = 1 if score.direction == "higher" else -1
    assert sign * (score.ceiling - score.floor) > 0
    assert score.position > 0.6


@pytest.mark.parametrize("name", METRICS)
def test_scores_are_plain_json(name, scores):
    values = json.loads(json.dumps(scores[name].to_dict(), allow_nan=False))
    assert values["value"] == scores[name].value
    assert values["left_out"] == ["id", "one"]
    assert read_score(values) == scores[name]


@pytest.mark.parametrize("name", FAST)
def test_the_training_rows_themselves_score_best(name, trio, mixed_schema):
    real, _, test = trio
    metric = METRICS[name]()
    found = metric.compute(Pair(real, real, mixed_schema, test=test)).value
    if name == "copies":
        assert found == 1
    elif name == "membership":
        assert found > 0.95
    elif name == "c2st_holdout":
        assert found < 1
    else:
        assert found == pytest.approx(metric.best, abs=0.02)


def test_the_order_of_rows_does_not_matter(trio, mixed_schema):
    real, synthetic, test = trio
    random = np.random.default_rng(0)
    mixed_up = [t.take(pa.array(random.permutation(len(t)))) for t in (real, synthetic)]
    names = ["shape", "trend", "wnmi", "correlation_difference", "alpha_precision", "beta_recall",
             "coverage", "copies"]  # fmt: skip
    for name in names:
        metric = METRICS[name]()
        before = metric.compute(Pair(real, synthetic, mixed_schema, test=test)).value
        after = metric.compute(Pair(*mixed_up, mixed_schema, test=test)).value
        assert after == pytest.approx(before, abs=1e-6), name


@pytest.mark.slow
def test_the_same_seed_gives_the_same_scores(trio, mixed_schema):
    real, synthetic, test = trio

    def all_scores(seed):
        return {
            name: score.to_dict()
            for name, score in score_tables(
                real, synthetic, schema=mixed_schema, holdout=test, metrics=FAST, random_state=seed
            ).items()
        }

    first = all_scores(3)
    assert first == all_scores(3)
    assert first != all_scores(4)


def test_without_held_out_rows_halves_are_compared(trio, mixed_schema):
    real, synthetic, _ = trio
    names = ["shape", "c2st", "copies", "c2st_holdout", "tstr", "membership"]
    found = score_tables(real, synthetic, schema=mixed_schema, target="level", metrics=names)
    for name in names[:3]:
        assert "half" in found[name].ceiling_source.on
        assert found[name].ceiling is not None
    for name in names[3:]:
        assert found[name].value is None
        assert found[name].reason == "It needs held-out real rows."
        assert found[name].position is None


def test_the_ceiling_has_no_more_rows_than_the_synthetic_table(trio, mixed_schema):
    real, synthetic, test = trio
    found = score_tables(
        real, synthetic.slice(0, 50), schema=mixed_schema, holdout=test, metrics=["shape"]
    )
    on = found["shape"].ceiling_source.on
    assert on == "50 held-out rows against the training rows"


def test_columns_have_their_own_ceiling_and_floor(scores):
    entry = next(e for e in scores["shape"].details.columns if e.column == "x")
    assert 0.9 < entry.ceiling <= 1
    # The same rows, whose columns alone do not know that they were shuffled.
    assert entry.floor == entry.ceiling


def test_shuffled_columns_keep_their_values(trio):
    real = trio[0]
    for rows in (0, 100, 300, 750):
        table = shuffled(real, rows, 0)
        assert table.schema == real.schema
        assert len(table) == rows
    assert sorted(shuffled(real, 300, 0)["n"].to_pylist()) == sorted(real["n"].to_pylist())
    ids = np.array(shuffled(real, 300, 0)["id"].to_pylist())
    assert (ids != np.array(real["id"].to_pylist())).mean() > 0.9
    assert len(shuffled(real.slice(0, 0), 5, 0)) == 0


def test_progress_is_told(trio, mixed_schema):
    seen = []
    score_tables(
        *trio[:2],
        schema=mixed_schema,
        metrics=["shape", "trend"],
        progress=lambda *a: seen.append(a),
    )
    assert seen == [(0, 2, "shape"), (1, 2, "trend")]


def test_metrics_can_be_ones_own(trio, mixed_schema):
    class Third(Metric):
        """Always a third."""

        name = "third"

        def _measure(self, pair):
            return Measured(1 / 3)

    class Broken(Third):
        """Cannot be computed."""

        name = "broken"

        def _measure(self, pair):
            raise ValueError("no way")

    class Infinite(Third):
        """Has no end."""

        name = "infinite"

        def _measure(self, pair):
            return Measured(math.inf)

    chosen = [Third(), Broken(), Infinite(), "shape"]
    found = score_tables(*trio[:2], schema=mixed_schema, metrics=chosen)
    assert list(found) == ["third", "broken", "infinite", "shape"]
    assert found["third"].value == found["third"].ceiling == 1 / 3
    assert found["broken"].reason == "It could not be computed: no way"
    assert "not a finite number" in found["infinite"].reason


def test_what_is_asked_for_wrongly_is_named(trio, mixed_schema):
    real, synthetic, test = trio
    with pytest.raises(ParameterError, match="Did you mean 'shape'"):
        score_tables(real, synthetic, schema=mixed_schema, metrics=["shapes"])
    with pytest.raises(SchemaError, match="synthetic one has no column 'flag'"):
        score_tables(real, synthetic.drop(["flag"]), schema=mixed_schema)
    with pytest.raises(SchemaError, match="'levels'"):
        score_tables(real, synthetic, schema=mixed_schema, target="levels", holdout=test)


@pytest.mark.parametrize(
    ("value", "ceiling", "floor", "direction", "position"),
    [
        (0.9, 1.0, 0.8, "higher", 0.5),
        (0.7, 1.0, 0.8, "higher", -0.5),
        (0.2, 0.1, 0.5, "lower", 0.75),
        (0.2, 0.5, 0.1, "lower", None),
        (0.2, 0.5, 0.5, "higher", None),
        (None, 0.5, 0.1, "higher", None),
        (0.2, None, 0.1, "higher", None),
    ],
)
def test_position(value, ceiling, floor, direction, position):
    score = Score("s", value, ceiling, floor, direction, 0, 1)
    assert score.position == (None if position is None else pytest.approx(position))
    assert score.to_dict()["position"] == score.position


def test_a_reason_has_no_references(trio, mixed_schema):
    score = score_tables(*trio[:2], schema=mixed_schema, metrics=["tstr"])["tstr"]
    assert (score.value, score.ceiling, score.floor) == (None, None, None)
    assert score.details.columns == ()


def _tables():
    """Give kinds and cells of tables that have little or odd content."""
    random = np.random.default_rng(0)
    numbers = random.normal(size=40)
    return {
        "ten rows": (
            {"x": Kind.CONTINUOUS, "c": Kind.CATEGORICAL},
            {"x": numbers[:10], "c": ["a", "b"] * 5},
        ),
        "one row": ({"x": Kind.CONTINUOUS, "c": Kind.CATEGORICAL}, {"x": [1.0], "c": ["a"]}),
        "two rows": ({"x": Kind.INTEGER, "y": Kind.INTEGER}, {"x": [1, 2], "y": [3, 4]}),
        "no rows": ({"x": Kind.CONTINUOUS, "c": Kind.CATEGORICAL}, {"x": [], "c": []}),
        "one number": ({"x": Kind.CONTINUOUS}, {"x": numbers}),
        "one level": ({"c": Kind.CATEGORICAL}, {"c": ["a"] * 40}),
        "only numbers": (
            {"x": Kind.CONTINUOUS, "y": Kind.DATETIME},
            {"x": numbers, "y": np.arange(40)},
        ),
        "only levels": (
            {"a": Kind.CATEGORICAL, "b": Kind.BOOLEAN},
            {"a": ["u", "v"] * 20, "b": [True, False, None, True] * 10},
        ),
        "all missing": (
            {"x": Kind.CONTINUOUS, "b": Kind.BOOLEAN, "n": Kind.INTEGER},
            {"x": [None] * 40, "b": [None] * 40, "n": [None, 1] * 20},
        ),
        "constants": (
            {"x": Kind.CONTINUOUS, "c": Kind.CATEGORICAL, "n": Kind.INTEGER},
            {"x": [2.5] * 40, "c": ["a"] * 40, "n": [0] * 40},
        ),
        "nothing learned": ({"id": Kind.IDENTIFIER}, {"id": [f"k{i}" for i in range(40)]}),
        "many levels": (
            {"c": Kind.CATEGORICAL, "d": Kind.CATEGORICAL, "x": Kind.CONTINUOUS},
            {"c": [f"v{i}" for i in range(3000)], "d": [f"w{i}" for i in range(3000)],
             "x": random.normal(size=3000)},
        ),
        "huge numbers": (
            {"x": Kind.CONTINUOUS, "n": Kind.INTEGER},
            {"x": np.linspace(-1.7, 1.7, 40) * 1e308, "n": [9_223_372_036_854_775_807, 0] * 20},
        ),
    }  # fmt: skip


@pytest.mark.parametrize("name", _tables())
def test_every_table_has_a_number_or_a_reason(name, table, schema_of):
    kinds, cells = _tables()[name]
    real, schema = table(kinds, cells), schema_of(kinds)
    synthetic = real.take(pa.array(np.arange(len(real))[::-1] // 2))
    metrics = METRICS if name != "many levels" else [n for n in FAST if n != "membership"]
    found = score_tables(
        real, synthetic, schema=schema, holdout=real, target=next(iter(kinds)), metrics=metrics
    )
    for score in found.values():
        assert (score.value is None) == bool(score.reason), score
        assert score.reason is None or not score.reason.startswith("It could not be"), score
        json.dumps(score.to_dict(), allow_nan=False)
    if name == "no rows":
        assert found["shape"].reason == "It needs 1 real rows or more; there are 0."


def test_a_real_table_of_nothing_but_missing_cells_against_values(table, schema_of):
    kinds = {"x": Kind.CONTINUOUS, "c": Kind.CATEGORICAL}
    empty = pa.table({"x": pa.nulls(30, pa.float64()),
                      "c": pa.nulls(30, pa.dictionary(pa.int32(), pa.string()))})  # fmt: skip
    full = table(kinds, {"x": np.arange(30.0), "c": ["a"] * 30})
    for real, synthetic in ((empty, full), (full, empty)):
        found = score_tables(real, synthetic, schema=schema_of(kinds), metrics=FAST)
        assert found["shape"].value == 0
        assert found["c2st"].value == 0


def test_metrics_do_not_change_tables(trio, mixed_schema):
    real, synthetic, test = trio
    before = [table.to_pylist() for table in trio]
    score_tables(real, synthetic, schema=mixed_schema, holdout=test, metrics=FAST)
    assert before == [table.to_pylist() for table in trio]


def test_a_metric_is_computed_without_scores(trio, mixed_schema):
    found = Shape().compute(Pair(*trio[:2], mixed_schema))
    assert found.details.pairs == ()
    assert len(found.details.columns) == 6


def test_without_references_only_the_value_is_measured(trio, mixed_schema):
    real, synthetic, test = trio
    names = ["c2st", "shape", "trend", "copies"]
    found = score_tables(
        real, synthetic, schema=mixed_schema, holdout=test, metrics=names, references=False
    )
    full = score_tables(real, synthetic, schema=mixed_schema, holdout=test, metrics=names)
    for name in names:
        assert found[name].value == full[name].value
        assert found[name].ceiling is None
        assert found[name].floor is None
