"""Conditions on encoded blocks from the known cells of rows."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from lookalike.encoding import EncodedRows, RowCondition, TableEncoder
from lookalike.tables import Schema, canonical_type

__all__ = ["condition_of_cells", "one_column_table"]


def condition_of_cells(
    encoder: TableEncoder, rows: pa.Table, complete: frozenset[str]
) -> tuple[RowCondition, dict[int, np.ndarray]]:
    """Return the condition that rows have their known cells, and the blocks that these determine.

    Parameters
    ----------
    encoder : TableEncoder
        Fitted.
    rows : pyarrow.Table
        n canonical rows, null where a cell is unknown.
    complete : frozenset of str
        Columns whose unknown cells must not be missing.

    Returns
    -------
    RowCondition
        Conditions on n rows, which also exclude violations of relations and structural zeros.
    dict of int to ndarray of bool, shape (n,)
        For the index of each block, the rows in which known cells determine it.
    """
    layout, known = encoder.layout_, encoder.known(rows)
    floats, codes = encoder.encode(rows)
    codes = codes.copy()
    for i, names in encoder.gates().items():
        # A null cell of a given column must be filled; columns that are not given may be missing.
        if not complete.isdisjoint(names):
            codes[:, layout.blocks[i].source_start] = 0
            known[i] = np.ones(rows.num_rows, bool)
    encoded = EncodedRows(floats, codes)
    present = {
        i: np.arange(block.width)[None] != missing
        for i, block in enumerate(layout.blocks)
        if block.part != "missing" and block.column in complete
        if (missing := encoder.missing_level(i)) is not None
    }
    condition = RowCondition.of_cells(layout, encoded, known)
    condition = condition.narrowed(RowCondition(layout, allowed=present))
    condition = condition.narrowed(encoder.feasible(rows))
    return encoder.exclusions_.narrowed(condition, encoded, known), known


def one_column_table(schema: Schema, name: str, cells: pa.Array) -> pa.Table:
    """Return canonical rows in which only one column is known."""
    kinds = {column.name: canonical_type(column) for column in schema.columns}
    own = kinds[name]
    known = cells.dictionary_encode().cast(own) if pa.types.is_dictionary(own) else cells.cast(own)
    return pa.table(
        [known if n == name else pa.nulls(len(cells), kind) for n, kind in kinds.items()],
        names=list(kinds),
    )
