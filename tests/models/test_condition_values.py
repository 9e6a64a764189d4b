"""Conditions on columns of every kind, by a GAN that has hardly learned: all rows fulfil them."""

from __future__ import annotations

import datetime as dt
import math
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from lookalike import GAN
from lookalike._core.errors import DataError, LookalikeWarning, ParameterError
from lookalike.models._sample_conditions import _nearest
from lookalike.relations import infer_schema
from lookalike.tables import parse_conditions

pytestmark = pytest.mark.train

ROWS = 300
START = pd.Timestamp("2024-01-01")


def make_table() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    code = rng.choice([1, 2, 7], ROWS)
    absent = rng.random(ROWS) < 0.3
    seconds = pd.to_timedelta(rng.integers(0, 10**7, ROWS), unit="s")
    return pd.DataFrame(
        {
            "number": rng.normal(size=ROWS).round(3),
            "code": code,
            "name": pd.Series(code).map({1: "one", 2: "two", 7: "seven"}),
            "count": rng.integers(0, 9, ROWS),
            "empty": [None] * ROWS,
            "only": np.where(rng.random(ROWS) < 0.5, None, "y"),
            "moment": START + seconds,
            "zoned": (START + seconds[::-1]).tz_localize("Europe/Berlin"),
            "left": np.where(absent, np.nan, rng.normal(size=ROWS)),
            "right": np.where(absent, np.nan, rng.normal(size=ROWS)),
        }
    )


@pytest.fixture(scope="module")
def model() -> GAN:
    settings: dict[str, Any] = {"width": 8, "depth": 1, "batch_size": 32, "monitors": False}
    settings["training"] = {"penalty": None}  # a step with its slopes takes long to compile
    made = GAN(steps=8, held_out=0.0, refine={"correct": False}, random_state=0, **settings)
    made.set_params(encodings={"count": "onehot"})
    return made.fit(make_table(), kinds={"code": "categorical", "count": "integer"})


MOMENT = pd.Timestamp("2024-02-01 10:00:00")


@pytest.mark.parametrize(
    ("column", "value", "allowed"),
    [
        ("number", np.array(0.5), {0.5}),
        ("number", np.array([0.5, 0.25]), {0.5, 0.25}),
        ("number", pa.array([0.5, 0.25]), {0.5, 0.25}),
        ("number", pl.Series([0.5]), {0.5}),
        ("code", np.int64(7), {7}),
        ("code", "7", {7}),
        ("name", ["one", "two"], {"one", "two"}),
        ("count", (3, 4), {3, 4}),
        ("count", (None, 1), {0, 1}),
        ("empty", None, {None}),
        ("only", "y", {"y"}),
        ("moment", MOMENT, {MOMENT}),
        ("moment", np.datetime64("2024-02-01T10:00:00"), {MOMENT}),
        ("moment", ["2024-02-01 10:00", "2024-03-01 00:00"], {MOMENT, pd.Timestamp("2024-03-01")}),
        ("zoned", MOMENT.tz_localize("UTC"), {MOMENT.tz_localize("UTC")}),
    ],
)
def test_values_of_every_kind(model: GAN, column: str, value: Any, allowed: set[Any]) -> None:
    made = model.sample(40, given={column: value})[column]
    assert set(made) <= allowed


