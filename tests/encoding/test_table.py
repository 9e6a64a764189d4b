"""Whole tables."""

from __future__ import annotations

import datetime as dt
import json
import re
import warnings
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookalike._core.errors import LookalikeWarning, NotFittedError, ParameterError
from lookalike.encoding import Block, Layout, Learned, SampledRows, TableEncoder, sample_encoded
from lookalike.tables import Column, ColumnCondition, Dependency, Kind, Schema

from .columns import TRIED

#: A canonical Arrow type for each kind that is learned.
TYPES = {
    Kind.CONTINUOUS: pa.float64(),
    Kind.INTEGER: pa.int64(),
    Kind.CATEGORICAL: pa.dictionary(pa.int32(), pa.string()),
    Kind.BOOLEAN: pa.bool_(),
    Kind.DATETIME: pa.timestamp("us", "Asia/Tokyo"),
    Kind.DATE: pa.date32(),
    Kind.TIME: pa.time64("us"),
    Kind.DURATION: pa.duration("us"),
}


def cells(kind: Kind, values: list[Any]) -> pa.Array:
    if kind is Kind.CATEGORICAL:
        return pa.array(values, pa.string()).dictionary_encode()
    return pa.array(values, TYPES[kind])


def schema_of(table: pa.Table, kinds: dict[str, Kind], *on: Dependency) -> Schema:
    columns = tuple(Column(name, kinds[name], str(table[name].type)) for name in kinds)
    return Schema(columns, on, table.num_rows)


def fit(table: pa.Table, schema: Schema, **options: Any) -> TableEncoder:
    return TableEncoder(**options).fit(table, schema, np.random.default_rng(0))


def drawn(encoder: TableEncoder, table: pa.Table, seed: int = 1) -> SampledRows:
    return sample_encoded(encoder.encode(table), encoder.layout_, np.random.default_rng(seed))


def back(encoder: TableEncoder, table: pa.Table) -> pa.Table:
    return encoder.decode(drawn(encoder, table), start=0, seed=0)


def stored(encoder: TableEncoder) -> TableEncoder:
    state = encoder.state()
    values = json.loads(json.dumps(state.values, allow_nan=False))
    return TableEncoder.from_state(Learned(values, state.arrays), encoder.schema_)


def mixed(rows: int = 200) -> tuple[pa.Table, dict[str, Kind]]:
    """Return a table of every learned kind, one cell in five missing in most columns."""
    rng = np.random.default_rng(0)
    moment = dt.datetime(2024, 2, 29, 23, 59, tzinfo=dt.UTC)
    plain: dict[str, tuple[Kind, list[Any]]] = {
        "größe 📏": (Kind.CONTINUOUS, rng.choice(rng.normal(size=50), rows).tolist()),
        "n": (Kind.INTEGER, rng.integers(-5, 5, rows).tolist()),
        "colour": (Kind.CATEGORICAL, rng.choice(["red", "Blau", "緑"], rows).tolist()),
        "yes": (Kind.BOOLEAN, (rng.random(rows) < 0.5).tolist()),
        "when": (
            Kind.DATETIME,
            [moment + dt.timedelta(hours=int(h)) for h in rng.integers(0, 900, rows)],
        ),
        "day": (
            Kind.DATE,
            [moment.date() + dt.timedelta(days=int(d)) for d in rng.integers(0, 99, rows)],
        ),
        "time": (Kind.TIME, [dt.time(int(h)) for h in rng.integers(0, 24, rows)]),
        "lasts": (Kind.DURATION, [dt.timedelta(minutes=int(m)) for m in rng.poisson(9, rows)]),
    }
    arrays, kinds = {}, {}
    for name, (kind, values) in plain.items():
        gone = rng.random(rows) < (0 if name == "n" else 0.2)
        arrays[name] = cells(kind, [None if g else v for v, g in zip(values, gone, strict=True)])
        kinds[name] = kind
    return pa.table(arrays), kinds


def test_every_kind_comes_back_with_its_missing_cells() -> None:
    table, kinds = mixed()
    encoder = fit(table, schema_of(table, kinds), min_category_count=1)
    made = back(encoder, table)
    assert made.schema.equals(table.schema)
    assert made.to_pylist() == table.to_pylist()
    assert back(stored(encoder), table).equals(made)
    assert stored(encoder).layout_ == encoder.layout_


