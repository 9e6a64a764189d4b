"""What columns are taken for, and the reasons given."""

from __future__ import annotations

import datetime as dt
import uuid

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from lookalike._core.errors import DataError, ParameterError, SchemaError
from lookalike.relations import infer_schema
from lookalike.tables import Kind, Schema, canonical_type, conform

RNG = np.random.default_rng(0)
N = 400
CODES = [f"{i:05d}" for i in RNG.integers(0, 40, N)]


def column(cells, name="x", kinds=None, arrow=None):
    return infer_schema(pa.table({name: pa.array(cells, arrow)}), kinds)[name]


def some(levels, n=N):
    return [levels[i] for i in RNG.integers(0, len(levels), n)]


def days(form, n=60):
    return [(dt.datetime(2019, 1, 1) + dt.timedelta(days=int(d))).strftime(form) for d in range(n)]


# (name, cells, kind, what `why` must say)
TEXT_COLUMNS = {
    "thousands": ("x", ["1,250", "17", "3", "999", "2,000,000"], Kind.INTEGER, "','"),
    "currency": ("x", ["$1,250.50", "$8.00", "-$3.25"], Kind.CONTINUOUS, r"'\$'"),
    "euro": ("x", ["1.250,50 €", "8,00 €"], Kind.CONTINUOUS, "'€'"),
    "decimal comma": ("x", ["3,5", "12,25", "7"], Kind.CONTINUOUS, "',' before decimals"),
    "percent": ("x", [f"{i}%" for i in range(50, 90)], Kind.INTEGER, "'%'"),
    "exponents": ("x", ["1e-05", "2.5", "1e+16"], Kind.CONTINUOUS, "numbers"),
    "rupiah": ("x", ["Rp 250.000", "Rp 17.500", "Rp 3.000"], Kind.INTEGER, "'Rp'"),
    "gas": ("x", ["$3.459", "$2.999", "$3.125"], Kind.CONTINUOUS, r"'\$'"),
    "phones": (
        "x",
        [f"{a} {b} 915" for a, b in RNG.integers(200, 999, (40, 2))],
        Kind.IDENTIFIER,
        "groups of digits of one length",
    ),
    "places": ("x", [f"{a:.4f},{a / 3:.4f}" for a in RNG.random(50)], Kind.TEXT, "no pattern"),
    "unit": ("x", [f"{i} min" for i in range(50, 90)], Kind.INTEGER, "'min'"),
    "missing number": ("x", ["36.6", "N/A", "24.0", "NaN"], Kind.CONTINUOUS, "2 distinct"),
    "spaced number": ("x", ["36", " 24", "17 "], Kind.INTEGER, "not all written the same way"),
    "whole floats": ("x", ["22.0", "38.0", "26.0", None], Kind.INTEGER, "whole"),
    "long": ("x", ["9223372036854775807", "-9223372036854775808"], Kind.INTEGER, "whole"),
    "ambiguous comma": ("x", ["1,234", "5,678"], Kind.TEXT, r"thousands or decimals .*9,999"),
    "zip": ("zip", CODES, Kind.CATEGORICAL, r"leading zeros \(99999\)"),
    "long digits": ("x", some(["12345678901234567890", "1"]), Kind.CATEGORICAL, "more digits"),
    "heights": ("x", some(["70", "68", "5'7", "71"]), Kind.CATEGORICAL, r"cells are numbers.*9'9"),
    "iso": ("x", days("%Y-%m-%d"), Kind.DATE, "%Y-%m-%d"),
    "midnight": ("x", ["20141013T000000", "20150225T000000"], Kind.DATE, "%Y%m%dT000000"),
    "datetime": ("x", days("%Y-%m-%d 20:21:0%w"), Kind.DATETIME, "%H:%M:%S"),
    "english": ("x", ["September 25, 2021", " May 5, 2020"], Kind.DATE, "%B %-d, %Y"),
    "weekdays": ("x", days("%A, %d %B %Y"), Kind.DATE, "%A, %d %B %Y"),
    "o'clock": ("x", ["2 AM", "11 PM", "12 AM"], Kind.TIME, "%-I %p"),
    "day first": ("x", ["25/12/2019", "01/02/2019"], Kind.DATE, "the day before the month"),
    "month first": ("x", ["12/25/2019", "01/02/2019"], Kind.DATE, "the month before the day"),
    "either": ("x", ["01/02/2019", "03/04/2019"], Kind.DATE, "no cell settles it"),
    "monthly": ("x", ["01/02/2019", "01/03/2019"], Kind.DATE, "%d/%m/%Y; taken as the day"),
    "months": ("Month", ["1949-01", "1949-02", "1949-03"], Kind.DATE, "%Y-%m"),
    "six digits": ("birth_date", ["930101", "991231", "701130"], Kind.DATE, "%y%m%d"),
    "not dates": ("x", ["930101", "991231", "701130"], Kind.INTEGER, "whole"),
    "no such day": (
        "x",
        some(["2020-02-30", "2020-02-28", "2020-02-27"]),
        Kind.CATEGORICAL,
        "cells are dates",
    ),
    "zones": (
        "x",
        ["2020-01-01T10:00:00+01:00", "2020-06-01T10:00:00+02:00", "2020-01-02T09:30:00+01:00"],
        Kind.DATETIME,
        r"\+01:00",
    ),
    "time": ("x", ["13:40:36", "07:00:01"], Kind.TIME, "%H:%M:%S"),
    "afternoon": ("x", ["9:05 PM", "12:10 AM"], Kind.TIME, "%-I:%M %p"),
    "duration": ("x", ["PT90S", "PT0.5S"], Kind.DURATION, "PT"),
    "yes": ("x", some(["yes", "no"]), Kind.BOOLEAN, "'no' and 'yes'"),
    "upper": ("x", some(["TRUE", "FALSE", "NA"]), Kind.BOOLEAN, "'FALSE' and 'TRUE'"),
    "Y": ("x", some(["Y", "N", None]), Kind.BOOLEAN, "'N' and 'Y'"),
    "bits": ("x", some(["0", "1"]), Kind.BOOLEAN, "'0' and '1'"),
    "sex": ("x", some(["M", "F"]), Kind.CATEGORICAL, "2 distinct values"),
    "levels": ("x", some(["3", "1", "2"]), Kind.CATEGORICAL, "categories, not a measure"),
    "floors": ("x", some(["1", "1.5", "2"]), Kind.CATEGORICAL, "categories, not a measure"),
    "ssn": (
        "x",
        [f"{a}-{b}-{c:04d}" for a, b, c in zip(*RNG.integers(100, 999, (3, 50)), strict=True)],
        Kind.IDENTIFIER,
        "every value differs and follows",
    ),
    "telephones": (
        "x",
        [f"555-{i:04d}" for i in range(50)] + [f"(040) 555-{i:04d}" for i in range(4)],
        Kind.IDENTIFIER,
        "a few patterns such as 999-9999",
    ),
    "ranges": ("x", [f"{i * 5}-{i * 5 + 7}" for i in range(60)], Kind.TEXT, "no pattern"),
    "pressure": ("x", [f"{90 + i}/{60 + i}" for i in range(40)], Kind.TEXT, "no pattern"),
    "prefixed": ("x", [f"s{i}" for i in range(1, 200)], Kind.IDENTIFIER, "patterns such as a99"),
    "uuid": (
        "x",
        [str(uuid.UUID(bytes=RNG.bytes(16))) for _ in range(50)],
        Kind.IDENTIFIER,
        "letters",
    ),
    "names": (
        "x",
        ["Braund, Mr. Owen", "Allen, Miss E", "Wu"] + [f"{'ab' * i} x" for i in range(9)],
        Kind.TEXT,
        "free text",
    ),
    "customer": ("customer_id", some(["C1", "C2", "C3"]), Kind.CATEGORICAL, "3 distinct values"),
    "few ids": ("customer_id", ["C1", "C2", "C3"], Kind.IDENTIFIER, "a9|A9"),
    "nothing": ("x", [None, None], Kind.CONSTANT, "every cell is missing"),
    "only markers": ("x", ["?", "?"], Kind.CONSTANT, "every cell is missing"),
    "constant": ("x", ["a", "a"], Kind.CONSTANT, "every cell is the same"),
    "one and missing": ("x", ["a", None, "a"], Kind.CATEGORICAL, "one value and missing cells"),
}


