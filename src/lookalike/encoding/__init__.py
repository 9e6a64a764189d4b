"""Reversible maps between tables and arrays. Room rule: numpy and Arrow, never JAX."""

from __future__ import annotations

from lookalike._core.learned import Learned
from lookalike._core.rows import Rows
from lookalike.encoding._base import (
    ENCODINGS,
    ColumnEncoding,
    ComparingEncoding,
    Context,
    RowEncoding,
)
from lookalike.encoding._condition import RowCondition
from lookalike.encoding._draw import Z_MAX, sample_encoded
from lookalike.encoding._layout import Block, BlockSource, EncodedRows, Layout, SampledRows
from lookalike.encoding._one_block import ONE_BLOCK, ONE_BLOCK_OR_RESIDUAL
from lookalike.encoding._origins import ValueOrigin, columns_by_origin
from lookalike.encoding._zeros import StructuralZero, StructuralZeros
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
    "ONE_BLOCK",
    "ONE_BLOCK_OR_RESIDUAL",
    "Z_MAX",
    "Block",
    "BlockSource",
    "ColumnEncoding",
    "ComparingEncoding",
    "Context",
    "Datetime",
    "Embedding",
    "EncodedRows",
    "Layout",
    "Learned",
    "MinMax",
    "OneHot",
    "Power",
    "Quantile",
    "RowCondition",
    "RowEncoding",
    "Rows",
    "SampledRows",
    "Standard",
    "StructuralZero",
    "StructuralZeros",
    "TableEncoder",
    "ValueOrigin",
    "columns_by_origin",
    "sample_encoded",
]

ENCODINGS.enter(Quantile, MinMax, Standard, Power, OneHot, Embedding, Datetime)
