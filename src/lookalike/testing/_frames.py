"""Checks of the tables that go in and come out: libraries, dtypes, odd shapes, relations."""

from __future__ import annotations

import importlib
import warnings
from importlib.util import find_spec

import pyarrow as pa

from lookalike._core.errors import LookalikeWarning
from lookalike.testing._checks import must
from lookalike.testing._subject import Subject
from lookalike.testing._tables import odd_tables

__all__ = ["CHECKS"]


def pandas_comes_back(subject: Subject) -> None:
    """A pandas frame comes back with its columns and dtypes, and the caller's is as it was."""
    if find_spec("pandas") is None:
        return
    dtypes = {"city": "category", "visits": "Int64", "member": "boolean", "ref no. €": "string"}
    frame = subject.table.to_pandas().astype(dtypes).set_index(subject.table["visits"].to_pandas())
    before = frame.copy(deep=True)
    rows = subject.fit(frame).sample(9)
    must(frame.equals(before), "fit or sample changes the caller's frame")
    must(type(rows) is type(frame), f"a pandas frame comes back as {type(rows).__name__}")
    must(list(rows.columns) == list(frame.columns), "the columns or their order are others")
    must(list(rows.index) == list(range(9)), "the rows are not numbered from 0")
    for name, dtype in frame.dtypes.items():
        got = rows.dtypes[name]
        must(got == dtype, f"the dtype of {name!r} is {got}, but was {dtype}")


def polars_comes_back(subject: Subject) -> None:
    """A polars frame comes back with its schema."""
    if find_spec("polars") is None:
        return
    polars = importlib.import_module("polars")
    frame = polars.from_arrow(subject.table).with_columns(
        polars.col("city").cast(polars.Categorical)
    )
    before = frame.clone()
    rows = subject.fit(frame).sample(9)
    must(frame.equals(before), "fit or sample changes the caller's frame")
    must(type(rows) is type(frame), f"a polars frame comes back as {type(rows).__name__}")
    must(rows.schema == frame.schema, f"the schema is {rows.schema}, but was {frame.schema}")


def odd_tables_work(subject: Subject) -> None:
    """One row, one column, nothing to learn, ugly columns: all are fitted and sampled."""
    for name, table in odd_tables().items():
        try:
            rows = subject.fit(table).sample(11)
        except Exception as error:
            raise AssertionError(f"a table of {name}: {type(error).__name__}: {error}") from error
        must(rows.num_rows == 11, f"a table of {name}: sample(11) gives {rows.num_rows} rows")
        same = rows.schema.equals(table.schema)
        must(same, f"a table of {name}: {rows.schema} comes back for {table.schema}")
        _check_fixed_columns(name, table, rows)


def _check_fixed_columns(name: str, table: pa.Table, rows: pa.Table) -> None:
    if "constant" in table.column_names:
        same = set(rows["constant"].to_pylist()) == {"same"}
        must(same, f"a table of {name}: a constant column has other values")
        empty = rows["all missing"].null_count == rows.num_rows
        must(empty, f"a table of {name}: a column without values has some")


def identifiers_are_new(subject: Subject) -> None:
    """Identifiers are unique, of the same pattern, and none is of the training table."""
    name = "ref no. €"
    identifiers = subject.fitted.sample(300)[name].to_pylist()
    must(len(set(identifiers)) == 300, "identifiers are repeated")
    again = sorted(set(identifiers) & set(subject.table[name].to_pylist()))
    must(not again, f"identifiers of the training table come back: {again[:3]}")
    must(
        all(len(i) == 8 and i[2] == "-" for i in identifiers), f"another pattern: {identifiers[:3]}"
    )


def text_is_not_learned(subject: Subject) -> None:
    """Free text comes back as missing, and a warning says so."""
    words = [
        f"He said, on day {i}, that {i * 7} of them had left; nobody knew why." for i in range(80)
    ]
    table = pa.table({"x": subject.table["amount"].slice(0, 80), "note": words})
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model = subject.new().fit(table, kinds={"note": "text"})
    about = [
        w for w in caught if issubclass(w.category, LookalikeWarning) and "note" in str(w.message)
    ]
    must(bool(about), "no LookalikeWarning names the column of free text")
    values = set(model.sample(20)["note"].to_pylist())
    must(not values & set(words), "free text of the training table comes back")
    must(len(values) == 1, f"free text is neither missing nor one placeholder: {values}")


def derived_columns_follow(subject: Subject) -> None:
    """A column that is a function of another one still is."""
    pair = ["zone", "city"]
    known = {tuple(row.values()) for row in subject.table.select(pair).to_pylist()}
    made = {tuple(row.values()) for row in subject.fitted.sample(500).select(pair).to_pylist()}
    broken = made - known
    must(not broken, f"pairs of (zone, city) that the training table cannot have: {broken}")


CHECKS = (
    pandas_comes_back,
    polars_comes_back,
    odd_tables_work,
    identifiers_are_new,
    text_is_not_learned,
    derived_columns_follow,
)