@pytest.mark.parametrize("case", TEXT_COLUMNS)
def test_text_columns(case):
    name, cells, kind, why = TEXT_COLUMNS[case]
    found = column(cells, name, arrow=pa.string())
    assert (found.kind, found.storage) == (kind, "string")
    assert pa.compute.match_substring_regex(pa.array([found.why]), why)[0].as_py(), found.why


MIDNIGHTS = [dt.datetime(2020, 1, d) for d in range(1, 29)]
TYPED_COLUMNS = {
    "normal": ("x", RNG.normal(size=N), Kind.CONTINUOUS, "400 distinct numbers"),
    "prices": ("x", RNG.integers(0, 9999, N) / 100, Kind.CONTINUOUS, "distinct numbers"),
    "ages": ("age", RNG.integers(17, 90, N), Kind.INTEGER, "distinct whole numbers in 400 rows"),
    "pandas ages": ("age", [17.0, None, 30.0, 90.0], Kind.INTEGER, "whole numbers"),
    "levels": ("x", RNG.integers(1, 6, N), Kind.CATEGORICAL, "categories, not a measure"),
    "few rows": ("x", RNG.integers(1, 6, 30), Kind.INTEGER, "whole"),
    "zipcode": ("zipcode", RNG.integers(98001, 98099, N), Kind.CATEGORICAL, "says code"),
    "flag": ("x", RNG.integers(0, 2, N), Kind.BOOLEAN, "only 0 and 1"),
    "float flag": ("x", [0.0, 1.0, None, 1.0], Kind.BOOLEAN, "only 0 and 1"),
    "bool": ("x", [True, False, None], Kind.BOOLEAN, "true and false"),
    "id": ("PassengerId", RNG.permutation(10**6)[:N], Kind.IDENTIFIER, "every value differs"),
    "near id": ("id", [*range(300), *range(40)], Kind.IDENTIFIER, "occur once"),
    "shared id": (
        "account_id",
        RNG.integers(0, 50, N),
        Kind.CATEGORICAL,
        "categories that rows share",
    ),
    "rows": ("x", np.arange(1, N + 1), Kind.IDENTIFIER, "numbers the rows"),
    "few rows from 1": ("x", np.arange(1, 11), Kind.INTEGER, "whole"),
    "unique": ("income", RNG.permutation(10**6)[:N], Kind.INTEGER, "400 distinct whole"),
    "years": ("year", np.arange(1900, 2020), Kind.INTEGER, "whole"),
    "midnights": ("x", MIDNIGHTS, Kind.DATE, "all at midnight"),
    "moments": ("x", [m.replace(hour=7) for m in MIDNIGHTS], Kind.DATETIME, "timestamp"),
    "dates": ("x", [m.date() for m in MIDNIGHTS], Kind.DATE, "date32"),
    "times": ("x", [dt.time(7, d) for d in range(9)], Kind.TIME, "times of day"),
    "lengths": ("x", [dt.timedelta(d) for d in range(9)], Kind.DURATION, "durations"),
    "null": ("x", [None, None], Kind.CONSTANT, "missing"),
    "categories": (
        "x",
        pa.array(["a", "b", "a"]).dictionary_encode(),
        Kind.CATEGORICAL,
        "declared as categories",
    ),
}


