"""The bundled tables are what their descriptions say."""

from __future__ import annotations

from importlib.resources import files

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from lookalike import datasets
from lookalike._core.errors import ParameterError


@pytest.mark.parametrize("name", datasets.names())
def test_a_table_is_as_described(name):
    table = datasets.load(name, kind="pyarrow")
    about = datasets.describe(name)
    assert about.name == name
    assert table.column_names == list(about.columns)
    assert table.num_rows == about.rows
    assert table[about.target].null_count == 0
    assert 2 <= len(table[about.target].unique()) <= 10
    assert about.licence.startswith("CC0")


@pytest.mark.parametrize("name", datasets.names())
def test_a_table_is_small_and_its_terms_are_told(name):
    folder = files("lookalike.datasets")
    assert (folder / f"{name}.parquet").stat().st_size < 300_000
    assert f"`{name}.parquet`" in (folder / "LICENSES.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("kind", "frame"),
    [
        (None, pd.DataFrame),
        ("pandas", pd.DataFrame),
        ("polars", pl.DataFrame),
        ("pyarrow", pa.Table),
    ],
)
def test_a_table_comes_as_the_dataframe_asked_for(kind, frame):
    table = datasets.load("penguins", kind=kind)
    assert isinstance(table, frame)
    assert table.shape == (344, 8)


def test_missing_cells_of_flights_depend_on_other_columns():
    flights = datasets.load("flights", kind="pyarrow")
    cancelled = pc.equal(flights["status"], "cancelled")
    assert 100 < pc.sum(cancelled).as_py() < 200
    for name in ("departure_delay", "air_time"):
        assert flights[name].is_null().equals(cancelled)
    unknown = flights["engine"].is_null()
    assert unknown.equals(flights["seats"].is_null())
    by_airline = pa.table({"airline": flights["airline"], "unknown": unknown.cast(pa.int8())})
    shares = by_airline.group_by("airline").aggregate([("unknown", "mean")])["unknown_mean"]
    assert pc.max(shares).as_py() > 0.9
    assert pc.min(shares).as_py() == 0


def test_what_is_not_there_is_refused_with_the_nearest_name():
    with pytest.raises(ParameterError, match="Did you mean 'penguins'"):
        datasets.load("pinguins")
    with pytest.raises(ParameterError, match="'flights', 'penguins'; got 'iris'"):
        datasets.describe("iris")
    with pytest.raises(ParameterError, match="Did you mean 'polars'"):
        datasets.load("flights", kind="polar")
