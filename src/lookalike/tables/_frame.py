"""The border to dataframes: any eager frame in, an Arrow table inside, the same kind of frame out.

pandas and polars are not dependencies: they are touched only where the caller's table is theirs.
"""

from __future__ import annotations

from typing import Any

import narwhals as nw
import pyarrow as pa

from lookalike._core.errors import DataError
from lookalike._core.optional import require
from lookalike.tables import _frame_pandas, _frame_polars
from lookalike.tables._arrow_types import cast_column, check_columns, parse_type
from lookalike.tables._origin import ColumnOrigin, Origin

__all__ = ["as_frame", "from_arrow", "to_arrow"]

#: Further libraries of eager frames that narwhals knows: no other is ever imported by name.
_OTHERS = ("modin", "cudf")
_SUGGESTION = {
    "dict": "Make a frame of it first, such as pyarrow.table(data) or pandas.DataFrame(data).",
    "list": "Make a frame of it first, such as pandas.DataFrame(data).",
    "tuple": "Make a frame of it first, such as pandas.DataFrame(data).",
    "ndarray": "Give its columns names first, such as pandas.DataFrame(data, columns=[...]).",
    "Series": "Make a frame of it first, such as data.to_frame().",
    "str": "Read a file with lookalike.tables.read_table(path) or a dataframe library first.",
    "PosixPath": "Read a file with lookalike.tables.read_table(path) or a dataframe library first.",
}


def to_arrow(data: Any) -> tuple[pa.Table, Origin]:
    """Turn a dataframe into an Arrow table, and remember what it was.

    Missing cells (NaN in a numpy column, None, NA, NaT) become nulls. A pandas index is not a
    column and is left out.

    Parameters
    ----------
    data : pandas.DataFrame, polars.DataFrame, pyarrow.Table or RecordBatch, or another eager frame
        The caller's table; it is not changed. Column names are distinct and not empty; names that
        are not text are kept for `from_arrow`.

    Returns
    -------
    table : pyarrow.Table
        The same columns, in order, named by text, one plain value in each cell.
    origin : Origin
        What `from_arrow` needs.

    Raises
    ------
    DataError
        If `data` is not an eager frame, or a name or a column cannot be used.

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
    if isinstance(data, nw.DataFrame):
        data = data.to_native()
    if isinstance(data, pa.RecordBatch):
        return _from_pyarrow(pa.Table.from_batches([data]), {"class": "RecordBatch"})
    if isinstance(data, pa.Table):
        return _from_pyarrow(data, {})
    if nw.dependencies.is_pandas_dataframe(data):
        return _frame_pandas.to_arrow(data)
    if nw.dependencies.is_polars_dataframe(data):
        return _frame_polars.to_arrow(data)
    return _from_narwhals(data)


def from_arrow(table: pa.Table, origin: Origin) -> Any:
    """Turn an Arrow table into the kind of dataframe that `origin` remembers.

    Parameters
    ----------
    table : pyarrow.Table
        The columns of `origin`, in order; types that can be cast without loss will do.
    origin : Origin
        What `to_arrow` gave, for this or another table of the same columns.

    Returns
    -------
    dataframe
        Of the caller's library, with its column names and dtypes; a pandas frame has a fresh index.

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
            f"A table to give back must have the columns {list(origin.names)}, in this order; "
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


def as_frame(table: pa.Table, library: str) -> Any:
    """Turn an Arrow table into a dataframe of a library, in the dtypes natural there.

    Parameters
    ----------
    table : pyarrow.Table
        Any table of flat columns.
    library : {"pandas", "polars", "pyarrow"}
        Whose dataframe. In pandas, integers and booleans with missing cells come as nullable
        dtypes, dictionaries as categories.

    Returns
    -------
    dataframe
        Of that library.

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
        return _frame_pandas.natural(table)
    if library == "polars":
        return _frame_polars.natural(table)
    if library == "pyarrow":
        return table
    raise DataError(f"A table can be had for pandas, polars or pyarrow; got {library!r}.")


def _give_back(columns: list[pa.ChunkedArray], origin: Origin, rows: int) -> Any:
    if origin.library == "pandas":
        return _frame_pandas.from_arrow(columns, origin, rows)
    if origin.library == "polars":
        return _frame_polars.from_arrow(columns, origin)
    if origin.library == "pyarrow":
        return _to_pyarrow(columns, origin)
    if origin.library in _OTHERS:
        require(origin.library, f"To give back a {origin.library} frame")
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
                "values to give back are missing: declare the field nullable before fitting."
            )
        fields.append(pa.field(was.name, column.type, nullable))
    table = pa.table(columns, schema=pa.schema(fields))
    if origin.frame.get("class") != "RecordBatch":
        return table
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
            f"narwhals knows; got {_full_name(data)}. "
            + _SUGGESTION.get(kind, "Turn it into one of these first.")
        )
    table, origin = _from_pyarrow(frame.to_arrow(), {})
    library = str(frame.implementation.value)
    if library not in _OTHERS:
        raise DataError(f"Frames of {library} cannot be given back: convert it to pyarrow first.")
    return table, Origin(library, origin.columns)


def _full_name(data: Any) -> str:
    kind = type(data)
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"
