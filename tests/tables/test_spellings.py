"""Numbers, dates and keys in many spellings: recognised, and written back in their own form."""

from __future__ import annotations

import datetime as dt
import re

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lookalike._core.errors import ParameterError
from lookalike.relations import infer_schema
from lookalike.tables import IdentifierMaker, Kind, Schema, cautions, conform, render

RNG = np.random.default_rng(5)
N = 80
WIDE = 10 ** RNG.uniform(2, 10, N)
SIGNED = RNG.normal(0, 40, N)
DAYS = [
    dt.datetime(2019, 1, 1) + dt.timedelta(days=int(d), minutes=int(m))
    for d, m in zip(RNG.integers(0, 900, N), RNG.integers(0, 1440, N), strict=True)
]


def indian(number):
    head, tail = str(number)[:-3], str(number)[-3:]
    first = len(head) % 2
    pairs = [head[:first], *(head[i : i + 2] for i in range(first, len(head), 2)), tail]
    return ",".join(pair for pair in pairs if pair)


def scaled(number):
    for unit, size in (("B", 1e9), ("M", 1e6), ("k", 1e3)):
        if number >= size * 0.99996:
            return f"€{number / size:.1f}{unit}"
    return f"€{number:.1f}"


def european(number):
    return f"{number:,.2f}".translate(str.maketrans(",.", ".,"))


def accounting(number):
    return f"({-number:,.2f})" if number < -0.004 else f"{abs(number):,.2f}"


# (cells, kind, how every cell that is made looks)
NUMBERS = {
    "plus": ([f"{x:+.2f}" for x in SIGNED], Kind.CONTINUOUS, r"[+-]\d+\.\d\d"),
    "plus of whole": ([f"{int(x):+d}" for x in SIGNED], Kind.INTEGER, r"[+-]\d+"),
    "plus above zero": (
        [f"{int(x):+d}".replace("+0", "0") for x in [*SIGNED, 0]],
        Kind.INTEGER,
        r"0|[+-][1-9]\d*",
    ),
    "plus and percent": ([f"{x:+.1f}%" for x in SIGNED], Kind.CONTINUOUS, r"[+-]\d+\.\d%"),
    "plus and money": (
        [f"{x:+.1f}".replace("+", "+$").replace("-", "-$") for x in SIGNED],
        Kind.CONTINUOUS,
        r"[+-]\$\d+\.\d",
    ),
    "long minus": ([f"{x:.1f}".replace("-", "−") for x in SIGNED], Kind.CONTINUOUS, r"−?\d+\.\d"),
    "one comma": (
        [f"{int(x):,}" for x in RNG.uniform(1e3, 9e5, N)],
        Kind.INTEGER,
        r"\d{1,3},\d{3}",
    ),
    "lakhs": (
        [indian(int(x)) for x in RNG.uniform(1e5, 9e7, N)],
        Kind.INTEGER,
        r"\d{1,2}(,\d\d)*,\d{3}|\d{1,3}",
    ),
    "k, M and B": ([scaled(x) for x in WIDE], Kind.CONTINUOUS, r"€\d{1,3}\.\d[kMB]?"),
    "whole K": (
        ["€1.5M", "€80K", "€0", "€77M", "€925K", "€3.2M"],
        Kind.INTEGER,
        r"€\d+(\.\d)?[KM]?",
    ),
    "bytes": (
        [f"{x:.1f} {u}" for x, u in zip(range(1, 60), ["KB", "MB", "GB"] * 20, strict=False)],
        Kind.INTEGER,
        r"\d{1,3}\.\d [KMG]B",
    ),
    "one suffix": ([f"{x:.1f}k" for x in RNG.uniform(1, 90, N)], Kind.CONTINUOUS, r"\d+\.\dk"),
    "scientific": ([f"{x:.3e}" for x in WIDE / 1e6], Kind.CONTINUOUS, r"\d\.\d{3}e[+-]\d\d"),
    "SCIENTIFIC": ([f"{x:.2E}" for x in WIDE / 1e6], Kind.CONTINUOUS, r"\d\.\d\dE[+-]\d\d"),
    "short exponents": (
        [re.sub("e([+-])0", r"e\1", f"{x:.1e}").replace("+", "") for x in WIDE / 1e6],
        Kind.CONTINUOUS,
        r"\d\.\de-?\d+",
    ),
    "european": ([european(x * 900) for x in SIGNED], Kind.CONTINUOUS, r"-?\d{1,3}(\.\d{3})*,\d\d"),
    "parentheses": (
        [accounting(x * 900) for x in SIGNED],
        Kind.CONTINUOUS,
        r"\(?\d{1,3}(,\d{3})*\.\d\d\)?",
    ),
}


