"""Conversion at the border: any eager frame or file in, Arrow inside, the same type of frame out.

pandas and polars are not dependencies: they are touched only where the caller's table is theirs.
"""

from __future__ import annotations

import os
from typing import Any

import narwhals as nw
import pyarrow as pa

from lookalike._core.errors import DataError
from lookalike._core.optional import LIBRARIES, best_library, require
from lookalike.tables._arrow_types import cast_column, check_columns, parse_type
from lookalike.tables.frames import _pandas, _polars
from lookalike.tables.frames._origin import ARROW, FILE, ColumnOrigin, Origin
from lookalike.tables.io._read import read_table

__all__ = ["as_frame", "as_given", "best_library", "from_arrow", "to_arrow"]

#: Further libraries of eager frames that narwhals supports: no other is ever imported by name.
_OTHERS = ("modin", "cudf")
_SUGGESTION = {
    "dict": "Make a frame of it first, such as pyarrow.table(data) or pandas.DataFrame(data).",
    "list": "Make a frame of it first, such as pandas.DataFrame(data).",
    "tuple": "Make a frame of it first, such as pandas.DataFrame(data).",
    "ndarray": "Give its columns names first, such as pandas.DataFrame(data, columns=[...]).",
    "Series": "Make a frame of it first, such as data.to_frame().",
}


def to_arrow(data: Any) -> tuple[pa.Table, Origin]:
    """Turn a dataframe or a data file into an Arrow table and its origin.

    Missing cells (NaN in a numpy column, None, NA, NaT) become nulls. A pandas index is not a
    column and is left out.

    Parameters
    ----------
    data : pandas, polars or pyarrow table, another eager frame, or str or path-like
        The caller's table, which is not changed, or the path of one, as for `read_table`. Column
        names are distinct and not empty; names that are not text are kept for `from_arrow`.

    Returns
    -------
    table : pyarrow.Table
        The same columns, in order, named by text, one plain value in each cell.
    origin : Origin
        The origin for `from_arrow`.

    Raises
    ------
    DataError
        If `data` is not an eager frame, or a name or a column cannot be used; FileFormatError, a
        kind of it, if there is no such file or it cannot be read.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"age": [31, 54], "sex": pd.Categorical(["f", None])})
    >>> table, origin = to_arrow(frame)
    >>> table["sex"].null_count
    1
    >>> from_arrow(table, origin).equals(frame)
    True
    """
    if isinstance(data, str | os.PathLike):
        table, origin = _from_pyarrow(read_table(data), {})
        return table, Origin(FILE, origin.columns)
    if isinstance(data, nw.DataFrame):
        data = data.to_native()
    if isinstance(data, pa.RecordBatch):
        return _from_pyarrow(pa.Table.from_batches([data]), {"class": "RecordBatch"})
    if isinstance(data, pa.Table):
        return _from_pyarrow(data, {})
    if nw.dependencies.is_pandas_dataframe(data):
        return _pandas.to_arrow(data)
    if nw.dependencies.is_polars_dataframe(data):
        return _polars.to_arrow(data)
    return _from_narwhals(data)


def from_arrow(table: pa.Table, origin: Origin) -> Any:
    """Turn an Arrow table into the type of dataframe described by `origin`.

    Parameters
    ----------
    table : pyarrow.Table
        The columns of `origin`, in order; types that can be cast without loss will do.
    origin : Origin
        The result of `to_arrow`, for this or another table of the same columns.

    Returns
    -------
    dataframe
        A frame of the caller's library, with its column names and dtypes; a pandas frame has a new
        index. For a table from a file, `as_frame` of the `best_library`.

    Raises
    ------
    DataError
        If the columns are others, or a dtype cannot hold a value.
    MissingDependencyError
        If the library is not installed here.

    Examples
    --------
    >>> import polars as pl
    >>> table, origin = to_arrow(pl.DataFrame({"age": [31, 54]}))
    >>> from_arrow(table.slice(0, 1), origin)["age"].to_list()
    [31]
    """
    if tuple(table.column_names) != origin.names:
        raise DataError(
            f"A table to convert back must have the columns {list(origin.names)}, in this order; "
            f"got {table.column_names}."
        )
    columns = [
        cast_column(table.column(i), parse_type(column.arrow), column.name)
        for i, column in enumerate(origin.columns)
    ]
    try:
        return _give_back(columns, origin, table.num_rows)
    except DataError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DataError(f"The origin of a table is damaged: {error!r}.") from error


