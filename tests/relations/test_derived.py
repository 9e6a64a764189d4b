"""Columns that follow from others."""

from __future__ import annotations

import datetime as dt
import json
import re

import numpy as np
import pyarrow as pa
import pytest

from lookalike._core.errors import SchemaError
from lookalike.encoding import Learned, Rows
from lookalike.relations import Relation, in_order, relation
from lookalike.tables import Column, Dependency, Kind, Schema

Cells = dict[str, pa.Array]


def words(*values: str | None) -> pa.Array:
    return pa.array(values, pa.string()).dictionary_encode()


def schema(**kinds: Kind) -> Schema:
    return Schema(tuple(Column(name, kind, "string") for name, kind in kinds.items()))


def fitted(dependency: Dependency, cells: Cells, what: Schema, least: int = 1) -> Relation:
    made = relation(dependency, lambda column: least)
    made.fit(cells, what)
    state = made.state()
    values = json.loads(json.dumps(state.values, allow_nan=False))
    return relation(dependency).load(Learned(values, state.arrays), what)


def test_a_level_follows_from_a_level_missing_cells_too() -> None:
    cells = {"a": words("x", "y", "z", None, "x"), "b": words("1", "2", None, "4", "1")}
    what = schema(a=Kind.CATEGORICAL, b=Kind.CATEGORICAL)
    made = fitted(Dependency("b", ("a",)), cells, what)
    assert made.compute(cells, None, Rows()).to_pylist() == cells["b"].to_pylist()
    other = {"a": words(None, "z", "y")}
    assert made.compute(other, None, Rows()).to_pylist() == ["4", None, "2"]
    assert made.compute(other, None, Rows()).type == cells["b"].type


def test_a_number_never_seen_counts_as_the_nearest() -> None:
    days = pa.array([dt.date(2024, 1, 1), dt.date(2024, 2, 1)])
    cells = {"n": pa.array([1, 10]), "d": days, "s": pa.array([0.5, 1.5]), "b": words("l", "h")}
    what = schema(n=Kind.INTEGER, d=Kind.DATE, s=Kind.CONTINUOUS, b=Kind.CATEGORICAL)
    for name, other in {
        "n": pa.array([-5, 5, 6, 99]),
        "d": pa.array([dt.date(2023, 1, 1), *days[:1].to_pylist(), *days[1:].to_pylist() * 2]),
        "s": pa.array([0.0, 0.9, 1.1, 1e300]),
    }.items():
        made = fitted(Dependency("b", (name,)), cells, what)
        assert made.compute({name: other}, None, Rows()).to_pylist() == ["l", "l", "h", "h"]


def test_several_columns_together() -> None:
    rng = np.random.default_rng(0)
    a, n = rng.integers(0, 5, 500), rng.integers(0, 9, 500)
    cells = {
        "a": pa.array([f"a{i}" for i in a]).dictionary_encode(),
        "n": pa.array(n),
        "flag": pa.array((a * n) % 2 == 0),
    }
    what = schema(a=Kind.CATEGORICAL, n=Kind.INTEGER, flag=Kind.BOOLEAN)
    made = fitted(Dependency("flag", ("a", "n")), cells, what)
    assert made.compute(cells, None, Rows()).equals(cells["flag"])


def test_a_combination_never_seen_takes_the_commonest_of_its_first_column() -> None:
    cells = {
        "a": words("x", "x", "x", "y"),
        "b": words("p", "p", "q", "q"),
        "c": words("1", "1", "2", "3"),
    }
    what = schema(a=Kind.CATEGORICAL, b=Kind.CATEGORICAL, c=Kind.CATEGORICAL)
    made = fitted(Dependency("c", ("a", "b")), cells, what)
    assert made.compute(
        {"a": words("y", "x"), "b": words("p", None)}, None, Rows()
    ).to_pylist() == [
        "3",
        "1",
    ]


def test_rare_levels_are_not_stored() -> None:
    cells = {
        "a": words(*["x"] * 3, *["y"] * 3, "secret"),
        "b": words(*["1"] * 3, *["2"] * 3, "hidden"),
    }
    what = schema(a=Kind.CATEGORICAL, b=Kind.CATEGORICAL)
    made = fitted(Dependency("b", ("a",)), cells, what, least=2)
    assert not any(word in str(made.state()) for word in ("secret", "hidden"))
    assert made.compute({"a": words("y", "x")}, None, Rows()).to_pylist() == ["2", "1"]


