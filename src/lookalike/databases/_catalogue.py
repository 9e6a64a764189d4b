"""Columns as the catalogue of a database lists them, and how their cells are read."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pyarrow as pa

from lookalike.databases._chosen import warn_of_bytes
from lookalike.databases._declared import DeclaredColumn
from lookalike.databases._statements import quoted

__all__ = ["plain_table", "select_statement"]

#: Types whose cells arrive as Arrow's own.
_NATIVE = re.compile(
    r"(TINY|SMALL|BIG)?INT|INTEGER|U(TINYINT|SMALLINT|INTEGER)|REAL|FLOAT|DOUBLE( PRECISION)?"
    r"|BOOLEAN|DATE|TIMESTAMP(\(\d\))?( WITH(OUT)? TIME ZONE)?|TIMESTAMP_(S|MS|NS)"
    r"|VARCHAR|TEXT|(CHARACTER VARYING|CHARACTER)(\(\d+\))?",
    re.IGNORECASE,
)
_EXACT = re.compile(
    r"(NUMERIC|DECIMAL)(\((\d+),\s*(\d+)\))?|HUGEINT|UHUGEINT|UBIGINT", re.IGNORECASE
)
_BYTES = re.compile(r"BLOB|BYTEA", re.IGNORECASE)
#: The most digits of a whole number of 64 bits.
_DIGITS = 18


def select_statement(name: str, columns: Mapping[str, DeclaredColumn]) -> str:
    """Return the query that reads a table, each column in a type that can be learned.

    Exact numbers become whole ones where they have no decimals, and floats else; types without a
    counterpart (enumerations, UUIDs, JSON, arrays, intervals) are read as their text; bytes are
    missing, with a warning.

    Parameters
    ----------
    name : str
        The table.
    columns : mapping of str to DeclaredColumn
    """
    cells = [_expression(name, column, own.type) for column, own in columns.items()]
    return f"SELECT {', '.join(cells)} FROM {quoted(name)}"


def _expression(table: str, column: str, kind: str) -> str:
    cell = quoted(column)
    exact = _EXACT.fullmatch(kind)
    if exact:
        whole = exact[4] == "0" and int(exact[3]) <= _DIGITS
        return f"CAST({cell} AS {'BIGINT' if whole else 'DOUBLE PRECISION'}) AS {cell}"
    if _BYTES.fullmatch(kind):
        warn_of_bytes(table, column)
        return f"CAST(NULL AS VARCHAR) AS {cell}"
    return cell if _NATIVE.fullmatch(kind) else f"CAST({cell} AS VARCHAR) AS {cell}"


def plain_table(table: pa.Table) -> pa.Table:
    """Return a table in types that every database takes: categories as their values."""
    for at, field in enumerate(table.schema):
        kind = field.type
        if pa.types.is_dictionary(kind):
            table = table.set_column(at, field.name, table[at].cast(kind.value_type))
        elif pa.types.is_duration(kind):
            table = table.set_column(at, field.name, table[at].cast(pa.int64()))
        elif pa.types.is_decimal(kind):
            table = table.set_column(at, field.name, table[at].cast(pa.float64()))
    return table
