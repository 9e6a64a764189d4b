"""Known cells are followed in every direction; drawn ones are changed until known ones follow."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from lookalike.encoding import SampledRows, TableEncoder, sample_encoded
from lookalike.relations import infer_schema
from lookalike.tables import Dependency, Schema, conform

N = 400


def fitted(cells: dict[str, Any], *found: Dependency) -> tuple[TableEncoder, pa.Table]:
    """Return an encoder and the canonical table it was fitted to."""
    table = pa.table(cells)
    schema = infer_schema(table, dependencies=False)
    schema = Schema(schema.columns, found, schema.rows)
    table = conform(table, schema)
    return TableEncoder().fit(table, schema, np.random.default_rng(0)), table


def without(table: pa.Table, *names: str) -> pa.Table:
    """Return a table in which nothing is known of some columns."""
    for name in names:
        at = table.schema.get_field_index(name)
        field = table.schema.field(at)
        table = table.set_column(at, field, pa.nulls(table.num_rows, field.type))
    return table


def shuffled(encoder: TableEncoder, table: pa.Table) -> SampledRows:
    """Return rows of which every block was drawn on its own: as wrong as a generator can be."""
    rng = np.random.default_rng(2)
    drawn = sample_encoded(encoder.encode(table), encoder.layout_, rng)
    return SampledRows(rng.permuted(drawn.numbers, axis=0), rng.permuted(drawn.levels, axis=0))


def completed(encoder: TableEncoder, table: pa.Table, known: pa.Table) -> pa.Table:
    """Return rows made of shuffled ones, reconciled once, in which all that is known is kept."""
    drawn = shuffled(encoder, table)
    reconciled, changed, distance = encoder.reconcile(encoder.graph_.infer(known), drawn)
    assert changed.any()
    assert distance.shape == changed.shape
    return encoder.decode(drawn, known=encoder.graph_.infer(reconciled))


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_a_chain_is_followed_from_either_end(rng: np.random.Generator) -> None:
    code = rng.integers(0, 900, N)
    cells = {"code": code, "tenfold": 10 * code, "more": 10 * code + 0.5}
    encoder, table = fitted(
        cells,
        Dependency("tenfold", ("code",), "linear", (10.0,)),
        Dependency("more", ("tenfold",), "linear", (1.0,), 0.5),
    )
    for left in ("code", "tenfold", "more"):
        others = [name for name in cells if name != left]
        assert encoder.graph_.infer(without(table, *others)).equals(table)


def test_a_key_is_looked_up_where_only_one_has_the_value(rng: np.random.Generator) -> None:
    land = rng.choice(["CH", "FR", "IT"], N)
    money = {"CH": "franc", "FR": "euro", "IT": "euro"}
    cells = {"land": land, "money": [money[name] for name in land]}
    encoder, table = fitted(cells, Dependency("money", ("land",)))
    found = encoder.graph_.infer(without(table, "land"))["land"].to_pylist()
    assert found == [name if name == "CH" else None for name in land]
    options = encoder.feasible(encoder.graph_.infer(without(table, "land"))).allowed
    (allowed,) = options.values()
    assert set(allowed[land != "CH"].sum(axis=1)) == {2}


def test_several_parts_of_a_total_are_moved_within_their_limits(rng: np.random.Generator) -> None:
    parts = {"a": rng.integers(0, 90, N), "b": rng.integers(0, 900, N) / 100}
    cells = {**parts, "total": np.round(parts["a"] + parts["b"], 2)}
    encoder, table = fitted(cells, Dependency("total", ("a", "b"), "linear", (1.0, 1.0)))
    known = without(table, "a", "b")
    made = completed(encoder, table, known)
    assert not any(rows.any() for rows in encoder.graph_.violations(known, made).values())
    for name, values in parts.items():
        found = made[name].to_numpy()
        assert found.min() >= values.min()
        assert found.max() <= values.max()
    assert made["total"].equals(table["total"])


@pytest.mark.parametrize("form", ["offset", "ratio"])
def test_a_column_lies_a_drawn_rest_before_a_known_one(rng: np.random.Generator, form: str) -> None:
    low = rng.integers(1_000, 9_000, N) / 100
    cells = {"low": low, "high": np.round(low + rng.integers(1, 50, N) / 100, 2)}
    weights = (1.0,) if form == "offset" else ()
    encoder, table = fitted(cells, Dependency("high", ("low",), form, weights, at_least=("low",)))
    known = without(table, "low")
    made = completed(encoder, table, known)
    assert not encoder.graph_.violations(known, made)["high"].any()
    apart = made["high"].to_numpy() - made["low"].to_numpy()
    assert apart.min() >= 0
    assert np.median(apart) == pytest.approx(0.25, abs=0.1)


def test_times_are_computed_without_a_loss_of_ticks(rng: np.random.Generator) -> None:
    start = 1_700_000_000 * 10**9 + rng.integers(0, 10**15, N)
    cells = {
        "start": pa.array(start).cast(pa.timestamp("ns")),
        "end": pa.array(start + rng.integers(1, 10**9, N)).cast(pa.timestamp("ns")),
    }
    after = Dependency("end", ("start",), "offset", (1.0,), at_least=("start",))
    encoder, table = fitted(cells, after)
    known = without(table, "start")
    made = completed(encoder, table, known)
    apart = made["end"].cast(pa.int64()).to_numpy() - made["start"].cast(pa.int64()).to_numpy()
    assert apart.min() >= 0
    assert apart.max() <= 10**9


def test_rows_that_break_a_relation_are_told_apart_from_known_ones(
    rng: np.random.Generator,
) -> None:
    cells = {"a": rng.integers(0, 50, N), "b": rng.integers(0, 50, N)}
    cells["total"] = cells["a"] + cells["b"]
    encoder, table = fitted(cells, Dependency("total", ("a", "b"), "linear", (1.0, 1.0)))
    wrong = table.set_column(2, "total", pa.array(np.arange(N) * 1_000 + 500))
    assert not encoder.graph_.violations(wrong, wrong)["total"].any()
    assert encoder.graph_.violations(without(wrong, "a"), wrong)["total"].all()
