"""Columns that are told by others: what is nearly equal stays so, ranges and orders are kept."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from lookalike.encoding import Learned, SampledRows, TableEncoder, sample_encoded
from lookalike.relations import infer_schema
from lookalike.tables import Column, Dependency, Kind, Schema, conform

N = 400


def fitted(
    cells: dict[str, Any], *found: Dependency, **options: Any
) -> tuple[TableEncoder, pa.Table]:
    """Return an encoder, saved and read again, and the canonical table it was fitted to."""
    table = pa.table(cells)
    schema = infer_schema(table, dependencies=False)
    schema = Schema(schema.columns, found, schema.rows)
    table = conform(table, schema)
    options = {"min_category_count": 1, **options}  # every value comes back
    encoder = TableEncoder(**options).fit(table, schema, np.random.default_rng(0))
    state = encoder.state()
    values = json.loads(json.dumps(state.values, allow_nan=False))
    return TableEncoder.from_state(Learned(values, state.arrays), schema), table


def back(encoder: TableEncoder, table: pa.Table) -> pa.Table:
    drawn = sample_encoded(encoder.encode(table), encoder.layout_, np.random.default_rng(1))
    return encoder.decode(drawn)


def shuffled(encoder: TableEncoder, table: pa.Table, count: int = 1) -> pa.Table:
    """Return rows of which every block was drawn on its own: as wrong as a generator can be."""
    rng = np.random.default_rng(2)
    drawn = sample_encoded(encoder.encode(table), encoder.layout_, rng)
    numbers = np.concatenate([rng.permuted(drawn.numbers, axis=0) for _ in range(count)])
    levels = np.concatenate([rng.permuted(drawn.levels, axis=0) for _ in range(count)])
    return encoder.decode(SampledRows(numbers, levels))


def moments(rng: np.random.Generator, unit: str = "us") -> dict[str, pa.Array]:
    start = rng.integers(0, 30 * 86_400, N)
    end = start + rng.choice([0, 60, 600, 601], N)
    per = {"s": 1, "us": 10**6, "ns": 10**9}[unit]
    return {k: pa.array(v * per).cast(pa.timestamp(unit)) for k, v in (("a", start), ("b", end))}


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.mark.parametrize("unit", ["s", "us", "ns"])
def test_no_end_before_its_start_however_rows_are_mixed(
    rng: np.random.Generator, unit: str
) -> None:
    after = Dependency("b", ("a",), "offset", (1.0,), at_least=("a",))
    encoder, table = fitted(moments(rng, unit), after)
    assert back(encoder, table)["b"].equals(table["b"])
    mixed = shuffled(encoder, table)
    apart = pc.subtract(mixed["b"].cast(pa.int64()), mixed["a"].cast(pa.int64())).to_numpy()
    per = {"s": 1, "us": 10**6, "ns": 10**9}[unit]
    # at the end of the range that was seen some are shorter
    assert set(np.unique(apart // per)) <= {0, 60, 600, 601} | set(range(601))
    assert np.isin(apart // per, [0, 60, 600, 601]).mean() > 0.98
    assert pc.max(mixed["b"]).as_py() <= pc.max(table["b"]).as_py()


@pytest.mark.parametrize("form", ["offset", "ratio"])
def test_orders_decimals_and_ranges_are_kept(rng: np.random.Generator, form: str) -> None:
    low = rng.integers(1_000, 9_000, N)
    middle, other = (low + rng.integers(0, 50, N) for _ in range(2))
    high = np.maximum(middle, other) + rng.integers(0, 50, N)
    names = ("low", "middle", "other", "high")
    cells = {n: v / 100 for n, v in zip(names, (low, middle, other, high), strict=True)}
    weights = (1.0,) if form == "offset" else ()
    found = (
        Dependency("middle", ("low",), form, weights, at_least=("low",)),
        Dependency("other", ("low",), form, weights, at_least=("low",)),
        Dependency("high", ("middle",), form, weights, at_least=("middle", "low", "other")),
    )
    encoder, table = fitted(cells, *found)
    if form == "offset":
        assert back(encoder, table).equals(table)
    mixed = {n: c.to_numpy() for n, c in zip(names, shuffled(encoder, table).columns, strict=True)}
    orders = (("low", "middle"), ("low", "other"), ("middle", "high"), ("other", "high"))
    for below, above in orders:
        assert (mixed[below] <= mixed[above]).all()
    for name, values in mixed.items():
        np.testing.assert_allclose(values * 100, np.rint(values * 100), atol=1e-6)
        assert cells[name].min() <= values.min()
        assert values.max() <= cells[name].max()
    # ranges that are drawn in do not break an order
    drawn_in = shuffled(fitted(cells, *found, min_category_count=2)[0], table)
    for below, above in orders:
        assert pc.all(pc.less_equal(drawn_in[below], drawn_in[above])).as_py()
    equal = np.mean(mixed["middle"] == mixed["low"])
    assert equal == pytest.approx(np.mean(low == middle), abs=0.02)


def test_a_sum_and_its_rest(rng: np.random.Generator) -> None:
    a, b = rng.integers(0, 900, N), rng.integers(0, 90, N)
    rest = rng.choice([0, 5, 30], N)
    cells = {"a": a / 10, "b": b, "total": (a + 10 * b + rest) / 10}
    encoder, table = fitted(cells, Dependency("total", ("a", "b"), "offset", (1.0, 1.0)))
    assert back(encoder, table).equals(table)
    mixed = shuffled(encoder, table)
    left = mixed["total"].to_numpy() - mixed["a"].to_numpy() - mixed["b"].to_numpy()
    assert np.isin(np.round(left, 6), [0.0, 0.5, 3.0]).mean() > 0.98


def test_missing_cells(rng: np.random.Generator) -> None:
    a = rng.integers(0, 10**6, N)
    gone = rng.random(N) < 0.3
    cells = {"a": pa.array(a), "b": pa.array(a + rng.integers(0, 9, N), mask=gone)}
    encoder, table = fitted(cells, Dependency("b", ("a",), "offset", (1.0,)))
    assert back(encoder, table).equals(table)
    # cells that tell others may be missing in other tables: their median stands for them
    other = table.set_column(0, "a", pa.chunked_array([pa.nulls(N, pa.int64())]))
    encoded = encoder.encode(other)
    assert np.isfinite(encoded.floats).all()


def test_a_relation_that_the_table_cannot_have_is_not_used() -> None:
    empty = {"a": [1, 2, 3, 4] * 5, "b": pa.nulls(20, pa.int64())}
    encoder, table = fitted(empty, Dependency("b", ("a",), "offset", (1.0,)))
    assert back(encoder, table)["b"].null_count == 20
    alone = {"a": pa.array([None, 2, 3, 4] * 5), "b": [1, 2, 3, 4] * 5}
    for form, weights in (("offset", (1.0,)), ("ratio", ())):
        encoder, table = fitted(alone, Dependency("b", ("a",), form, weights))
        assert back(encoder, table).equals(table)
    negative = {"a": [-1, 2, 3, 4] * 5, "b": [-1, 2, 3, 4] * 5}
    encoder, table = fitted(negative, Dependency("b", ("a",), "ratio"))
    assert back(encoder, table).equals(table)


def test_an_encoding_that_was_chosen_is_used_as_it_is(rng: np.random.Generator) -> None:
    cells = {"a": (a := rng.normal(size=N)), "b": a + rng.random(N) / 1000}
    relation = Dependency("b", ("a",), "offset", (1.0,))
    for options in (
        {"encodings": {"b": "minmax"}},
        {"encodings": {"continuous": "minmax"}},
        {"derive": False},
    ):
        encoder, table = fitted(cells, relation, **options)
        mixed = shuffled(encoder, table)
        assert abs(np.corrcoef(mixed["a"].to_numpy(), mixed["b"].to_numpy())[0, 1]) < 0.5
    encoder, table = fitted(cells, relation)
    mixed = shuffled(encoder, table)
    assert np.corrcoef(mixed["a"].to_numpy(), mixed["b"].to_numpy())[0, 1] > 0.99


@pytest.mark.parametrize("whole", [True, False])
def test_equal_cells_are_equal_and_others_their_own(rng: np.random.Generator, whole: bool) -> None:
    a = rng.integers(0, 5_000, N) / (1 if whole else 4)
    b = np.where(rng.random(N) < 0.4, a.round(), rng.integers(5_000, 9_000, N)).astype(int)
    encoder, table = fitted({"a": a, "b": b}, Dependency("b", ("a",), "equal"))
    assert back(encoder, table).equals(table)
    mixed = shuffled(encoder, table)
    copied = mixed["b"].to_numpy() < 5_000
    assert copied.mean() == pytest.approx((b < 5_000).mean(), abs=0.02)
    equal = mixed["b"].to_numpy() == mixed["a"].to_numpy()
    assert equal.mean() == pytest.approx((a == b).mean(), abs=0.02 if whole else 0.2)


def test_days_and_nearby_days(rng: np.random.Generator) -> None:
    first = [dt.date(2020, 1, 1) + dt.timedelta(days=int(d)) for d in rng.integers(0, 3_000, N)]
    then = [
        day + dt.timedelta(days=int(d)) for day, d in zip(first, rng.integers(0, 5, N), strict=True)
    ]
    order = Dependency("then", ("first",), "offset", (1.0,), at_least=("first",))
    encoder, table = fitted({"first": first, "then": then}, order)
    assert back(encoder, table).equals(table)
    mixed = shuffled(encoder, table)
    assert pc.all(pc.greater_equal(mixed["then"], mixed["first"])).as_py()


# --- nearly a lookup ------------------------------------------------------------------------------


def test_exceptions_come_back_as_often_and_by_row(rng: np.random.Generator) -> None:
    key = rng.integers(0, 4, 4_000)
    value = np.where((key == 1) & (rng.random(4_000) < 0.2), 99, key * 10)
    cells = {"key": np.char.add("k", key.astype(str)), "value": value}
    encoder, table = fitted(cells, Dependency("value", ("key",), "mostly"))
    drawn = sample_encoded(encoder.encode(table), encoder.layout_, np.random.default_rng(1))
    whole = encoder.decode(drawn, start=100, seed=7)
    keys, values = whole["key"].to_pylist(), whole["value"].to_numpy()
    assert {(k, v) for k, v in zip(keys, values, strict=True)} == {
        ("k0", 0), ("k1", 10), ("k1", 99), ("k2", 20), ("k3", 30),
    }  # fmt: skip
    share = np.mean(values[np.array(keys) == "k1"] == 99)
    assert share == pytest.approx(np.mean(value[key == 1] == 99), abs=0.04)
    part = encoder.decode(
        SampledRows(drawn.numbers[1000:], drawn.levels[1000:]), start=1100, seed=7
    )
    assert part.equals(whole.slice(1000))
    assert not encoder.decode(drawn, start=100, seed=8).equals(whole)


def test_a_value_that_one_row_has_with_its_key_is_not_stored() -> None:
    cells = {"key": ["a"] * 30 + ["b"] * 30, "value": [5] * 29 + [777] + [6] * 30}
    relation = Dependency("value", ("key",), "mostly")
    encoder, table = fitted(cells, relation, min_category_count=2)
    assert set(back(encoder, table)["value"].to_pylist()) == {5, 6}


def test_a_combination_never_seen_takes_a_value_of_the_first_column() -> None:
    cells = {
        "one": ["x", "x", "y", "y"] * 10,
        "two": ["p", "p", "p", "q"] * 10,
        "value": [1, 1, 2, 3] * 10,
    }
    encoder, table = fitted(cells, Dependency("value", ("one", "two"), "mostly"))
    assert back(encoder, table).equals(table)
    column = Column("value", Kind.INTEGER, "int64")
    assert encoder.schema_["value"].kind == column.kind
    other = table.slice(0, 1).set_column(
        1, "two", pa.chunked_array([pa.array(["q"]).dictionary_encode()])
    )
    assert back(encoder, other)["value"].to_pylist() == [1]
