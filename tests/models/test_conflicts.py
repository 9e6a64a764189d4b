"""Conditions that exclude each other are named; balanced classes come in turn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from lookalike import GAN, Independent
from lookalike._core.errors import DataError
from lookalike.models import Request
from lookalike.models._round_robin import RoundRobin
from lookalike.models._sample_conditions import parse_sample_conditions

ROWS = 2_000


@pytest.fixture(scope="module")
def model() -> Independent:
    rng = np.random.default_rng(0)
    kin = rng.choice(["husband", "wife", "other"], ROWS, p=[0.4, 0.3, 0.3])
    either = rng.choice(["m", "f"], ROWS)
    a, b, x = rng.integers(0, 50, ROWS), rng.integers(0, 70, ROWS), rng.normal(size=ROWS).round(3)
    pick = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 43_200, ROWS), unit="m")
    code = rng.choice([1, 2, 7], ROWS)
    table = pd.DataFrame(
        {
            "kin": kin,
            "sex": np.where(kin == "husband", "m", np.where(kin == "wife", "f", either)),
            "a": a,
            "b": b,
            "total": a + b,
            "x": x,
            "y": (2 * x).round(3),
            "pick": pick,
            "drop": pick + pd.to_timedelta(rng.gamma(2, 8, ROWS).astype(int) + 1, unit="m"),
            "code": code,
            "name": pd.Series(code).map({1: "one", 2: "two", 7: "seven"}),
        }
    )
    return Independent(random_state=0).fit(table, kinds={"code": "categorical"}, target="sex")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"kin": "husband", "sex": "f"}, "kin = 'husband' and sex = 'f' together"),
        ({"kin": "husband", "sex": "f", "a": (1, 30)}, "kin = 'husband' and sex = 'f' together"),
        ({"a": 3, "b": 4, "total": 90}, r"a = 3 and b = 4 and total = 90 .*total = a \+ b"),
        ({"a": 3, "total": 110}, "a = 3 and total = 110 together"),
        ({"x": (0, 0.1), "y": (1, 2)}, "x in 0.0..0.1 and y in 1.0..2.0 .*y = 2 × x"),
        ({"code": 7, "name": ["one", "two"]}, "name is determined by code"),
    ],
)
def test_conditions_that_exclude_each_other_are_named_before_rows_are_made(
    model: Independent, given: dict[str, Any], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Independent, "_source", None)
    with pytest.raises(DataError, match=words):
        model.sample(5, given=given)


@pytest.mark.parametrize(
    "given",
    [
        {"kin": "other", "sex": "f"},
        {"kin": ["husband", "wife"], "sex": "m"},
        {"x": (0, 0.5), "y": (0.5, 2)},
        {"a": (0, 20), "total": (20, 60)},
        {"code": [1, 7], "name": ["one", "two"]},
        {"pick": ("2024-01-10", "2024-01-21"), "drop": ("2024-01-20", "2024-01-25")},
    ],
)
def test_conditions_that_go_together_are_taken(model: Independent, given: dict[str, Any]) -> None:
    assert len(parse_sample_conditions(given, None, model.schema_, model.encoder_).columns) == 2


def test_a_balanced_level_that_cannot_be_is_named(model: Independent) -> None:
    with pytest.raises(DataError, match="'kin' cannot be balanced: no row has kin = 'husband'"):
        model.sample(30, balance="kin", given={"sex": "f"})


def test_the_target_can_be_balanced_without_its_name(model: Independent) -> None:
    made = model.sample(40, balance="target")
    assert made["sex"].value_counts().to_dict() == {"m": 20, "f": 20}
    with pytest.raises(DataError, match="'sex' is both"):
        model.sample(40, balance="target", given={"sex": "f"})


def test_a_column_called_target_is_meant_by_its_name() -> None:
    table = pd.DataFrame({"target": list("abba") * 30, "other": list("xxyz") * 30})
    model = Independent(random_state=0).fit(table, target="other")
    assert set(model.sample(20, balance="target")["target"].value_counts()) == {10}
    without = Independent(random_state=0).fit(table.rename(columns={"target": "t"}))
    with pytest.raises(DataError, match="fitted without"):
        without.sample(20, balance="target")


def test_of_conditions_that_no_row_met_the_fewest_are_named(model: Independent) -> None:
    given = {"a": (0, 25), "b": (0, 10), "sex": "m"}
    conditions = parse_sample_conditions(given, None, model.schema_, model.encoder_)
    made = pa.table({"a": [10, 90] * 50, "b": [90, 10] * 50, "sex": ["m"] * 100})
    error = conditions.infeasible_error(made, np.ones(100, bool))
    assert "among 100" in str(error)
    assert "none has a in 0..25 and b in 0..10 together, though 50.0%" in str(error)
    assert "sex" not in str(error)


def test_all_rows_that_were_made_are_counted(
    model: Independent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Independent, "_conditional", lambda self, s, _: self._source(Request(s)))
    monkeypatch.setattr(
        model.encoder_, "violates_zeros", lambda drawn: np.ones(len(drawn.levels), bool)
    )
    with pytest.raises(DataError, match=r"among 32,768 .*combinations that never occur"):
        model.sample(3, given={"sex": "m"})


def test_classes_come_in_turn_and_equally_often() -> None:
    levels = RoundRobin("c", pa.array(["u", "v", "w"]))
    came = pa.table({"c": list("uuxwvuwwv"), "k": range(9)})
    assert levels.interleaved(came, 6).to_pydict() == {"c": list("uvwuvw"), "k": [0, 4, 3, 1, 8, 6]}
    assert levels.interleaved(came, 9)["c"].to_pylist() == list("uvwuvwuw")


@pytest.mark.train
@pytest.mark.slow
def test_more_levels_than_a_block_has_rows_are_balanced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(GAN, "BLOCK", 1_024)
    rng = np.random.default_rng(0)
    level = np.append(np.arange(1_200), np.arange(1_200))
    table = pd.DataFrame({"k": [f"k{v}" for v in level], "x": rng.normal(size=2_400).round(2)})
    settings: dict[str, Any] = {"width": 8, "depth": 1, "batch_size": 32, "monitors": False}
    settings["training"] = {"penalty": None}
    model = GAN(steps=4, held_out=0.0, refine={"correct": False}, random_state=0, **settings)
    model.fit(table, kinds={"k": "categorical"}, target="k")
    made = model.sample(2_400, balance="k")
    assert set(made["k"].value_counts()) == {2}
    pd.testing.assert_frame_equal(made.head(30), model.sample(30, balance="k"))
