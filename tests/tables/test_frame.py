"""The dataframe border: what goes in comes out the same, and what cannot is refused by name."""

from __future__ import annotations

import datetime as dt
import json
import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lookalike._core.errors import DataError
from lookalike.tables import Origin, as_frame, from_arrow, to_arrow

FEW = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
PANDAS = tuple(int(part) for part in pd.__version__.split(".")[:2])

TEXT = st.text(max_size=6)
MOMENTS = st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2100, 1, 1))
LENGTHS = st.timedeltas(dt.timedelta(days=-1000), dt.timedelta(days=1000))
FLOATS = st.floats(width=32, allow_subnormal=False)


def there_and_back(frame):
    """Go through Arrow and, as a model file does, through JSON."""
    table, origin = to_arrow(frame)
    return from_arrow(table, Origin.from_dict(json.loads(json.dumps(origin.to_dict()))))


def some(values, n, missing=None):
    cell = values if missing is None else st.one_of(values, st.just(missing))
    return st.lists(cell, min_size=n, max_size=n)


def series(values, dtype, missing=None):
    return lambda n: some(values, n, missing).map(lambda cells: pd.Series(cells, dtype=dtype))


def integers(bits, low=0):
    return st.integers(low * 2 ** (bits - 1), 2 ** (bits - 1) - 1)


@st.composite
def categories(draw, values, n, ordered):
    levels = draw(st.lists(values, min_size=1, max_size=5, unique=True))
    codes = draw(st.lists(st.integers(-1, len(levels) - 1), min_size=n, max_size=n))
    return pd.Series(pd.Categorical.from_codes(codes, levels, ordered=ordered))


def zoned(zone, unit):
    def make(n):
        return some(MOMENTS, n, pd.NaT).map(
            lambda cells: pd.Series(pd.to_datetime(cells, utc=True)).astype(
                f"datetime64[{unit}, {zone}]"
            )
        )

    return make


PANDAS_COLUMNS = {
    "int64": series(integers(64, -1), "int64"),
    "int8": series(integers(8, -1), "int8"),
    "uint16": series(integers(16), "uint16"),
    "big-endian": series(integers(32, -1), ">i4"),
    "float64": series(FLOATS, "float64", np.nan),
    "float32": series(FLOATS, "float32", np.nan),
    "float16": series(st.floats(width=16), "float16", np.nan),
    "bool": series(st.booleans(), "bool"),
    "Int64": series(integers(64, -1), "Int64", pd.NA),
    "UInt8": series(integers(8), "UInt8", pd.NA),
    "Float64": series(FLOATS.filter(lambda x: x == x), "Float64", pd.NA),
    "boolean": series(st.booleans(), "boolean", pd.NA),
    "string": series(TEXT, "string", pd.NA),
    "python string": series(TEXT, "string[python]", pd.NA),
    "arrow int": series(integers(32, -1), "int32[pyarrow]", pd.NA),
    "arrow string": series(TEXT, pd.ArrowDtype(pa.string()), pd.NA),
    "arrow date": series(st.dates(), pd.ArrowDtype(pa.date32()), pd.NA),
    "arrow moment": series(MOMENTS, pd.ArrowDtype(pa.timestamp("us", "UTC")), pd.NA),
    "object text": series(TEXT, object, None),
    "object text, nan": series(TEXT, object, np.nan),
    "object text, NA": series(TEXT, object, pd.NA),
    "object bool": series(st.booleans(), object, None),
    "object int": series(integers(64, -1), object, None),
    "object date": series(st.dates(), object, None),
    "object time": series(st.times(), object, None),
    "object decimal": series(st.decimals(-1000, 1000, places=2), object, None),
    "object bytes": series(st.binary(max_size=3), object, None),
    "datetime ns": series(MOMENTS, "datetime64[ns]", pd.NaT),
    "datetime us": series(MOMENTS, "datetime64[us]", pd.NaT),
    "datetime s": series(MOMENTS.map(lambda x: x.replace(microsecond=0)), "datetime64[s]", pd.NaT),
    "timedelta ns": series(LENGTHS, "timedelta64[ns]", pd.NaT),
    "timedelta us": series(LENGTHS, "timedelta64[us]", pd.NaT),
    "Berlin": zoned("Europe/Berlin", "us"),
    "UTC": zoned("UTC", "ns"),
    "category text": lambda n: categories(TEXT, n, ordered=False),
    "category int": lambda n: categories(integers(64, -1), n, ordered=True),
    "category float": lambda n: categories(FLOATS.filter(np.isfinite), n, ordered=True),
    "category bool": lambda n: categories(st.booleans(), n, ordered=False),
    "category date": lambda n: categories(st.dates(), n, ordered=True),
    "category moment": lambda n: categories(MOMENTS.map(pd.Timestamp), n, ordered=True),
    "category mixed": lambda n: categories(st.sampled_from([1, "a", 2.5, "b"]), n, ordered=False),
}
if PANDAS >= (3, 0):
    PANDAS_COLUMNS["str"] = series(TEXT, "str", np.nan)