def inferred(cells, name="x", kinds=None):
    table = pa.table({name: pa.array(cells, pa.string())})
    schema = Schema.from_json(infer_schema(table, kinds).to_json())
    return table, schema, schema[name]


def in_between(values):
    """Return values that no cell had, of the same type: what a synthesizer could make."""
    ticks = values.cast(pa.int32() if pa.types.is_date32(values.type) else values.type)
    if pa.types.is_temporal(ticks.type):
        ticks = ticks.view(pa.int64())
    found = np.sort(ticks.drop_null().to_numpy())
    middle = found[:-1] + (found[1:] - found[:-1]) // 2
    if pa.types.is_date32(values.type):
        return pa.array(middle.astype(np.int32)).view(values.type)
    return (
        pa.array(middle).view(values.type)
        if pa.types.is_temporal(values.type)
        else pa.array(middle)
    )


@pytest.mark.parametrize("case", NUMBERS)
def test_numbers_are_written_back_in_their_own_form(case):
    cells, kind, look = NUMBERS[case]
    table, schema, column = inferred(cells)
    assert column.kind is kind, column.why
    canonical = conform(table, schema)
    assert render(canonical, schema).equals(table)
    made = pa.table({"x": in_between(canonical["x"].combine_chunks())})
    words = render(made, schema)["x"].to_pylist()
    assert all(re.fullmatch(look, word) for word in words), words
    again = conform(pa.table({"x": words}), schema)["x"].to_numpy().astype(float)
    meant = made["x"].to_numpy().astype(float)
    assert np.allclose(again, meant, rtol=0.06, atol=0.06)


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.integers(-(10**9), 10**9), min_size=8, max_size=20, unique=True),
    st.sampled_from(["", "$", "€ ", "CHF "]),
    st.sampled_from(["", "%", " km", "M"]),
    st.sampled_from(["", ","]),
    st.sampled_from(["", "+"]),
    st.integers(0, 4),
)
def test_any_form_comes_back(numbers, prefix, suffix, thousands, plus, decimals):
    sign = {True: "-", False: plus}
    cells = [
        f"{sign[n < 0]}{prefix}{abs(n) / 100:{thousands}.{decimals}f}{suffix}" for n in numbers
    ]
    cells.append(f"-{prefix}{1.5:.{decimals}f}{suffix}")
    table, schema, column = inferred(cells)
    if column.kind in (Kind.CONTINUOUS, Kind.INTEGER):
        assert render(conform(table, schema), schema).equals(table)


def test_telephone_numbers_are_no_numbers():
    cells = [f"+4179{i:07d}" for i in 100_003 * np.arange(N)]
    assert inferred(cells)[2].kind is Kind.IDENTIFIER


@pytest.mark.parametrize("pattern", ["0x{:08x}", "0X{:06X}", "0x{:x}", "0x{:X}"])
def test_hexadecimal_keys_stay_hexadecimal(pattern):
    cells = [pattern.format(int(i)) for i in RNG.permutation(2**16)[:N]]
    table, _, column = inferred(cells)
    assert column.kind is Kind.IDENTIFIER
    made = IdentifierMaker().fit(table["x"].combine_chunks(), column).make(0, 300, seed=1)
    digits = "0-9A-F" if "X}" in pattern else "0-9a-f"
    look = f"{pattern[:2]}[{digits}]+"
    assert all(re.fullmatch(look, word) for word in made.to_pylist())


# --- yes and no -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words", [("1.0", "0.0"), ("1.00", "0.00"), ("1,0", "0,0"), ("1%", "0%"), ("+1", "0")]
)
@pytest.mark.parametrize("missing", [None, "NA", "?"])
def test_yes_and_no_written_as_numbers(words, missing):
    cells = [[*words, missing][i] for i in RNG.integers(0, 3, N)]
    table, schema, column = inferred(cells)
    assert column.kind is Kind.BOOLEAN
    assert render(conform(table, schema), schema).equals(table)
    assert inferred(cells, kinds={"x": "boolean"})[2].kind is Kind.BOOLEAN


def test_a_guess_that_does_not_hold_is_not_a_veto():
    cells = ["$1", "$0", "$1.00", *["$0", "$1"] * 20]
    table, schema, column = inferred(cells)
    assert column.kind is Kind.INTEGER
    conform(table, schema)
    with pytest.raises(ParameterError, match="'x' cannot be boolean: it has the value"):
        inferred(["1.0", "0.0", "2.0"], kinds={"x": "boolean"})


# --- dates ----------------------------------------------------------------------------------------

