"""Tables that came as text in the types of their values, keys alike on both sides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from lookalike.databases._keys import ForeignKey
from lookalike.tables import Kind, conform, infer_columns, natural

__all__ = ["typed_tables"]

_WHOLE = "^(?:0|-?[1-9][0-9]{0,17})$"


def typed_tables(
    tables: Mapping[str, pa.Table],
    primary: Mapping[str, Sequence[str]],
    foreign: Iterable[ForeignKey],
) -> dict[str, pa.Table]:
    """Return tables whose columns of text have the types that their values plainly are of.

    Parameters
    ----------
    tables : mapping of str to pyarrow.Table
        Tables as text files hold them.
    primary : mapping of str to sequence of str
    foreign : iterable of ForeignKey
        A key is whole numbers on both sides, or text.

    Returns
    -------
    dict of str to pyarrow.Table
    """
    groups = _groups(primary, foreign)
    texts = {cell for group in groups for cell in group if not _all_whole(tables, group)}
    keys = {cell for group in groups for cell in group}
    return {
        name: _typed(table, [c for t, c in keys if t == name], [c for t, c in texts if t == name])
        for name, table in tables.items()
    }


def _groups(
    primary: Mapping[str, Sequence[str]], foreign: Iterable[ForeignKey]
) -> list[set[tuple[str, str]]]:
    """Return columns that hold the same keys."""
    groups = [{(name, column)} for name, key in primary.items() for column in key]
    for key in foreign:
        for own, other in zip(key.columns, key.parent_columns, strict=True):
            both = {(key.table, own), (key.parent, other)}
            touching = [group for group in groups if group & both]
            groups = [group for group in groups if not group & both]
            groups.append(both.union(*touching))
    return groups


def _all_whole(tables: Mapping[str, pa.Table], group: set[tuple[str, str]]) -> bool:
    return all(_is_whole(tables[name][column]) for name, column in group)


def _is_whole(cells: pa.ChunkedArray) -> bool:
    if not pa.types.is_string(cells.type):
        return bool(pa.types.is_integer(cells.type))
    return pc.all(pc.match_substring_regex(cells, _WHOLE)).as_py() is not False


def _typed(table: pa.Table, keys: Sequence[str], texts: Sequence[str]) -> pa.Table:
    plain = [c for c in table.column_names if c not in keys and pa.types.is_string(table[c].type)]
    result = table
    if plain and len(table):
        some = table.select(plain)
        schema = infer_columns(some)
        numbered = {c for c in schema.of(Kind.IDENTIFIER) if _is_whole(some[c])}
        meant = natural(conform(some, schema), schema, numbered)
        for column in plain:
            result = _with(result, column, meant[column])
    for column in keys:
        if column not in texts and pa.types.is_string(table[column].type):
            result = _with(result, column, table[column].cast(pa.int64()))
    return result


def _with(table: pa.Table, column: str, cells: pa.ChunkedArray) -> pa.Table:
    if pa.types.is_dictionary(cells.type):
        cells = cells.cast(cells.type.value_type)
    return table.set_column(table.column_names.index(column), column, cells)
