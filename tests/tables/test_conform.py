"""Other tables of the same columns fit a schema, whatever they were read from."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest

from lookalike._core.errors import SchemaError
from lookalike.relations import infer_schema
from lookalike.tables import canonical_schema, conform

DAY = dt.datetime(2020, 1, 1)
WRITTEN = pa.table(
    {
        "age": ["31", "54", "?", "17"],
        "price": ["$1,250.50", "$8.00", "$3.25", "$9.00"],
        "paid": ["yes", "no", "no", None],
        "day": ["25/12/2019", "01/02/2019", "14/07/2020", "NA"],
        "seen": ["2020-01-01T10:00:00Z", "2020-06-01T11:30:00Z", None, "2020-06-02T00:00:00Z"],
        "zip": ["02139", "10001", "02139", "10001"],
        "class": ["1", "2", "1", "1"],
    }
)
KINDS = {"zip": "categorical", "class": "categorical"}
TYPED = pa.table(
    {
        "class": pa.array([2.0, 1.0, np.nan]),
        "zip": pa.array(["02139", None, "99999"]).dictionary_encode(),
        "seen": pa.array([DAY, None, DAY], pa.timestamp("ns", "Europe/Zurich")),
        "day": pa.array([DAY.date(), None, DAY.date()], pa.date64()),
        "paid": [1, 0, None],
        "price": pa.array([850, 12, None], pa.uint16()),
        "age": [31.0, np.nan, 7.0],
    }
)


def test_types_and_order_may_differ():
    schema = infer_schema(WRITTEN, KINDS)
    canonical = conform(TYPED, schema)
    assert canonical.schema.equals(canonical_schema(schema))
    assert canonical.to_pydict() == {
        "age": [31, None, 7],
        "price": [850.0, 12.0, None],
        "paid": [True, False, None],
        "day": [DAY.date(), None, DAY.date()],
        "seen": [DAY, None, DAY],
        "zip": ["02139", None, "99999"],
        "class": [2, 1, None],
    }


def test_text_fits_a_typed_schema():
    typed = pa.table(
        {
            "n": [1, 2, 3],
            "x": pa.array([0.5, 1.5, 2.25], pa.float32()),
            "b": [True, False, True],
            "d": [DAY.date()] * 2 + [dt.date(2021, 5, 6)],
            "t": pa.array(
                [DAY, DAY.replace(hour=5, microsecond=7), DAY], pa.timestamp("us", "UTC")
            ),
            "z": [dt.timedelta(seconds=90), dt.timedelta(1), dt.timedelta(0)],
            "c": pa.array(["u", "v", "u"]).dictionary_encode(),
        }
    )
    written = pa.table(
        {
            "n": ["1", "2.0", "3,000"],
            "x": ["0.5", "", "2.25"],
            "b": ["TRUE", "no", "1"],
            "d": ["2020-01-01", "NA", "2021-05-06"],
            "t": ["2020-01-01T01:00:00+01:00", "2020-01-01T05:00:00.000007Z", None],
            "z": ["PT90S", "PT86400S", "PT0S"],
            "c": ["u", "w", None],
        }
    )
    canonical = conform(written, infer_schema(typed))
    assert canonical["n"].to_pylist() == [1, 2, 3000]
    assert canonical["x"].to_pylist() == [0.5, None, 2.25]
    assert canonical["b"].to_pylist() == [True, False, True]
    assert canonical["d"].to_pylist() == [DAY.date(), None, dt.date(2021, 5, 6)]
    assert canonical["t"].to_pylist()[:2] == typed["t"].to_pylist()[:2]
    assert canonical["z"].to_pylist() == typed["z"].to_pylist()
    assert canonical["c"].to_pylist() == ["u", "w", None]


def test_declared_levels_come_first():
    sizes = pa.DictionaryArray.from_arrays(pa.array([1, 0]), pa.array(["S", "M", "L"]))
    schema = infer_schema(pa.table({"size": sizes}))
    other = conform(pa.table({"size": ["XL", "L", None, "S"]}), schema)["size"].chunk(0)
    assert other.dictionary.to_pylist() == ["S", "M", "L", "XL"]
    assert other.to_pylist() == ["XL", "L", None, "S"]


def test_numbers_fit_text_levels():
    schema = infer_schema(pa.table({"x": ["a", "12", "12", "a"]}))
    assert conform(pa.table({"x": [12.0, None]}), schema)["x"].to_pylist() == ["12", None]


def test_single_precision_shows_the_decimals_that_were_meant():
    prices = pa.table({"x": pa.array([0.1, 2.35, 7.0], pa.float32())})
    assert conform(prices, infer_schema(prices))["x"].to_pylist() == [0.1, 2.35, 7.0]


def test_a_clock_of_another_zone_is_set():
    written = pa.table({"x": ["2020-01-01T10:00:00+02:00", "2020-01-02T09:30:00+02:00"]})
    schema = infer_schema(written)
    moments = pa.array([dt.datetime(2020, 1, 1, 8, tzinfo=dt.UTC)] * 2)
    assert conform(pa.table({"x": moments}), schema)["x"][0].as_py() == DAY.replace(hour=10)
    utc = pa.table({"x": ["2020-01-01T08:00:00Z"]})
    assert conform(utc, schema)["x"][0].as_py() == DAY.replace(hour=10)


@pytest.mark.parametrize(
    ("cells", "value"),
    [
        ({"age": ["31", "old", "7"]}, "'old'"),
        ({"age": [31.5, 2.0, 3.0]}, "31.5"),
        ({"age": [2**60, 1, 2**64 - 1]}, str(2**64 - 1)),
        ({"price": [1.0, np.inf, 2.0]}, "infinite"),
        ({"paid": ["yes", "perhaps", "no"]}, "'perhaps'"),
        ({"paid": [0, 2, 1]}, "2"),
        ({"paid": [DAY, DAY, DAY]}, "2020-01-01"),
        ({"day": ["2020-01-01", "2020-02-30", "2020-01-01"]}, "'2020-02-30'"),
        ({"day": [DAY, DAY.replace(hour=3), None]}, "03:00"),
        ({"class": ["1", "x", "2"]}, "'x'"),
    ],
)
def test_values_that_do_not_fit_are_named(cells, value):
    schema = infer_schema(WRITTEN, KINDS)
    (name,) = cells
    types = {"age": pa.uint64()} if 2**64 - 1 in cells[name] else {}
    table = TYPED.set_column(
        TYPED.column_names.index(name), name, pa.array(cells[name], types.get(name))
    )
    with pytest.raises(SchemaError, match=f"Column '{name}' must hold") as error:
        conform(table, schema)
    assert value in str(error.value)


def test_columns_must_be_those_of_the_schema():
    schema = infer_schema(pa.table({"age": [1, 2], "town": ["a", "b"]}))
    with pytest.raises(SchemaError, match=r"lacks 'town'\. Did you mean 'towns'\?"):
        conform(pa.table({"age": [1], "towns": ["a"]}), schema)
    with pytest.raises(SchemaError, match="does not know 'x'"):
        conform(pa.table({"age": [1], "town": ["a"], "x": [1]}), schema)
    with pytest.raises(SchemaError, match="'age'"):
        conform(pa.table([[1], [2], ["a"]], names=["age", "age", "town"]), schema)
    with pytest.raises(SchemaError, match="'town'"):
        conform(pa.table({"age": [1], "town": [["a"]]}), schema)