SPELLINGS = [
    *("%d.%b.%Y", "%b/%d/%Y", "%Y%b%d", "%Y_%m_%d", "%Y年%m月%d日", "%y-%m-%d", "%a, %d %b %y"),
    *("%Y.%m.%d %H.%M", "%d/%m/%Y à %H:%M", "%H:%M %d.%m.%Y", "%d-%m-%Y_%H-%M", "%Y-%m-%dT%H"),
    *("%Y%m%d%H%M%S", "%Y%m%d%H%M", "%Y%m%d %H%M", "%a %b %d %H:%M:%S %Y", "%A %d %B %Y"),
    *("%d%m%Y", "%Y%j", "%Y-%j", "%G-W%V", "%H%M", "%H.%M", "%Hh%M", "%m%d", "%d %b", "D%Y%m%d"),
    *("%B %d, %Y at %I:%M %p", "%Y-%m-%d %H:%M:%S+00", "%b-%y", "%Y %B"),
]


@pytest.mark.parametrize("pattern", SPELLINGS)
def test_dates_in_many_spellings(pattern):
    cells = [day.strftime(pattern) for day in DAYS]
    table, schema, column = inferred(cells)
    assert column.kind in (Kind.DATE, Kind.DATETIME, Kind.TIME), column.why
    canonical = conform(table, schema)
    assert render(canonical, schema).equals(table)
    words = render(pa.table({"x": in_between(canonical["x"].combine_chunks())}), schema)["x"]
    for word in words.to_pylist():
        full = f"2000 {word}" if "%Y" not in pattern and "%G" not in pattern else word
        form = f"%Y {pattern}" if full != word else pattern
        dt.datetime.strptime(full + " 1" * ("%V" in form), form + " %u" * ("%V" in form))


def test_ordinals_padded_days_and_the_case_of_names():
    for cells in (
        [f"{day:%d-%b-%Y}".upper() for day in DAYS],
        [f"{day:%a %d %B %Y}".lower() for day in DAYS],
        ["1st March 2020", "22nd May 2021", "13th June 2020", "3rd July 2019"],
        ["Thu Apr  9 08:56:00 2020", "Thu Apr 30 11:56:00 2020", "Fri May  1 18:06:00 2020"],
    ):
        table, schema, column = inferred(cells)
        assert column.kind in (Kind.DATE, Kind.DATETIME)
        assert render(conform(table, schema), schema).equals(table)


@pytest.mark.parametrize("form", ["{}:{:02d}:{:02d}", "{:02d}:{:02d}:{:02d}"])
def test_lengths_of_more_than_a_day(form):
    cells = [form.format(7 * i % 90, i % 60, 11 * i % 60) for i in range(N)]
    table, schema, column = inferred(cells)
    assert column.kind is Kind.DURATION
    assert render(conform(table, schema), schema).equals(table)


CODES = {
    "%Y%m%d": Kind.DATE,
    "%Y%m": Kind.DATE,
    "%Y%j": Kind.DATE,
    "%d%m%Y": Kind.DATE,
    "%Y%m%d%H%M": Kind.DATETIME,
    "%H%M": Kind.TIME,
    "%H%M%S": Kind.TIME,
}


@pytest.mark.parametrize("pattern", CODES)
@pytest.mark.parametrize("storage", [pa.int64(), pa.int32(), pa.float64(), pa.string()])
def test_whole_numbers_that_are_dates(pattern, storage):
    numbers = [int(day.replace(second=i % 60).strftime(pattern)) for i, day in enumerate(DAYS)]
    if max(numbers) >= 2**31 and storage == pa.int32():
        storage = pa.uint64()
    table = pa.table({"x": pa.array([*numbers, None], pa.int64()).cast(storage)})
    schema = Schema.from_json(infer_schema(table).to_json())
    assert schema["x"].kind is CODES[pattern], schema["x"].why
    canonical = conform(table, schema)
    assert render(canonical, schema).equals(table)
    made = in_between(canonical["x"].combine_chunks())
    width = len(DAYS[0].strftime(pattern))
    for number in render(pa.table({"x": made}), schema)["x"].cast(pa.float64()).to_pylist():
        dt.datetime.strptime(f"{int(number):0{width}d}", pattern)
    chosen = infer_schema(table, {"x": "integer"})
    assert conform(table, chosen)["x"].to_pylist() == [*numbers, None]


def test_dates_that_a_missing_cell_has_made_floats_of():
    cells = [*(f"{day:%Y%m%d}.0" for day in DAYS), None]
    table, schema, column = inferred(cells)
    assert column.kind is Kind.DATE
    assert render(conform(table, schema), schema).equals(table)


ORDINARY = {
    "amounts": RNG.integers(10_000_000, 90_000_000, N),
    "like years": RNG.integers(19_000_000, 20_300_000, N),
    "small": RNG.integers(0, 2359, N),
    "fifties": RNG.integers(0, 47, N) * 50,
    "years": np.arange(1955, 2021),
    "days of a year": RNG.integers(1, 366, N),
    "minutes": RNG.integers(0, 59, N),
    "few": [20200101, 20210101, 20220101],
}


