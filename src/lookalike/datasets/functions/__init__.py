"""Curves and surfaces to learn: formulas that are read safely, and a library of named ones.

Room rule: as all of ``datasets``, this knows ``tables`` and ``_core``, and never JAX.
"""

from __future__ import annotations

from lookalike.datasets.functions._expression import Expression, parse_number
from lookalike.datasets.functions._function import Function, FunctionColumn, Variable
from lookalike.datasets.functions._library import FUNCTIONS
from lookalike.datasets.functions._make import make_function

__all__ = [
    "FUNCTIONS",
    "Expression",
    "Function",
    "FunctionColumn",
    "Variable",
    "make_function",
    "parse_number",
]
