"""What a table is, and how it comes in and goes out. Room rule: ``tables`` knows ``_core`` only."""

from __future__ import annotations

from lookalike.tables._schema import Column, Dependency, Kind, Schema, TextForm

__all__ = [
    "Column",
    "Dependency",
    "Kind",
    "Schema",
    "TextForm",
]
