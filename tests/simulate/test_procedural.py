"""Procedural tables are what their spec says, row by row."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import lookalike as la
from lookalike._core.errors import FileFormatError, LookalikeError, ParameterError
from lookalike.simulate import MAKERS

SPEC = {
    "history_length": 5,
    "column": [
        {"name": "id", "make": "counter", "prefix": "C-", "digits": 4, "of": "histories"},
        {"name": "month", "make": "counter", "of": "events", "start": 0},
        {"name": "tax", "make": "formula", "formula": "rate * income", "decimals": 2},
        {"name": "age", "make": "integers", "low": 18, "high": 80, "per": "history"},
        {"name": "city", "make": "levels", "chances": {"Köln": 3, "北京": 1}},
        {
            "name": "job",
            "make": "levels",
            "by": "city",
            "chances": {"Köln": {"a": 1, "b": 9}, "*": {"c": 1}},
        },
        {"name": "rate", "make": "lookup", "by": "city", "values": {"Köln": 0.3, "*": 0.2}},
        {
            "name": "income",
            "make": "lognormal",
            "median": "900 * age",
            "sigma": 0.3,
            "missing": 0.1,
        },
        {
            "name": "state",
            "make": "states",
            "start": {"new": 1},
            "moves": {"new": {"ok": 1}, "ok": {"ok": 4, "late": 1}, "late": {"ok": 1}},
        },
        {"name": "day", "make": "dates", "start": "2026-01-01", "after": "30 * month", "spread": 5},
        {"name": "z", "make": "normal", "mean": "age", "sd": 2},
        {"name": "u", "make": "uniform", "low": -1, "high": "age", "max": 50},
        {"name": "wait", "make": "exponential", "mean": 3},
        {"name": "count", "make": "poisson", "mean": 2},
    ],
    "rules": ["income >= 20000", "z > 0 if city == 'Köln'"],
}
MODEL = la.Procedural(SPEC, random_state=0)
ROWS = MODEL.sample(10_000)


def test_every_maker_is_in_the_spec() -> None:
    assert {column["make"] for column in SPEC["column"]} == set(MAKERS.entered)


def test_columns_follow_their_recipes() -> None:
    assert ROWS.columns.tolist() == [column["name"] for column in SPEC["column"]]
    assert ROWS["id"].iloc[[0, 4, 5]].tolist() == ["C-0001", "C-0001", "C-0002"]
    assert ROWS["month"].iloc[:6].tolist() == [0, 1, 2, 3, 4, 0]
    assert ROWS["id"].nunique() == 2_000
    assert ROWS.groupby("id")["age"].nunique().max() == 1
    assert ROWS["age"].between(18, 80).all()
    assert abs((ROWS["city"] == "Köln").mean() - 0.75) < 0.02
    assert set(ROWS["job"][ROWS["city"] == "北京"]) == {"c"}
    assert abs((ROWS["job"][ROWS["city"] == "Köln"] == "b").mean() - 0.9) < 0.02
    known = ROWS.dropna(subset="income")
    assert np.allclose(known["tax"], known["rate"] * known["income"], atol=0.006)
    assert ROWS["tax"].isna().equals(ROWS["income"].isna())
    assert 0.05 < ROWS["income"].isna().mean() < 0.25
    assert (ROWS["state"][ROWS["month"] == 0] == "new").all()
    assert (ROWS["state"][ROWS["month"] == 1] == "ok").all()
    late = (ROWS["state"][ROWS["month"] == 2] == "late").mean()
    assert abs(late - 0.2) < 0.03
    days = (pd.to_datetime(ROWS["day"]) - pd.Timestamp("2026-01-01")).dt.days
    assert ((days - 30 * ROWS["month"]) >= 0).all()
    assert ((days - 30 * ROWS["month"]) < 5).all()
    assert ROWS["u"].max() == 50
    assert abs((ROWS["z"] - ROWS["age"]).std() - 2) < 0.1
    assert abs(ROWS["wait"].mean() - 3) < 0.2
    assert ROWS["count"].dtype == np.int64


def test_every_row_obeys_the_rules() -> None:
    assert la.check_rules(ROWS, SPEC["rules"]).passed


def test_row_i_depends_on_the_seed_and_i_alone(tmp_path) -> None:
    part = MODEL.sample(300, start=4_000)
    pd.testing.assert_frame_equal(part, ROWS[4_000:4_300].reset_index(drop=True))
    other = MODEL.sample(300, random_state=1)
    assert not other["age"].equals(ROWS["age"][:300])
    batches = [batch.to_pandas() for batch in MODEL.sample_batches(9_000)]
    assert sum(map(len, batches)) == 9_000
    assert MODEL.sample_to(tmp_path / "rows.csv", 50) == 50
    assert pd.read_csv(tmp_path / "rows.csv")["id"].tolist() == ROWS["id"][:50].tolist()
    assert MODEL.sample(0, as_="arrow").num_rows == 0


def test_conditions_choose_rows_in_their_order() -> None:
    given = {"city": "北京", "age": (20, 30)}
    found = MODEL.sample(40, given=given)
    fit = ROWS[(ROWS["city"] == "北京") & ROWS["age"].between(20, 30)].reset_index(drop=True)
    pd.testing.assert_frame_equal(found, fit[:40])
    pd.testing.assert_frame_equal(
        MODEL.sample(10, given=given, start=7), fit[7:17].reset_index(drop=True)
    )
    with pytest.raises(ParameterError, match="able to fulfil the conditions"):
        la.Procedural({"column": SPEC["column"][3:4]}).sample(1, given={"age": (200, 300)})


def test_the_model_file_and_toml_give_the_same_rows(tmp_path) -> None:
    from lookalike.cli import main

    MODEL.save(tmp_path / "m.lookalike")
    again = la.load(tmp_path / "m.lookalike")
    pd.testing.assert_frame_equal(again.sample(50), ROWS[:50])
    (tmp_path / "spec.toml").write_text(
        'rules = ["x > 1"]\n[[column]]\nname = "x"\nmake = "poisson"\nmean = 2\n', encoding="utf-8"
    )
    out = tmp_path / "out.csv"
    assert main(["sample", str(tmp_path / "spec.toml"), "-n", "100", "-o", str(out)]) == 0
    assert pd.read_csv(out)["x"].min() == 2
    words = ["sample", str(tmp_path / "spec.toml"), "-n", "5", "-o", str(out), "--where", "x=3"]
    assert main(words) == 0
    assert pd.read_csv(out)["x"].tolist() == [3] * 5
    assert main([*words, "--balance", "x"]) == 2
    out.write_bytes((tmp_path / "m.lookalike").read_bytes()[:-30])
    with pytest.raises(LookalikeError):
        la.load(out)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({}, "must have a list of columns"),
        ({"columns": []}, "no part 'columns'. Did you mean 'column'"),
        ({"column": [{"name": "x", "make": "norml"}]}, "Did you mean 'normal'"),
        ({"column": [{"name": "x"}]}, "needs 'name' and 'make'"),
        ({"column": [{"name": "x", "make": "integers", "low": 1}]}, "lacks an option"),
        ({"column": [{"name": "x", "make": "normal", "mean": "2 * y"}]}, "needs a column 'y'"),
        ({"column": [{"name": "x", "make": "formula", "formula": "__import__"}]}, "'__import__'"),
        ({"column": [{"name": "x", "make": "normal", "missing": 2}]}, "missing must be a number"),
        ({"column": [{"name": "x", "make": "normal"}] * 2}, "'x' comes twice"),
        ({"column": [{"name": "x", "make": "levels", "chances": {"a": -1}}]}, "numbers of 0 or"),
        (
            {
                "column": [
                    {"name": "x", "make": "formula", "formula": "y"},
                    {"name": "y", "make": "formula", "formula": "x"},
                ]
            },
            "in a circle",
        ),
        ({"column": [{"name": "x", "make": "normal"}], "rules": ["x > 100"]}, "able to obey"),
        ({"column": [{"name": "x", "make": "normal"}], "rules": ["y > 100"]}, "'y"),
        (
            {
                "column": [
                    {"name": "s", "make": "states", "start": {"a": 1}, "moves": {"b": {"b": 1}}}
                ]
            },
            "'a' has none",
        ),
    ],
)
def test_a_wrong_spec_is_one_clear_error(spec, message) -> None:
    with pytest.raises(ParameterError, match=message):
        la.Procedural(spec)


def test_a_file_that_is_no_toml_is_refused(tmp_path) -> None:
    (tmp_path / "spec.toml").write_text("[[column]\n", encoding="utf-8")
    with pytest.raises(FileFormatError, match="no spec in TOML"):
        la.Procedural(tmp_path / "spec.toml")


def test_bounds_hold_for_whole_numbers_and_a_missing_mean_makes_a_missing_count() -> None:
    spec = {
        "column": [
            {"name": "n", "make": "integers", "low": -9, "high": 9, "min": 0, "max": 5},
            {"name": "mean", "make": "formula", "formula": "n + 1", "missing": 0.3},
            {"name": "count", "make": "poisson", "mean": "mean"},
        ]
    }
    frame = pd.DataFrame(la.Procedural(spec).sample(500))
    assert frame["n"].between(0, 5).all()
    assert frame["n"].nunique() == 6
    assert (frame["count"].isna() == frame["mean"].isna()).all()
