"""Databases that are generated and written in blocks."""

from __future__ import annotations

import sqlite3

import numpy as np
import pyarrow as pa
import pytest

import lookalike as la
from lookalike._core.errors import OutputError, ParameterError
from lookalike.relational import relational


@pytest.fixture(scope="module")
def model() -> la.Relational:
    rng = np.random.default_rng(0)
    city = pa.table({"city": ["Ulm", "Bonn", "Köln"], "size": [1, 3, 10]})
    shop = pa.table(
        {
            "id": [f"S-{k:05}" for k in range(40)],
            "city": rng.choice(["Ulm", "Bonn", "Köln"], 40),
            "area": rng.integers(20, 90, 40),
        }
    )
    of = np.sort(rng.integers(0, 40, 200))
    sale = pa.table({"n": np.arange(200), "shop": shop["id"].take(pa.array(of)), "sum": of * 1.5})
    db = la.Database(
        {"city": city, "shop": shop, "sale": sale},
        primary_keys={"city": "city", "shop": "id", "sale": "n"},
        foreign_keys=["shop.city -> city.city", "sale.shop -> shop.id"],
    )
    fitted: la.Relational = la.Relational(trees=1, random_state=0).fit(db)
    return fitted


@pytest.fixture
def small_blocks(monkeypatch):
    monkeypatch.setattr(relational, "_BLOCK_ROWS", 500)  # of a database of 243 rows


@pytest.mark.usefixtures("small_blocks")
def test_blocks_are_one_database(model):
    whole = model.sample(10)  # checks that keys are unique and lead to rows
    assert [len(whole.arrow(name)) for name in ("city", "shop", "sale")] == [30, 400, 2000]
    assert len(list(model._blocks(10.0, None))) == 4
    assert len(set(whole["shop"]["id"].to_pylist())) == 400
    assert set(whole.primary_keys) == {"city", "shop", "sale"}


def test_one_block_is_what_it_was(model, monkeypatch):
    before = model.sample(2)
    monkeypatch.setattr(relational, "_BLOCK_ROWS", 400)
    assert all(before.arrow(n).equals(model.sample(2).arrow(n)) for n in before)


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("target", ["folder", "sqlite:///{}/a.db", "duckdb:///{}/a.duckdb"])
def test_written_blocks_are_the_rows_of_sample(model, tmp_path, target, monkeypatch):
    if target.startswith("duckdb"):
        pytest.importorskip("duckdb")
    monkeypatch.chdir(tmp_path)
    place = target.format(tmp_path)
    rows = model.sample_to(place, 7.5)
    expected = model.sample(7.5)
    assert rows == {name: len(expected.arrow(name)) for name in expected}
    found = la.Database.read(place)
    assert set(found.foreign_keys) == set(expected.foreign_keys)
    for name in expected:
        kinds = expected.arrow(name).schema
        assert found.arrow(name).cast(kinds).equals(expected.arrow(name)), name
    with pytest.raises(OutputError):
        model.sample_to(place, 7.5)


@pytest.mark.usefixtures("small_blocks")
def test_what_fails_in_a_later_block_leaves_nothing(model, tmp_path, monkeypatch):
    made = relational.sample_database

    def fails(models, forms, block, seed, report):
        if block.number == 2:
            raise RuntimeError("power cut")
        return made(models, forms, block, seed, report)

    monkeypatch.setattr(relational, "sample_database", fails)
    for place in (str(tmp_path / "folder"), f"sqlite:///{tmp_path}/a.db"):
        with pytest.raises(RuntimeError, match="power cut"):
            model.sample_to(place, 10)
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("small_blocks")
def test_the_schema_of_the_database_has_the_keys(model, tmp_path):
    model.sample_to(f"sqlite:///{tmp_path}/a.db", 10)
    with sqlite3.connect(tmp_path / "a.db") as connection:
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        (count,) = connection.execute("SELECT count(*) FROM sale").fetchone()
    connection.close()
    assert count == 2000


def test_bad_scales(model, tmp_path):
    with pytest.raises(ParameterError, match="above 0"):
        model.sample_to(tmp_path / "x", 0)
