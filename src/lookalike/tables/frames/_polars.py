"""polars frames to Arrow and back. polars is touched only where the caller's table is polars."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lookalike._core.errors import DataError
from lookalike._core.optional import require
from lookalike.tables._arrow_types import check_columns, check_names
from lookalike.tables.frames._origin import ColumnOrigin, Origin
from lookalike.tables.identifiers._permutation import key, permuted

__all__ = ["from_arrow", "natural", "to_arrow"]

_PLAIN = frozenset(
    {
        *("Boolean", "String", "Binary", "Null", "Date", "Time", "Categorical"),
        *(f"{sign}Int{bits}" for sign in ("", "U") for bits in (8, 16, 32, 64)),
        *(f"Float{bits}" for bits in (16, 32, 64)),
    }
)


def to_arrow(frame: Any) -> tuple[pa.Table, Origin]:
    """Turn a polars frame into an Arrow table and its origin; see `lookalike.tables.to_arrow`."""
    check_names(frame.columns, "this frame")
    dtypes = [_to_dict(dtype, name) for name, dtype in frame.schema.items()]
    table = frame.to_arrow()
    table = pa.table(table.columns, names=table.column_names)
    check_columns(table.column_names, table.schema.types, "this frame")
    columns = tuple(
        ColumnOrigin(f.name, str(f.type), dtype)
        for f, dtype in zip(table.schema, dtypes, strict=True)
    )
    return table, Origin("polars", columns)


def from_arrow(columns: list[pa.ChunkedArray], origin: Origin) -> Any:
    """Build the frame described by `origin` from columns in its Arrow types."""
    pl = require(
        "polars",
        "Returning a polars frame, the type of the training table,",
        "Or write the rows to a file with sample_to.",
    )
    return pl.DataFrame(
        [_series(pl, c, was) for c, was in zip(columns, origin.columns, strict=True)]
    )


def natural(table: pa.Table) -> Any:
    """Convert any Arrow table to a polars frame."""
    return require("polars", "A polars frame").from_arrow(table)


def _series(pl: Any, column: pa.ChunkedArray, was: ColumnOrigin) -> Any:
    dtype = _from_dict(pl, was.dtype)
    if was.dtype.get("open") and was.dtype["type"] == "Enum":
        column = _of_the_set(column, was.dtype["categories"])
    try:
        return pl.Series(was.name, pl.from_arrow(column)).cast(dtype)
    except pl.exceptions.PolarsError as error:
        raise DataError(
            f"The values of column {was.name!r} must fit the polars dtype {dtype}, but some "
            f"do not: {str(error).splitlines()[0]}"
        ) from error


def _of_the_set(column: pa.ChunkedArray, members: list[str]) -> pa.Array:
    """Return members of a closed set in place of new keys: all in random order, repeatedly."""
    places = np.arange(len(column), dtype=np.uint64) % np.uint64(len(members))
    order = pa.array(permuted(places, len(members), key(0, "set")))
    missing = pa.array(column.is_null().to_numpy())
    drawn = pa.array(members, pa.string()).take(order)
    return pc.if_else(missing, pa.scalar(None, pa.string()), drawn)


def _to_dict(dtype: Any, name: str) -> dict[str, Any]:
    """Return the properties of a polars dtype, JSON-ready."""
    kind = dtype.base_type().__name__
    if kind in _PLAIN:
        return {"type": kind}
    if kind == "Datetime":
        return {"type": kind, "unit": dtype.time_unit, "zone": dtype.time_zone}
    if kind == "Duration":
        return {"type": kind, "unit": dtype.time_unit}
    if kind == "Decimal":
        return {"type": kind, "precision": dtype.precision, "scale": dtype.scale}
    if kind == "Enum":
        return {"type": kind, "categories": dtype.categories.to_list()}
    raise DataError(
        f"Column {name!r} has the polars dtype {dtype}, which cannot be learned: cast it to a "
        "plain one, or leave it out."
    )


def _from_dict(pl: Any, values: dict[str, Any]) -> Any:
    kind = values.get("type")
    if kind == "Datetime":
        return pl.Datetime(values["unit"], values["zone"])
    if kind == "Duration":
        return pl.Duration(values["unit"])
    if kind == "Decimal":
        return pl.Decimal(values["precision"], values["scale"])
    if kind == "Enum":
        return pl.Enum(values["categories"])
    if kind in _PLAIN and hasattr(pl, str(kind)):
        return getattr(pl, str(kind))()
    raise DataError(f"There is no polars dtype {kind!r} in this version of polars.")