def as_given(table: pa.Table, data: Any, origin: Origin, whole: Origin) -> Any:
    """Turn an Arrow table into the caller's type of dataframe, keeping its columns' dtypes.

    Parameters
    ----------
    table : pyarrow.Table
        The rows of `data`, and perhaps further columns.
    data : dataframe or path
        The caller's table.
    origin : Origin
        The origin of `data` from `to_arrow`.
    whole : Origin
        The origin of another table, which had all columns.

    Returns
    -------
    dataframe
        A frame of the library of `data`. Its columns keep their dtypes; others (and, in pandas,
        numbers and times among objects) have those of `whole` where that is of the same library,
        otherwise the natural ones. In pandas, it has the index of `data`, and new categories are
        added. A column of `data` in which no cell is present counts as another one.

    Raises
    ------
    DataError
        If a dtype cannot hold a value.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"age": [31, 54]}, index=["Ada", "Bob"])
    >>> table, origin = to_arrow(frame)
    >>> table = table.append_column("seats", pa.array([1, 2]))
    >>> as_given(table, frame, origin, origin).loc["Bob"].to_list()
    [54, 2]
    """
    if origin.is_file:
        return as_frame(table, best_library())
    if origin.library == "pandas":
        origin = to_arrow(_pandas.widened(data, table))[1]
        # Numbers among objects have no dtype of their own, mostly because of a missing cell.
        origin = origin.only([c.name for c in origin.columns if not _pandas.is_loose(c)])
    # Nor has a column in which no cell is present.
    origin = origin.only([c.name for c in origin.columns if c.arrow != "null"])
    parts = [_as_table(from_arrow(table.select(list(origin.names)), origin))]
    others = [name for name in table.column_names if name not in origin.names]
    if others and whole.library == origin.library and set(others) <= set(whole.names):
        parts.append(_as_table(from_arrow(table.select(others), whole.only(others))))
    elif others:
        library = origin.library if origin.library in LIBRARIES else "pyarrow"
        parts.append(as_frame(table.select(others), library))
    if origin.library == "pandas":
        return _pandas.joined(parts, table.column_names, data.index)
    frames = [nw.from_native(part, eager_only=True) for part in parts]
    joined = nw.concat(frames, how="horizontal").select(table.column_names).to_native()
    return _as_batch(joined) if origin.frame.get("class") == "RecordBatch" else joined


def _as_table(frame: Any) -> Any:
    return pa.Table.from_batches([frame]) if isinstance(frame, pa.RecordBatch) else frame


def as_frame(table: pa.Table, library: str) -> Any:
    """Turn an Arrow table into a dataframe of a library, in the dtypes natural there.

    Parameters
    ----------
    table : pyarrow.Table
        Any table of flat columns.
    library : {"pandas", "polars", "pyarrow", "arrow"}
        The library of the dataframe; ``"arrow"`` is pyarrow, too. In pandas, integers and booleans
        with missing cells get nullable dtypes, dictionaries become categories.

    Returns
    -------
    dataframe
        A frame of that library.

    Raises
    ------
    DataError
        If there is no such library.
    MissingDependencyError
        If the library is not installed.

    Examples
    --------
    >>> import pyarrow as pa
    >>> as_frame(pa.table({"seats": [180, None]}), "pandas").dtypes["seats"]
    Int64Dtype()
    """
    if library == "pandas":
        return _pandas.natural(table)
    if library == "polars":
        return _polars.natural(table)
    if library in ("pyarrow", ARROW):
        return table
    raise DataError(f"A dataframe's library must be pandas, polars or pyarrow; got {library!r}.")


def _give_back(columns: list[pa.ChunkedArray], origin: Origin, rows: int) -> Any:
    if origin.library == "pandas":
        return _pandas.from_arrow(columns, origin, rows)
    if origin.library == "polars":
        return _polars.from_arrow(columns, origin)
    if origin.library == "pyarrow":
        return _to_pyarrow(columns, origin)
    if origin.is_file:
        return as_frame(pa.table(columns, list(origin.names)), best_library())
    if origin.library in _OTHERS:
        require(origin.library, f"Returning a {origin.library} frame")
        backend: Any = origin.library
        return nw.from_arrow(pa.table(columns, list(origin.names)), backend=backend).to_native()
    raise DataError(f"There is no dataframe library {origin.library!r}.")


def _from_pyarrow(table: pa.Table, frame: dict[str, Any]) -> tuple[pa.Table, Origin]:
    check_columns(table.column_names, table.schema.types, "this table")
    columns = tuple(
        ColumnOrigin(f.name, str(f.type), {} if f.nullable else {"nullable": False})
        for f in table.schema
    )
    plain = pa.table(table.columns, names=table.column_names)
    return plain, Origin("pyarrow", columns, frame)


def _to_pyarrow(columns: list[pa.ChunkedArray], origin: Origin) -> pa.Table | pa.RecordBatch:
    fields = []
    for column, was in zip(columns, origin.columns, strict=True):
        nullable = was.dtype.get("nullable", True)
        if column.null_count and not nullable:
            raise DataError(
                f"Column {was.name!r} is declared as never null, but {column.null_count} of the "
                "values to return are missing: declare the field nullable before fitting."
            )
        fields.append(pa.field(was.name, column.type, nullable))
    table = pa.table(columns, schema=pa.schema(fields))
    return _as_batch(table) if origin.frame.get("class") == "RecordBatch" else table


def _as_batch(table: pa.Table) -> pa.RecordBatch:
    batches = table.unify_dictionaries().combine_chunks().to_batches()
    return batches[0] if batches else pa.RecordBatch.from_pylist([], schema=table.schema)


def _from_narwhals(data: Any) -> tuple[pa.Table, Origin]:
    frame = nw.from_native(data, pass_through=True)
    if isinstance(frame, nw.LazyFrame):
        raise DataError(
            f"A table must be in memory, got a lazy {_full_name(data)}: call its collect() "
            "(or compute()) first."
        )
    if not isinstance(frame, nw.DataFrame):
        kind = type(data).__name__
        raise DataError(
            "A table must be a dataframe of pandas, polars, pyarrow or another library that "
            f"narwhals supports; got {_full_name(data)}. "
            + _SUGGESTION.get(kind, "Turn it into one of these first.")
        )
    table, origin = _from_pyarrow(frame.to_arrow(), {})
    library = str(frame.implementation.value)
    if library not in _OTHERS:
        raise DataError(f"Frames of {library} cannot be returned: convert it to pyarrow first.")
    return table, Origin(library, origin.columns)


def _full_name(data: Any) -> str:
    kind = type(data)
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"