@st.composite
def pandas_frames(draw):
    rows = draw(st.integers(0, 6))
    kinds = draw(st.lists(st.sampled_from(sorted(PANDAS_COLUMNS)), min_size=1, unique=True))
    return pd.DataFrame({kind: draw(PANDAS_COLUMNS[kind](rows)) for kind in kinds})


@FEW
@given(pandas_frames())
def test_a_pandas_frame_comes_back_equal(frame):
    before = frame.copy(deep=True)
    back = there_and_back(frame)
    pd.testing.assert_frame_equal(back, frame)
    assert isinstance(back.index, pd.RangeIndex)
    pd.testing.assert_frame_equal(frame, before)


@settings(FEW, max_examples=8)
@given(data=st.data())
@pytest.mark.parametrize("kind", sorted(PANDAS_COLUMNS))
def test_each_pandas_dtype_survives_slices_and_no_rows(kind, data):
    frame = pd.DataFrame({"x": data.draw(PANDAS_COLUMNS[kind](3))})
    table, origin = to_arrow(frame)
    for start, stop in ((0, 0), (1, 3), (0, 3)):
        back = from_arrow(table.slice(start, stop - start), origin)
        pd.testing.assert_frame_equal(back, frame[start:stop].reset_index(drop=True))
        if not kind.startswith("arrow"):
            back.loc[:, "x"] = back["x"].to_numpy(copy=True)  # it is the caller's to change


POLARS_DTYPES = [
    *(pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64),
    *(pl.Float32, pl.Float64, pl.Boolean, pl.String, pl.Binary, pl.Date, pl.Time, pl.Null),
    *(pl.Categorical(), pl.Enum(["a", "b", "unused"]), pl.Decimal(12, 3)),
    *(pl.Datetime("ms"), pl.Datetime("us", "Europe/Berlin"), pl.Datetime("ns", "UTC")),
    *(pl.Duration("ms"), pl.Duration("us"), pl.Duration("ns")),
]
POLARS_VALUES = {
    "Float32": FLOATS,
    "Float64": FLOATS,
    "Boolean": st.booleans(),
    "String": TEXT,
    "Binary": st.binary(max_size=3),
    "Date": st.dates(),
    "Time": st.times(),
    "Null": st.none(),
    "Categorical": TEXT,
    "Enum": st.sampled_from(["a", "b"]),
    "Decimal": st.decimals(-1000, 1000, places=3),
    "Datetime": MOMENTS.map(lambda x: x.replace(microsecond=0)),
    "Duration": st.timedeltas(dt.timedelta(days=-9), dt.timedelta(days=9)).map(
        lambda x: dt.timedelta(seconds=round(x.total_seconds()))
    ),
}


