"""Rows to conditions: every row fulfils them, the right rows come, and what cannot be is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import lookalike.models._routes as module
from lookalike import GAN, Independent, load
from lookalike._core.errors import DataError, LookalikeWarning, ParameterError, SchemaError

pytestmark = pytest.mark.train

#: What is soon compiled, where nothing has to be learned.
QUICK: dict[str, Any] = {
    "width": 8,
    "depth": 1,
    "batch_size": 32,
    "held_out": 0.0,
    "monitors": False,
    "training": {"penalty": None},
    "refine": {"correct": False},
}
#: Rare conditions take another way than common ones.
WAYS = pytest.mark.parametrize("rare", [False, True], ids=["common", "rare"])


def make_table(rows: int) -> pd.DataFrame:
    """Return a table in which group and sign tell the number, and the flag is missing for b."""
    rng = np.random.default_rng(0)
    group = rng.choice(["a", "b", "rare"], rows, p=[0.6, 0.35, 0.05])
    centre = pd.Series(group).map({"a": -3.0, "b": 0.0, "rare": 4.0}).to_numpy()
    size = rng.choice([1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233], rows)
    flag = np.where(group == "b", None, np.where(rng.random(rows) < 0.5, "yes", "no"))
    start = pd.Timestamp("2024-01-01")
    return pd.DataFrame(
        {
            "number": (centre + rng.normal(size=rows) * 0.5).round(3),
            "group": group,
            "size": size,
            "maybe": np.where(rng.random(rows) < 0.3, np.nan, centre + rng.normal(size=rows)),
            "flag": flag,
            "day": [start + pd.Timedelta(days=int(d)) for d in rng.integers(0, 300, rows)],
            "twice": 2.0 * size,
        }
    )


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return make_table(2_000)


@pytest.mark.slow
def test_a_model_that_cannot_be_told_conditions_says_so_of_rare_ones(table: pd.DataFrame) -> None:
    model = GAN(steps=1, conditions=False, random_state=0, **QUICK).fit(table)
    with pytest.raises(ParameterError, match=r"group = 'rare'.*conditions=True"):
        model.sample(3, given={"group": "rare", "size": 233})


def test_a_table_of_constants_meets_what_it_always_is() -> None:
    model = GAN(steps=4, **QUICK).fit(pd.DataFrame({"always": ["x"] * 30}))
    assert model.sample(3, given={"always": "x"})["always"].tolist() == ["x"] * 3
    with pytest.raises(DataError, match="always 'x'"):
        model.sample(3, given={"always": "y"})
    completed = model.impute(pd.DataFrame({"always": ["x", None]}))
    assert completed["always"].tolist() == ["x", "x"]


@pytest.fixture(scope="module")
def model(table: pd.DataFrame) -> GAN:
    """Return a GAN that has learned next to nothing."""
    return GAN(steps=8, random_state=0, **QUICK).fit(table)


@pytest.fixture(scope="module")
def learned(table: pd.DataFrame, optimised: None) -> GAN:
    """Return a GAN that has learned long enough to know the groups apart."""
    settings: dict[str, Any] = {"width": 64, "depth": 2, "batch_size": 256, "monitors": False}
    return GAN(
        steps=4_800, held_out=0.0, refine={"correct": False}, random_state=0, **settings
    ).fit(table)


CASES: dict[str, tuple[dict[str, Any], str]] = {
    "one level": ({"group": "rare"}, "group == 'rare'"),
    "levels": ({"group": ["a", "rare"]}, "group in ['a', 'rare']"),
    "a range": ({"number": (-1, 1.5)}, "-1 <= number <= 1.5"),
    "an open range": ({"number": (2, None)}, "number >= 2"),
    "a value that is none of the table's": ({"number": 0.12345}, "number == 0.12345"),
    "values": ({"size": [3, 233]}, "size in [3, 233]"),
    "missing": ({"maybe": None, "flag": None}, "maybe.isna() and flag.isna()"),
    "present": ({"maybe": (-9, 9)}, "-9 <= maybe <= 9"),
    "days": ({"day": ("2024-02-01", "2024-02-20")}, "'2024-02-01' <= day <= '2024-02-20'"),
    "what is derived": ({"twice": (10, 30)}, "10 <= twice <= 30"),
    "several": (
        {"group": "a", "number": (-4, -2), "size": [1, 2, 3], "flag": "no"},
        "group == 'a' and -4 <= number <= -2 and size <= 3 and flag == 'no'",
    ),
}


@WAYS
@pytest.mark.parametrize("name", CASES)
def test_every_row_is_as_it_is_asked_to_be(
    model: GAN, name: str, rare: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if rare:
        monkeypatch.setattr(module, "MIN_ACCEPTANCE", 2.0)
    given, query = CASES[name]
    made = model.sample(300, given=given, random_state=1)
    assert len(made) == 300
    assert len(made.query(query)) == 300
    assert (made["twice"] == 2 * made["size"]).all()


@pytest.mark.slow
@WAYS
def test_the_other_columns_follow_the_condition(
    learned: GAN, rare: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if rare:
        monkeypatch.setattr(module, "MIN_ACCEPTANCE", 2.0)
    means = {
        group: learned.sample(1_000, given={"group": group})["number"].mean()
        for group in ("a", "b", "rare")
    }
    assert means["a"] == pytest.approx(-3, abs=0.6)
    assert means["b"] == pytest.approx(0, abs=0.6)
    assert means["rare"] > 1.5
    low = learned.sample(1_000, given={"number": (-4, -2)})
    assert (low["group"] == "a").mean() > 0.85


def test_without_conditions_nothing_changes(model: GAN) -> None:
    pd.testing.assert_frame_equal(model.sample(50), model.sample(50, given={}))


def test_a_sample_is_the_head_of_a_longer_one_and_can_be_cut(model: GAN) -> None:
    given = {"group": "b", "number": (-1, 0)}
    whole = model.sample(60, given=given)
    pd.testing.assert_frame_equal(model.sample(20, given=given), whole.head(20))
    part = model.sample(10, given=given, start=50).reset_index(drop=True)
    pd.testing.assert_frame_equal(part, whole.tail(10).reset_index(drop=True))


def test_balanced_classes_are_equally_many(model: GAN) -> None:
    made = model.sample(299, balance="group", given={"size": [1, 2]})
    counts = made["group"].value_counts()
    assert len(counts) == 3
    assert counts.max() - counts.min() <= 1
    assert made["size"].isin([1, 2]).all()


def test_a_saved_model_meets_the_same_conditions(model: GAN, tmp_path: Path) -> None:
    model.save(tmp_path / "m.lookalike")
    again = load(tmp_path / "m.lookalike")
    given = {"group": "rare"}
    pd.testing.assert_frame_equal(again.sample(30, given=given), model.sample(30, given=given))
    again.sample_to(tmp_path / "rows.csv", 30, given=given)
    assert (pd.read_csv(tmp_path / "rows.csv")["group"] == "rare").all()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"group": "c"}, "has not learned 'c'"),
        ({"number": (50, 60)}, "learned values lie between"),
        ({"number": None}, "never missing"),
        ({"twice": 7.0}, "No row"),
        ({"group": ("a", "b")}, "range"),
    ],
)
def test_what_cannot_be_is_said(model: GAN, given: dict[str, Any], words: str) -> None:
    with pytest.raises(DataError, match=words):
        model.sample(5, given=given)


def test_conditions_that_exclude_each_other_are_named(model: GAN) -> None:
    with pytest.raises(DataError, match="twice"):
        model.sample(5, given={"size": 1, "twice": (100, 500)})


def test_unknown_columns_get_the_nearest_name(model: GAN) -> None:
    with pytest.raises(SchemaError, match="'group'"):
        model.sample(5, given={"groop": "a"})
    with pytest.raises(DataError, match="must have categories"):
        model.sample(5, balance="number")


@pytest.mark.slow
def test_rows_are_completed_and_what_is_known_is_kept(learned: GAN, table: pd.DataFrame) -> None:
    rows = make_table(2_400).tail(400).reset_index(drop=True)
    # that the flag is missing tells the group: asked for it, its cells would be made
    asked = rows.drop(columns=["twice", "flag"])
    asked.loc[::2, "group"] = None
    asked.loc[1::2, "number"] = np.nan
    made = learned.impute(asked)
    assert list(made.columns) == list(table.columns)
    assert not made[["group", "number", "maybe"]].isna().any().any()
    for name in asked.columns:
        kept = asked[name].notna()
        assert (made.loc[kept, name] == asked.loc[kept, name]).all()
    # number tells group and group tells number; three in five are of the commonest group
    assert (made.loc[::2, "group"] == rows.loc[::2, "group"]).mean() > 0.7
    far = (made.loc[1::2, "number"] - rows.loc[1::2, "number"]).abs()
    assert (far < 2).mean() > 0.9


def test_columns_of_their_own_meet_any_condition(table: pd.DataFrame) -> None:
    model = Independent(random_state=0).fit(table)
    made = model.sample(300, given={"group": "a", "number": (-3, 1)})
    assert len(made.query("group == 'a' and -3 <= number <= 1")) == 300
    assert model.sample(30, balance="flag")["flag"].value_counts().tolist() == [15, 15]
    rare = {"group": "rare", "size": {8, 233}, "day": ("2024-02-01", "2024-04-20")}
    with pytest.warns(LookalikeWarning, match="The rows are generated for the conditions"):
        made = model.sample(300, given=rare)
    assert len(made.query("group == 'rare' and size in [8, 233] and twice == 2 * size")) == 300
    assert made["day"].between("2024-02-01", "2024-04-20").all()
    assert made["number"].mean() == pytest.approx(table["number"].mean(), abs=0.5)
