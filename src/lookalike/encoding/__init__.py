"""Reversible maps between tables and arrays. Room rule: numpy and Arrow, never JAX."""

from __future__ import annotations

from lookalike.encoding._asked import Asked
from lookalike.encoding._base import ColumnEncoding, ComparingEncoding, Context, RowEncoding, State
from lookalike.encoding._draw import Z_MAX, draw
from lookalike.encoding._exclusions import Exclusion, Exclusions
from lookalike.encoding._layout import Block, Compact, Drawn, Layout
from lookalike.encoding._registry import ENCODINGS
from lookalike.encoding._rows import Rows
from lookalike.encoding.datetime import Datetime
from lookalike.encoding.embedding import Embedding
from lookalike.encoding.minmax import MinMax
from lookalike.encoding.onehot import OneHot
from lookalike.encoding.power import Power
from lookalike.encoding.quantile import Quantile
from lookalike.encoding.standard import Standard
from lookalike.encoding.table import TableEncoder

__all__ = [
    "ENCODINGS",
    "Z_MAX",
    "Asked",
    "Block",
    "ColumnEncoding",
    "Compact",
    "ComparingEncoding",
    "Context",
    "Datetime",
    "Drawn",
    "Embedding",
    "Exclusion",
    "Exclusions",
    "Layout",
    "MinMax",
    "OneHot",
    "Power",
    "Quantile",
    "RowEncoding",
    "Rows",
    "Standard",
    "State",
    "TableEncoder",
    "draw",
]
