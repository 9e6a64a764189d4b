"""Evaluation of dataframes of any kind, and what is refused."""

from __future__ import annotations

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from lookalike._core.errors import DataError, ParameterError, SchemaError
from lookalike.reports import evaluate
from lookalike.tables import Kind, infer_schema

REAL = pa.table({"age": [31, 25, 47, 52, 38, 29] * 5, "smokes": [True, False, False] * 10})
FAKE = pa.table({"age": [30, 24, 49, 50, 39, 33] * 5, "smokes": [True, True, False] * 10})
CHEAP = ["shape", "trend"]


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


def test_both_schema_and_kinds_are_too_much() -> None:
    with pytest.raises(ParameterError, match="not both"):
        evaluate(REAL, FAKE, schema=infer_schema(REAL), kinds={"age": "integer"})


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
