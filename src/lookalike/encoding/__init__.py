"""Reversible maps between tables and arrays. Room rule: numpy and Arrow, never JAX."""

from __future__ import annotations

from lookalike.encoding._base import ColumnEncoding, RowEncoding, State
from lookalike.encoding._draw import Z_MAX, draw
from lookalike.encoding._layout import Block, Compact, Drawn, Layout
from lookalike.encoding._registry import ENCODINGS
from lookalike.encoding._rows import Rows
from lookalike.encoding.onehot import OneHot
from lookalike.encoding.quantile import Quantile
from lookalike.encoding.table import TableEncoder

__all__ = [
    "ENCODINGS",
    "Z_MAX",
    "Block",
    "ColumnEncoding",
    "Compact",
    "Drawn",
    "Layout",
    "OneHot",
    "Quantile",
    "RowEncoding",
    "Rows",
    "State",
    "TableEncoder",
    "draw",
]