@pytest.mark.parametrize("case", TYPED_COLUMNS)
def test_typed_columns(case):
    name, cells, kind, why = TYPED_COLUMNS[case]
    found = column(cells, name)
    assert found.kind is kind
    assert why in found.why


@pytest.mark.parametrize("case", ["ages", "prices", "levels", "flag", "moments", "id", "zipcode"])
def test_text_and_types_are_taken_for_the_same(case):
    name, cells, kind, _ = TYPED_COLUMNS[case]
    typed = pa.array(cells)
    written = pa.table({name: typed.cast(pa.string())})
    found = infer_schema(written)
    assert found[name].kind is kind
    same = conform(written, found)[name].cast(typed.type) if kind is not Kind.IDENTIFIER else None
    assert same is None or same.to_pylist() == typed.to_pylist()


def test_many_levels_are_levels_if_they_repeat():
    words = pa.array([f"level {i}" for i in range(30_000)])
    found = column(words.take(pa.array(RNG.integers(0, 30_000, 100_000))))
    assert found.kind is Kind.CATEGORICAL
    assert found.distinct > 28_000


def test_long_sentences_are_text():
    sentences = [
        f"The {i}th passenger said that {'very ' * (i % 7)}little was known" for i in range(60)
    ]
    assert column(sentences).kind is Kind.TEXT


