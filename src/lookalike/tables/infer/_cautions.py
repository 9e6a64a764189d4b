"""Warnings about inferred kinds: cells that keep a column from being numbers or dates."""

from __future__ import annotations

import pyarrow as pa

from lookalike.tables._schema import Column, Kind, Schema
from lookalike.tables._storage import is_text, plain_type, storage_type
from lookalike.tables.infer._facts import gather
from lookalike.tables.text._calendar_words import mostly_dates

__all__ = ["cautions"]

_SHOWN = 3
_LONGEST = 24


def cautions(table: pa.Table, schema: Schema) -> list[str]:
    """List the cells that keep columns from the kind of most of their cells.

    The schema itself copies no cell; this quotes some, each cut to a safe length.

    Parameters
    ----------
    table : pyarrow.Table
        The table that the schema was inferred from.
    schema : Schema
        The inferred schema.

    Returns
    -------
    list of str
        One or two sentences for each such column; none for columns whose kind was chosen.

    Examples
    --------
    >>> from lookalike.tables import infer_columns
    >>> table = pa.table({"age": ["31", "54", "28", "about 40"]})
    >>> print(*cautions(table, infer_columns(table)))
    Column 'age' is read as text: 3 of 4 cells are numbers, others not, such as 'about 40'. \
Fix these cells, or choose a kind for the column.
    """
    sentences = (_caution(table[column.name], column) for column in schema.columns)
    return [sentence for sentence in sentences if sentence]


def _caution(cells: pa.ChunkedArray, column: Column) -> str:
    if column.why == "as chosen" or not is_text(plain_type(storage_type(column))):
        return ""
    impossible = column.form is not None and column.form.impossible
    if column.kind not in (Kind.TEXT, Kind.CATEGORICAL, Kind.IDENTIFIER) and not impossible:
        return ""
    facts = gather(column.name, cells)
    if facts.odd:
        reason = facts.note.rsplit(" (", 1)[0]
        odd = facts.odd
    elif column.kind is Kind.TEXT and facts.cells.distinct and mostly_dates(facts.cells.values):
        reason = "its cells look like dates or times in an unknown format"
        odd = tuple(facts.cells.values[:_SHOWN].to_pylist())
    else:
        return ""
    return (
        f"Column {column.name!r} is read as {column.kind.value}: {reason}, such as "
        f"{_listed(odd)}. Fix these cells, or choose a kind for the column."
    )


def _listed(cells: tuple[str, ...]) -> str:
    short = [repr(c if len(c) <= _LONGEST else c[: _LONGEST - 1] + "…") for c in cells[:_SHOWN]]
    return " and ".join([", ".join(short[:-1]), short[-1]]) if len(short) > 1 else short[0]