@st.composite
def polars_frames(draw):
    rows = draw(st.integers(0, 6))
    dtypes = draw(st.lists(st.sampled_from(POLARS_DTYPES), min_size=1, max_size=8))
    columns = []
    for position, dtype in enumerate(dtypes):
        values = POLARS_VALUES.get(dtype.base_type().__name__, st.integers(0, 100))
        cells = draw(some(values, rows, missing=None).map(list) if rows else st.just([]))
        holes = draw(st.lists(st.booleans(), min_size=rows, max_size=rows))
        cells = [None if hole else cell for cell, hole in zip(cells, holes, strict=True)]
        if isinstance(dtype, pl.Datetime) and dtype.time_zone:
            plain = pl.Series(cells, dtype=pl.Datetime(dtype.time_unit))
            column = plain.dt.replace_time_zone("UTC").dt.convert_time_zone(dtype.time_zone)
        else:
            column = pl.Series(cells, dtype=dtype)
        columns.append(column.alias(f"column {position}"))
    return pl.DataFrame(columns)


@FEW
@given(polars_frames())
def test_a_polars_frame_comes_back_equal(frame):
    before = frame.clone()
    back = there_and_back(frame)
    assert back.schema == frame.schema
    assert back.equals(frame, null_equal=True)
    assert frame.equals(before, null_equal=True)


ARROW_COLUMNS = {
    "null": pa.nulls(2),
    "int": pa.array([1, None], pa.int16()),
    "half": pa.array([np.float16(0.5), None], pa.float16()),
    "view": pa.array(["a", None], pa.string_view()),
    "fixed": pa.array([b"ab", None], pa.binary(2)),
    "date": pa.array([0, None], pa.date32()),
    "time": pa.array([1, None], pa.time32("ms")),
    "moment": pa.array([1, None], pa.timestamp("ns", "Europe/Berlin")),
    "offset": pa.array([1, None], pa.timestamp("s", "+02:00")),
    "length": pa.array([1, None], pa.duration("ms")),
    "decimal": pa.array([Decimal("1.10"), None], pa.decimal256(40, 2)),
    "small levels": pa.array(["a", None])
    .dictionary_encode()
    .cast(pa.dictionary(pa.int8(), "utf8")),
    "ordered": pa.DictionaryArray.from_arrays(pa.array([1, None], pa.int8()), [5, 7], ordered=True),
}


def test_a_pyarrow_table_comes_back_equal():
    table = pa.table(ARROW_COLUMNS)
    back = there_and_back(table)
    assert isinstance(back, pa.Table)
    assert back.equals(table)
    assert there_and_back(table.slice(0, 0)).schema == table.schema


def test_a_record_batch_comes_back_as_one_batch():
    batch = pa.RecordBatch.from_pydict({"a": [1, 2], "b": ["x", None]})
    table, origin = to_arrow(batch)
    assert there_and_back(batch).equals(batch)
    twice = from_arrow(pa.concat_tables([table, table]), origin)
    assert isinstance(twice, pa.RecordBatch)
    assert twice.num_rows == 4
    assert from_arrow(table.slice(0, 0), origin).num_rows == 0


def test_a_field_that_is_never_null_stays_so():
    schema = pa.schema([pa.field("a", pa.int64(), nullable=False)])
    table, origin = to_arrow(pa.table({"a": [1]}, schema=schema))
    assert from_arrow(table, origin).schema == schema
    with pytest.raises(DataError, match="'a' is declared as never null, but 1 "):
        from_arrow(pa.table({"a": pa.array([None], pa.int64())}), origin)


def test_a_narwhals_frame_is_taken_for_what_it_wraps():
    frame = pl.DataFrame({"a": [1]})
    assert there_and_back(nw.from_native(frame)).equals(frame)


# --- pandas, one by one ---------------------------------------------------------------------------


def test_intervals_of_cut_keep_their_category_dtype():
    frame = pd.DataFrame({"age": pd.cut(pd.Series([1.0, 5.0, np.nan, 9.5]), [0, 2, 6, 10, 20])})
    table, _ = to_arrow(frame)
    assert table["age"].to_pylist() == ["(0, 2]", "(2, 6]", None, "(6, 10]"]
    pd.testing.assert_frame_equal(there_and_back(frame), frame)