@pytest.mark.parametrize("words", [["None", "low", "high"], ["NA", "EU", "AS"], ["-", "a", "b"]])
def test_words_that_may_be_markers_stay_levels(words):
    found = column([*some(words), None])
    assert (found.kind, found.missing, found.distinct) == (Kind.CATEGORICAL, 1, 3)


def test_a_sure_marker_among_words_is_missing():
    found = column(some(["Private", "State-gov", "?"]))
    assert (found.distinct, found.form.missing) == (2, "?")
    both = column([*some(["Private", "State-gov", "?"]), None])
    assert (both.distinct, both.missing) == (3, 1)


def test_one_row():
    found = infer_schema(pa.table({"a": ["x"], "b": [1.5], "c": [None]}))
    assert {c.kind for c in found.columns} == {Kind.CONSTANT}
    assert [c.example for c in found.columns] == ['"x"', '"1.5"', "null"]


def test_no_cell_is_copied_into_the_schema():
    cells = ["078-05-1120", "00042", "219-09-9999", "12", "457-55-5462"]
    schema = infer_schema(pa.table({"ssn": cells, "zip": ["02139"] * 4 + ["10001"]}))
    text = schema.to_json()
    assert not any(cell in text for cell in [*cells, "02139", "10001"] if len(cell) > 2)


def test_decimals_and_units():
    schema = infer_schema(
        pa.table(
            {
                "price": pa.array([0.25, 1.5, 3.75], pa.float32()),
                "pi": [3.141592653589793, 2.5, 1.0],
                "tens": [10, 20, 45],
                "day": [dt.datetime(2020, 1, d) for d in (1, 5, 9)],
                "hour": [dt.datetime(2020, 1, 1, h) for h in (1, 5, 9)],
                "lap": [dt.timedelta(milliseconds=m) for m in (1500, 2250, 900)],
            }
        )
    )
    assert [c.decimals for c in schema.columns[:3]] == [2, None, 0]
    assert [c.unit for c in schema.columns[3:]] == ["D", "h", "ms"]


def test_declared_order_is_kept():
    sizes = pd.Categorical(["M", "S", None], categories=["S", "M", "L"], ordered=True)
    found = infer_schema(pd.DataFrame({"size": sizes}))["size"]
    assert (found.categories, found.ordered, found.distinct) == (("S", "M", "L"), True, 2)


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame, pa.table])
def test_any_dataframe(frame):
    schema = Schema.infer(frame({"x": [1.5, 2.5, 2.5], "y": ["a", "b", "b"]}))
    assert [c.kind for c in schema.columns] == [Kind.CONTINUOUS, Kind.CATEGORICAL]
    assert schema.rows == 3


def test_json_and_back():
    cells = {"x": ["$1.50", "?"], "y": some(["a", "b"], 2), "d": days("%d.%m.%Y", 2)}
    schema = infer_schema(pa.table(cells))
    assert Schema.from_json(schema.to_json()) == schema


@pytest.mark.parametrize(
    "wrong", [{"pattern": "%Q"}, {"fixed": 10**9}, {"least": -1}, {"negative": "?"}, {"odd": 1}]
)
def test_a_stored_way_of_writing_is_checked(wrong):
    values = infer_schema(pa.table({"x": ["$1.50", "?", "$7.25"]})).to_dict()
    values["columns"][0]["form"] |= wrong
    with pytest.raises(SchemaError, match="Not a schema"):
        Schema.from_dict(values)


