"""Whatever a column is taken for, the way to the canonical table and back loses nothing."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from lookalike._core.errors import SchemaError
from lookalike.relations import infer_schema
from lookalike.tables import Column, Kind, Schema, canonical_schema, conform, render

FEW = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))

MARKERS = ("?", "NA", "N/A", "null", "-", "")
WORDS = st.text(max_size=5) | st.sampled_from(["NA", "None", "?", "", " ", "yes", "Zürich", "-"])
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
TYPED = {
    pa.int8(): st.integers(-128, 127),
    pa.int64(): st.integers(-(2**63), 2**63 - 1),
    pa.uint16(): st.integers(0, 2**16 - 1),
    pa.uint64(): st.integers(0, 2**63 - 1),
    pa.float64(): FLOATS,
    pa.float32(): st.floats(width=32, allow_nan=False, allow_infinity=False),
    pa.float16(): st.floats(width=16, allow_nan=False, allow_infinity=False),
    pa.decimal128(9, 2): st.decimals(-9999, 9999, places=2),
    pa.decimal256(40, 0): st.integers(-(10**15), 10**15).map(Decimal),
    pa.bool_(): st.booleans(),
    pa.date32(): st.dates(),
    pa.date64(): st.dates(),
    pa.time32("s"): st.times().map(lambda t: t.replace(microsecond=0)),
    pa.time64("us"): st.times(),
    pa.timestamp("s"): st.datetimes().map(lambda t: t.replace(microsecond=0)),
    pa.timestamp("us"): st.datetimes(),
    pa.timestamp("ns"): st.datetimes(dt.datetime(1700, 1, 1), dt.datetime(2200, 1, 1)),
    pa.timestamp("us", "Europe/Zurich"): st.datetimes(timezones=st.just(dt.UTC)),
    pa.duration("us"): st.timedeltas(dt.timedelta(-(10**6)), dt.timedelta(10**6)),
    pa.duration("s"): st.integers(-(10**9), 10**9).map(lambda s: dt.timedelta(seconds=s)),
    pa.dictionary(pa.int8(), pa.string()): st.sampled_from(["a", "b", "?", ""]),
    pa.dictionary(pa.int32(), pa.int64(), True): st.integers(0, 5),
}


def there_and_back(table, kinds=None):
    schema = Schema.from_json(infer_schema(table, kinds).to_json())
    canonical = conform(table, schema)
    canonical.validate(full=True)
    assert canonical.schema.equals(canonical_schema(schema))
    for column in schema.columns:
        assert canonical[column.name].null_count == column.missing
        assert column.why
    return render(canonical, schema)


def plain(column):
    if pa.types.is_dictionary(column.type):
        return column.cast(column.type.value_type)
    return column


@pytest.mark.parametrize("arrow", TYPED, ids=str)
@FEW
@given(data=st.data())
def test_typed_columns_come_back(arrow, data):
    cells = data.draw(st.lists(st.none() | TYPED[arrow], min_size=1, max_size=30))
    if pa.types.is_dictionary(arrow):
        values = pa.array(cells, arrow.value_type).dictionary_encode().cast(arrow)
    else:
        values = pa.array(cells, arrow)
    back = there_and_back(pa.table({"x": values}))["x"]
    assert back.type == arrow
    assert plain(back).to_pylist() == values.to_pylist()
    signs = [str(cell) for cell in values.to_pylist()]
    assert [str(cell) for cell in plain(back).to_pylist()] == signs


@FEW
@given(
    data=st.data(),
    numbers=st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=30),
    decimals=st.integers(0, 4),
    form=st.sampled_from(["{}", "${}", "{} €", "{}%", "CHF {}"]),
    thousands=st.sampled_from(["", ","]),
    marker=st.sampled_from(MARKERS),
)
def test_uniformly_written_numbers_come_back(data, numbers, decimals, form, thousands, marker):
    words = [
        form.format(f"{n / 10**decimals:{thousands}.{decimals}f}").replace("$-", "-$")
        for n in numbers
    ]
    words = [w if not w.startswith("CHF -") else "-CHF " + w[5:] for w in words]
    gone = data.draw(st.lists(st.booleans(), min_size=len(words), max_size=len(words)))
    cells = [marker if g else w for w, g in zip(words, gone, strict=True)]
    table = pa.table({"x": cells})
    assert there_and_back(table).equals(table)


@FEW
@given(
    moments=st.lists(
        st.datetimes(dt.datetime(1930, 1, 1), dt.datetime(2029, 12, 31)), min_size=1, max_size=30
    ),
    form=st.sampled_from(
        [
            "%Y-%m-%d",
            "%d.%m.%Y",
            "%m/%d/%Y",
            "%B %d, %Y",
            "%d-%b-%y",
            "%Y%m%dT%H%M%S",
            "%Y-%m-%d %H:%M:%S",
            "%Y-%m-%dT%H:%M:%S.%f",
            "%Y-%m-%dT%H:%M:%SZ",
            "%H:%M",
            "%I:%M %p",
            "%Y-%m",
            "%A, %d %B %Y",
            "%I %p",
        ]
    ),
    marker=st.sampled_from(MARKERS),
)
def test_dates_come_back(moments, form, marker):
    table = pa.table({"x": [*(m.strftime(form) for m in moments), marker]})
    assert there_and_back(table).equals(table)


@pytest.mark.parametrize("arrow", [pa.string(), pa.large_string(), pa.string_view()], ids=str)
@FEW
@given(cells=st.lists(st.none() | WORDS, min_size=1, max_size=40))
def test_words_come_back(arrow, cells):
    table = pa.table({"x": pa.array(cells, arrow)})
    back = there_and_back(table)
    assert back.schema.equals(table.schema)
    if not any(letter.isdigit() for cell in cells for letter in cell or ""):
        assert back.equals(table)
        return
    # among numbers and dates missing cells may be marked in several ways: the commonest is used
    missing = {None, *MARKERS, "None", " "}
    assert [c in missing for c in back["x"].to_pylist()] == [c in missing for c in cells]


@FEW
@given(
    numbers=st.lists(FLOATS, min_size=1, max_size=30),
    form=st.sampled_from([str, repr, "{:.3f}".format, "{:g}".format, "{:e}".format]),
)
def test_values_survive_any_way_of_writing(numbers, form):
    words = [form(n) for n in numbers]
    meant = [float(w) for w in words]
    assume(all(np.isfinite(meant)))
    table = pa.table({"x": words})
    schema = infer_schema(table)
    canonical = conform(table, schema)
    if schema["x"].kind in (Kind.CONTINUOUS, Kind.INTEGER):
        assert canonical["x"].to_pylist() == meant
        again = [float(w) for w in render(canonical, schema)["x"].to_pylist()]
        assert again == meant
    else:
        assert render(canonical, schema).equals(table)


@pytest.mark.parametrize(
    "name", ["", "a\nb", "<script>alert(1)</script>", "1", "Ünïcödé 🦆", " ", "x" * 300][1:]
)
def test_any_name_will_do(name):
    table = pa.table({name: ["1", "2", "?"], "other": [True, False, None]})
    assert there_and_back(table).equals(table)


@pytest.mark.parametrize("kind", ["continuous", "integer", "categorical", "text", "identifier"])
@pytest.mark.parametrize("cells", [["5", "17", None], ["$5.00", "$17.00", "$9.00"], [5, 17, None]])
def test_chosen_kinds_come_back(kind, cells):
    table = pa.table({"x": cells})
    assert there_and_back(table, {"x": kind}).equals(table)


def test_no_rows_can_be_rendered():
    table = pa.table({"x": ["$5.00", "?"], "d": ["2020-01-01", None], "c": ["a", "a"]})
    schema = infer_schema(table)
    nothing = conform(table, schema).slice(0, 0)
    assert render(nothing, schema).equals(table.slice(0, 0))
    assert conform(table.slice(0, 0), schema).num_rows == 0


def test_a_value_that_does_not_fit_is_named():
    schema = Schema((Column("age", Kind.INTEGER, "int8"),), (), 1)
    with pytest.raises(SchemaError, match="'age'"):
        render(pa.table({"age": [300]}), schema)


def test_missing_cells_are_marked_as_they_were():
    table = pa.table({"x": ["3", "?", "?", "NA", "5"]})
    schema = infer_schema(table)
    assert schema["x"].form.missing == "?"
    assert render(conform(table, schema), schema)["x"].to_pylist() == ["3", "?", "?", "?", "5"]


def test_several_chunks_make_one_column():
    levels = pa.chunked_array(
        [pa.array(["a", "b"]).dictionary_encode(), pa.array(["c", "b"]).dictionary_encode()]
    )
    table = pa.table({"x": levels, "y": pa.chunked_array([["1", "2"], ["3", None]])})
    back = there_and_back(table)
    assert plain(back["x"]).to_pylist() == ["a", "b", "c", "b"]
    assert back["y"].to_pylist() == ["1", "2", "3", None]


def test_the_table_is_not_changed():
    table = pa.table({"x": ["$5.00", "?"]})
    before = table.to_pydict()
    there_and_back(table)
    assert table.to_pydict() == before


def test_negative_zero_and_extremes_survive():
    table = pa.table(
        {
            "zero": [-0.0, 0.0, 1.0],
            "long": [-(2**63), 0, 2**63 - 1],
            "huge": [1.7976931348623157e308, 5e-324, -1e300],
        }
    )
    canonical = conform(table, infer_schema(table))
    assert np.signbit(canonical["zero"].to_numpy()).tolist() == [True, False, False]
    assert canonical["long"].to_pylist() == [-(2**63), 0, 2**63 - 1]
    assert pc.all(pc.equal(canonical["huge"], table["huge"])).as_py()
