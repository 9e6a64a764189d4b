"""Databases: several tables and the keys between them. Room rule: knows tables, and no model."""

from __future__ import annotations

from lookalike.databases._database import Database
from lookalike.databases._draw import draw
from lookalike.databases._keys import ForeignKey, matched_rows
from lookalike.databases._order import Order, order_of_tables
from lookalike.databases._source import check_target, is_database

__all__ = [
    "Database",
    "ForeignKey",
    "Order",
    "check_target",
    "draw",
    "is_database",
    "matched_rows",
    "order_of_tables",
]
