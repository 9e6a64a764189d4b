"""A uniform sample of a table that may have more rows than fit into memory."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from lookalike._core.errors import FileFormatError, LookalikeWarning
from lookalike._core.parameters import AnyOf, Number
from lookalike._core.progress import progress
from lookalike._core.rows import Rows
from lookalike.tables.frames._convert import to_arrow
from lookalike.tables.frames._origin import FILE, Origin
from lookalike.tables.io._pieces import TablePieces

__all__ = ["MAX_ROWS", "LargeTable", "is_large", "to_arrow_sample"]

#: A file that takes more bytes of memory is not held as a whole, …
MOST_MEMORY = 2**30
#: … but so many of its rows.
SAMPLED_ROWS = 1_000_000
#: The rule for the greatest number of rows to hold.
MAX_ROWS = AnyOf((Number(1, integer=True),), none=True)
#: The number of pieces after which their rows are put together: each has dictionaries of its own.
_MOST_PIECES = 100


@dataclass(frozen=True)
class LargeTable:
    """A table of which some rows are held.

    Parameters
    ----------
    data : TablePieces or pyarrow.Table
        All rows.
    rows : int
        The number of all rows.
    held : int
        The number of rows that are held.
    memory : int
        The bytes that these take.
    """

    data: TablePieces | pa.Table
    rows: int
    held: int
    memory: int

    def pieces(
        self,
        title: str,
        *,
        show: bool | None,
        columns: Sequence[str] | None = None,
        coded: Sequence[str] = (),
    ) -> Iterator[pa.Table]:
        """Read all rows in pieces, and show the progress and the remaining time.

        Parameters
        ----------
        title : str
            The name of the work.
        show : bool or None
            Whether progress is shown, as for `progress`.
        columns, coded : sequence of str
            As for `TablePieces.read`.

        Yields
        ------
        pyarrow.Table
        """
        yield from _in_pieces(self.data, title, show, columns, coded)

    def __str__(self) -> str:
        return (
            f"{self.held:,} of {self.rows:,} rows, drawn at random, are held "
            f"({self.memory / 2**20:,.0f} MB)"
        )


def is_large(data: Any) -> bool:
    """Return whether data are a file or a folder that takes more than 1 GiB of memory.

    Parameters
    ----------
    data : dataframe or path

    Returns
    -------
    bool
        False for a dataframe, and for standard input.
    """
    if not isinstance(data, str | os.PathLike) or os.fspath(data) == "-":
        return False
    return TablePieces(data).memory > MOST_MEMORY


def to_arrow_sample(
    data: Any, rows: int | None, seed: int, *, show: bool | None = False
) -> tuple[pa.Table, Origin, LargeTable | None]:
    """Turn a dataframe or data file into an Arrow table of at most so many rows, and its origin.

    Every row is as likely to be in the sample as any other. Which rows these are depends on the
    seed and the numbers of rows alone, not on the files or the pieces in which they come. Memory is
    bounded by the sample's. Rows keep their order.

    Parameters
    ----------
    data : dataframe or path
        As for `to_arrow`.
    rows : int or None
        The most rows to hold. None holds all rows, except of a file or folder that takes more than
        1 GiB of memory: 1,000,000 of that.
    seed : int
    show : bool or None
        Whether progress is shown, as for `progress`.

    Returns
    -------
    table : pyarrow.Table
    origin : Origin
        As of `to_arrow`.
    large : LargeTable or None
        The whole table; None if all its rows are in the sample.

    Raises
    ------
    DataError
        As for `to_arrow`.

    Warns
    -----
    LookalikeWarning
        If not all rows are held although `rows` is None, before they are read.

    Examples
    --------
    >>> table, _, large = to_arrow_sample(pa.table({"x": range(100)}), 3, seed=0)
    >>> len(table), str(large)
    (3, '3 of 100 rows, drawn at random, are held (0 MB)')
    """
    source: TablePieces | pa.Table
    if rows is None:
        if not is_large(data):
            return (*to_arrow(data), None)
        warnings.warn(
            f"This table takes more than {MOST_MEMORY >> 20:,} MB: at most {SAMPLED_ROWS:,} of "
            "its rows, drawn at random, will be held. max_rows sets another number.",
            LookalikeWarning,
            stacklevel=4,
        )
    if isinstance(data, str | os.PathLike) and os.fspath(data) != "-":
        source, origin = TablePieces(data), None
    else:
        source, origin = to_arrow(data)
        if len(source) <= (rows or SAMPLED_ROWS):
            return source, origin, None
    known = source.rows if isinstance(source, TablePieces) else len(source)
    # Of text that repeats, only the cells that are held are written out.
    coded = source.repeated if isinstance(source, TablePieces) else {}
    held = _Held(rows or SAMPLED_ROWS, Rows(seed=seed).of("rows to hold"), known, coded)
    for piece in _in_pieces(source, "reading", show, coded=list(coded)):
        held.add(piece)
    if not held.seen:
        raise FileFormatError(f"{_name(source)} has columns but no rows: a table needs some.")
    table = held.table()
    if origin is None:
        table, found = to_arrow(table)
        origin = Origin(FILE, found.columns)
    large = LargeTable(source, held.seen, len(table), table.nbytes)
    return table, origin, large if held.seen > len(table) else None


def _in_pieces(
    data: TablePieces | pa.Table,
    title: str,
    show: bool | None,
    columns: Sequence[str] | None = None,
    coded: Sequence[str] = (),
) -> Iterator[pa.Table]:
    if isinstance(data, pa.Table):
        some = data if columns is None else data.select(list(columns))
        yield from (pa.Table.from_batches([batch]) for batch in some.to_batches())
        return
    with progress(f"{title} (MB)", max(data.size >> 20, 1), show=show) as report:
        for piece, done in data.read(columns, coded):
            yield piece
            report(done >> 20, {})


def _name(data: TablePieces | pa.Table) -> str:
    return data.name if isinstance(data, TablePieces) else "The table"


class _Held:
    """The rows with the smallest random numbers so far, and a few more.

    Parameters
    ----------
    most : int
        The number of rows of the sample.
    numbers : Rows
        The random number of each row.
    known : int or None
        The number of all rows, where it is known: then few rows are held that are not in the end.
    coded : mapping of str to DataType
        The types of columns of text that come as dictionaries.
    """

    def __init__(
        self, most: int, numbers: Rows, known: int | None, coded: Mapping[str, pa.DataType]
    ) -> None:
        self.most, self.seen, self._limit = most, 0, 1.0
        if known:  # fewer numbers than `most` are below this once in 10¹⁵ tables
            self._limit = min((most + 8 * most**0.5 + 64) / known, 1.0)
        self._numbers, self._coded = numbers, coded
        self._pieces: list[pa.Table] = []
        self._drawn: list[np.ndarray] = []

    def add(self, piece: pa.Table) -> None:
        """Add the rows that come next."""
        drawn = self._numbers.uniforms(np.arange(self.seen, self.seen + len(piece)))
        self.seen += len(piece)
        kept = np.flatnonzero(drawn < self._limit)
        if len(kept):
            self._pieces.append(self._written_out(piece.take(pa.array(kept))))
            self._drawn.append(drawn[kept])
        if sum(map(len, self._drawn)) > 2 * self.most or len(self._pieces) > _MOST_PIECES:
            self._trim()

    def _written_out(self, rows: pa.Table) -> pa.Table:
        for name, kind in self._coded.items():
            at, column = rows.schema.get_field_index(name), rows[name]
            if pa.types.is_dictionary(column.type):
                rows = rows.set_column(at, name, column.cast(kind))
        return rows

    def _trim(self) -> None:
        """Keep the rows with the smallest numbers, in their order."""
        drawn = np.concatenate(self._drawn)
        try:
            table = pa.concat_tables(self._pieces, promote_options="permissive")
        except pa.ArrowException as error:
            raise FileFormatError(
                "The parts of a table must have columns of the same types."
            ) from error
        if len(drawn) > self.most:
            self._limit = float(np.partition(drawn, self.most)[self.most])
            kept = np.flatnonzero(drawn < self._limit)[: self.most]
            table, drawn = table.take(pa.array(kept)), drawn[kept]
        self._pieces, self._drawn = [table.combine_chunks()], [drawn]

    def table(self) -> pa.Table:
        """Return the sample."""
        self._trim()
        return self._pieces[0]
