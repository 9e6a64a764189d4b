"""Tables: schema, input, output and text formats. Room rule: ``tables`` knows ``_core`` only."""

from __future__ import annotations

from lookalike.tables._arrow_types import parse_type
from lookalike.tables._conditions import ColumnCondition, fulfilled, parse_conditions
from lookalike.tables._conform import conform
from lookalike.tables._natural import natural
from lookalike.tables._natural_rows import natural_rows
from lookalike.tables._render import render
from lookalike.tables._schema import Column, Dependency, Kind, Schema, TextForm
from lookalike.tables._storage import canonical_schema, canonical_type
from lookalike.tables.frames._convert import as_frame, as_given, best_library, from_arrow, to_arrow
from lookalike.tables.frames._open_categories import open_categories
from lookalike.tables.frames._origin import ColumnOrigin, Origin
from lookalike.tables.frames._sample import (
    MAX_ROWS,
    LargeTable,
    is_large,
    to_arrow_sample,
)
from lookalike.tables.identifiers._maker import IdentifierMaker
from lookalike.tables.infer._cautions import cautions
from lookalike.tables.infer._infer import infer_columns
from lookalike.tables.infer._rare_categories import without_rare
from lookalike.tables.io._csv_text import cell_texts
from lookalike.tables.io._pieces import TablePieces
from lookalike.tables.io._read import MANIFEST, is_parts, read_table
from lookalike.tables.io._write import TableWriter, check_output, check_safe_csv, write_table

__all__ = [
    "MANIFEST",
    "MAX_ROWS",
    "Column",
    "ColumnCondition",
    "ColumnOrigin",
    "Dependency",
    "IdentifierMaker",
    "Kind",
    "LargeTable",
    "Origin",
    "Schema",
    "TablePieces",
    "TableWriter",
    "TextForm",
    "as_frame",
    "as_given",
    "best_library",
    "canonical_schema",
    "canonical_type",
    "cautions",
    "cell_texts",
    "check_output",
    "check_safe_csv",
    "conform",
    "from_arrow",
    "fulfilled",
    "infer_columns",
    "is_large",
    "is_parts",
    "natural",
    "natural_rows",
    "open_categories",
    "parse_conditions",
    "parse_type",
    "read_table",
    "render",
    "to_arrow",
    "to_arrow_sample",
    "without_rare",
    "write_table",
]
