"""The form of a database: all that is needed to give generated tables the same one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from lookalike._core.errors import ModelFileError
from lookalike.databases import Database, DeclaredColumn, ForeignKey
from lookalike.relational._sample import TableForm
from lookalike.relational._table import TableModel
from lookalike.tables import Column, Kind, Origin, Schema, open_categories, parse_type, without_rare

__all__ = ["DatabaseForm"]


@dataclass(frozen=True)
class DatabaseForm:
    """The tables, keys and declarations of a training database, without its rows.

    Parameters
    ----------
    names : tuple of str
        The tables in their order.
    primary : mapping of str to tuple of str
    foreign : tuple of ForeignKey
    tables : mapping of str to TableForm
    origins : mapping of str to Origin
    declared : mapping of str to mapping
    """

    names: tuple[str, ...]
    primary: Mapping[str, tuple[str, ...]]
    foreign: tuple[ForeignKey, ...]
    tables: Mapping[str, TableForm]
    origins: Mapping[str, Origin]
    declared: Mapping[str, Mapping[str, DeclaredColumn]]

    @classmethod
    def of(cls, db: Database, models: Mapping[str, TableModel]) -> DatabaseForm:
        """Return the form of a database that has been learned."""
        nullable = frozenset(key for key in db.foreign_keys if db.is_nullable(key))
        forms, origins = {}, {}
        for name in db.names:
            table = db.arrow(name)
            types = {c: _plain(table[c].type) for c in table.column_names}
            forms[name] = TableForm(types, nullable)
            origins[name] = _origin(db, name, models[name])
        return cls(db.names, dict(db.primary_keys), db.foreign_keys, forms, origins, db.declared)

    def database(self, tables: Mapping[str, pa.Table]) -> Database:
        """Return generated tables as a database of this form."""
        return Database.assembled(
            {name: tables[name] for name in self.names},
            self.primary,
            self.foreign,
            origins=self.origins,
            declared=self.declared,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the form as JSON-ready values."""
        nullable = self.tables[self.names[0]].nullable
        return {
            "tables": [
                {
                    "name": name,
                    "columns": {c: str(kind) for c, kind in self.tables[name].types.items()},
                    "primary": list(self.primary[name]),
                    "origin": self.origins[name].to_dict(),
                    "declared": {c: d.to_dict() for c, d in self.declared.get(name, {}).items()},
                }
                for name in self.names
            ],
            "foreign": [
                {"table": key.table, **key.to_dict(), "nullable": key in nullable}
                for key in self.foreign
            ],
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> DatabaseForm:
        """Restore a form from its `to_dict`, which comes from a file."""
        tables = {str(entry["name"]): entry for entry in values["tables"]}
        foreign = tuple(
            ForeignKey(
                entry["table"],
                tuple(entry["columns"]),
                entry["references"]["table"],
                tuple(entry["references"]["columns"]),
            )
            for entry in values["foreign"]
        )
        for key in foreign:
            for table, columns in ((key.table, key.columns), (key.parent, key.parent_columns)):
                if table not in tables or not set(columns) <= set(tables[table]["columns"]):
                    raise ModelFileError(f"The key {key} is of no table.")
        nullable = frozenset(
            key for key, entry in zip(foreign, values["foreign"], strict=True) if entry["nullable"]
        )
        return cls(
            tuple(tables),
            {name: tuple(map(str, entry["primary"])) for name, entry in tables.items()},
            foreign,
            {
                name: TableForm({c: parse_type(t) for c, t in entry["columns"].items()}, nullable)
                for name, entry in tables.items()
            },
            {name: Origin.from_dict(entry["origin"]) for name, entry in tables.items()},
            {
                name: {c: DeclaredColumn(**d) for c, d in entry["declared"].items()}
                for name, entry in tables.items()
            },
        )


def _plain(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _origin(db: Database, name: str, model: TableModel) -> Origin:
    """Return the origin of a table without categories that few rows have, and without keys."""
    table, origin, columns = db.arrow(name), db.origin(name), model.columns
    known = {} if columns is None else {c: columns.encoder.schema_[c] for c in columns.attributes}
    schema = Schema(
        tuple(
            known.get(c) or Column(c, Kind.IDENTIFIER, str(table[c].type))
            for c in table.column_names
        )
    )
    fewest = 2 if columns is None else columns.encoder.min_category_count
    _, origin = without_rare(table, schema, origin, fewest)
    return open_categories(origin, schema)[0]
