"""Splits keep the caller's table, its classes and its entities."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import lookalike as la
from lookalike.errors import DataError, ParameterError

FRAME = pd.DataFrame(
    {"who": np.repeat(np.arange(20), 5), "class": ["a"] * 90 + ["b"] * 10, "x": range(100)},
    index=range(100, 200),
)


@pytest.mark.parametrize("make", [lambda f: f, pl.from_pandas, pa.Table.from_pandas])
def test_parts_are_of_the_kind_of_the_table_and_make_it_up(make):
    train, test = la.split(make(FRAME), test=0.3)
    assert type(train) is type(test) is type(make(FRAME))
    seen = [*np.asarray(train["x"]), *np.asarray(test["x"])]
    assert len(test) == 30
    assert sorted(seen) == list(range(100))
    assert list(np.asarray(test["x"])) == sorted(np.asarray(test["x"]))


def test_pandas_keeps_its_index_and_seeds_repeat():
    first, again, other = (la.split(FRAME, random_state=seed)[1] for seed in (1, 1, 2))
    assert (first.index == 100 + first["x"]).all()
    assert first.equals(again)
    assert not first.equals(other)


def test_classes_keep_their_shares():
    for seed in range(5):
        _, test = la.split(FRAME, test=0.2, target="class", random_state=seed)
        assert dict(test["class"].value_counts()) == {"a": 18, "b": 2}


def test_an_entity_is_in_one_part():
    train, test = la.split(FRAME, entity="who")
    assert not set(train["who"]) & set(test["who"])
    assert test["who"].nunique() == 4


def test_missing_classes_and_tiny_tables():
    frame = pa.table({"c": ["a", None, None, "b"]})
    train, test = la.split(frame, target="c", test=0.01)
    assert (len(train), len(test)) == (3, 1)
    train, test = la.split(frame, test=1 - 1e-9)
    assert (len(train), len(test)) == (1, 3)


def test_a_file_is_split_as_well(tmp_path: Path):
    FRAME.to_csv(tmp_path / "a.csv", index=False)
    train, test = la.split(tmp_path / "a.csv")
    assert (len(train), len(test)) == (80, 20)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"test": 0}, "test must be a number in"),
        ({"test": 1.0}, "test must be below 1"),
        ({"target": "clas"}, "Did you mean 'class'"),
        ({"target": "class", "entity": "who"}, "not both"),
    ],
)
def test_wrong_parameters_are_refused(arguments, words):
    with pytest.raises(ParameterError, match=words):
        la.split(FRAME, **arguments)


def test_one_row_and_one_entity_cannot_be_split():
    with pytest.raises(DataError, match="at least 2 rows; there are 1"):
        la.split(FRAME.head(1))
    with pytest.raises(DataError, match="at least 2 entities in 'who'; there are 1"):
        la.split(FRAME.head(5), entity="who")


def test_parts_of_a_file_have_the_types_of_their_values(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        "zip,age,day\n" + "".join(f"0{k:04},{k},2024-01-{k:02}\n" for k in range(1, 29))
    )
    train, test = la.split(path)
    assert sorted([*train["age"], *test["age"]]) == list(range(1, 29))
    assert str(train["day"].dtype).startswith("datetime64") or train["day"].dtype == object
    assert train["zip"].iloc[0].startswith("0")