def test_ranges_of_times_of_numpy(model: GAN) -> None:
    days = np.datetime64("2024-02-01"), np.datetime64("2024-02-05")
    assert (
        model.sample(40, given={"moment": days})["moment"].between(*map(pd.Timestamp, days)).all()
    )
    assert model.sample(40, given={"left": (None, None)})["left"].notna().all()


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({"number": 1e9}, DataError, "learned values lie between"),
        ({"moment": "2030-01-01"}, DataError, "learned values lie between"),
        ({"moment": dt.datetime(1970, 1, 1)}, DataError, "learned values lie between"),
        ({"count": (20, 30)}, DataError, "None of the learned values"),
        ({"number": float("nan")}, DataError, "Give None for"),
        ({"number": pd.NA}, DataError, "Give None for"),
        ({"moment": pd.NaT}, DataError, "Give None for"),
        ({"empty": "x"}, DataError, "of its kind"),
        (["number"], ParameterError, "mapping"),
    ],
)
def test_what_cannot_be_is_one_error(
    model: GAN, given: Any, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        model.sample(3, given=given)


def test_a_condition_that_hardly_a_row_fulfils_is_warned_of(model: GAN) -> None:
    words = r"of the 300 training rows.*number ≥ 2\.2 and count = 8\..* generated for the cond"
    with pytest.warns(LookalikeWarning, match=words):
        model.sample(3, given={"number": (2.2, None), "count": 8})


def test_imputed_rows_are_of_the_kind_and_dtypes_that_came(model: GAN) -> None:
    frame = pd.DataFrame(
        {"number": np.array([0.5, np.nan], "float32"), "name": pd.Categorical(["one", None])},
        index=["u", "v"],
    )
    made = model.impute(frame)
    assert made.index.equals(frame.index)
    assert made.dtypes["number"] == "float32"
    assert made.dtypes["name"] == "category"
    assert made.dtypes["left"] == make_table().dtypes["left"]
    assert made.notna()[["number", "name"]].all().all()
    in_polars = model.impute(pl.from_pandas(frame))
    assert in_polars.schema["number"] == pl.Float32
    assert in_polars.columns == list(made.columns)
    as_text = model.impute(pa.table({"number": ["0.50", None]}))
    assert as_text["number"][0].as_py() == "0.50"
    batch = model.impute(pa.record_batch({"number": [0.5, None]}))
    assert isinstance(batch, pa.RecordBatch)


def test_rows_of_a_file_are_completed(model: GAN, tmp_path: Path) -> None:
    path, out = tmp_path / "rows.csv", tmp_path / "whole.csv"
    path.write_text("number,name\n0.5,\n,one\n")
    made = model.impute(path)
    assert made["number"].dtype == "float64"
    assert made["number"][0] == 0.5
    assert model.impute_to(out, path) == 2
    assert pd.read_csv(out)["name"].tolist() == made["name"].tolist()


def test_the_order_of_values_does_not_matter(model: GAN) -> None:
    # as sets of words have another one in every process
    days = ["2024-02-01", "2024-03-01", "2024-01-15"]
    made = [model.sample(30, given={"moment": some}) for some in (days, days[::-1])]
    pd.testing.assert_frame_equal(*made)


def test_what_is_derived_from_levels_is_balanced(model: GAN) -> None:
    made = model.sample(30, balance="name")
    assert made["name"].value_counts().to_dict() == {"one": 10, "two": 10, "seven": 10}
    with pytest.raises(ParameterError, match="name of a column"):
        model.sample(3, balance=["name"])


def test_cells_that_are_missing_together_are_made_whichever_is_given(model: GAN) -> None:
    for name in ("left", "right"):
        made = model.impute(pd.DataFrame({name: [None, 0.5] * 50}))
        assert made[["left", "right"]].notna().all().all()


def test_what_is_made_agrees_with_known_cells_that_are_derived_from_it(model: GAN) -> None:
    made = model.impute(pd.DataFrame({"name": ["seven", "one", None] * 20}))
    assert made["code"].map({1: "one", 2: "two", 7: "seven"}).equals(made["name"])
    assert set(made["code"][::3]) == {7}


def test_completed_rows_do_not_depend_on_those_beside_them(model: GAN) -> None:
    asked = pd.concat([make_table()[["left", "name"]]] * 5, ignore_index=True)
    few, many = model.impute(asked.head(5)), model.impute(asked)
    pd.testing.assert_frame_equal(few, many.head(5))


def test_many_values_take_little_memory(model: GAN) -> None:
    values = np.linspace(-1, 1, 50_000)
    tracemalloc.start()
    try:
        made = model.sample(40, given={"number": values})
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert np.isin(made["number"], values).all()
    assert peak < 2**26


#: Cells, values, and which value each cell becomes; of two that are as near, the first.
NEAREST = {
    "numbers": ([0.1, -9.0, 2.4, 2.6, 9.0, 0.5], [0.0, 1.0, 4.0], [0, 0, 1, 2, 2, 0], pa.float64()),
    "far numbers": ([1e308, -1e308, 1e300], [-1.7e308, 1.7e308], [1, 0, 1], pa.float64()),
    "integers": ([2**60 + 1, 2**60 + 3], [2**60, 2**60 + 3], [0, 1], pa.int64()),
    "near integers": ([2**60, 2**60 + 3], [2**60 - 2, 2**60 + 1], [1, 1], pa.int64()),
    "far integers": ([2**63 - 2, -(2**63), 5], [1 - 2**63, 2**63 - 1], [1, 0, 1], pa.int64()),
    "moments": ([2**60 + 1, 0], [2**60 - 2, 2**60 + 2], [1, 0], pa.timestamp("ns")),
    "zoned": ([5, 7], [4, 8], [0, 1], pa.timestamp("us", "Europe/Berlin")),
    "days": ([-3, 20], [-2, 9], [0, 1], pa.date32()),
    "hours": ([6, 20], [2, 9], [1, 1], pa.time64("us")),
    "durations": ([-7, 20], [-2, 9], [0, 1], pa.duration("us")),
}


@pytest.mark.parametrize(("cells", "values", "nearest", "kind"), NEAREST.values(), ids=NEAREST)
def test_a_cell_becomes_the_nearest_value_without_a_loss_of_digits(
    cells: list[float], values: list[float], nearest: list[int], kind: pa.DataType
) -> None:
    known = pa.array(values, kind)
    assert _nearest(pa.array(cells, kind), known).equals(known.take(pa.array(nearest)))


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ((19.2, 30.7), "x in 20..30"),
        ((np.float64(19.2), None), "x ≥ 20"),
        ((-math.inf, 30.7), "x ≤ 30"),
        ((19.2, np.inf), "x ≥ 20"),
        ((19, 30), "x in 19..30"),
    ],
)
def test_limits_of_whole_numbers_may_lie_between_them(limits: tuple[Any, ...], words: str) -> None:
    schema = infer_schema(pa.table({"x": pa.array(list(range(1_000)) * 2)}))
    (wish,) = parse_conditions({"x": limits}, schema)
    assert str(wish) == words


@pytest.mark.parametrize("limits", [(19.2, 19.7), (30.5, 19.5)])
def test_a_range_without_a_whole_number_is_refused(limits: tuple[float, float]) -> None:
    schema = infer_schema(pa.table({"x": pa.array(list(range(1_000)) * 2)}))
    with pytest.raises(ParameterError, match="hold a whole number"):
        parse_conditions({"x": limits}, schema)


def test_a_message_names_the_first_of_many_values() -> None:
    schema = infer_schema(pa.table({"x": pa.array([0.5 * k for k in range(1_000)] * 2)}))
    (wish,) = parse_conditions({"x": list(range(100))}, schema)
    assert str(wish).endswith("18.0, 19.0 and 80 more")


def test_a_message_about_a_parameter_shows_the_beginning_of_a_long_value() -> None:
    with pytest.raises(ParameterError, match="encodings") as error:
        GAN(encodings=["x"] * 100_000)._check_parameters()
    assert len(str(error.value)) < 1_000