# --- chosen kinds ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "kind", "arrow"),
    [
        ([1, 2, 3], "continuous", pa.float64()),
        ([1, 2, 3], Kind.CATEGORICAL, pa.dictionary(pa.int32(), pa.int64())),
        ([1.5, 2.5, 3], "categorical", pa.dictionary(pa.int32(), pa.float64())),
        (["1", "2", "?"], "categorical", pa.dictionary(pa.int32(), pa.int64())),
        (["01", "2", "?"], "categorical", pa.dictionary(pa.int32(), pa.string())),
        ([1, 0, 1], "integer", pa.int64()),
        ([1, 0, 1], "text", pa.int64()),
        ([1.0, 0.0, None], "identifier", pa.float64()),
        ([True, False], "categorical", pa.dictionary(pa.int32(), pa.bool_())),
        (["2020-01-01", "2020-01-02"], "datetime", pa.timestamp("us")),
        ([dt.datetime(2020, 1, 1), dt.datetime(2020, 1, 2)], "datetime", pa.timestamp("us")),
        (["a", "a"], "constant", pa.string()),
    ],
)
def test_kinds_can_be_chosen(cells, kind, arrow):
    table = pa.table({"x": cells})
    schema = infer_schema(table, {"x": kind})
    assert (schema["x"].kind, schema["x"].why) == (Kind(kind), "as chosen")
    assert canonical_type(schema["x"]) == arrow
    assert conform(table, schema)["x"].type == arrow


@pytest.mark.parametrize(
    ("cells", "kind", "said"),
    [
        (["12", "many", "7"], "integer", "'many'"),
        ([1.5, 2.0, 7.0], "integer", "1.5"),
        (["02139", "10001"], "integer", "leading zeros"),
        ([2**53 + 1, 0, 3], "continuous", str(2**53 + 1)),
        ([0, 1, 2], "boolean", "the value 2"),
        (["m", "f", "f"], "boolean", "pair such as yes and no"),
        (["soon", "2020-01-01"], "date", "'soon'"),
        ([dt.datetime(2020, 1, 1, 7), dt.datetime(2020, 1, 2)], "date", "07:00"),
        ([1, 2, 3], "date", "it holds int64"),
        ([1.5, 2.5, 3.0], "identifier", "text or whole numbers"),
        ([True, False], "identifier", "text or whole numbers"),
        (["a", "b"], "constant", "'a' and 'b'"),
        (["a", None], "constant", "some cells are missing"),
        ([None, None], "continuous", "every cell is missing"),
    ],
)
def test_kinds_that_cannot_be(cells, kind, said):
    with pytest.raises(ParameterError, match="Column 'x' cannot be") as error:
        infer_schema(pa.table({"x": cells}), {"x": kind})
    assert said in str(error.value)


def test_all_mistakes_in_kinds_are_said_at_once():
    table = pa.table({"age": [1, 2], "zip": ["a", "b"]})
    with pytest.raises(ParameterError) as error:
        infer_schema(table, {"agee": "integer", "zip": "categorial"})
    assert "Did you mean 'age'?" in str(error.value)
    assert "Did you mean 'categorical'?" in str(error.value)
    with pytest.raises(ParameterError, match=r"'age'(.|\n)*'zip'"):
        infer_schema(table, {"age": "boolean", "zip": "integer"})


# --- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (pa.table({"x": [1.0, np.inf, -np.inf]}), "'x' has 2 infinite values"),
        (pa.table({"x": ["1.5", "inf", "2"]}), "'x' has 1 infinite value"),
        (pa.table({"x": [[1], [2]]}), "'x'"),
        (pa.table({"x": [{"a": 1}]}), "'x'"),
        (pa.table({"x": [b"ab", b"c"]}), "'x' is of type binary"),
        (pa.table({"x": pa.array([], pa.int64())}), "must have rows"),
        (pa.table({}), "must have columns"),
        (pa.table([[1], [2]], names=["a", "a"]), "'a'"),
        (pa.table([[1]], names=[""]), "must have a name"),
        (pa.table({"x": pa.array([1500, 7], pa.duration("ns"))}), "'x'"),
        (pa.table({"x": pa.array([2**64 - 1 - i for i in range(5)], pa.uint64())}), "'x'"),
    ],
)
def test_tables_that_cannot_be_used(table, said):
    with pytest.raises(DataError) as error:
        infer_schema(table)
    assert said in str(error.value)


def test_large_unsigned_identifiers():
    values = pa.array([2**64 - 1 - 7 * i for i in range(60)], pa.uint64())
    assert column(values).kind is Kind.IDENTIFIER
