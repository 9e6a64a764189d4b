"""Parquet to an Arrow table of flat columns."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

import pyarrow as pa
from pyarrow import parquet

from lookalike._core.errors import FileFormatError
from lookalike.tables._arrow_types import check_columns, check_names

__all__ = ["read_parquet"]

#: The name that pandas writes for an unnamed row index, which is not a column of the table.
_INDEX = re.compile(r"__index_level_\d+__")


def read_parquet(path: str | os.PathLike[str], columns: Sequence[str] | None) -> pa.Table:
    """Read a Parquet file.

    A row index without a name, which pandas writes beside the columns, is left out unless
    `columns` names it.

    Parameters
    ----------
    path : str or path-like
        The file.
    columns : sequence of str or None
        The columns to read; None for all. Names that the file does not have are ignored.

    Returns
    -------
    pyarrow.Table
        The table, with the file's types and order.

    Raises
    ------
    FileFormatError
        If it is not a valid Parquet file, or has nested columns or no rows.
    """
    name = repr(os.fspath(path))
    try:
        with parquet.ParquetFile(path, page_checksum_verification=True) as file:
            schema = file.schema_arrow
            check_names(schema.names, name, FileFormatError)
            wanted = [
                field
                for field in schema
                if (field.name in columns if columns else not _INDEX.fullmatch(field.name))
            ]
            names = [field.name for field in wanted]
            check_columns(names, [field.type for field in wanted], name, FileFormatError)
            table = file.read(names).select(names)
    except (pa.ArrowException, OSError) as error:
        # Arrow adds lines on its own code.
        reason = str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
        raise FileFormatError(f"{name} is not Parquet, or damaged: {reason}.") from error
    if table.num_rows == 0:
        raise FileFormatError(f"{name} has columns but no rows: a table needs some.")
    plain = [pa.field(field.name, field.type, field.nullable) for field in table.schema]
    return pa.table(table.columns, schema=pa.schema(plain))
