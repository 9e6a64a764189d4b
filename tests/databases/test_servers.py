"""Databases that speak SQL: DuckDB files, and a PostgreSQL server that the tests start."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import lookalike as la
from lookalike.databases import DeclaredColumn
from lookalike.errors import (
    DatabaseError,
    DataError,
    LookalikeWarning,
    MissingDependencyError,
    OutputError,
)

duckdb = pytest.importorskip("duckdb")
dbapi = pytest.importorskip("adbc_driver_postgresql.dbapi")  # both are of the extra `test`

UTC = dt.UTC
PEOPLE = pa.table(
    {
        "id": [1, 2, 3, 4],
        "above": [2, None, 2, 1],
        "pay": [1.25, None, 3.5, 10.0],
        "born": [dt.date(2000, 1, 31), None, dt.date(1969, 12, 31), dt.date(2024, 2, 29)],
        "seen": [dt.datetime(2020, 1, 1, 1, 2, 3, 500_000), None] * 2,
        "zoned": [dt.datetime(2020, 1, 1, hour, tzinfo=UTC) for hour in range(4)],
        "there": [True, None, False, True],
        'it\'s "x"': ["ä", "", "it's", None],
    }
)
VISITS = pa.table({"day": [1, 1, 2], "number": [1, 2, 1], "person": [4, None, 4]})


def people() -> la.Database:
    db = la.Database(
        {"people": PEOPLE, "the visits": VISITS},
        primary_keys={"people": "id", "the visits": ["day", "number"]},
        foreign_keys=["people.above -> people.id", "the visits.person -> people.id"],
    )
    db.declared = {
        "people": {
            # SQLite's; PostgreSQL takes no number for a boolean, and no word for a number.
            "there": DeclaredColumn("BOOLEAN", True, "0"),
            "above": DeclaredColumn("BIGINT", True, "'none'"),
            "pay": DeclaredColumn("NUMERIC(10,2)", True, "1.5"),
            'it\'s "x"': DeclaredColumn("VARCHAR(20)", True, "'none'"),
        }
    }
    return db


@pytest.fixture(params=["duckdb", "postgresql", "sqlite"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param != "postgresql":
        return f"{request.param}:///{tmp_path / 'a.db'}"
    place = str(request.getfixturevalue("postgresql"))
    emptied(place)
    return place


def emptied(place: str) -> None:
    execute(place, "DROP SCHEMA public CASCADE", "CREATE SCHEMA public")


def execute(place: str, *statements: str) -> None:
    with dbapi.connect(place) as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        connection.commit()


def test_types_missing_cells_keys_and_defaults_are_kept(address: str) -> None:
    db = people()
    db.write(address)
    again = la.Database.read(address)
    # DuckDB takes rows after those that they refer to.
    assert again.arrow("people").sort_by("id").equals(PEOPLE)
    assert again.arrow("the visits").equals(VISITS)
    assert set(again.foreign_keys) == set(db.foreign_keys)
    assert again.primary_keys == db.primary_keys
    declared = again.declared["people"]
    assert declared["pay"].default == "1.5"
    assert "(10,2)" in declared["pay"].type
    assert not declared["id"].nullable
    assert str(declared['it\'s "x"'].default).startswith("'none'")


def test_tables_that_are_there_are_replaced_only_if_allowed(address: str) -> None:
    people().write(address)
    with pytest.raises(OutputError, match=r"has a table '[a-z ]+' already"):
        people().write(address)
    people().write(address, overwrite=True)
    assert la.Database.read(address).arrow("people").num_rows == 4


def test_what_was_learned_goes_from_one_database_to_another(
    postgresql: str, tmp_path: Path
) -> None:
    emptied(postgresql)
    shops = pa.table(
        {
            "id": range(40),
            "price": [n / 4 for n in range(40)],
            "opened": [dt.date(2020, 1, 1) + dt.timedelta(days=n) for n in range(40)],
            "kind": ["open", "closed", None, "open"] * 10,
        }
    )
    sales = pa.table(
        {"id": range(60), "shop": [n % 30 for n in range(60)], "paid": [True, False] * 30}
    )
    keys = {"shops": "id", "sales": "id"}
    tables = {"shops": shops, "sales": sales}
    db = la.Database(tables, primary_keys=keys, foreign_keys=["sales.shop -> shops.id"])
    first = f"sqlite:///{tmp_path / 'a.db'}"
    db.write(first)
    made = la.Relational(random_state=0).fit(la.Database.read(first)).sample(2.0)
    made.write(postgresql)
    again = la.Database.read(postgresql)
    second = la.Relational(random_state=0).fit(again).sample(0.5)
    assert set(second.foreign_keys) == set(db.foreign_keys)
    assert second.primary_keys == db.primary_keys
    for name in db.names:
        assert again.arrow(name).equals(made.arrow(name)), name
        assert second.arrow(name).schema.equals(db.arrow(name).schema), name


def test_postgresql_types_without_a_counterpart_are_read_as_text(postgresql: str) -> None:
    emptied(postgresql)
    execute(
        postgresql,
        "CREATE TYPE mood AS ENUM ('sad', 'ok')",
        "CREATE DOMAIN grade AS smallint CHECK (value BETWEEN 1 AND 6)",
        "CREATE TABLE t (k uuid PRIMARY KEY, m mood, g grade, j jsonb, l int[], n numeric(5, 0), "
        "w numeric, b bytea, i interval, twice int GENERATED ALWAYS AS (1 + 1) STORED)",
        "INSERT INTO t (k, m, g, j, l, n, w, b, i) VALUES "
        "('00000000-0000-0000-0000-000000000001', 'ok', 2, '{\"a\": 1}', '{1,2}', 12345, 0.5, "
        "'\\x00', '1 day')",
        "CREATE TABLE parts (a int) PARTITION BY LIST (a)",
        "CREATE TABLE part PARTITION OF parts FOR VALUES IN (1)",
        "INSERT INTO parts VALUES (1)",
    )
    with pytest.warns(LookalikeWarning, match="Bytes are not learned: the cells of 'b'"):
        db = la.Database.read(postgresql)
    assert db.names == ("t", "parts")
    row = db.arrow("t").to_pylist()[0]
    assert row == {
        "k": "00000000-0000-0000-0000-000000000001",
        "m": "ok",
        "g": 2,
        "j": '{"a": 1}',
        "l": "{1,2}",
        "n": 12345,
        "w": 0.5,
        "b": None,
        "i": "1 day",
        "twice": 2,
    }


def test_duckdb_types_without_a_counterpart_are_read_as_text(tmp_path: Path) -> None:
    place = tmp_path / "a.duckdb"
    with duckdb.connect(place) as connection:
        connection.execute(
            "CREATE TABLE t AS SELECT uuid() AS k, 'a'::ENUM ('a', 'b') AS e, [1, 2] AS l, "
            "12::DECIMAL(5, 0) AS n, 0.5::DECIMAL(5, 2) AS w, sum(3) AS h, '\\x00'::BLOB AS b"
        )
    with pytest.warns(LookalikeWarning, match="Bytes are not learned"):
        table = la.Database.read(f"duckdb:///{place}").arrow("t").drop_columns("k")
    expected: dict[str, Any] = {"e": "a", "l": "[1, 2]", "n": 12, "w": 0.5, "h": 3.0, "b": None}
    assert table.to_pylist() == [expected]


def test_duckdb_ignores_case_in_keys(tmp_path: Path) -> None:
    place = tmp_path / "a.duckdb"
    with duckdb.connect(place) as connection:
        connection.execute("CREATE TABLE Shops (Id BIGINT PRIMARY KEY)")
        connection.execute("CREATE TABLE sales (shop BIGINT REFERENCES shops (id))")
        connection.execute("INSERT INTO shops VALUES (1)")
        connection.execute("INSERT INTO sales VALUES (1)")
    (key,) = la.Database.read(f"duckdb:///{place}").foreign_keys
    assert str(key) == "sales.shop -> Shops.Id"


def test_circles_keep_their_keys_but_duckdb_cannot_declare_them(
    postgresql: str, tmp_path: Path
) -> None:
    emptied(postgresql)
    a = pa.table({"id": [1, 2], "b": [1, None]})
    b = pa.table({"id": [1, 2], "a": [2, 2]})
    keys = {"a": "id", "b": "id"}
    db = la.Database(
        {"a": a, "b": b}, primary_keys=keys, foreign_keys=["a.b -> b.id", "b.a -> a.id"]
    )
    db.write(postgresql)
    assert set(la.Database.read(postgresql).foreign_keys) == set(db.foreign_keys)
    address = f"duckdb:///{tmp_path / 'a.duckdb'}"
    with pytest.warns(LookalikeWarning, match="a.b -> b.id is kept in the rows"):
        db.write(address)
    again = la.Database.read(address)
    assert [str(key) for key in again.foreign_keys] == ["b.a -> a.id"]
    assert again.arrow("a").equals(a)


def test_rows_that_refer_to_each_other_are_written(tmp_path: Path) -> None:
    table = pa.table({"id": [1, 2, 3], "next": [2, 3, 1]})
    db = la.Database({"t": table}, primary_keys={"t": "id"}, foreign_keys=["t.next -> t.id"])
    with pytest.warns(LookalikeWarning, match="t.next -> t.id is kept in the rows"):
        db.write(f"duckdb:///{tmp_path / 'a.duckdb'}")
    assert la.Database.read(f"duckdb:///{tmp_path / 'a.duckdb'}").arrow("t").equals(table)


def test_a_connection_lost_in_the_middle_leaves_nothing(
    postgresql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    emptied(postgresql)
    ingest, calls = dbapi.Cursor.adbc_ingest, []

    def lost(self: Any, *args: Any, **options: Any) -> int:
        calls.append(args)
        if len(calls) == 2:
            execute(
                postgresql,
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE pid <> pg_backend_pid() AND datname = current_database()",
            )
        return int(ingest(self, *args, **options))

    monkeypatch.setattr(dbapi.Cursor, "adbc_ingest", lost)
    with pytest.raises(DatabaseError, match="Nothing was written"):
        people().write(postgresql)
    monkeypatch.undo()
    with pytest.raises(DataError, match="has none"):
        la.Database.read(postgresql)


def test_no_permission_and_other_failures_are_one_line(postgresql: str, tmp_path: Path) -> None:
    emptied(postgresql)
    grant = "GRANT USAGE ON SCHEMA public TO guest"
    execute(postgresql, "CREATE ROLE guest LOGIN PASSWORD 'open sesame'", grant)
    guest = postgresql.replace("user=tester", "user=guest&password=open%20sesame")
    with pytest.raises(DatabaseError, match="permission denied") as caught:
        people().write(guest)
    assert "sesame" not in str(caught.value)
    assert "\n" not in str(caught.value)
    for password in ("sesame", "se/sam[e", "se@same"):
        with pytest.raises(DatabaseError, match="PostgreSQL cannot read") as caught:
            la.Database.read(f"postgresql://me:{password}@127.0.0.1:1/shop")
        assert password not in str(caught.value)
    (tmp_path / "words.duckdb").write_text("no database, but a text of some length" * 400)
    with pytest.raises(DataError, match="not a DuckDB database"):
        la.Database.read(f"duckdb:///{tmp_path / 'words.duckdb'}")
    with pytest.raises(OutputError, match="another sort"):
        people().write(f"duckdb:///{tmp_path / 'words.duckdb'}")
    with pytest.raises(OutputError, match="must exist"):
        people().write(f"duckdb:///{tmp_path / 'no' / 'a.duckdb'}")
    assert [path.name for path in tmp_path.iterdir()] == ["words.duckdb"]


@pytest.mark.parametrize(
    ("package", "address"),
    [("duckdb", "duckdb:///a.duckdb"), ("adbc_driver_manager", "postgresql://host/shop")],
)
def test_what_must_be_installed_is_said(
    package: str, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingDependencyError, match=r"lookalike\[sql\]"):
        people().write(address)
