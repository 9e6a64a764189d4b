"""A relation is kept where rows that took no part show that its column is no worse for it."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from lookalike._core.errors import LookalikeWarning
from lookalike.encoding import (
    ONE_BLOCK,
    ONE_BLOCK_OR_RESIDUAL,
    Learned,
    SampledRows,
    TableEncoder,
    sample_encoded,
)
from lookalike.models import Independent
from lookalike.relations import infer_schema
from lookalike.tables import Dependency, Schema, conform

N = 600
OFFSET = Dependency("y", ("x",), "offset", (1.0,))


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def fitted(
    cells: dict[str, Any], *found: Dependency, **options: Any
) -> tuple[TableEncoder, pa.Table]:
    table = pa.table(cells)
    schema = infer_schema(table, dependencies=not found)
    if found:
        schema = Schema(schema.columns, found, schema.rows)
    table = conform(table, schema)
    return TableEncoder(**options).fit(table, schema, np.random.default_rng(0)), table


def blurred(encoder: TableEncoder, table: pa.Table) -> dict[str, np.ndarray]:
    """Return rows as a network makes them that has learned each number but for some noise."""
    noise = np.random.default_rng(1)
    drawn = sample_encoded(encoder.encode(table), encoder.layout_, noise)
    numbers = drawn.numbers + 0.1 * noise.standard_normal(drawn.numbers.shape)
    made = encoder.decode(SampledRows(numbers.astype(np.float32), drawn.levels))
    return {name: made[name].to_numpy() for name in made.column_names}


#: Columns of which a plain difference is mostly the other column.
APART: dict[str, Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]] = {
    "another scale": lambda z, e: (
        np.round(7_000 + 2_000 * z),
        np.round(5 + 1.5 * z + 0.03 * e, 3),
    ),
    "1e20 beside 1": lambda z, e: (z * 1e20, z + 0.01 * e),
    "falling": lambda z, e: (10 * z, -z + 0.01 * e),
    "epoch seconds": lambda z, e: (
        np.round(1.6e9 + 1e7 * z),
        np.round(18_500 + 115.7 * z + e / 9, 1),
    ),
    "many zeros": lambda z, e: (
        np.where(z < 0, 0, 10_000 * z).round(),
        np.where(z < 0, 0, 7 * z + 0.05 * e).round(2),
    ),
}


@pytest.mark.parametrize("scale", APART)
def test_a_difference_of_scales_is_never_what_ruins_a_column(
    rng: np.random.Generator, scale: str
) -> None:
    x, y = APART[scale](*rng.normal(size=(2, N)))
    cells = {"x": x, "y": y}
    forced, table = fitted(cells, OFFSET)
    assert forced.schema_.dependencies == ()
    (rejected,) = forced.schema_.rejected
    assert "its distribution would be off by" in rejected.against
    for encoder in (forced, fitted(cells)[0]):
        made = blurred(encoder, table)
        for name, real in cells.items():
            at = [np.searchsorted(np.sort(v), real, "right") / N for v in (real, made[name])]
            assert np.abs(at[0] - at[1]).max() < 0.08
            ends = np.isin(made[name], [real.min(), real.max()]).mean()
            assert ends < np.isin(real, [real.min(), real.max()]).mean() + 0.05
    # what is found instead ties both more closely than each by itself would be
    tie = [np.corrcoef(x, y)[0, 1]] + [
        np.corrcoef(*blurred(e, table).values())[0, 1] for e in (fitted(cells)[0], forced)
    ]
    assert abs(tie[0] - tie[1]) < max(abs(tie[0] - tie[2]), 1e-3)


def test_a_lookup_by_levels_too_rare_to_be_learned_is_dropped(rng: np.random.Generator) -> None:
    key = np.where(rng.random(N) < 0.6, rng.integers(0, 10, N), np.arange(N) + 100)
    value = np.where(key < 10, 20 + key * 7 % 13, key * 104_729 % 100)
    cells = {"key": np.char.add("k", key.astype(str)), "value": value}
    encoder, table = fitted(cells, Dependency("value", ("key",)))
    assert encoder.schema_.dependencies == ()
    assert "when learned by itself, on" in encoder.schema_.rejected[0].against
    assert (blurred(encoder, table)["value"] > 35).mean() == pytest.approx(
        (value > 35).mean(), abs=0.05
    )


def test_what_is_asked_of_a_column_whose_relation_was_dropped_is_made(
    rng: np.random.Generator,
) -> None:
    x, y = APART["another scale"](*rng.normal(size=(2, N)))
    schema = replace(infer_schema(pa.table({"x": x, "y": y})), dependencies=(OFFSET,))
    model = Independent(random_state=0).fit(pa.table({"x": x, "y": y}), schema=schema)
    assert model.schema_.dependencies == ()
    made = model.sample(50, given={"y": (4.0, 6.0)})["y"].to_numpy()
    assert made.min() >= 4
    assert made.max() <= 6


def test_what_holds_is_kept(rng: np.random.Generator) -> None:
    start = rng.integers(0, 10**6, N)
    level = rng.integers(0, 5, N)
    cells = {
        "start": start,
        "end": start + rng.exponential(900, N).round().astype(int),
        "level": np.char.add("l", level.astype(str)),
        "name": np.char.add("n", (level % 3).astype(str)),
        "a": (a := rng.integers(0, 900, N)),
        "b": (b := rng.integers(0, 90, N)),
        "total": a + b,
    }
    encoder, _ = fitted(cells)
    assert {d.column for d in encoder.schema_.dependencies} >= {"name", "total"}
    assert {d.form for d in encoder.schema_.dependencies} == {"lookup", "linear", "offset"}
    assert encoder.schema_.rejected == ()


def test_a_relation_may_build_on_another(rng: np.random.Generator) -> None:
    low = rng.integers(1_000, 9_000, N)
    other = low + rng.integers(0, 50, N)
    high = np.maximum(low, other) + rng.integers(0, 50, N)
    chain = (
        Dependency("other", ("low",), "offset", (1.0,), at_least=("low",)),
        Dependency("high", ("other",), "offset", (1.0,), at_least=("other", "low")),
    )
    encoder, _ = fitted({"low": low, "other": other, "high": high}, *chain)
    assert encoder.schema_.dependencies == chain


def test_reasons_are_kept_in_the_schema_and_the_state(rng: np.random.Generator) -> None:
    x, y = APART["another scale"](*rng.normal(size=(2, N)))
    encoder, table = fitted({"x": x, "y": y}, OFFSET)
    schema = Schema.from_json(encoder.schema_.to_json())
    assert schema == encoder.schema_
    state = encoder.state()
    again = TableEncoder.from_state(
        Learned(json.loads(json.dumps(state.values)), state.arrays), schema
    )
    np.testing.assert_array_equal(again.encode(table).floats, encoder.encode(table).floats)
    # who learns by the schema of a fit is told of what that fit rejected
    once_more = TableEncoder().fit(table, schema, np.random.default_rng(0))
    assert once_more.schema_ == schema


def test_a_chosen_encoding_is_a_reason(rng: np.random.Generator) -> None:
    x = rng.normal(size=N)
    cells = {"x": x, "y": x + rng.random(N) / 1000}
    encoder, _ = fitted(cells, OFFSET, encodings={"y": "minmax"})
    assert [d.against for d in encoder.schema_.rejected] == [
        "an encoding was chosen for the column"
    ]
    assert fitted(cells, OFFSET, derive=False)[0].schema_.dependencies == ()


def test_one_block_for_each_number_leaves_residuals_but_hides_no_cells(
    rng: np.random.Generator,
) -> None:
    x = rng.normal(size=N)
    equal = np.where(rng.random(N) < 0.4, x, x + rng.normal(size=N))
    cells = {"x": x, "y": x + rng.random(N) / 1000, "z": equal}
    of_equal = Dependency("z", ("x",), "equal")
    encoder, _ = fitted(cells, OFFSET, of_equal, **ONE_BLOCK_OR_RESIDUAL)
    assert encoder.schema_.dependencies == (OFFSET,)
    assert [d.column for d in encoder.schema_.rejected] == ["z"]
    assert fitted(cells, OFFSET, of_equal)[0].schema_.dependencies == (OFFSET, of_equal)
    assert fitted(cells, OFFSET, **ONE_BLOCK)[0].schema_.dependencies == ()
    by_kind = dict.fromkeys(ONE_BLOCK["encodings"], "minmax")
    assert fitted(cells, OFFSET, encodings=by_kind)[0].schema_.dependencies == ()


def test_cells_are_hidden_where_a_rule_computes_the_column_that_they_equal(
    rng: np.random.Generator,
) -> None:
    x = rng.normal(size=N)
    equal = np.where(rng.random(N) < 0.4, 2 * x, 2 * x + rng.normal(size=N))
    of_equal = Dependency("z", ("y",), "equal")
    declared = Dependency("y", ("x",), "linear", (2.0,), rule="y == 2 * x")
    cells = {"x": x, "y": 2 * x, "z": equal}
    encoder, _ = fitted(cells, declared, of_equal, **ONE_BLOCK_OR_RESIDUAL)
    assert encoder.schema_.dependencies == (declared, of_equal)
    inferred = replace(declared, rule="")
    encoder, _ = fitted(cells, inferred, of_equal, **ONE_BLOCK_OR_RESIDUAL)
    assert encoder.schema_.dependencies == (inferred,)


@pytest.mark.parametrize("rows", [1, 2, 3, 20])
def test_few_rows_are_no_trouble(rows: int) -> None:
    cells = {"x": np.arange(rows) + 0.5, "y": np.arange(rows) * 2.0, "c": ["a"] * rows}
    encoder, table = fitted(cells, OFFSET, Dependency("c", ("x",)), min_category_count=1)
    assert encoder.encode(table).floats.shape[0] == rows


@pytest.mark.parametrize("form", ["lookup", "mostly"])
def test_a_lookup_of_which_nothing_may_be_stored_is_dropped(form: str) -> None:
    cells = {"key": [f"k{i}" for i in range(40)], "value": [f"v{i % 20}" for i in range(40)]}
    table = pa.table(cells)
    schema = infer_schema(table, {"key": "categorical", "value": "categorical"}, dependencies=False)
    schema = replace(schema, dependencies=(Dependency("value", ("key",), form),))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LookalikeWarning)  # of columns without a value to store
        encoder = TableEncoder().fit(conform(table, schema), schema, np.random.default_rng(0))
    assert encoder.schema_.dependencies == ()
    assert "too few rows" in encoder.schema_.rejected[0].against
