"""Relations between columns. Room rule: ``relations`` knows ``tables`` and ``_core`` only."""

from __future__ import annotations

from lookalike.relations._discovery import find_dependencies
from lookalike.relations._schema import infer_schema
from lookalike.tables import Schema

__all__ = ["find_dependencies", "infer_schema"]

Schema._inferred = staticmethod(infer_schema)
