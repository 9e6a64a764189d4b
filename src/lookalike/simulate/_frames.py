"""Dataframes of simulated rows."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from lookalike._core.parameters import AnyOf, Choice
from lookalike.tables import as_frame, best_library

__all__ = ["LIBRARY_RULE", "frame_of"]

LIBRARY_RULE = AnyOf((Choice(("pandas", "polars", "arrow")),), none=True)


def frame_of(table: pa.Table, as_: str | None) -> Any:
    """Return rows as a dataframe of a library, by default of the first that is installed."""
    return as_frame(table, {"arrow": "pyarrow"}.get(as_ or "", as_) or best_library())