def test_the_layout_has_no_gaps_and_missing_blocks_silence_their_column() -> None:
    table, kinds = mixed()
    layout = fit(table, schema_of(table, kinds)).layout_
    assert Layout.from_dict(json.loads(json.dumps(layout.to_dict()))) == layout
    at = 0
    for block in layout.blocks:
        assert block.start == at
        at = block.stop
        if block.masked_by is not None:
            gate = layout.blocks[block.masked_by]
            assert (gate.part, gate.width, gate.head) == ("missing", 2, "softmax")
            assert gate.column == block.column
    parts = {(block.column, block.part) for block in layout.blocks}
    assert ("größe 📏", "missing") in parts
    assert ("n", "missing") not in parts
    assert ("colour", "missing") not in parts


def test_columns_missing_in_the_same_rows_share_their_missing_block() -> None:
    table = pa.table({"a": [1.0, None, 3.0], "b": [None, 2.0, 1.0], "c": [5, None, 6]})
    kinds = {"a": Kind.CONTINUOUS, "b": Kind.CONTINUOUS, "c": Kind.INTEGER}
    encoder = fit(table, schema_of(table, kinds), min_category_count=1)
    gates = [block.column for block in encoder.layout_.blocks if block.part == "missing"]
    assert gates == ["a", "b"]
    assert back(encoder, table).equals(table)
    assert back(stored(encoder), table).equals(table)


def test_rows_do_not_depend_on_how_they_are_cut() -> None:
    table, kinds = mixed(300)
    words = pa.array([f"w{i // 2}" if i < 200 else f"rare {i}" for i in range(300)])
    table = table.append_column("word", words.dictionary_encode())
    kinds["word"] = Kind.CATEGORICAL
    encoder = fit(table, schema_of(table, kinds), onehot_limit=50)
    rows = drawn(encoder, table)
    whole = encoder.decode(rows, start=1000, seed=5)
    for first, last in [(0, 1), (1, 130), (130, 300)]:
        part = SampledRows(rows.numbers[first:last], rows.levels[first:last])
        made = encoder.decode(part, start=1000 + first, seed=5)
        assert made.to_pylist() == whole.slice(first, last - first).to_pylist()
    assert encoder.decode(rows, start=1000, seed=6).to_pylist() != whole.to_pylist()


def test_the_encoded_form_of_a_part_is_the_part_of_the_encoded_form() -> None:
    table, kinds = mixed()
    encoder = fit(table, schema_of(table, kinds))
    whole, part = encoder.encode(table), encoder.encode(table.slice(37, 50))
    np.testing.assert_array_equal(part.floats, whole.floats[37:87])
    np.testing.assert_array_equal(part.codes, whole.codes[37:87])
    in_chunks = pa.concat_tables([table.slice(0, 11), table.slice(11)])
    np.testing.assert_array_equal(encoder.encode(in_chunks).floats, whole.floats)
    np.testing.assert_array_equal(encoder.encode(in_chunks).codes, whole.codes)


@TRIED
@given(
    st.dictionaries(
        st.text(min_size=1),
        st.sampled_from(
            [
                (Kind.CONTINUOUS, [0.5, None, -1e300]),
                (Kind.INTEGER, [2**62, -(2**62), None]),
                (Kind.CATEGORICAL, ["", None, "a"]),
                (Kind.BOOLEAN, [True, None, True]),
                (Kind.BOOLEAN, [None, None, None]),
                (Kind.DATE, [None, dt.date(1, 1, 1), dt.date(9999, 12, 31)]),
                (Kind.TIME, [dt.time.min, dt.time.max, None]),
            ]
        ),
        min_size=1,
        max_size=6,
    ),
    st.integers(1, 3),
)
def test_small_tables_come_back(columns: dict[str, Any], rows: int) -> None:
    table = pa.table({name: cells(kind, values[:rows]) for name, (kind, values) in columns.items()})
    kinds = {name: kind for name, (kind, _) in columns.items()}
    encoder = fit(table, schema_of(table, kinds), min_category_count=1)
    assert back(encoder, table).to_pylist() == table.to_pylist()
    assert back(stored(encoder), table).to_pylist() == table.to_pylist()