def test_unused_and_no_categories_are_kept():
    frame = pd.DataFrame(
        {
            "unused": pd.Categorical(["b", "b"], categories=["c", "b", "a"], ordered=True),
            "none": pd.Categorical([None, None], categories=[]),
        }
    )
    table, _ = to_arrow(frame)
    assert table["unused"].chunk(0).dictionary.to_pylist() == ["c", "b", "a"]
    pd.testing.assert_frame_equal(there_and_back(frame), frame)


@pytest.mark.parametrize(
    "columns",
    [
        pd.Index([1, 2]),
        pd.RangeIndex(2),
        pd.Index(["a", 7]),
        pd.Index(["a", "b"], name="what", dtype=object),
        pd.Index([0.5, 1.5]),
    ],
)
def test_column_labels_are_kept(columns):
    frame = pd.DataFrame([[1, 2], [3, 4]], columns=columns)
    table, _ = to_arrow(frame)
    assert table.column_names == [str(label) for label in columns]
    pd.testing.assert_frame_equal(there_and_back(frame), frame)


def test_the_row_index_is_left_out():
    frame = pd.DataFrame({"a": [1, 2]}, index=["x", "y"])
    pd.testing.assert_frame_equal(there_and_back(frame), frame.reset_index(drop=True))


def test_missing_marks_of_object_columns_come_back():
    frame = pd.DataFrame({"a": [None, "x"], "b": [np.nan, "x"], "c": [pd.NA, "x"]}, dtype=object)
    back = there_and_back(frame)
    assert back["a"][0] is None
    assert np.isnan(back["b"][0])
    assert back["c"][0] is pd.NA


def test_all_missing_columns_come_back():
    frame = pd.DataFrame(
        {"object": pd.Series([None, None], dtype=object), "float": [np.nan, np.nan]}
    )
    table, _ = to_arrow(frame)
    assert [column.null_count for column in table.columns] == [2, 2]
    pd.testing.assert_frame_equal(there_and_back(frame), frame)


def test_a_frame_is_free_to_be_changed_and_shares_nothing():
    frame = pd.DataFrame({"a": [1, 2], "b": [0.5, 1.5]})
    back = there_and_back(frame)
    back.loc[0, "a"] = 7
    back.loc[0, "b"] = 7
    assert frame["a"].tolist() == [1, 2]
    assert frame["b"].tolist() == [0.5, 1.5]


def test_values_made_later_take_the_old_dtypes():
    frame = pd.DataFrame({"n": pd.Series([1], dtype="int8"), "x": pd.Series([1], dtype="float32")})
    _, origin = to_arrow(frame)
    made = from_arrow(pa.table({"n": pa.array([5, 6]), "x": pa.array([0.5, None])}), origin)
    assert made.dtypes.astype(str).tolist() == ["int8", "float32"]
    assert made["n"].tolist() == [5, 6]
    plain = pa.table({"level": pa.array(["b", None, "a"])})
    _, origin = to_arrow(pd.DataFrame({"level": pd.Categorical(["a", "b"])}))
    assert from_arrow(plain, origin)["level"].cat.codes.tolist() == [1, -1, 0]


@pytest.mark.parametrize(
    ("values", "arrow"),
    [
        ([1, "x", None, 20], pa.string()),
        ([True, "maybe", False], pa.string()),
        ([2.5, "n/a", 7.0], pa.string()),
        ([dt.date(2020, 1, 5), "soon"], pa.string()),
        ([Decimal("1.50"), "free"], pa.string()),
        ([dt.datetime(2020, 1, 5, 7, 30), "soon", dt.time(7, 30)], pa.string()),
        ([True, 0.0, np.nan, 1.0], pa.float64()),
        ([Decimal("0.5"), 2.0, 3], pa.float64()),
    ],
)
def test_objects_of_several_types_are_text_or_numbers(values, arrow):
    frame = pd.DataFrame({"x": pd.Series(values, dtype=object)})
    table, origin = to_arrow(frame)
    assert table["x"].type == arrow
    back = from_arrow(table, Origin.from_dict(json.loads(json.dumps(origin.to_dict()))))
    pd.testing.assert_frame_equal(back, frame, check_exact=True)
    if arrow == pa.string():
        kinds = [type(value) for value in values if value is not None]
        assert [type(value) for value in back["x"].dropna()] == kinds


