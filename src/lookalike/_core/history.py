"""What training recorded, as tidy rows: ``training`` writes them, ``models`` keep them."""

from __future__ import annotations

from dataclasses import dataclass, field

import pyarrow as pa

__all__ = ["Entry", "History"]

#: What a cell of the history may hold: JSON's plain values.
Entry = float | int | str | bool | None


@dataclass
class History:
    """Rows that training recorded, one for each report.

    Parameters
    ----------
    rows : list of dict
        Each maps names, such as ``"step"``, to plain values. Rows may have different names.

    Examples
    --------
    >>> history = History()
    >>> history.record(step=1, loss=0.7)
    >>> history.rows
    [{'step': 1, 'loss': 0.7}]
    >>> history.to_frame().column_names
    ['step', 'loss']
    """

    rows: list[dict[str, Entry]] = field(default_factory=list)

    def record(self, **row: Entry) -> None:
        """Add one row."""
        self.rows.append(row)

    def to_frame(self) -> pa.Table:
        """Return the rows as a table, with null where a row lacks a name.

        Returns
        -------
        pyarrow.Table, shape (rows, names)
            Its ``to_pandas()`` is a pandas frame.
        """
        names = list(dict.fromkeys(name for row in self.rows for name in row))
        return pa.table({name: [row.get(name) for row in self.rows] for name in names})

    def __len__(self) -> int:
        return len(self.rows)