@pytest.mark.parametrize("case", ORDINARY)
def test_ordinary_whole_numbers_are_no_dates(case):
    table = pa.table({"x": pa.array(ORDINARY[case])})
    assert infer_schema(table)["x"].kind is Kind.INTEGER


def test_a_name_or_a_user_settles_few_dates():
    few = pa.table({"day": [20200101, 20210101, 20220101]})
    assert infer_schema(few)["day"].kind is Kind.DATE
    table = few.rename_columns(["x"])
    assert infer_schema(table, {"x": "date"})["x"].form.pattern == "%Y%m%d"
    with pytest.raises(ParameterError, match="'x' cannot be date"):
        infer_schema(pa.table({"x": [20200101, 20201301]}), {"x": "date"})


def test_other_codes_of_a_table_are_checked():
    schema = infer_schema(pa.table({"x": [int(day.strftime("%Y%m%d")) for day in DAYS]}))
    with pytest.raises(Exception, match="'x' must hold dates, but has the value 20231345"):
        conform(pa.table({"x": [20231345]}), schema)


def test_time_zones_that_differ_keep_their_shares():
    days = [dt.datetime(2020, 1, 1) + dt.timedelta(minutes=37 * i) for i in range(14_000)]
    words = [
        f"{day:%Y-%m-%dT%H:%M:%S}{'+02:00' if 4 <= day.month <= 9 else '+01:00'}" for day in days
    ]
    words[::4] = [word[:19] + "-05:00" for word in words[::4]]
    table, schema, column = inferred(words)
    assert column.kind is Kind.DATETIME
    assert "in time zones -05:00, +01:00" in column.why
    canonical = conform(table, schema)
    assert canonical["x"].to_pylist() == days
    back = render(canonical, schema)["x"].to_pylist()
    assert [word[:19] for word in back] == [word[:19] for word in words]
    assert np.mean([word.endswith("-05:00") for word in back]) == pytest.approx(0.25, abs=0.02)
    summer = [word[19:] for word, day in zip(back, days, strict=True) if day.month == 6]
    assert set(summer) == {"+02:00", "-05:00"}


@pytest.mark.parametrize("zero", ["0000-00-00", "0000-00-00 00:00:00"])
def test_dates_of_zeros_are_missing_cells(zero):
    cells = [f"{day:%Y-%m-%d}" + zero[10:] for day in DAYS] + [zero] * 5
    table, schema, column = inferred(cells)
    assert (column.kind, column.missing) == (Kind.DATE, 5)
    assert render(conform(table, schema), schema).equals(table)


def test_days_that_there_are_not_are_missing_and_named():
    cells = [f"{day:%Y-%m-%d}" for day in DAYS] + ["2020-02-30"]
    table, schema, column = inferred(cells)
    assert (column.kind, column.missing) == (Kind.DATE, 1)
    assert conform(table, schema)["x"].null_count == 1
    (caution,) = cautions(table, schema)
    assert "such as '2020-02-30'" in caution
    assert "2020-02-30" not in schema.to_json()


# --- what is left as it is ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words", [["Mon", "Tue", "Wed"], ["Monday", "Friday"], ["Jan", "Feb"], ["januari", "mei"]]
)
def test_names_of_the_calendar_are_categories(words):
    assert inferred(words)[2].kind is Kind.CATEGORICAL
    assert inferred(words * 20)[2].kind is Kind.CATEGORICAL


@pytest.mark.parametrize("form", ["{0}. Januar {1}", "Mon {2:02d}:{0:02d}", "{1}/{0}/{2}?"])
def test_dates_of_other_spellings_are_never_made_digit_by_digit(form):
    cells = [form.format(i % 28 + 1, 1990 + i % 30, i % 24) for i in range(150)]
    table, schema, column = inferred(cells)
    assert column.kind is Kind.TEXT
    (caution,) = cautions(table, schema)
    assert "in an unknown format" in caution
    assert repr(cells[0]) in caution


def test_cells_in_the_way_are_named_but_not_kept():
    long = "a remark that goes on and on"
    table = pa.table({"x": [*map(str, range(40)), "about 40", long], "y": ["a", "b"] * 21})
    schema = infer_schema(table)
    (caution,) = cautions(table, schema)
    assert "'x' is read as text: 40 of 42 cells are numbers" in caution
    assert "'about 40' and 'a remark that goes on a…'" in caution
    assert "about 40" not in schema.to_json()
    assert cautions(table, infer_schema(table, {"x": "text"})) == []
