"""The origin of values: what is said of a column holds for the rows that are generated."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import lookalike as la
from lookalike.errors import LookalikeWarning


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    towns = rng.choice(["Bonn", "Ulm"], 300).tolist()
    towns[7] = "Only-Here"
    return pd.DataFrame(
        {
            "client": [f"C-{k:06d}" for k in rng.permutation(900_000)[:300]],
            "town": towns,
            "income": rng.lognormal(8, 1, 300),
            "rooms": rng.integers(1, 5, 300),
            "country": "Germany",
            "void": [None] * 300,
        }
    )


@pytest.fixture(scope="module")
def model(table: pd.DataFrame) -> la.Independent:
    return la.Independent(random_state=0).fit(table)


def test_each_column_has_its_word(table: pd.DataFrame, model: la.Independent) -> None:
    found = {one.column: one for one in model.value_origins()}
    assert list(found) == list(table.columns)
    assert {name: one.word for name, one in found.items()} == {
        "client": "new",
        "town": "repeated verbatim",
        "income": "pooled",
        "rooms": "repeated verbatim",
        "country": "repeated verbatim",
        "void": "absent",
    }
    assert found["town"].words == "2 values, shared by 2 rows or more; 1 rarer one is not"


def test_values_of_a_single_row_are_not_said_to_be_missing() -> None:
    rows = pd.DataFrame({"town": ["Bonn"], "rooms": [3], "void": [None]})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LookalikeWarning)
        found = la.Independent(random_state=0).fit(rows).value_origins()
    assert {one.column: (one.word, one.words) for one in found} == {
        "town": ("absent", "no value is shared by enough rows"),
        "rooms": ("absent", "no value is shared by enough rows"),
        "void": ("absent", "every cell is missing"),
    }


def test_the_words_are_true(table: pd.DataFrame, model: la.Independent) -> None:
    rows = model.sample(600)
    assert not set(rows["client"]) & set(table["client"])
    assert set(rows["town"]) == {"Bonn", "Ulm"}
    assert set(rows["rooms"]) <= set(table["rooms"])
    assert not set(rows["income"]) & set(table["income"])
    assert rows["void"].isna().all()


def test_a_saved_model_says_the_same(model: la.Independent, tmp_path: Path) -> None:
    model.save(tmp_path / "m.lookalike")
    assert la.load(tmp_path / "m.lookalike").value_origins() == model.value_origins()


def test_a_target_keeps_every_category(table: pd.DataFrame) -> None:
    with pytest.warns(LookalikeWarning, match="Only-Here"):
        fitted = la.Independent(random_state=0).fit(table[["town", "rooms"]], target="town")
    first = fitted.value_origins()[0]
    assert first.words == "3 values, all of the target, however rare"


def test_values_of_single_rows_are_said_to_be_kept(table: pd.DataFrame) -> None:
    fitted = la.Independent(min_category_count=1, random_state=0).fit(table[["town", "income"]])
    assert all("also those of a single row" in one.words for one in fitted.value_origins())


def test_rows_that_are_held_are_said_to_be_near() -> None:
    rng = np.random.default_rng(0)
    rows = pd.DataFrame({"x": rng.normal(size=60), "y": rng.normal(size=60)})
    found = la.Smote(random_state=0).fit(rows).value_origins()
    assert {one.words for one in found} == {
        "numbers between those of two near training rows: treat them as training rows"
    }


def test_a_derived_column_is_computed() -> None:
    rng = np.random.default_rng(0)
    rows = pd.DataFrame({"a": rng.integers(0, 500, 400), "b": rng.integers(0, 500, 400)})
    rows["total"] = rows["a"] + rows["b"]
    words = {
        one.column: one.word for one in la.Independent(random_state=0).fit(rows).value_origins()
    }
    assert list(words.values()).count("computed") == 1


def test_a_private_model_says_that_values_are_noisy() -> None:
    rows = pd.DataFrame({"town": ["Bonn", "Ulm"] * 100})
    domain = {"town": ["Bonn", "Ulm"]}
    model = la.Private(epsilon=3, domain=domain, random_state=0).fit(rows)
    assert [one.word for one in model.value_origins()] == ["noisy"]
