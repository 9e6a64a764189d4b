"""Functions between columns are found, chance is not, and nothing goes in circles."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lookalike.relations import find_dependencies, infer_schema
from lookalike.tables import Dependency, conform

N = 1000


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def found(cells, kinds=None):
    table = pa.table(cells)
    schema = infer_schema(table, kinds, dependencies=False)
    return {d.column: d for d in find_dependencies(conform(table, schema), schema)}


def some(rng, levels, n=N):
    return np.array(levels)[rng.integers(0, len(levels), n)]


def test_the_other_way_of_writing_levels_is_derived(rng):
    education = some(rng, ["HS", "BSc", "MSc", "PhD"])
    years = np.select([education == e for e in ("HS", "BSc", "MSc", "PhD")], [12, 15, 17, 21])
    cells = {"years": years, "education": education, "age": rng.integers(0, 90, N)}
    dependencies = found(cells, {"years": "integer"})
    assert dependencies == {"years": Dependency("years", ("education",))}


def test_chains_use_the_nearest_column(rng):
    city = rng.integers(0, 60, N)
    land = city // 6
    part = land // 5
    names = [np.char.add("c", c.astype(str)) for c in (part, land, city)]
    dependencies = found(dict(zip(["part", "land", "city"], names, strict=True)))
    assert dependencies["land"].on == ("city",)
    assert dependencies["part"].on == ("land",)
    assert list(dependencies) == ["land", "part"]


def test_missing_cells_must_be_determined_too(rng):
    zone = some(rng, ["a", "b", "c", "d"])
    borough = np.where(np.isin(zone, ["a", "b"]), "x", "y").astype(object)
    together = np.where(zone == "d", None, borough)
    assert found({"zone": zone, "borough": together})["borough"].on == ("zone",)
    alone = np.where(rng.random(N) < 0.01, None, borough)
    assert "borough" not in found({"zone": zone, "borough": alone})


def test_one_exception_is_enough(rng):
    land = some(rng, ["CH", "FR", "IT"])
    code = np.select([land == "CH", land == "FR"], [41, 33], 39)
    code[7] = 49
    assert found({"land": land, "code": code.astype(str)}).keys() == {"land"}


def test_chance_is_not_taken_for_a_function(rng):
    rare = np.zeros(N, bool)
    rare[5] = True
    many = np.char.add("m", np.repeat(np.arange(N // 2), 2).astype(str))
    few_rows = {"a": ["x", "y", "z", "x"], "b": [1.5, 2.5, 3.5, 1.5]}
    assert found({"many": many, "rare": rare}) == {}
    assert found(few_rows) == {}
    assert found({f"c{i}": rng.integers(0, 50, N).astype(str) for i in range(12)}) == {}


@pytest.mark.parametrize("kind", ["integer", "continuous"])
def test_a_copy_is_derived(rng, kind):
    one = rng.normal(size=N) if kind == "continuous" else rng.integers(0, 10**6, N)
    dependencies = found({"one": one, "two": one, "three": one * 2 + 7, "other": rng.random(N)})
    assert dependencies["two"] == Dependency("two", ("one",), "linear", (1.0,), 0.0)
    assert dependencies["three"].on == ("one",)
    if kind == "integer":
        assert (dependencies["three"].coefficients, dependencies["three"].constant) == ((2.0,), 7.0)


def test_a_converted_unit_is_derived(rng):
    metres = rng.integers(0, 10**6, N) / 10
    dependencies = found({"metres": metres, "km": np.round(metres / 1000, 4)})
    assert dependencies["km"].coefficients == (0.001,)


@pytest.mark.parametrize("missing", [False, True])
def test_a_total_is_derived(rng, missing):
    fare, tip, tolls = rng.integers(250, 9000, N), rng.integers(0, 900, N), rng.integers(0, 99, N)
    gone = np.zeros(N, bool)
    gone[:100] = missing
    cells = {
        "tip": np.where(gone, None, tip / 100),
        "total": np.where(gone, None, (fare + tip + tolls) / 100),
        "fare": fare / 100,
        "tolls": tolls / 100,
        "distance": rng.random(N),
    }
    cells = {name: pa.array(list(values), pa.float64()) for name, values in cells.items()}
    dependencies = found(cells)
    assert list(dependencies) == ["total"]
    assert set(dependencies["total"].on) == {"tip", "fare", "tolls"}
    assert dependencies["total"].coefficients == (1.0, 1.0, 1.0)
    wrong = cells["total"].to_pylist()
    wrong[500] += 0.01
    assert found({**cells, "total": wrong})["total"].form == "offset"


def test_shares_of_a_whole(rng):
    a = rng.integers(0, 40, N)
    b = rng.integers(0, 40, N)
    (dependency,) = found({"a": a, "b": b, "c": 100 - a - b}).values()
    assert dependency.constant == 100.0
    assert dependency.coefficients == (-1.0, -1.0)


@pytest.mark.parametrize("unit", ["s", "us", "ns"])
def test_dates_that_follow_each_other(rng, unit):
    start = rng.integers(10**9, 2 * 10**9, N) // 60 * 60
    due = start + 30 * 86_400
    per = {"s": 1, "us": 10**6, "ns": 10**9}[unit]
    cells = {n: pa.array(v * per).cast(pa.timestamp(unit)) for n, v in (("a", start), ("b", due))}
    dependencies = found(cells)
    assert dependencies["b"] == Dependency("b", ("a",), "linear", (1.0,), float(30 * 86_400 * per))


def test_two_columns_may_determine_a_third(rng):
    origin, dest = rng.integers(0, 3, N), rng.integers(0, 20, N)
    distance = 100 + 37 * origin + 211 * dest + (origin * dest) ** 2
    cells = {
        "origin": np.char.add("o", origin.astype(str)),
        "dest": np.char.add("d", dest.astype(str)),
        "distance": distance,
        "delay": rng.normal(size=N),
    }
    (dependency,) = found(cells).values()
    assert dependency == Dependency("distance", ("dest", "origin"))


def test_a_function_of_itself_is_never_made(rng):
    a = rng.integers(0, 10, N)
    cells = {f"c{i}": np.char.add(f"l{i}-", ((a + i) % 10).astype(str)) for i in range(5)}
    dependencies = found(cells)
    assert set(dependencies) == {"c1", "c2", "c3", "c4"}
    assert {d.on for d in dependencies.values()} == {("c0",)}


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_what_is_found_holds_and_has_no_cycles(data):
    n = data.draw(st.integers(20, 60))
    base = data.draw(st.lists(st.integers(0, 4), min_size=n, max_size=n))
    cells = {"base": [f"b{x}" for x in base]}
    for i in range(data.draw(st.integers(1, 4))):
        table = data.draw(st.lists(st.integers(0, 2), min_size=5, max_size=5))
        cells[f"f{i}"] = [f"v{table[x]}" for x in base]
    derived: set[str] = set()
    for column, dependency in found(cells).items():
        assert not {column} & derived
        assert not set(dependency.on) - derived - (set(cells) - set(found(cells)))
        derived.add(column)
        pairs = set(zip(*(cells[name] for name in (*dependency.on, column)), strict=True))
        assert len(pairs) == len({pair[:-1] for pair in pairs})


def test_identifiers_text_and_constants_take_no_part(rng):
    cells = {
        "id": [f"A{i:05d}" for i in range(N)],
        "copy": [f"A{i:05d}" for i in range(N)],
        "same": ["x"] * N,
        "day": [dt.date(2020, 1, 1 + int(d)) for d in rng.integers(0, 28, N)],
    }
    assert found(cells) == {}


def test_it_can_be_left_out(rng):
    table = pa.table({"a": (a := rng.normal(size=N)), "b": a})
    assert len(infer_schema(table).dependencies) == 1
    assert infer_schema(table, dependencies=False).dependencies == ()