def test_nothing_to_learn() -> None:
    table = pa.table({"c": ["CH", "CH"], "empty": pa.nulls(2, pa.float64())})
    kinds = {"c": Kind.CONSTANT, "empty": Kind.CONSTANT}
    encoder = fit(table, schema_of(table, kinds))
    assert encoder.layout_ == Layout((), 0, 0)
    assert encoder.encode(table).floats.shape == (2, 0)
    assert back(encoder, table).equals(table)
    assert back(stored(encoder), table).equals(table)


def test_a_constant_with_missing_cells_learns_where_they_are() -> None:
    table = pa.table({"c": ["CH", None, "CH"]})
    encoder = fit(table, schema_of(table, {"c": Kind.CONSTANT}))
    assert encoder.layout_.blocks == (Block("c", "missing", "code", 0, 0, 2, "softmax"),)
    assert back(encoder, table).equals(table)


def test_free_text_is_missing_or_a_placeholder_and_said_so() -> None:
    table = pa.table({"note": ["long", None, "words"], "x": [1.0, 2.0, 3.0]})
    schema = schema_of(table, {"note": Kind.TEXT, "x": Kind.CONTINUOUS})
    with pytest.warns(LookalikeWarning, match="'note' will be missing"):
        encoder = fit(table, schema)
    assert back(encoder, table)["note"].to_pylist() == [None] * 3
    assert len(encoder.layout_.blocks) == 1
    with pytest.warns(LookalikeWarning, match="'note' will be '…'"):
        encoder = fit(table, schema, text_placeholder="…")
    assert back(encoder, table)["note"].to_pylist() == ["…", None, "…"]
    assert back(stored(encoder), table)["note"].to_pylist() == ["…", None, "…"]


def test_identifiers_are_new_and_belong_to_their_row() -> None:
    ids = [f"A-{i:03d}" for i in range(0, 300, 3)]
    table = pa.table({"id": ids, "x": np.arange(100.0)})
    encoder = fit(table, schema_of(table, {"id": Kind.IDENTIFIER, "x": Kind.CONTINUOUS}))
    rows = drawn(encoder, table)
    whole = encoder.decode(rows, start=0, seed=3)["id"].to_pylist()
    assert len(set(whole)) == 100
    assert not set(whole) & set(ids)
    part = SampledRows(rows.numbers[60:], rows.levels[60:])
    assert encoder.decode(part, start=60, seed=3)["id"].to_pylist() == whole[60:]
    assert stored(encoder).decode(rows, start=0, seed=3)["id"].to_pylist() == whole


def test_identifiers_are_missing_where_that_was_learned() -> None:
    table = pa.table({"id": ["A-1", None, "A-3", None]})
    encoder = fit(table, schema_of(table, {"id": Kind.IDENTIFIER}))
    assert [block.part for block in encoder.layout_.blocks] == ["missing"]
    made = back(encoder, table)["id"]
    assert made.is_null().to_pylist() == [False, True, False, True]


CITIES = {"Bern": "CH", "Basel": "CH", "Wien": "AT"}
CONTINENT = {"CH": 41, "AT": 43}


def cities() -> tuple[pa.Table, dict[str, Kind]]:
    city = np.random.default_rng(0).choice(list(CITIES), 50).tolist()
    land = [CITIES[name] for name in city]
    table = pa.table(
        {
            "prefix": pa.array([CONTINENT[name] for name in land]),
            "land": pa.array(land).dictionary_encode(),
            "city": pa.array(city).dictionary_encode(),
        }
    )
    kinds = {"prefix": Kind.INTEGER, "land": Kind.CATEGORICAL, "city": Kind.CATEGORICAL}
    return table, kinds


def test_derived_columns_have_no_blocks_and_follow_in_chains() -> None:
    table, kinds = cities()
    chain = (Dependency("prefix", ("land",)), Dependency("land", ("city",)))
    encoder = fit(table, schema_of(table, kinds, *chain))
    assert {block.column for block in encoder.layout_.blocks} == {"city"}
    assert back(encoder, table).to_pylist() == table.to_pylist()
    assert back(stored(encoder), table).to_pylist() == table.to_pylist()
    learned = fit(table, schema_of(table, kinds, *chain), derive=False)
    assert {block.column for block in learned.layout_.blocks} == set(kinds)
    assert back(learned, table).to_pylist() == table.to_pylist()


