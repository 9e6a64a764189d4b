"""What a table is, and how it comes in and goes out. Room rule: ``tables`` knows ``_core`` only."""

from __future__ import annotations

from lookalike.tables._frame import as_frame, from_arrow, to_arrow
from lookalike.tables._origin import ColumnOrigin, Origin
from lookalike.tables._read import read_table
from lookalike.tables._schema import Column, Dependency, Kind, Schema, TextForm
from lookalike.tables._write import TableWriter, check_output, write_table

__all__ = [
    "Column",
    "ColumnOrigin",
    "Dependency",
    "Kind",
    "Origin",
    "Schema",
    "TableWriter",
    "TextForm",
    "as_frame",
    "check_output",
    "from_arrow",
    "read_table",
    "to_arrow",
    "write_table",
]
