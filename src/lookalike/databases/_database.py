"""A database in memory: tables and the keys between them."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from lookalike._core.errors import DataError, LookalikeWarning, ParameterError, nearest
from lookalike._core.parameters import Choice, check_parameters
from lookalike._core.tabular import Tabular
from lookalike.databases._declared import DeclaredColumn
from lookalike.databases._draw import draw
from lookalike.databases._infer_keys import infer_keys
from lookalike.databases._keys import (
    NO_KEY,
    NOT_FOUND,
    ForeignKey,
    as_columns,
    distinct_rows,
    matched_rows,
    without_views,
)
from lookalike.databases._order import TableOrder, order_of_tables
from lookalike.databases._source import read_source, write_blocks
from lookalike.databases._typed import typed_tables
from lookalike.tables import Origin, as_frame, best_library, from_arrow, to_arrow

__all__ = ["Database"]

_FIRST_ROWS = 5
_POLICIES = ("refuse", "drop", "null")


class Database(Tabular):
    """Several tables, and the keys between them.

    Parameters
    ----------
    tables : mapping of str to dataframe
        The tables by name: pandas, polars or pyarrow, or another eager frame; or files.
    primary_keys : mapping of str to str or sequence of str, optional
        The columns that identify the rows of a table, one or several.
    foreign_keys : iterable of ForeignKey or str, optional
        Columns that refer to other tables, such as ``"orders.customer_id -> customers.id"``. They
        may be missing in rows, refer to the own table, and be part of the primary key; several may
        refer to one table. By default, if neither these nor primary keys are given, keys are
        inferred from names and values, each with a reason in `why`.
    orphans : {"refuse", "drop", "null"}
        The policy for rows with a key that no row of the parent table has: an error, or the rows
        are left out, or such a key counts as missing.

    Attributes
    ----------
    primary_keys : dict of str to tuple of str
        For each table; empty where it has none.
    foreign_keys : tuple of ForeignKey
    why : dict of str to str
        The reason for each inferred key.

    Examples
    --------
    >>> import lookalike as la, pyarrow as pa
    >>> shops = pa.table({"shop_id": [1, 2], "city": ["Bonn", "Ulm"]})
    >>> sales = pa.table({"shop_id": [1, 1, 2], "total": [3.5, 1.5, 2.0]})
    >>> db = la.Database({"shops": shops, "sales": sales})
    >>> print(db)
    shops  2 rows  key shop_id
    └─ sales  3 rows  by shop_id
    """

    def __init__(
        self,
        tables: Mapping[str, Any],
        *,
        primary_keys: Mapping[str, str | Sequence[str]] | None = None,
        foreign_keys: Iterable[ForeignKey | str] | None = None,
        orphans: str = "refuse",
    ) -> None:
        check_parameters("Database", {"orphans": Choice(_POLICIES)}, {"orphans": orphans})
        if not isinstance(tables, Mapping) or not tables:
            raise ParameterError(
                "A database must have tables: give a mapping from their names to dataframes, such "
                "as Database({'orders': orders, 'customers': customers})."
            )
        self._tables: dict[str, pa.Table] = {}
        self._origins: dict[str, Origin] = {}
        for name, data in tables.items():
            try:
                table, self._origins[str(name)] = to_arrow(data)
                self._tables[str(name)] = without_views(table)
            except DataError as error:
                raise type(error)(f"Table {name!r}: {error}") from error
        self.declared: dict[str, dict[str, DeclaredColumn]] = {}
        given = {str(name): as_columns(key) for name, key in (primary_keys or {}).items()}
        keys = [ForeignKey.parse(k) if isinstance(k, str) else k for k in foreign_keys or ()]
        self.why: dict[str, str] = {}
        if primary_keys is None and foreign_keys is None:
            inferred = infer_keys(self._tables)
            given, keys, self.why = inferred.primary, list(inferred.foreign), inferred.why
        # A key that is referred to is a primary key, where none is declared.
        for key in keys:
            given.setdefault(key.parent, key.parent_columns)
        self.primary_keys = {name: given.get(name, ()) for name in self._tables}
        self.foreign_keys = tuple(dict.fromkeys(keys))
        self._check_names(given)
        self._check_unique()
        self._settle_orphans(orphans)

    # --- checks ----------------------------------------------------------------------------------

    def _check_names(self, primary: Mapping[str, tuple[str, ...]]) -> None:
        ends = list(primary.items())
        for key in self.foreign_keys:
            ends += [(key.table, key.columns), (key.parent, key.parent_columns)]
        for table, columns in ends:
            if table not in self._tables:
                raise DataError(
                    f"A key must be of a table that there is; got {table!r}."
                    f"{nearest(table, self._tables)}"
                )
            names = self._tables[table].column_names
            for column in columns:
                if column not in names:
                    raise DataError(
                        f"A key must consist of columns of its table, but {table!r} has no column "
                        f"{column!r}.{nearest(column, names)}"
                    )

    def _check_unique(self) -> None:
        referred = [(key.parent, key.parent_columns) for key in self.foreign_keys]
        for table, columns in dict.fromkeys((*self.primary_keys.items(), *referred)):
            cells = [self._tables[table][column] for column in columns]
            if not columns or not len(cells[0]):
                continue
            name = f"The key {', '.join(columns)} of table {table!r}"
            missing = np.zeros(len(cells[0]), bool)
            for column in cells:
                missing |= np.asarray(column.is_null())
            if missing.any():
                raise DataError(
                    f"{name} must not be missing, but it is in {missing.sum():,} rows "
                    f"({_listed(missing)}). Fill it in, or declare another key."
                )
            numbers = distinct_rows(cells)
            _, first, count = np.unique(numbers, return_index=True, return_counts=True)
            if (count > 1).any():
                again = np.ones(len(numbers), bool)
                again[first] = False
                raise DataError(
                    f"{name} must identify rows, but {again.sum():,} rows have the same as an "
                    f"earlier one ({_listed(again)}). Drop these rows, or declare another key."
                )

    def _settle_orphans(self, policy: str) -> None:
        """Check that every key leads to a row, or apply the policy until none leads nowhere."""
        changed = True
        while changed:
            changed = False
            for key in self.foreign_keys:
                lost = self.rows_of(key) == NOT_FOUND
                if lost.any():
                    self._settle(key, lost, policy)
                    changed = True

    def _settle(self, key: ForeignKey, lost: np.ndarray, policy: str) -> None:
        count, table = int(lost.sum()), self._tables[key.table]
        if policy == "refuse":
            raise DataError(
                f"Every foreign key must lead to a row, but {key} does not in {count:,} of "
                f"{len(table):,} rows ({_listed(lost)}). Leave these rows out (orphans='drop'), "
                "or let such keys count as missing (orphans='null')."
            )
        if policy == "drop":
            self._tables[key.table] = table.filter(pa.array(~lost))
        else:
            if set(key.columns) & set(self.primary_keys[key.table]):
                raise DataError(
                    f"A column of a primary key cannot be missing, but {key} leads nowhere in "
                    f"{count:,} rows ({_listed(lost)}). Leave these rows out (orphans='drop')."
                )
            for column in key.columns:
                cells = table[column].combine_chunks()
                empty = pa.scalar(None, cells.type)
                at = table.column_names.index(column)
                table = table.set_column(
                    at, column, pa.compute.if_else(pa.array(lost), empty, cells)
                )
            self._tables[key.table] = table
        self.__dict__.pop("_rows", None)
        outcome = "left out" if policy == "drop" else "counted as rows without this key"
        warnings.warn(
            f"{count:,} rows of {key.table!r} lead nowhere by {key}: they are {outcome}.",
            LookalikeWarning,
            stacklevel=5,
        )

    # --- contents --------------------------------------------------------------------------------

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the tables, in order."""
        return tuple(self._tables)

    def __getitem__(self, name: str) -> Any:
        """Return a table, as the kind of dataframe that it came as."""
        table = self.arrow(name)
        origin = self._origins[name]
        if origin.is_file:
            return as_frame(self._typed[name], best_library())
        return from_arrow(table, origin)

    def __iter__(self) -> Iterator[str]:
        return iter(self._tables)

    def __len__(self) -> int:
        return len(self._tables)

    def __contains__(self, name: object) -> bool:
        return name in self._tables

    def arrow(self, name: str) -> pa.Table:
        """Return a table as Arrow.

        Parameters
        ----------
        name : str
            Its name.

        Returns
        -------
        pyarrow.Table

        Raises
        ------
        DataError
            If there is no such table.
        """
        if name not in self._tables:
            raise DataError(f"There is no table {name!r}.{nearest(name, self._tables)}")
        return self._tables[name]

    def origin(self, name: str) -> Origin:
        """Return the library and the types of the dataframe that a table came as.

        Parameters
        ----------
        name : str
            The table.

        Returns
        -------
        Origin
            Its origin.
        """
        self.arrow(name)
        return self._origins[name]

    def typed(self) -> dict[str, pa.Table]:
        """Return all tables as Arrow, those that came as text in the types of their values.

        Returns
        -------
        dict of str to pyarrow.Table
        """
        files = {name for name, origin in self._origins.items() if origin.is_file}
        if not files:
            return dict(self._tables)
        found = typed_tables(self._tables, self.primary_keys, self.foreign_keys)
        # A table that came with types of its own keeps them.
        return {name: found[name] if name in files else t for name, t in self._tables.items()}

    def unique_keys(self, name: str) -> list[tuple[str, ...]]:
        """Return columns of a table that keys refer to, beside its primary key.

        Parameters
        ----------
        name : str

        Returns
        -------
        list of tuple of str
        """
        referred = dict.fromkeys(k.parent_columns for k in self.foreign_keys if k.parent == name)
        return [columns for columns in referred if columns != self.primary_keys[name]]

    def rows_of(self, key: ForeignKey) -> np.ndarray:
        """Return the row of the parent table that each row refers to.

        Parameters
        ----------
        key : ForeignKey

        Returns
        -------
        ndarray of int, shape (n,)
            Rows from 0 on; -1 where the key is missing.
        """
        if key not in self._rows:
            child = [self._tables[key.table][c] for c in key.columns]
            parent = [self._tables[key.parent][c] for c in key.parent_columns]
            self._rows[key] = matched_rows(child, parent, str(key))
        return self._rows[key]

    @cached_property
    def _typed(self) -> dict[str, pa.Table]:
        return self.typed()

    @cached_property
    def _rows(self) -> dict[ForeignKey, np.ndarray]:
        return {}

    def is_nullable(self, key: ForeignKey) -> bool:
        """Return whether a key may be missing: it is in a row, or its declaration allows it.

        Parameters
        ----------
        key : ForeignKey
            The key.

        Returns
        -------
        bool
            True if it may.
        """
        if set(key.columns) & set(self.primary_keys[key.table]):
            return False
        if (self.rows_of(key) == NO_KEY).any():
            return True
        declared = self.declared.get(key.table, {})
        return any(column in declared and declared[column].nullable for column in key.columns)

    def order(self) -> TableOrder:
        """Return an order of the tables, parents first.

        Returns
        -------
        TableOrder

        Raises
        ------
        DataError
            If keys form a circle, none of which may be missing.
        """
        return order_of_tables(self.names, self.foreign_keys, self.is_nullable)

    def only(self, names: Iterable[str]) -> Database:
        """Return the database of some of the tables, and of the keys between them.

        Parameters
        ----------
        names : iterable of str

        Returns
        -------
        Database
        """
        kept = [name for name in names if self.arrow(name) is not None]
        keys = [k for k in self.foreign_keys if k.table in kept and k.parent in kept]
        return Database.assembled(
            {name: self._tables[name] for name in self._tables if name in kept},
            self.primary_keys,
            keys,
            origins=self._origins,
            declared=self.declared,
            why=self.why,
        )

    def emptied(self, names: Iterable[str]) -> Database:
        """Return the same database without the rows of some tables, which stand elsewhere.

        Parameters
        ----------
        names : iterable of str

        Returns
        -------
        Database
            Whose other rows may refer to these rows.
        """
        rest = copy(self)
        vars(rest).pop("_typed", None)
        rest._tables = dict(self._tables)
        for name in names:
            rest._tables[name] = self.arrow(name).slice(0, 0)
        return rest

    def with_keys_of(self, other: Database) -> tuple[Database, dict[ForeignKey, int]]:
        """Return the tables of another database with its keys, and the rows that lead nowhere.

        Parameters
        ----------
        other : Database
            Its names of tables and its keys count.

        Returns
        -------
        Database
            Without rows that lead nowhere.
        dict of ForeignKey to int
            The number of such rows, by each key.

        Raises
        ------
        DataError
            If a table or a column of a key is missing, or a key occurs twice.
        """
        tables = {name: self.arrow(name) for name in other.names}
        keys = other.foreign_keys
        orphans = {}
        for key in keys:
            ends = [(key.table, key.columns), (key.parent, key.parent_columns)]
            for table, columns in ends:
                for column in columns:
                    if column not in tables[table].column_names:
                        raise DataError(f"Table {table!r} must have the column {column!r}.")
            child, parent = ([tables[t][c] for c in columns] for t, columns in ends)
            orphans[key] = int((matched_rows(child, parent, str(key)) == NOT_FOUND).sum())
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", LookalikeWarning)
            db = Database.assembled(
                tables, other.primary_keys, keys, origins=self._origins, orphans="drop"
            )
        return db, orphans

    def _headline(self) -> str:
        rows = sum(len(table) for table in self._tables.values())
        return f"{len(self)} tables, {rows:,} rows, {len(self.foreign_keys)} foreign keys"

    def _frame_columns(self) -> Mapping[str, Any]:
        keys = {
            name: [str(key) for key in self.foreign_keys if key.table == name]
            for name in self.names
        }
        return {
            "table": pa.array(self.names, pa.string()),
            "rows": pa.array([len(self._tables[n]) for n in self.names], pa.int64()),
            "columns": pa.array([self._tables[n].num_columns for n in self.names], pa.int64()),
            "primary key": pa.array(
                [", ".join(self.primary_keys.get(n, ())) for n in self.names], pa.string()
            ),
            "foreign keys": pa.array(["; ".join(keys[n]) for n in self.names], pa.string()),
        }

    def __repr__(self) -> str:
        return draw(
            {name: len(table) for name, table in self._tables.items()},
            self.primary_keys,
            self.foreign_keys,
        )

    # --- in and out ------------------------------------------------------------------------------

    @classmethod
    def assembled(
        cls,
        tables: Mapping[str, pa.Table],
        primary_keys: Mapping[str, Sequence[str]],
        foreign_keys: Iterable[ForeignKey],
        *,
        origins: Mapping[str, Origin] | None = None,
        declared: Mapping[str, Mapping[str, DeclaredColumn]] | None = None,
        why: Mapping[str, str] | None = None,
        orphans: str = "refuse",
    ) -> Database:
        """Return a database of Arrow tables with declarations and origins from elsewhere.

        Parameters
        ----------
        tables : mapping of str to pyarrow.Table
        primary_keys : mapping of str to sequence of str
        foreign_keys : iterable of ForeignKey
        origins, declared, why : mapping, optional
            The origins of dataframes, declarations of columns, and reasons of keys.
        orphans : {"refuse", "drop", "null"}

        Returns
        -------
        Database
        """
        keys = {name: primary_keys.get(name, ()) for name in tables}
        db = cls(tables, primary_keys=keys, foreign_keys=foreign_keys, orphans=orphans)
        db._origins |= {name: o for name, o in (origins or {}).items() if name in tables}
        db.declared = {n: dict(c) for n, c in (declared or {}).items() if n in tables}
        db.why = dict(why or {})
        return db

    @classmethod
    def read(
        cls, source: str | os.PathLike[str], *, orphans: str = "refuse", tables: Any = None
    ) -> Database:
        """Read a database.

        Parameters
        ----------
        source : str or path-like
            A folder of ``.csv``, ``.csv.gz`` and ``.parquet`` files, one for each table, with a
            ``schema.json`` that declares keys, or without one: then keys are inferred. Or
            ``sqlite:///file.db`` (``sqlite:////absolute/file.db``), ``duckdb:///file.duckdb`` or
            ``postgresql://user@host/name``; the last two need lookalike[sql].
        orphans : {"refuse", "drop", "null"}
            As for `Database`.
        tables : iterable of str, optional
            The tables to read; all by default.

        Returns
        -------
        Database

        Raises
        ------
        DataError
            If the source cannot be read, or its keys are not keys.
        DatabaseError
            If the database itself fails.
        """
        found = read_source(source, None if tables is None else list(tables))
        primary, foreign, why = found.primary, found.foreign, {}
        if primary is None or foreign is None:
            inferred = infer_keys(found.tables, primary)
            primary, foreign, why = inferred.primary, inferred.foreign, inferred.why
        return cls.assembled(
            found.tables,
            primary,
            foreign,
            origins=found.origins,
            declared=found.declared,
            why=why,
            orphans=orphans,
        )

    @classmethod
    def read_tables(cls, source: str | os.PathLike[str]) -> Database:
        """Read the tables of a source without its keys, which may lead nowhere.

        Parameters
        ----------
        source : str or path-like
            As for `read`.

        Returns
        -------
        Database
            Without keys: `with_keys_of` gives it those of another database.
        """
        found = read_source(source, None)
        return cls.assembled(found.tables, {}, (), origins=found.origins, declared=found.declared)

    def write(self, target: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Write the tables with their types and keys: all of them, or nothing.

        Parameters
        ----------
        target : str or path-like
            As for `read`. A folder gets CSV files, as text where the tables came as text, and
            ``schema.json``. A database gets its tables in one transaction.
        overwrite : bool
            Whether tables of these names that are there already are replaced.

        Raises
        ------
        OutputError
            If there are such tables and `overwrite` is false, or nothing can be written there.
        DatabaseError
            If the database itself fails; then nothing is written.
        """
        write_blocks([self], target, overwrite=overwrite)


def _listed(rows: np.ndarray) -> str:
    """Return the numbers of the first rows of a mask, from 1 on, in words."""
    first = np.flatnonzero(rows)[:_FIRST_ROWS] + 1
    more = ", …" if rows.sum() > _FIRST_ROWS else ""
    return f"row{'s' if rows.sum() > 1 else ''} {', '.join(f'{r:,}' for r in first)}{more}"