def test_rare_levels_leave_no_trace_unless_they_are_kept() -> None:
    city = ["Bern"] * 5 + ["Wien"] * 5 + ["Secretville"]
    table = pa.table({"city": pa.array(city).dictionary_encode()})
    table = table.append_column("land", pa.array(["CH"] * 5 + ["AT"] * 5 + ["Hidden"]))
    table = table.set_column(1, "land", table["land"].combine_chunks().dictionary_encode())
    kinds = {"city": Kind.CATEGORICAL, "land": Kind.CATEGORICAL}
    schema = schema_of(table, kinds, Dependency("land", ("city",)))
    encoder = fit(table, schema)
    assert not any(word in str(encoder.state()) for word in ("Secretville", "Hidden"))
    made = back(encoder, table).to_pylist()
    assert made[:10] == table.to_pylist()[:10]
    assert (made[10]["city"], made[10]["land"]) in {("Bern", "CH"), ("Wien", "AT")}
    everything = fit(table, schema, min_category_count=1)
    assert back(everything, table).to_pylist() == table.to_pylist()
    with pytest.warns(LookalikeWarning, match="target .* is kept.*'(Secretville|Hidden)' occurs"):
        kept = fit(table, schema, keep=["city", "land"])
    assert back(kept, table).to_pylist() == table.to_pylist()


def test_many_levels_are_embedded_beyond_the_limit() -> None:
    rng = np.random.default_rng(0)
    code = pa.array([f"c{i}" for i in rng.integers(0, 400, 5000)])
    x = pa.array(np.where(rng.random(5000) < 0.1, np.nan, rng.normal(size=5000)), from_pandas=True)
    table = pa.table({"code": code.dictionary_encode(), "x": x})
    schema = schema_of(table, {"code": Kind.CATEGORICAL, "x": Kind.CONTINUOUS})
    encoder = fit(table, schema)
    assert encoder.layout_.width == 2 + 1 + 2
    assert back(encoder, table)["code"].to_pylist() == code.to_pylist()
    assert fit(table, schema, onehot_limit=400).layout_.width == 400 + 1 + 2
    alone = table.select(["code"])
    encoder = fit(alone, schema_of(alone, {"code": Kind.CATEGORICAL}))
    assert back(encoder, alone)["code"].to_pylist() == code.to_pylist()


def test_thirty_thousand_levels_cost_little() -> None:
    rng = np.random.default_rng(0)
    which = rng.integers(0, 30_000, 100_000)
    names = pa.array([f"level {i}" for i in range(30_000)])
    code = pa.DictionaryArray.from_arrays(pa.array(which.astype(np.int32)), names)
    table = pa.table({"code": code, "x": rng.normal(size=100_000)})
    encoder = fit(table, schema_of(table, {"code": Kind.CATEGORICAL, "x": Kind.CONTINUOUS}))
    assert encoder.layout_.width == 4
    assert encoder.encode(table).floats.nbytes + encoder.encode(table).codes.nbytes == 3_200_000
    assert sum(array.nbytes for array in encoder.state().arrays.values()) < 2_000_000


def test_encodings_are_chosen_by_column_then_by_kind() -> None:
    table = pa.table({"a": [1, 2], "b": [1, 2], "c": pa.array(["x", "y"]).dictionary_encode()})
    kinds = {"a": Kind.INTEGER, "b": Kind.INTEGER, "c": Kind.CATEGORICAL}
    chosen = {"integer": "minmax", "b": "onehot", "c": "embedding"}
    encoder = fit(table, schema_of(table, kinds), encodings=chosen, min_category_count=1)
    parts = [(block.head, block.part) for block in encoder.layout_.blocks]
    assert parts == [("tanh", "value"), ("softmax", "value"), ("linear", "axis 0")]
    assert back(stored(encoder), table).equals(table)


