"""From known cells of rows to the condition on the blocks that encode them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from lookalike.encoding import EncodedRows, RowCondition, TableEncoder
from lookalike.tables import Schema, canonical_type

__all__ = ["condition_of_cells", "one_column_table"]


def condition_of_cells(
    encoder: TableEncoder, rows: pa.Table, complete: frozenset[str]
) -> tuple[RowCondition, dict[int, np.ndarray]]:
    """Return the condition that rows have their known cells, and the blocks that these say.

    Parameters
    ----------
    encoder : TableEncoder
        Fitted.
    rows : pyarrow.Table
        n canonical rows, null where a cell is not known.
    complete : frozenset of str
        Columns of which no cell is to be missing.

    Returns
    -------
    RowCondition
        Of n rows. What relations rule out, and structural zeros, is ruled out.
    dict of int to ndarray of bool, shape (n,)
        For the index of each block: the rows in which it follows from known cells.
    """
    layout, known = encoder.layout_, encoder.known(rows)
    floats, codes = encoder.encode(rows)
    codes = codes.copy()
    for i, names in encoder.gates().items():
        # A cell that is to be made is not to be missing; its column may be, where none was given.
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
    """Return canonical rows of which one column is known, and no other."""
    kinds = {column.name: canonical_type(column) for column in schema.columns}
    own = kinds[name]
    known = cells.dictionary_encode().cast(own) if pa.types.is_dictionary(own) else cells.cast(own)
    return pa.table(
        [known if n == name else pa.nulls(len(cells), kind) for n, kind in kinds.items()],
        names=list(kinds),
    )
