"""The contributions of an entity, clipped to a number of rows."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lookalike._core.errors import ParameterError, nearest
from lookalike.models._private_noise import Entropy

__all__ = ["clipped"]


def clipped(table: pa.Table, entity: str, rows: int, entropy: Entropy) -> pa.Table:
    """Return the other columns of at most so many random rows of each entity.

    The choice among the rows of one entity does not depend on others. Rows without an entity
    belong to nobody knows whom, and are left out.

    Parameters
    ----------
    table : pyarrow.Table
    entity : str
    rows : int
    entropy : Entropy

    Raises
    ------
    ParameterError
        If the entity is no column, or the only one.
    """
    if entity not in table.column_names:
        hint = nearest(entity, table.column_names)
        raise ParameterError(f"entity names no column of the table: {entity!r}.{hint}")
    if table.num_columns == 1:
        raise ParameterError(f"A table must have columns besides its entity, {entity!r}.")
    owners = table[entity]
    if pa.types.is_dictionary(owners.type):
        owners = owners.cast(owners.type.value_type)
    places = pc.index_in(owners, owners.unique(), skip_nulls=True).fill_null(-1)
    codes = places.to_numpy().astype(np.int64)
    order = np.lexsort((entropy.bits(len(codes)), codes))
    ordered = codes[order]
    # The place of a row among those of its entity, in random order.
    first = np.searchsorted(ordered, ordered, side="left")
    kept = (np.arange(len(order)) - first < rows) & (ordered >= 0)
    return table.drop_columns([entity]).take(pa.array(np.sort(order[kept])))
