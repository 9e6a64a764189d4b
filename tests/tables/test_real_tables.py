"""Real tables, where they are at hand: each column as a data scientist would take it."""

from __future__ import annotations

import os
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from lookalike._core.errors import DataError
from lookalike.relations import infer_schema
from lookalike.tables import Schema, canonical_schema, conform, read_table, render

BESIDE = Path(__file__).resolve().parents[3] / "shared" / "data"
DATA = Path(os.environ.get("LOOKALIKE_DATA", BESIDE))
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"real data are not at {DATA}")

FILES = (
    sorted(p.relative_to(DATA).as_posix() for p in DATA.rglob("*") if p.suffix != ".json")
    if DATA.is_dir()
    else []
)
TABLES = [name for name in FILES if name.endswith((".csv", ".parquet"))]
NO_TABLES = ("malformed", "boosting_results")

KINDS = {
    "nasty/adult_with_ssn_ids.csv": {"ssn": "identifier", "age": "integer", "sex": "categorical"},
    "nasty/horse_colic_300.csv": {
        "hospital_number": "identifier",
        "rectal_temperature": "continuous",
        "pulse": "integer",
        "pain": "categorical",
        "lesion_type1": "categorical",
    },
    "nasty/netflix_titles_unicode.csv": {
        "show_id": "identifier",
        "title": "text",
        "date_added": "date",
        "rating": "categorical",
        "description": "text",
    },
    "nasty/nyc_taxis_dates.csv": {"pickup": "datetime", "fare": "continuous"},
    "nasty/reported_heights_free_text.csv": {"height": "categorical", "time_stamp": "datetime"},
    "nasty/chocolate_bars_newline_headers.csv": {"Cocoa\nPercent": "continuous"},
    "tables/adult_48842.parquet": {"age": "integer", "workclass": "categorical"},
    "tables/bank_churn_modelling_10000.csv": {
        "RowNumber": "identifier",
        "CustomerId": "identifier",
        "Surname": "categorical",
        "HasCrCard": "boolean",
        "Balance": "continuous",
    },
    "tables/king_county_21613.csv": {
        "id": "identifier",
        "date": "date",
        "zipcode": "categorical",
        "waterfront": "boolean",
        "lat": "continuous",
        "yr_built": "integer",
    },
    "tables/stroke_5110.csv": {"id": "identifier", "bmi": "continuous", "stroke": "boolean"},
    "tables/online_shoppers_12330.csv": {"Weekend": "boolean", "TrafficType": "categorical"},
    "tables/diabetes130us_sample6000.csv": {
        "encounter_id": "identifier",
        "weight": "categorical",
        "diag_1": "categorical",
        "A1Cresult": "categorical",
        "examide": "constant",
    },
    "thesis/titanic.csv": {"name": "text", "ticket": "text", "age": "continuous"},
    "sequences/airline_passengers.csv": {"Month": "date"},
    "relational/berka/loan.csv": {"date": "date", "payments": "integer"},
    "relational/chinook/Employee.csv": {"BirthDate": "date"},
}


def read(name, columns=None):
    return read_table(DATA / name, columns=columns)


@pytest.mark.parametrize("name", TABLES)
def test_every_table_is_understood_or_refused(name):
    if any(part in name for part in NO_TABLES):
        with pytest.raises(DataError):
            infer_schema(read(name))
        return
    table = read(name)
    table = table.slice(0, 3000)
    schema = infer_schema(table)
    canonical = conform(table, schema)
    assert canonical.schema.equals(canonical_schema(schema))
    assert Schema.from_json(schema.to_json()) == schema
    assert conform(render(canonical, schema), schema).to_pydict() == canonical.to_pydict()


@pytest.mark.parametrize("name", KINDS)
def test_kinds(name):
    kinds = KINDS[name]
    schema = infer_schema(read(name, list(kinds)), dependencies=False)
    assert {column.name: column.kind.value for column in schema.columns} == kinds


@pytest.mark.parametrize(
    ("name", "column", "on"),
    [
        ("tables/adult_48842.parquet", "education-num", ("education",)),
        ("tables/king_county_21613.csv", "sqft_living", ("sqft_above", "sqft_basement")),
        ("sequences/appliances_energy_19735.csv", "rv2", ("rv1",)),
        ("nasty/nyc_taxis_dates.csv", "pickup_borough", ("pickup_zone",)),
    ],
)
def test_dependencies(name, column, on):
    schema = infer_schema(read(name))
    found = {d.column: set(d.on) for d in schema.dependencies}
    assert found[column] == set(on)


def test_dates_and_markers_come_back():
    table = read("nasty/nyc_taxis_dates.csv")
    schema = infer_schema(table, dependencies=False)
    assert render(conform(table, schema), schema).equals(table)
    table = read("nasty/horse_colic_300.csv", ["pulse", "pain"])
    schema = infer_schema(table, dependencies=False)
    again = render(conform(table, schema), schema)
    assert again.equals(table)
    assert pc.any(pc.equal(again["pulse"], "?")).as_py()
    assert isinstance(again, pa.Table)