def test_a_name_that_is_a_column_and_a_kind_means_the_kind() -> None:
    table = pa.table({"integer": pa.array(["x", "y"] * 2).dictionary_encode(), "n": [1, 2] * 2})
    kinds = {"integer": Kind.CATEGORICAL, "n": Kind.INTEGER}
    encoder = fit(table, schema_of(table, kinds), encodings={"integer": "minmax"})
    assert [block.head for block in encoder.layout_.blocks] == ["softmax", "tanh"]


def test_wrong_choices_are_reported_at_once_with_the_nearest_name() -> None:
    table, kinds = mixed()
    wrong = {"colours": "onehot", "n": "quantil", "colour": "quantile", "integer": "datetime"}
    with pytest.raises(ParameterError) as caught:
        fit(table, schema_of(table, kinds), encodings=wrong)
    message = str(caught.value)
    for words in ("'colour'?", "'quantile'?", "can be onehot, embedding", "got 'datetime'"):
        assert words in message
    assert len(message.splitlines()) == 4
    table = pa.table({"note": ["a", "b"]})
    with pytest.raises(ParameterError, match="'note' is text and is not learned"):
        fit(table, schema_of(table, {"note": Kind.TEXT}), encodings={"note": "onehot"})


def test_unfitted_is_an_error() -> None:
    table, _ = mixed(3)
    with pytest.raises(NotFittedError, match="fit"):
        TableEncoder().encode(table)


def test_fit_leaves_the_table_and_the_global_seed_alone_and_may_be_repeated() -> None:
    table, kinds = mixed()
    schema = schema_of(table, kinds)
    before, state = table.to_pylist(), np.random.get_state()[1].tolist()  # noqa: NPY002
    encoder = fit(table, schema)
    first = encoder.encode(table)
    encoder.fit(table, schema, np.random.default_rng(0))
    np.testing.assert_array_equal(encoder.encode(table).floats, first.floats)
    assert table.to_pylist() == before
    assert np.random.get_state()[1].tolist() == state  # noqa: NPY002


def test_held_out_rows_may_hold_what_fit_never_saw() -> None:
    cells = pa.array(["a", "b"] * 2).dictionary_encode()
    table = pa.table({"x": [1.0, 2.0] * 2, "c": cells})
    encoder = fit(table, schema_of(table, {"x": Kind.CONTINUOUS, "c": Kind.CATEGORICAL}))
    other = pa.table({"x": [None, 7.0, -1.0], "c": pa.array(["z", None, "b"]).dictionary_encode()})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made = back(encoder, other)
    assert made["x"].to_pylist()[1:] == [2.0, 1.0]
    assert made["x"].null_count == 0
    assert made["c"].to_pylist() == ["a", "a", "b"]


def test_a_range_that_begins_or_ends_in_a_gap_leaves_out_what_lies_before() -> None:
    rng = np.random.default_rng(0)
    x = np.where(np.arange(600) < 300, 0.0, rng.normal(5_000, 900, 600))
    table = pa.table({"x": x})
    encoder = fit(table, schema_of(table, {"x": Kind.CONTINUOUS}))
    above = encoder.encode_condition(ColumnCondition("x", low=pa.scalar(100.0)))
    below = encoder.encode_condition(ColumnCondition("x", high=pa.scalar(1_000.0)))
    assert above is not None
    assert below is not None
    np.testing.assert_allclose(above.bounds[0], [[0.5, np.inf]], atol=1e-6)
    np.testing.assert_allclose(below.bounds[0], [[-np.inf, 0.5]], atol=1e-6)


def test_a_column_of_which_nothing_may_be_kept_is_missing_and_named() -> None:
    table = pa.table(
        {
            "x": [1.0, 2.0, 3.0, 4.0] * 5,
            "one cell": pa.array([None] * 19 + [77.5], pa.float64()),
            "no two alike": pa.array([f"w{i}" for i in range(20)]).dictionary_encode(),
        }
    )
    kinds = dict(zip(table.column_names, [Kind.CONTINUOUS] * 2 + [Kind.CATEGORICAL], strict=True))
    with pytest.warns(LookalikeWarning, match="No value of 'one cell', 'no two alike' occurs in 2"):
        encoder = fit(table, schema_of(table, kinds))
    made = back(encoder, table)
    assert made["one cell"].null_count == made["no two alike"].null_count == 20
    assert not re.search("77.5|w1", json.dumps(encoder.state().values))
