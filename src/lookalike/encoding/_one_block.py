"""The encoding in which every column is one block of levels or one number."""

from __future__ import annotations

from types import MappingProxyType

from lookalike.tables import Kind

__all__ = ["ANY_LEVELS", "ONE_BLOCK", "ONE_BLOCK_OR_RESIDUAL"]

#: The limit of one-hot blocks that keeps all levels of a column in one block.
ANY_LEVELS = 2**31 - 1
#: Parameters of `TableEncoder` for models to which a level costs one number: numbers are intervals
#: of cumulative probability, and all levels of a column are one block.
ONE_BLOCK = MappingProxyType(
    {
        "encodings": {str(kind): "quantile" for kind in Kind if kind.is_numeric},
        "onehot_limit": ANY_LEVELS,
        "residuals": "none",
    }
)
#: The same for models that also learn residuals, but none that hides cells of its column.
ONE_BLOCK_OR_RESIDUAL = MappingProxyType({**ONE_BLOCK, "residuals": "visible"})
