"""Databases as they are: the whole way from fit to a written copy, for shapes of every sort."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

import lookalike as la
from lookalike.databases import Database, ForeignKey
from lookalike.errors import LookalikeError, LookalikeWarning
from lookalike.reports import evaluate_databases

RNG = np.random.default_rng(0)


def empty_tables() -> Database:
    """Return a parent without rows, a child without rows, and keys that lead nowhere."""
    none = pa.table({"id": pa.array([], pa.int64()), "word": pa.array([], pa.string())})
    log = pa.table({"user": pa.array([], pa.int64()), "at": pa.array([], pa.timestamp("s"))})
    user = pa.table(
        {"id": range(12), "plan": pa.array([None] * 12, pa.int64()), "age": [20, 30, 40] * 4}
    )
    return Database(
        {"plans": none, "users": user, "log": log},
        primary_keys={"plans": "id", "users": "id"},
        foreign_keys=["users.plan -> plans.id", "log.user -> users.id"],
    )


def self_references() -> Database:
    """Return a tree, a circle of two tables, and a row that refers to itself."""
    staff = pa.table(
        {"id": range(9), "boss": pa.array([None, 0, 0, 1, 1, 2, 2, 3, 3]), "twin": range(9)}
    )
    rooms = pa.table({"id": range(4), "keeper": pa.array([0, None, 2, None])})
    staff = staff.append_column("room", pa.array([0, 1, 2, 3, 0, 1, 2, 3, None]))
    return Database(
        {"staff": staff, "rooms": rooms},
        primary_keys={"staff": "id", "rooms": "id"},
        foreign_keys=[
            "staff.boss -> staff.id",
            "staff.twin -> staff.id",
            "staff.room -> rooms.id",
            "rooms.keeper -> staff.id",
        ],
    )


def two_keys_to_one_parent() -> Database:
    """Return flights between airports, some of them without a destination."""
    code = ["AAA", "BBB", "CCC", "DDD"]
    to = pa.array(RNG.choice(code, 40), mask=RNG.random(40) < 0.3)
    flights = pa.table({"from": RNG.choice(code, 40), "to": to, "km": RNG.integers(1, 9, 40)})
    airports = pa.table({"code": code, "flag": [True, False, None, True]})
    keys = ["flights.from -> airports.code", "flights.to -> airports.code"]
    return Database(
        {"flights": flights, "airports": airports},
        primary_keys={"airports": "code"},
        foreign_keys=keys,
    )


def keys_that_are_primary_and_foreign() -> Database:
    """Return a person, a body of each, and a bridge of persons with keys only."""
    pairs = np.unique(RNG.integers(0, 15, (40, 2)), axis=0)
    body = pa.table({"person": RNG.permutation(15), "cm": RNG.normal(170, 9, 15).round(1)})
    return Database(
        {
            "person": pa.table({"id": range(15)}),
            "body": body,
            "knows": pa.table({"a": pairs[:, 0], "b": pairs[:, 1]}),
        },
        primary_keys={"person": "id", "body": "person", "knows": ["a", "b"]},
        foreign_keys=["body.person -> person.id", "knows.a -> person.id", "knows.b -> person.id"],
    )


def odd_names_and_cells() -> Database:
    """Return names that must be quoted, and cells that are hard to write."""
    days = np.datetime64("1969-12-30") + np.arange(10)
    above = pa.table(
        {
            'the "key"': ["ä", "ß;", "'", "%s", "日本", "", " ", "NULL", "a,b", "x\ty"],
            "select": pa.array([1e300, -0.0, None, 5e-324, 1, 2, 3, 4, 5, 6], pa.float64()),
            "day": pa.array(days),
            "all missing": pa.nulls(10, pa.string()),
            "same": ["x"] * 10,
        }
    )
    keys = above['the "key"'].take(pa.array(RNG.integers(0, 10, 30)))
    return Database(
        {"table": above, "Größe (cm)": pa.table({"→": keys, "n": pa.array(range(30), pa.int8())})},
        primary_keys={"table": 'the "key"'},
        foreign_keys=[ForeignKey("Größe (cm)", ("→",), "table", ('the "key"',))],
    )


def thirty_tables() -> Database:
    """Return a chain and a star of thirty tables in all."""
    tables = {"t0": pa.table({"id": range(10), "x": RNG.normal(size=10)})}
    keys = []
    for k in range(1, 30):
        above = f"t{k - 1 if k < 6 else 0}"
        to = pa.array(RNG.integers(0, len(tables[above]), 12))
        tables[f"t{k}"] = pa.table({"id": range(12), "up": to, "x": RNG.choice(["a", "b"], 12)})
        keys.append(f"t{k}.up -> {above}.id")
    return Database(tables, primary_keys=dict.fromkeys(tables, "id"), foreign_keys=keys)


@pytest.mark.parametrize(
    "build",
    [
        empty_tables,
        self_references,
        two_keys_to_one_parent,
        keys_that_are_primary_and_foreign,
        odd_names_and_cells,
        thirty_tables,
    ],
)
def test_the_whole_way(build: Callable[[], Database], tmp_path: Path) -> None:
    real = build()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LookalikeWarning)
        model = la.Relational(random_state=0, trees=2).fit(real)
    model.save(tmp_path / "m.lookalike")
    made = la.load(tmp_path / "m.lookalike").sample()
    assert made.foreign_keys == real.foreign_keys
    for name in real:
        assert made.arrow(name).schema.names == real.arrow(name).schema.names
        assert made.arrow(name).schema.types == real.arrow(name).schema.types
        assert (len(made.arrow(name)) == 0) == (len(real.arrow(name)) == 0)
        for column in real.primary_keys[name]:
            assert made.arrow(name)[column].null_count == 0
    for key in real.foreign_keys:  # `rows_of` fails where a key leads nowhere
        missing = [(db.rows_of(key) < 0).any() for db in (real, made)]
        assert missing[0] or not missing[1]
        present = [(db.rows_of(key) >= 0).any() for db in (real, made)]
        assert present[0] or not present[1]
    evaluation = evaluate_databases(real, made)
    assert all(0 <= s.value <= 1 for s in evaluation.scores.values() if s.value is not None)
    address = f"sqlite:///{tmp_path / 'made.db'}"
    made.write(address)
    again = Database.read(address)
    assert set(again.foreign_keys) == set(real.foreign_keys)
    assert again.primary_keys == made.primary_keys
    for name in made:  # SQLite keeps rows in the order of keys of whole numbers
        rows = [sorted(map(repr, db.arrow(name).to_pylist())) for db in (again, made)]
        assert rows[0] == rows[1]


def test_a_sample_of_almost_nothing_and_of_more() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LookalikeWarning)
        model = la.Relational(random_state=0, trees=2).fit(empty_tables())
    assert [len(model.sample(0.01).arrow(name)) for name in ("plans", "users", "log")] == [0, 1, 0]
    assert len(model.sample(3).arrow("users")) == 36


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"a.csv": b""}, "a.csv"),
        ({"a.csv": b"x,x\n1,2\n"}, "x"),
        ({"a.csv": b"x\n1\n", "schema.json": b"{"}, "schema.json"),
        ({"a.csv": b"x\n1\n", "schema.json": b'{"b": {"primary_key": ["x"]}}'}, "'b'"),
        ({"a.csv": b"x\n1\n", "schema.json": b'{"a": {"primary_key": ["y"]}}'}, "'y'"),
        ({"a.csv": b"x\n1\n1\n", "schema.json": b'{"a": {"primary_key": ["x"]}}'}, "'a'"),
        ({"a.csv": b"x\n1\n", "schema.json": b"[]"}, "schema.json"),
        ({"a.parquet": b"PAR1 but not one"}, "a.parquet"),
    ],
)
def test_damaged_sources_are_one_line(files: dict[str, bytes], words: str, tmp_path: Path) -> None:
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    with pytest.raises(LookalikeError, match=words) as caught:
        Database.read(tmp_path)
    assert "\n" not in str(caught.value)