def test_text_that_looks_like_a_number_stays_text():
    frame = pd.DataFrame({"x": pd.Series([1, "2", "x"], dtype=object)})
    assert from_arrow(*to_arrow(frame))["x"].tolist() == ["1", "2", "x"]


# --- what cannot be held --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (pd.Series([1]), pa.array([None], pa.int64()), "'x' of dtype int64 .* 'Int64'"),
        (pd.Series([True]), pa.array([None], pa.bool_()), "'x' of dtype bool .* 'boolean'"),
        (pd.Series([1]), pa.array([0.5]), "'x' must fit the type int64"),
        (pd.Series([1], dtype="int8"), pa.array([300]), "'x' must fit the type int8"),
        (
            pd.Series(["a"], dtype="category"),
            pa.array(["z"]),
            "'x' can hold its own .* not 'z': add it",
        ),
        (pl.Series([1], dtype=pl.UInt8), pa.array([-1]), "'x' must fit the type uint8"),
        (pl.Series(["a"], dtype=pl.Enum(["a"])), pa.array(["z"]), "'x' must fit the polars dtype"),
    ],
)
def test_values_that_do_not_fit_are_refused_by_name(old, new, words):
    frame = pl.DataFrame({"x": old}) if isinstance(old, pl.Series) else pd.DataFrame({"x": old})
    _, origin = to_arrow(frame)
    with pytest.raises(DataError, match=words):
        from_arrow(pa.table({"x": new}), origin)


def test_other_columns_are_refused():
    _, origin = to_arrow(pa.table({"a": [1], "b": [2]}))
    with pytest.raises(DataError, match=re.escape("must have the columns ['a', 'b']")):
        from_arrow(pa.table({"b": [1], "a": [2]}), origin)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"a": [1]}, "got dict.*pandas.DataFrame"),
        ([1, 2], "got list.*pandas.DataFrame"),
        (np.zeros((2, 2)), "got numpy.ndarray.*columns="),
        (pd.Series([1]), "got pandas.*Series.*to_frame"),
        ("data.csv", "no file 'data.csv'"),
        (Path("data.json"), "must end in .csv.*'data.json' has the suffix"),
        (None, "got NoneType"),
        (pl.LazyFrame({"a": [1]}), "lazy polars.*collect"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "'a' for columns 1 and 2"),
        (pd.DataFrame([[1, 2]], columns=[1, "1"]), "'1' for columns 1 and 2"),
        (pd.DataFrame([[1, 2]], columns=["a", ""]), "none for column 2 of 2"),
        (pd.DataFrame([[1]], columns=[None]), "text or numbers, got None"),
        (pd.DataFrame([[1]], columns=[float("inf")]), "text or numbers, got inf"),
        (
            pd.DataFrame([[1, 2]], columns=pd.Index([("a", 1), ("a", 2)], tupleize_cols=False)),
            "numbers, got .'a', 1.",
        ),
        (pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([(1, 2), (1, 3)])), "MultiIndex"),
        (pa.table([[1], [2]], names=["a", "a"]), "'a' for columns 1 and 2"),
        (pa.table([[1]], names=[""]), "none for column 1 of 1"),
        (pa.table({"a": [[1, 2]]}), "'a' of type list"),
        (pl.DataFrame({"a": [{"b": 1}]}), "'a' has the polars dtype Struct"),
        (pl.DataFrame({"a": [object()]}), "'a' has the polars dtype Object"),
        (pd.DataFrame({"a": pd.period_range("2020", periods=2)}), "'a' .*to_timestamp"),
        (pd.DataFrame({"a": pd.interval_range(0, 2)}), "'a' .*category"),
        (pd.DataFrame({"a": pd.arrays.SparseArray([1, 2])}), "'a' .*to_dense"),
        (pd.DataFrame({"a": [1j]}), "'a' has the dtype complex128"),
        (pd.DataFrame({"a": [1, {}]}, dtype=object), r"'a' holds int \(1\) and dict \({}\)"),
        (pd.DataFrame({"a": ["x", "b\ud800"]}, dtype=object), r"'a' has the cell 'b.ud800'"),
        (pd.DataFrame([[1]], columns=pd.Index(["b\ud800"], dtype=object)), r"name 'b.ud800'"),
        (pd.DataFrame({"a": [[1], [2]]}), "'a' holds list"),
        (pd.DataFrame({"a": [2**80]}, dtype=object), "'a' of dtype object cannot"),
        (pd.DataFrame({"a": pd.Categorical([1, "1"])}), "'a' has categories of several types"),
    ],
)
def test_what_is_not_a_plain_eager_frame_is_refused_by_name(data, words):
    with pytest.raises(DataError, match=words):
        to_arrow(data)


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"library": "pandas", "columns": [{"name": "a"}], "frame": {}},
        {"library": "pandas", "columns": [{"name": 1, "arrow": "int64"}], "frame": {}},
        {"library": "pandas", "columns": 3, "frame": {}},
    ],
)
def test_a_damaged_origin_is_refused(values):
    with pytest.raises(DataError, match="Not the origin"):
        Origin.from_dict(values)


