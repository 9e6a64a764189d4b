"""pandas frames to Arrow and back. pandas is touched only where the caller's table is pandas."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from lookalike._core.errors import DataError
from lookalike._core.optional import require
from lookalike.tables._arrow_types import check_columns, check_names
from lookalike.tables.frames._origin import ColumnOrigin, Origin
from lookalike.tables.frames._pandas_categories import categories_to_arrow, take_categories
from lookalike.tables.frames._pandas_mixed import mixed_to_arrow, no_unicode, restored

__all__ = ["from_arrow", "is_loose", "joined", "natural", "to_arrow", "widened"]

_PLAIN_KINDS = "biufmM"
#: The contents of an object column, as pandas names them, and the Arrow type if not obvious.
_OBJECTS: dict[str, pa.DataType | None] = {
    "string": pa.string(),
    "bytes": pa.binary(),
    "boolean": pa.bool_(),
    "integer": None,
    "floating": pa.float64(),
    "mixed-integer-float": pa.float64(),
    "decimal": None,
    "date": pa.date32(),
    "datetime": None,
    "datetime64": None,
    "time": None,
    "timedelta": None,
    "timedelta64": None,
    "empty": pa.null(),
}
_INTEGERS = tuple(f"{sign}Int{bits}" for sign in ("", "U") for bits in (8, 16, 32, 64))
_NULLABLE = frozenset({"boolean", "Float32", "Float64", *_INTEGERS})
#: The dtypes of column labels that are kept; others are left to pandas.
_AXES = frozenset({"object", "str", "string", "int64", "float64"})
_INSTEAD = {
    "PeriodDtype": "convert it with .dt.to_timestamp()",
    "IntervalDtype": "convert it with .astype('category') or .astype(str)",
    "SparseDtype": "convert it with .sparse.to_dense()",
}


# --- in -------------------------------------------------------------------------------------------


def to_arrow(frame: Any) -> tuple[pa.Table, Origin]:
    """Turn a pandas frame into an Arrow table and its origin; see `lookalike.tables.to_arrow`."""
    names = _names(frame.columns)
    check_names(names, "this frame")
    arrays, dtypes = [], []
    for position, name in enumerate(names):
        array, dtype = _series_to_arrow(frame.iloc[:, position], name)
        arrays.append(array)
        dtypes.append(dtype)
    check_columns(names, [array.type for array in arrays], "this frame")
    columns = tuple(
        ColumnOrigin(name, str(array.type), dtype)
        for name, array, dtype in zip(names, arrays, dtypes, strict=True)
    )
    return pa.table(arrays, names=names), Origin("pandas", columns, _axis(frame.columns))


def _names(axis: Any) -> list[str]:
    """Return the column labels as text; text and numbers are allowed."""
    if axis.nlevels > 1:
        raise DataError(
            f"Columns must have one level of names, got {axis.nlevels} (a MultiIndex): join them "
            "first, such as frame.columns = frame.columns.map(' '.join)."
        )
    for label in axis:
        number = isinstance(label, (int, float, np.number, np.bool_)) and np.isfinite(label)
        if not (number or isinstance(label, str)):
            raise DataError(
                f"Column names must be text or numbers, got {label!r} ({type(label).__name__}): "
                "rename it, or frame.columns = frame.columns.astype(str)."
            )
    names = [str(label) for label in axis]
    for name in names:
        try:
            name.encode()
        except UnicodeEncodeError as error:
            raise no_unicode("There is a column of the name", error) from error
    return names


def _axis(axis: Any) -> dict[str, Any]:
    """Return the properties of the column index, JSON-ready."""
    labels = [label.item() if isinstance(label, np.generic) else label for label in axis]
    name = axis.name if isinstance(axis.name, (str, int, float)) else None
    dtype = str(axis.dtype) if str(axis.dtype) in _AXES else None
    return {"labels": labels, "name": name, "dtype": dtype}


def _series_to_arrow(series: Any, name: str) -> tuple[pa.Array, dict[str, Any]]:
    dtype = series.dtype
    kind = type(dtype).__name__
    try:
        if isinstance(dtype, np.dtype):
            return _numpy_to_arrow(series, name)
        if kind == "CategoricalDtype":
            return categories_to_arrow(series, name, _series_to_arrow)
        kept = _extension_to_dict(dtype, name)
        return pa.array(series), kept
    except UnicodeEncodeError as error:
        raise no_unicode(f"Column {name!r} has the cell", error) from error
    except (pa.ArrowException, TypeError, OverflowError) as error:
        raise DataError(
            f"Column {name!r} of dtype {dtype} cannot be turned into plain values: {error}."
        ) from error


def _numpy_to_arrow(series: Any, name: str) -> tuple[pa.Array, dict[str, Any]]:
    dtype = series.dtype
    if dtype.kind == "O":
        return _object_to_arrow(series, name)
    if dtype.kind not in _PLAIN_KINDS or dtype.itemsize > 8:
        raise DataError(
            f"Column {name!r} has the dtype {dtype}, which cannot be learned: convert it to plain "
            "numbers, or leave it out."
        )
    values = series.to_numpy()
    if dtype == np.float16:  # few of Arrow's functions know half floats
        values = values.astype(np.float32)
    if not values.dtype.isnative:
        values = values.astype(values.dtype.newbyteorder("="))
    return pa.array(values, from_pandas=True), {"kind": "numpy", "dtype": str(dtype)}


def _object_to_arrow(series: Any, name: str) -> tuple[pa.Array, dict[str, Any]]:
    from_pandas = require("pandas", "A pandas frame").api.types
    kind = from_pandas.infer_dtype(series, skipna=True)
    if kind not in _OBJECTS or kind == "decimal":
        mixed = mixed_to_arrow(series)
        if mixed is not None:
            array, types = mixed
            return array, {"kind": "mixed", "missing": _missing_word(series), "types": types}
    if kind not in _OBJECTS:
        raise DataError(
            f"An object column must hold values of one plain type, but {name!r} holds "
            f"{_examples(series)}: convert it first, such as frame[{name!r}].astype(str)."
        )
    array = pa.array(series.to_numpy(), type=_OBJECTS[kind], from_pandas=True)
    return array, {"kind": "object", "missing": _missing_word(series)}


def _examples(series: Any) -> str:
    """Return the first value of each type in a column, two at most, in words."""
    kinds: dict[str, Any] = {}
    for value in series[series.notna()]:
        kinds.setdefault(type(value).__name__, value)
    return " and ".join(f"{kind} ({value!r:.40})" for kind, value in list(kinds.items())[:2])


def _missing_word(series: Any) -> str:
    """Return the marker of missing cells in an object column, which is that of the first."""
    missing = series[series.isna()]
    first = missing.iloc[0] if len(missing) else None
    if first is None:
        return "None"
    return {"NaTType": "NaT", "NAType": "NA"}.get(type(first).__name__, "nan")


def _extension_to_dict(dtype: Any, name: str) -> dict[str, Any]:
    """Return the properties of an extension dtype, JSON-ready."""
    kind = type(dtype).__name__
    if kind == "StringDtype":
        na = "nan" if isinstance(dtype.na_value, float) else "NA"
        return {"kind": "string", "storage": dtype.storage, "na": na}
    if kind == "ArrowDtype":
        return {"kind": "arrow"}
    if kind == "DatetimeTZDtype":
        return {"kind": "timestamp"}
    if str(dtype) in _NULLABLE:
        return {"kind": "nullable", "dtype": str(dtype)}
    raise DataError(
        f"Column {name!r} has the pandas dtype {dtype}, which cannot be learned: "
        f"{_INSTEAD.get(kind, 'convert it to a plain dtype')}, or leave it out."
    )


# --- out ------------------------------------------------------------------------------------------


def from_arrow(columns: list[pa.ChunkedArray], origin: Origin, rows: int) -> Any:
    """Build the frame described by `origin` from columns in its Arrow types."""
    pd = require(
        "pandas",
        "Returning a pandas frame, the type of the training table,",
        "Or write the rows to a file with sample_to.",
    )
    data = {
        position: _series(pd, column, was)
        for position, (column, was) in enumerate(zip(columns, origin.columns, strict=True))
    }
    frame = pd.DataFrame(data, index=pd.RangeIndex(rows), copy=False)
    axis = origin.frame
    frame.columns = pd.Index(axis["labels"], dtype=axis["dtype"], name=axis["name"])
    return frame


def _series(pd: Any, column: pa.ChunkedArray, was: ColumnOrigin) -> Any:
    kind = was.dtype.get("kind")
    if kind not in _MAKERS:
        raise DataError(f"Column {was.name!r} has no origin that pandas knows: {kind!r}.")
    return _MAKERS[kind](pd, column, was)


def _numpy(pd: Any, column: pa.ChunkedArray, was: ColumnOrigin) -> Any:
    dtype = np.dtype(was.dtype["dtype"])
    if column.null_count and dtype.kind in "biu":
        nullable = str(dtype).replace("i", "I").replace("u", "U").replace("bool", "boolean")
        raise DataError(
            f"Column {was.name!r} of dtype {dtype} cannot hold the {column.null_count} missing "
            f"cells of the rows: give it the dtype {nullable!r} before fitting."
        )
    values = column.to_numpy().astype(dtype, copy=False)
    # Arrow's own memory is read-only; a frame must be the caller's to change.
    return pd.Series(values if values.flags.writeable else values.copy(), copy=False)


def _object(pd: Any, column: pa.ChunkedArray, was: ColumnOrigin) -> Any:
    values = np.empty(len(column), dtype=object)
    text = pt.is_string(column.type)
    values[:] = column.to_numpy() if text else column.to_pylist()
    if column.null_count:
        marks = {"None": None, "nan": np.nan, "NaT": pd.NaT, "NA": pd.NA}
        values[column.is_null().to_numpy()] = marks[was.dtype["missing"]]
    return pd.Series(values, dtype=object, copy=False)


def _mixed(pd: Any, column: pa.ChunkedArray, was: ColumnOrigin) -> Any:
    objects = _object(pd, column.cast(pa.string()) if pt.is_null(column.type) else column, was)
    types = was.dtype["types"]
    return objects if pt.is_floating(column.type) else restored(objects, types)


def _string(pd: Any, column: pa.ChunkedArray, was: ColumnOrigin) -> Any:
    if was.dtype["na"] == "nan":
        try:
            dtype = pd.StringDtype(was.dtype["storage"], na_value=np.nan)
        except TypeError:  # pandas before 2.3 has no such dtype, it has objects instead
            return _object(pd, column, ColumnOrigin(was.name, was.arrow, {"missing": "nan"}))
    else:
        dtype = pd.StringDtype(was.dtype["storage"])
    return pd.Series(dtype.__from_arrow__(column), copy=False)


def _nullable(pd: Any, column: pa.ChunkedArray, was: ColumnOrigin) -> Any:
    dtype = pd.api.types.pandas_dtype(was.dtype["dtype"])
    return pd.Series(dtype.__from_arrow__(column), copy=False)


def _arrow(pd: Any, column: pa.ChunkedArray, was: ColumnOrigin) -> Any:  # noqa: ARG001
    return pd.Series(pd.arrays.ArrowExtensionArray(column), copy=False)


def _timestamp(pd: Any, column: pa.ChunkedArray, was: ColumnOrigin) -> Any:  # noqa: ARG001
    utc = pd.Series(column.cast(pa.timestamp(column.type.unit)).to_numpy())
    return utc.dt.tz_localize("UTC").dt.tz_convert(column.type.tz)


def _category(pd: Any, column: pa.ChunkedArray, was: ColumnOrigin) -> Any:
    return take_categories(pd, column, was, _series)


_MAKERS: dict[Any, Callable[[Any, pa.ChunkedArray, ColumnOrigin], Any]] = {
    "numpy": _numpy,
    "object": _object,
    "mixed": _mixed,
    "string": _string,
    "nullable": _nullable,
    "arrow": _arrow,
    "timestamp": _timestamp,
    "category": _category,
}


# --- natural --------------------------------------------------------------------------------------


def natural(table: pa.Table) -> Any:
    """Convert any Arrow table to a pandas frame; see `lookalike.tables.as_frame`."""
    pd = require("pandas", "A pandas frame")
    frame = table.to_pandas(ignore_metadata=True, date_as_object=False)
    dtypes = {
        pa.type_for_alias(name.lower().removesuffix("ean")): pd.api.types.pandas_dtype(name)
        for name in ("boolean", *_INTEGERS)
    }
    columns = [f.name for f in table.schema if f.type in dtypes and table[f.name].null_count]
    for name, series in table.select(columns).to_pandas(types_mapper=dtypes.get).items():
        frame[name] = series
    return frame


def is_loose(column: ColumnOrigin) -> bool:
    """Return whether a column had objects other than text."""
    return column.dtype.get("kind") == "object" and column.arrow not in ("string", "null")


def widened(frame: Any, table: pa.Table) -> Any:
    """Return a frame whose categories include all values of a table's columns."""
    more = {}
    for label in frame.columns:
        cells = table[str(label)]
        if pt.is_dictionary(cells.type):
            known = frame[label].cat.categories
            came = pc.unique(cells.cast(cells.type.value_type)).drop_null().to_pylist()
            new = [level for level in came if level not in known]
            if new and isinstance(new[0], type(known[0]) if len(known) else str):
                more[label] = frame[label].cat.add_categories(new)
    return frame.assign(**more) if all(isinstance(label, str) for label in more) else frame


def joined(frames: list[Any], names: list[str], index: Any) -> Any:
    """Join the columns of frames, in order of their names as text, under an index."""
    pd = require("pandas", "A pandas frame")
    columns = {
        str(label): (label, f.iloc[:, k]) for f in frames for k, label in enumerate(f.columns)
    }
    made = pd.concat([columns[name][1] for name in names], axis=1)
    made.columns = pd.Index([columns[name][0] for name in names], name=frames[0].columns.name)
    made.index = index
    return made
