"""Databases: several tables and the keys between them. Room rule: knows tables, and no model."""

from __future__ import annotations

from lookalike.databases._database import Database
from lookalike.databases._declared import DeclaredColumn
from lookalike.databases._draw import draw
from lookalike.databases._keys import NO_KEY, ForeignKey, distinct_rows, matched_rows
from lookalike.databases._order import TableOrder, order_of_tables
from lookalike.databases._place import without_password
from lookalike.databases._source import check_target, is_database, write_blocks

__all__ = [
    "NO_KEY",
    "Database",
    "DeclaredColumn",
    "ForeignKey",
    "TableOrder",
    "check_target",
    "distinct_rows",
    "draw",
    "is_database",
    "matched_rows",
    "order_of_tables",
    "without_password",
    "write_blocks",
]