@pytest.mark.parametrize("form", ["lookup", "mostly"])
def test_nothing_is_looked_up_where_all_levels_are_rare(form: str) -> None:
    cells = {"a": words(*"abcdef"), "b": words(*"uvwxyz")}
    what = schema(a=Kind.CATEGORICAL, b=Kind.CATEGORICAL)
    made = fitted(Dependency("b", ("a",), form), cells, what, least=2)
    assert made.is_empty
    assert not made.state().values["known"][0]["cells"]["values"]


@pytest.mark.parametrize("form", ["lookup", "mostly"])
def test_a_number_that_one_row_has_is_neither_a_key_nor_a_value(form: str) -> None:
    keys, values = [1, 1, 2, 2, 3, 777], [10, 10, 20, 20, 20, 888]
    cells = {"a": pa.array(keys), "b": pa.array(values)}
    what = schema(a=Kind.INTEGER, b=Kind.INTEGER)
    made = fitted(Dependency("b", ("a",), form), cells, what, least=2)
    assert not {"3", "777", "888"} & set(re.findall("[0-9]+", str(made.state().values["known"])))
    assert made.compute({"a": pa.array([1, 2, 3, 777])}, None, Rows()).to_pylist() == [
        10,
        20,
        20,
        20,
    ]


@pytest.mark.parametrize("kind", [Kind.CATEGORICAL, Kind.INTEGER])
def test_a_column_that_is_all_missing(kind: Kind) -> None:
    empty = words(None, None) if kind is Kind.CATEGORICAL else pa.array([None, None], pa.int64())
    cells = {"a": words("x", "y"), "b": empty}
    made = fitted(Dependency("b", ("a",)), cells, schema(a=Kind.CATEGORICAL, b=kind))
    assert made.compute(cells, None, Rows()).to_pylist() == [None, None]


def test_a_weighted_sum_is_rounded_as_its_column_is() -> None:
    cells = {
        "a": pa.array([0.1, 0.7, None]),
        "b": pa.array([0.2, 0.1, 1.0]),
        "c": pa.array([0.3, 0.8, None]),
    }
    columns = [Column(name, Kind.CONTINUOUS, "double", decimals=1) for name in "abc"]
    made = fitted(Dependency("c", ("a", "b"), "linear", (1.0, 1.0)), cells, Schema((*columns,)))
    assert made.compute(cells, None, Rows()).to_pylist() == [0.3, 0.8, None]


def test_a_weighted_sum_of_whole_numbers() -> None:
    cells = {"a": pa.array([1, None, 3]), "b": pa.array([12, None, 8])}
    what = schema(a=Kind.INTEGER, b=Kind.INTEGER)
    made = fitted(Dependency("b", ("a",), "linear", (-2.0,), 14.0), cells, what)
    assert made.compute(cells, None, Rows()).equals(cells["b"])


def test_a_moment_some_time_after_another_is_exact_to_its_unit() -> None:
    seconds = np.array([1_700_000_000, 1_700_000_007, 1_700_000_013]) * 10**9
    kind = pa.timestamp("ns", "UTC")
    cells = {"a": pa.array(seconds).view(kind), "b": pa.array(seconds + 5 * 10**9).view(kind)}
    what = Schema(tuple(Column(name, Kind.DATETIME, "timestamp", unit="s") for name in "ab"))
    made = fitted(Dependency("b", ("a",), "linear", (1.0,), 5e9), cells, what)
    assert made.compute(cells, None, Rows()).equals(cells["b"])


def test_a_sum_beyond_whole_numbers_is_held() -> None:
    cells = {"a": pa.array([2**62, 1]), "b": pa.array([8, 4])}
    made = fitted(
        Dependency("b", ("a",), "linear", (4.0,)), cells, schema(a=Kind.INTEGER, b=Kind.INTEGER)
    )
    assert made.compute(cells, None, Rows()).to_pylist() == [2**62, 4]


def test_chains_are_made_in_order_and_circles_refused() -> None:
    chain = (Dependency("c", ("b",)), Dependency("b", ("a",)), Dependency("d", ("a", "c")))
    assert [d.column for d in in_order(chain)] == ["b", "c", "d"]
    circle = (Dependency("a", ("b",)), Dependency("b", ("a",)))
    with pytest.raises(SchemaError, match="'a', 'b'"):
        in_order(circle)


def test_an_unknown_form_is_refused() -> None:
    with pytest.raises(SchemaError, match="Did you mean 'linear'"):
        relation(Dependency("a", ("b",), "liner"))
