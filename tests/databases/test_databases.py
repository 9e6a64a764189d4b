"""Databases: keys, where they are wrong, and the way in and out."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pyarrow as pa
import pytest

import lookalike as la
from lookalike.databases import ForeignKey
from lookalike.errors import DataError, LookalikeWarning, OutputError, ParameterError

SHOPS = pa.table({"shop_id": [1, 2, 3], "city": ["Bonn", "Ulm", None]})
SALES = pa.table(
    {"sale_id": [7, 8, 9, 10], "shop_id": [1, 1, 2, None], "sum": [1.5, 2.0, 3.5, 9.0]}
)
KEY = "sales.shop_id -> shops.shop_id"


def shop() -> la.Database:
    keys = {"shops": "shop_id", "sales": "sale_id"}
    return la.Database({"shops": SHOPS, "sales": SALES}, primary_keys=keys, foreign_keys=[KEY])


def test_keys_are_inferred_with_reasons() -> None:
    db = la.Database({"shops": SHOPS, "sales": SALES})
    assert [str(key) for key in db.foreign_keys] == [KEY]
    assert db.primary_keys == {"shops": ("shop_id",), "sales": ("sale_id",)}
    assert db.rows_of(db.foreign_keys[0]).tolist() == [0, 0, 1, -1]
    assert "names agree" in db.why[KEY]


@pytest.mark.parametrize("is_coded", [False, True])
def test_keys_may_be_views_of_strings(is_coded: bool) -> None:
    names = pa.array([f"S-{k:02}" for k in range(20)], pa.string_view())
    coded = pa.DictionaryArray.from_arrays(pa.array(range(20)), names)
    shops = pa.table({"shop_id": coded if is_coded else names, "city": ["Bonn", "Ulm"] * 10})
    sales = pa.table({"sale_id": range(60), "shop_id": pa.concat_arrays([names] * 3)})
    keys = {"shops": "shop_id", "sales": "sale_id"}
    db = la.Database({"shops": shops, "sales": sales}, primary_keys=keys, foreign_keys=[KEY])
    if not is_coded:
        found = la.Database({"shops": shops, "sales": sales})
        assert [str(key) for key in found.foreign_keys] == [KEY]
    assert db.rows_of(db.foreign_keys[0]).tolist() == [*range(20)] * 3
    assert db["shops"]["shop_id"].to_pylist() == names.to_pylist()
    made = la.Relational(trees=1, random_state=0).fit(db).sample(2)
    assert len(set(made["shops"]["shop_id"].to_pylist())) == 40


def test_small_numbers_alone_make_no_key() -> None:
    ratings = pa.table({"stars": [1, 2, 3, 1, 2]})
    assert la.Database({"shops": SHOPS, "ratings": ratings}).foreign_keys == ()


def test_composite_keys_match_row_by_row() -> None:
    orders = pa.table({"shop": [1, 1, 2], "number": [1, 2, 1], "day": ["a", "b", "c"]})
    lines = pa.table({"shop": [2, 1, 1, None], "number": [1, 2, 1, 1]})
    key = ForeignKey("lines", ("shop", "number"), "orders", ("shop", "number"))
    db = la.Database({"orders": orders, "lines": lines}, foreign_keys=[key])
    assert db.rows_of(key).tolist() == [2, 1, 0, -1]
    assert db.primary_keys["orders"] == ("shop", "number")


@pytest.mark.parametrize(
    ("sales", "words"),
    [
        ({"shop_id": [1, 9, 9]}, r"2 of 3 rows \(rows 2, 3\)"),
        ({"shop_id": ["x", "y", "z"]}, "must have the type"),
    ],
)
def test_orphans_are_refused_with_their_rows(sales: dict[str, list[object]], words: str) -> None:
    with pytest.raises(DataError, match=words):
        la.Database({"shops": SHOPS, "sales": pa.table(sales)}, foreign_keys=[KEY])


def test_orphans_can_be_dropped_or_lose_their_key() -> None:
    sales = pa.table({"shop_id": [1, 9, 2]})
    tables = {"shops": SHOPS, "sales": sales}
    with pytest.warns(LookalikeWarning, match="left out"):
        dropped = la.Database(tables, foreign_keys=[KEY], orphans="drop")
    assert dropped.arrow("sales")["shop_id"].to_pylist() == [1, 2]
    with pytest.warns(LookalikeWarning, match="without this key"):
        lost = la.Database(tables, foreign_keys=[KEY], orphans="null")
    assert lost.arrow("sales")["shop_id"].to_pylist() == [1, None, 2]


@pytest.mark.parametrize(
    ("values", "words"),
    [([1, 1, 2], r"1 rows have the same as an earlier one \(row 2\)"), ([1, None, 2], "missing")],
)
def test_a_key_that_is_no_key_is_refused(values: list[int | None], words: str) -> None:
    with pytest.raises(DataError, match=words):
        la.Database({"t": pa.table({"id": values})}, primary_keys={"t": "id"})


def test_unknown_names_are_answered_with_the_nearest() -> None:
    with pytest.raises(DataError, match="Did you mean 'shop_id'"):
        la.Database({"shops": SHOPS}, primary_keys={"shops": "shopid"})
    with pytest.raises(ParameterError, match="is written 'orders"):
        la.Database({"shops": SHOPS}, foreign_keys=["sales to shops"])


def test_circles_need_a_key_that_may_be_missing() -> None:
    a = pa.table({"id": [1, 2], "b": [1, 2]})
    b = pa.table({"id": [1, 2], "a": [2, 1]})
    keys = ["a.b -> b.id", "b.a -> a.id"]
    with pytest.raises(DataError, match="circle"):
        la.Database({"a": a, "b": b}, foreign_keys=keys).order()
    optional = pa.table({"id": [1, 2], "a": [None, 1]})
    order = la.Database({"a": a, "b": optional}, foreign_keys=keys).order()
    assert [str(key) for key in order.later] == ["b.a -> a.id"]


def test_sqlite_keeps_types_nulls_keys_and_defaults(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "a.db") as connection:
        connection.executescript(
            """CREATE TABLE "the order" (id INTEGER PRIMARY KEY, paid BOOLEAN NOT NULL DEFAULT 0,
                 day DATE, at TIMESTAMP, price NUMERIC(10, 2), code VARCHAR(8) DEFAULT 'x',
                 above INTEGER REFERENCES "the order" (id), photo BLOB);
               INSERT INTO "the order" VALUES (1, 1, '2024-02-29', '2024-02-29 10:00:01', 9.5,
                 'é', NULL, x'00'), (2, 0, NULL, NULL, NULL, NULL, 1, NULL);"""
        )
    connection.close()
    with pytest.warns(LookalikeWarning, match="Bytes are not learned"):
        db = la.Database.read(f"sqlite:///{tmp_path / 'a.db'}")
    db.write(f"sqlite:///{tmp_path / 'b.db'}")
    again = la.Database.read(f"sqlite:///{tmp_path / 'b.db'}")
    own = db.arrow("the order").drop_columns("photo")
    assert again.arrow("the order").drop_columns("photo").equals(own)
    assert own["day"].type == pa.date32()
    assert own["paid"].to_pylist() == [True, False]
    assert again.foreign_keys == db.foreign_keys
    assert again.primary_keys == db.primary_keys
    assert again.declared["the order"]["code"].default == "'x'"
    assert again.declared["the order"]["price"].type == "NUMERIC(10,2)"


def test_sqlite_columns_that_are_generated_are_read(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "a.db") as connection:
        connection.executescript(
            "CREATE TABLE t (a INTEGER, twice INTEGER GENERATED ALWAYS AS (2 * a) STORED);"
            "INSERT INTO t VALUES (3);"
        )
    connection.close()
    table = la.Database.read(f"sqlite:///{tmp_path / 'a.db'}").arrow("t")
    assert table.to_pydict() == {"a": [3], "twice": [6]}


def test_nothing_is_overwritten_or_half_written(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path / 'shop.db'}"
    shop().write(address)
    with pytest.raises(OutputError, match="has a table 'shops' already"):
        shop().write(address)
    shop().write(address, overwrite=True)
    assert la.Database.read(address).arrow("sales").num_rows == 4
    (tmp_path / "words.db").write_text("no database, but a text of some length" * 40)
    with pytest.raises(OutputError, match="another sort"):
        shop().write(f"sqlite:///{tmp_path / 'words.db'}")
    with pytest.raises(OutputError, match="must exist"):
        shop().write(f"sqlite:///{tmp_path / 'no' / 'shop.db'}")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["shop.db", "words.db"]


def test_folder_keeps_text_and_keys(tmp_path: Path) -> None:
    source = tmp_path / "in"
    source.mkdir()
    (source / "shops.csv").write_text("shop_id,zip\n1,00501\n2,10001\n")
    (source / "sales.csv").write_text("shop_id,day\n1,930101\n2,930102\n1,930105\n")
    db = la.Database.read(source)
    db.write(tmp_path / "out")
    again = la.Database.read(tmp_path / "out")
    assert again.arrow("shops").equals(db.arrow("shops"))
    assert again.foreign_keys == db.foreign_keys
    assert pa.types.is_integer(db.typed()["sales"]["shop_id"].type)
    with pytest.raises(OutputError, match="not empty"):
        db.write(tmp_path / "out")


def test_schema_json_declares_keys(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("k,x\n1,5\n2,6\n")
    (tmp_path / "b.csv").write_text("to\n1\n1\n")
    entry = {"foreign_keys": [{"column": "to", "references": "a.k"}]}
    (tmp_path / "schema.json").write_text(json.dumps({"a": {"primary_key": ["k"]}, "b": entry}))
    assert [str(key) for key in la.Database.read(tmp_path).foreign_keys] == ["b.to -> a.k"]
    (tmp_path / "schema.json").write_text('{"a": 3}')
    with pytest.raises(DataError, match="object for each table"):
        la.Database.read(tmp_path)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("mysql://host/db", "sqlite:///file"),
        ("sqlite://", "relative.db"),
        ("sqlite:///no.db", "no database file"),
        ("no folder", "there is no folder"),
    ],
)
def test_sources_that_are_none(source: str, words: str) -> None:
    with pytest.raises((DataError, ParameterError), match=words):
        la.Database.read(source)


def test_a_folder_has_tables_without_rows(tmp_path: Path) -> None:
    tables = {
        "shops": pa.table({"id": [1, 2]}),
        "sales": pa.table({"shop": pa.array([], pa.int64()), "sum": pa.array([], pa.float64())}),
    }
    keys = ["sales.shop -> shops.id"]
    db = la.Database(tables, primary_keys={"shops": "id"}, foreign_keys=keys)
    db.write(tmp_path / "out")
    read = la.Database.read(tmp_path / "out")
    assert read.arrow("sales").num_rows == 0
    assert [str(key) for key in read.foreign_keys] == keys
    read.write(f"sqlite:///{tmp_path}/out.db")
    written = la.Database.read(f"sqlite:///{tmp_path}/out.db")
    assert written.arrow("shops")["id"].to_pylist() == [1, 2]
