"""New keys: values like those of a column, none of them twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from lookalike._core.errors import ModelFileError
from lookalike._core.learned import Learned
from lookalike.databases import distinct_rows
from lookalike.tables import Column, IdentifierMaker

__all__ = ["NewKey", "first_number"]

#: The least share of families whose members are numbered for a column that numbers them.
_NUMBERED = 0.99


@dataclass(frozen=True)
class NewKey:
    """A column of a key with values of its own.

    Parameters
    ----------
    column : str
    storage : str
        Its Arrow type.
    maker : IdentifierMaker or None
        Makes values of the same pattern.
    begin : int
        Where there is no maker: the number of the first row of each family.
    """

    column: str
    storage: str
    maker: IdentifierMaker | None
    begin: int = 0

    @classmethod
    def fit(cls, table: pa.Table, column: str, others: Sequence[str]) -> NewKey:
        """Learn a column.

        Parameters
        ----------
        table : pyarrow.Table
        column : str
        others : sequence of str
            The other columns of the primary key: if there are any, the column may number the rows
            of each family.
        """
        cells = table[column].combine_chunks()
        if pa.types.is_dictionary(cells.type):
            cells = cells.cast(cells.type.value_type)
        kind = str(cells.type)
        begin = first_number(cells, [table[other] for other in others]) if others else None
        if begin is not None:
            return cls(column, kind, None, begin)
        described = Column(column, "identifier", kind)  # type: ignore[arg-type]
        return cls(column, kind, IdentifierMaker().fit(cells, replace(described, missing=0)))

    def made(self, rows: int, families: np.ndarray | None, seed: int, start: int = 0) -> pa.Array:
        """Return the values of rows from `start` on; `families` numbers the family of each row."""
        if self.maker is not None:
            return self.maker.make(start, rows, seed)
        groups = np.zeros(rows, np.int64) if families is None else families
        numbers = pa.array(_ranks(groups) + self.begin)
        return numbers.cast(pa.type_for_alias(self.storage))

    def state(self) -> Learned:
        """Return the learned state."""
        values = {"column": self.column, "storage": self.storage, "begin": self.begin}
        if self.maker is None:
            return Learned({**values, "maker": None})
        stored, arrays = self.maker.state()
        return Learned({**values, "maker": stored}, arrays)

    @classmethod
    def from_state(cls, state: Learned) -> NewKey:
        """Restore a key from its `state`."""
        values = state.values
        maker = values["maker"]
        made = None if maker is None else IdentifierMaker.from_state(maker, state.arrays)
        if not isinstance(values["begin"], int):
            raise ModelFileError("The numbering of a key is damaged.")
        return cls(str(values["column"]), str(values["storage"]), made, values["begin"])


def _ranks(groups: np.ndarray) -> np.ndarray:
    """Return the place of each row among those of its group."""
    order = np.argsort(groups, kind="stable")
    ordered = groups[order]
    place = np.arange(len(groups)) - np.searchsorted(ordered, ordered, side="left")
    result = np.empty(len(groups), np.int64)
    result[order] = place
    return result


def first_number(
    cells: pa.Array | pa.ChunkedArray, others: Sequence[pa.ChunkedArray]
) -> int | None:
    """Return the number at which families are numbered from; None where they are not.

    Rows that are equal in the `others` are a family.
    """
    try:
        numbers = np.asarray(cells.cast(pa.int64()))
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return None
    groups = distinct_rows(others)
    order = np.lexsort((numbers, groups))
    offset = numbers[order] - _ranks(groups[order])
    begin = int(np.median(offset))
    share = (offset == begin).mean() if len(offset) else 0.0
    return begin if len(np.unique(groups)) < len(groups) and share >= _NUMBERED else None
