"""Evaluation of dataframes of any kind, and what is refused."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from lookalike._core.errors import DataError, NotFittedError, ParameterError, SchemaError
from lookalike.models import Independent
from lookalike.relations import infer_schema
from lookalike.reports import evaluate
from lookalike.tables import Kind

REAL = pa.table({"age": [31, 25, 47, 52, 38, 29] * 5, "smokes": [True, False, False] * 10})
FAKE = pa.table({"age": [30, 24, 49, 50, 39, 33] * 5, "smokes": [True, True, False] * 10})
CHEAP = ["shape", "trend"]
RNG = np.random.default_rng(0)


def test_dataframes_of_any_kind_score_alike() -> None:
    kinds = [
        (REAL, FAKE),
        (REAL.to_pandas(), FAKE.to_pandas()),
        (pl.from_arrow(REAL), pl.from_arrow(FAKE)),
        (REAL, FAKE.to_pandas()),
    ]
    found = [evaluate(*pair, metrics=CHEAP).to_json() for pair in kinds]
    assert len(set(found)) == 1


def test_column_order_does_not_matter() -> None:
    turned = evaluate(REAL, FAKE.select(["smokes", "age"]), metrics=CHEAP)
    assert turned.scores == evaluate(REAL, FAKE, metrics=CHEAP).scores


def test_the_callers_tables_are_left_alone() -> None:
    real, fake = REAL.to_pandas(), FAKE.to_pandas()
    before = real.copy(), fake.copy()
    evaluate(real, fake, metrics=CHEAP)
    pd.testing.assert_frame_equal(real, before[0])
    pd.testing.assert_frame_equal(fake, before[1])


def test_a_schema_or_kinds_can_be_given() -> None:
    by_kinds = evaluate(REAL, FAKE, kinds={"age": "categorical"}, metrics=CHEAP)
    schema = infer_schema(REAL, {"age": "categorical"})
    by_schema = evaluate(REAL, FAKE, schema=schema, metrics=CHEAP)
    assert by_kinds.scores == by_schema.scores
    assert by_kinds.summary.columns[0].kind == Kind.CATEGORICAL


def test_a_model_says_what_columns_are_and_what_they_predict() -> None:
    # Integers of a few values: a class to who fitted with a target, a number to who infers anew.
    amounts = RNG.normal(size=60)
    real = pa.table({"grade": [1, 2, 3] * 20, "x": amounts})
    fake = pa.table({"grade": [3, 2, 1] * 20, "x": amounts})
    model = Independent(random_state=0).fit(real, target="grade")
    found = evaluate(real, fake, real, model=model, metrics=CHEAP)
    assert found.summary.target == "grade"
    assert found.summary.columns[0].kind == model.schema_["grade"].kind == Kind.CATEGORICAL
    by_hand = evaluate(real, fake, real, "grade", schema=model.schema_, metrics=CHEAP)
    assert by_hand.scores == found.scores
    other = evaluate(real, fake, real, "x", model=model, metrics=CHEAP)
    assert other.summary.target == "x"


def test_a_model_must_be_fitted() -> None:
    with pytest.raises(NotFittedError, match="Independent is not"):
        evaluate(REAL, FAKE, model=Independent())


@pytest.mark.parametrize("more", ["schema", "kinds", "model"])
def test_two_sources_of_kinds_are_too_much(more: str) -> None:
    given = {
        "schema": infer_schema(REAL),
        "kinds": {"age": "integer"},
        "model": Independent().fit(REAL),
    }
    del given[more]
    with pytest.raises(ParameterError, match="not both"):
        evaluate(REAL, FAKE, **given)


def test_what_real_rows_are_is_said_everywhere() -> None:
    halves = evaluate(REAL, FAKE, metrics=CHEAP)
    held = evaluate(REAL, FAKE, REAL, metrics=CHEAP)
    for found, words in ((halves, "one random half of the real rows"), (held, "30 held-out")):
        values = json.loads(found.to_json())
        assert words in values["references"]["ceiling"]
        assert words in found.scores["shape"].ceiling_source.on
        assert words in found.to_html()
    assert "one random half" in halves.verdict
    assert "one random half" in halves.to_html()


def test_what_cannot_be_drawn_does_not_cost_the_scores(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise OverflowError("too large a number.")

    monkeypatch.setattr("lookalike.reports._evaluate.marginal", broken)
    monkeypatch.setattr("lookalike.reports.figures.worst", broken)
    found = evaluate(REAL, FAKE, metrics=CHEAP)
    assert found.scores["shape"].value is not None
    assert [one.note for one in found.summary.marginals] == ["Not drawn: too large a number."] * 2
    assert found.to_html().count("Not drawn: too large a number.") == 3


STRANGE = {
    "hashes": RNG.integers(-(2**63), 2**63 - 1, 60),
    "eighths": 1e15 + RNG.integers(0, 40, 60) / 8,
    "neighbours": 1 + RNG.integers(0, 30, 60) * 2.3e-16,
    "largest": RNG.choice([-1, 1], 60) * RNG.uniform(1, 1.79, 60) * 1e308,
    "powers": 10.0 ** RNG.uniform(-320, 308, 60),
    "smallest": RNG.integers(1, 50, 60) * 5e-324,
    "inexact": RNG.integers(2**53, 2**53 + 40, 60),
    "dates": pa.array(RNG.integers(-(2**31), 2**31, 60, dtype=np.int32)).cast(pa.date32()),
    "moments": pa.array(RNG.integers(-(2**62), 2**62, 60)).cast(pa.timestamp("us")),
    "spans": pa.array(RNG.integers(-(2**62), 2**62, 60)).cast(pa.duration("us")),
    "mostly missing": pa.array([None] * 58 + [1e308, -1e308], pa.float64()),
}


def test_strange_values_are_scored_and_drawn() -> None:
    table = pa.table(STRANGE)
    metrics = [*CHEAP, "wnmi", "correlation_difference", "alpha_precision", "coverage", "copies"]
    found = evaluate(table, table.slice(0, 40), metrics=metrics)
    assert not [score for score in found.scores.values() if score.value is None]
    assert [one.note for one in found.summary.marginals] == [""] * len(STRANGE)
    assert "Not drawn" not in found.to_html()
    for one in found.summary.marginals:
        for real in (True, False):
            bars = sum(bar.real if real else bar.synthetic for bar in one.bars)
            drawn = one.histogram
            inside = () if drawn is None else drawn.real if real else drawn.synthetic
            assert bars + sum(inside) == pytest.approx(1, abs=1e-4), one.column
    json.loads(found.to_json(), parse_constant=pytest.fail)


@pytest.mark.parametrize(
    "fake",
    [
        FAKE.drop_columns(["age"]),
        FAKE.append_column("more", [[1] * 30]),
        FAKE.rename_columns(["a", "b"]),
    ],
)
def test_other_columns_are_refused(fake: pa.Table) -> None:
    with pytest.raises(SchemaError, match="synthetic"):
        evaluate(REAL, fake, metrics=CHEAP)


def test_an_unknown_target_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(ParameterError, match="Did you mean 'smokes'"):
        evaluate(REAL, FAKE, target="smoke")


def test_an_unknown_metric_is_refused() -> None:
    with pytest.raises(ParameterError, match="trend"):
        evaluate(REAL, FAKE, metrics=["trends"])


@pytest.mark.parametrize("name", ["synthetic", "held-out"])
def test_tables_without_rows_are_refused(name: str) -> None:
    none = FAKE.slice(0, 0)
    synthetic, holdout = (none, None) if name == "synthetic" else (FAKE, none)
    with pytest.raises(DataError, match=name):
        evaluate(REAL, synthetic, holdout, metrics=CHEAP)


def test_progress_goes_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    evaluate(REAL, FAKE, metrics=CHEAP, progress=True)
    said = capsys.readouterr()
    assert said.out == ""
    assert "evaluating" in said.err


@pytest.mark.parametrize(
    "table",
    [
        pa.table({"x": [1.5, 2.5, 3.5]}),
        pa.table({"x": ["a", "b", "a", "b"]}),
        pa.table({"x": pa.array([None, None], pa.float64()), "y": [1, 2]}),
        pa.table({"x": [1], "y": ["a"]}),
        pa.table({"x": [7, 7, 7], "y": [7.5, 7.5, 7.5]}),
    ],
)
def test_degenerate_tables_are_evaluated_and_drawn(table: pa.Table) -> None:
    found = evaluate(table, table, table)
    assert found.to_html()
    assert found.verdict