@pytest.mark.parametrize(
    ("library", "column", "words"),
    [
        ("os", {"arrow": "int64"}, "no dataframe library 'os'"),
        ("pandas", {"arrow": "list"}, "no flat Arrow type 'list'"),
        ("pandas", {"arrow": "int64", "dtype": {"kind": "what"}}, "no origin that pandas knows"),
        ("pandas", {"arrow": "int64", "dtype": {"kind": "numpy"}}, "damaged: KeyError"),
        ("polars", {"arrow": "int64", "dtype": {"type": "Object"}}, "no polars dtype 'Object'"),
    ],
)
def test_a_hostile_origin_is_refused(library, column, words):
    origin = Origin.from_dict(
        {"library": library, "columns": [{"name": "a", **column}], "frame": {}}
    )
    with pytest.raises(DataError, match=words):
        from_arrow(pa.table({"a": [1]}), origin)


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_an_absent_library_is_named(library):
    """A model fitted on a frame can be read where its library is not installed."""
    origin = to_arrow(sys.modules[library].DataFrame({"a": [1]}))[1]
    code = f"""
import sys
class Absent:
    def find_spec(name, path, target=None):
        if name == {library!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Absent)
import pyarrow as pa
from lookalike._core.errors import MissingDependencyError
from lookalike.tables import Origin, from_arrow
try:
    from_arrow(pa.table({{"a": [1]}}), Origin.from_dict({origin.to_dict()!r}))
except MissingDependencyError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert f"pip install {library}" in done.stdout
    assert "sample_to" in done.stdout


# --- natural frames -------------------------------------------------------------------------------


def test_as_frame_gives_natural_dtypes():
    table = pa.table(
        {
            "n": pa.array([1, None]),
            "m": pa.array([1, 2]),
            "b": pa.array([True, None]),
            "s": pa.array(["x", None]),
            "c": pa.array(["x", None]).dictionary_encode(),
            "t": pa.array([0, None], pa.timestamp("us")),
        }
    )
    frame = as_frame(table, "pandas")
    text = str(pd.Series(["x"]).dtype)
    expected = ["Int64", "int64", "boolean", text, "category", "datetime64[us]"]
    assert frame.dtypes.astype(str).tolist() == expected
    assert list(frame.columns) == table.column_names
    assert as_frame(table, "polars").schema["c"] == pl.Categorical
    assert as_frame(table, "pyarrow") is as_frame(table, "arrow") is table
    with pytest.raises(DataError, match="got 'dask'"):
        as_frame(table, "dask")
