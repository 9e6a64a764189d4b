"""A table of events as units: whole histories of entities, or blocks of a series."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lookalike._core.errors import DataError, ParameterError
from lookalike._core.seeds import generator
from lookalike.metrics._codebook import Floats, as_floats
from lookalike.tables import Schema

__all__ = ["SequenceOrder", "SequenceUnits", "as_units"]

UnitRows = npt.NDArray[np.int64]

#: A series is cut into blocks that take up one part in this many of it.
_SPREAD = 1.25


@dataclass(frozen=True)
class SequenceOrder:
    """The order of a table: which rows belong together, and how they follow each other.

    Parameters
    ----------
    entity : str or None
        The column that says whose event a row is; None for a single series.
    time : str or None
        The column by which the events of an entity are ordered; None for the order of the rows.
    window : int or None
        The length of the blocks into which each series is cut, without overlap; None for whole
        histories.
    """

    entity: str | None = None
    time: str | None = None
    window: int | None = None

    @property
    def unit(self) -> str:
        """The units that are compared, in the plural."""
        return "histories" if self.window is None else "blocks"


@dataclass(frozen=True)
class SequenceUnits:
    """Events, sorted by unit and time.

    Parameters
    ----------
    table : pyarrow.Table, shape (n, columns)
        Canonical; the events of a unit stand together, in the order of time.
    starts : ndarray of int, shape (units + 1,)
        Unit u has the rows from `starts[u]` to `starts[u + 1]`.
    order : SequenceOrder
        The columns that order the events.
    times : ndarray of float, shape (n,)
        When each event happened, in the units of its column (microseconds for dates with times);
        the number of the event where there is no column of times.
    sorted_share : float
        The share of entities whose rows came in the order of time.
    whole : SequenceUnits or None
        The uncut series, where the units are blocks.
    first : ndarray of int, shape (units,), or None
        The row of `whole` at which each block begins.
    """

    table: pa.Table
    starts: UnitRows
    order: SequenceOrder
    times: Floats
    sorted_share: float = 1.0
    whole: SequenceUnits | None = None
    first: UnitRows | None = None
    _kept: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __len__(self) -> int:
        return len(self.starts) - 1

    @cached_property
    def lengths(self) -> UnitRows:
        """The number of events of each unit; shape (units,)."""
        return np.diff(self.starts)

    @cached_property
    def unit(self) -> UnitRows:
        """The unit of each event; shape (n,)."""
        return np.repeat(np.arange(len(self)), self.lengths)

    @cached_property
    def gaps(self) -> Floats:
        """The times between each event and the next of its unit; shape (n - units,)."""
        return np.diff(self.times)[self.follows(1)]

    def follows(self, lag: int) -> npt.NDArray[np.bool_]:
        """Return, for each row but the last `lag`, whether its unit has a row `lag` further on."""
        return self.unit[lag:] == self.unit[:-lag] if lag else np.ones(len(self.unit), bool)

    def take(self, units: UnitRows) -> SequenceUnits:
        """Return the units of these numbers, in this order."""
        lengths = self.lengths[units]
        starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        rows = np.repeat(self.starts[units] - starts[:-1], lengths) + np.arange(starts[-1])
        taken = self.table.take(pa.array(rows))
        first = None if self.first is None else self.first[units]
        times, share = self.times[rows], self.sorted_share
        return SequenceUnits(taken, starts, self.order, times, share, self.whole, first)

    def sample(self, most: int, seed: int) -> SequenceUnits:
        """Return at most this many units, drawn without replacement from the seed, in order."""
        if len(self) <= most:
            return self
        key = f"sample {most} {seed}"
        if key not in self._kept:
            drawn = generator(seed, "metrics", "histories", most).permutation(len(self))[:most]
            self._kept[key] = self.take(np.sort(drawn))
        found: SequenceUnits = self._kept[key]
        return found

    def joined(self, other: SequenceUnits) -> SequenceUnits:
        """Return the units of this table and then those of another one."""
        table = pa.concat_tables([self.table, other.table])
        starts = np.concatenate([self.starts, other.starts[1:] + self.starts[-1]])
        return SequenceUnits(table, starts, self.order, np.concatenate([self.times, other.times]))

    def halves(self, seed: int) -> tuple[SequenceUnits, SequenceUnits]:
        """Split the units into two random halves."""
        drawn = generator(seed, "metrics", "halves").permutation(len(self))
        half = len(drawn) // 2
        return self.take(np.sort(drawn[:half])), self.take(np.sort(drawn[half:]))

    def independent(self, static: tuple[str, ...], seed: int) -> SequenceUnits:
        """Return the same units with their events drawn independently of each other.

        Whole events are shuffled over all units; entities, times and static cells stay. It is what
        a generator of independent rows would give.

        Parameters
        ----------
        static : tuple of str
            The columns that are constant within each entity.
        seed : int
            The seed of the shuffle.
        """
        drawn = generator(seed, "metrics", "independent events").permutation(len(self.table))
        fixed = {self.order.time, *static}
        moved = self.table.take(pa.array(drawn))
        columns = [(self.table if n in fixed else moved)[n] for n in self.table.column_names]
        table = pa.table(columns, schema=self.table.schema)
        return replace(self, table=table, whole=None, first=None)


def as_units(
    table: pa.Table,
    schema: Schema,
    order: SequenceOrder,
    words: str,
    *,
    entities: pa.ChunkedArray | None = None,
    seed: int = 0,
) -> SequenceUnits:
    """Sort the events of a table, and cut series into blocks.

    Parameters
    ----------
    table : pyarrow.Table
        Canonical.
    schema : Schema
        Its columns.
    order : SequenceOrder
        How rows belong together.
    words : str
        The table in an error, such as ``"real"``.
    entities : pyarrow.ChunkedArray, shape (n,), optional
        Whose event each row is, in any type: entities of two tables need not be comparable. None
        for a single series.
    seed : int
        The seed of the places of blocks.

    Returns
    -------
    SequenceUnits

    Raises
    ------
    DataError
        If an entity or a time is missing, or no series fills a block.
    ParameterError
        If the column of times has none.
    """
    codes = _codes(entities, len(table), order.entity, words)
    times = _times(table, schema, order.time, words)
    # Events at one time stay in the order of the rows.
    rows = np.lexsort((np.arange(len(table)), times, codes))
    owners = codes[rows]
    limits = np.append(np.flatnonzero(np.diff(owners, prepend=-1)), len(rows)).astype(np.int64)
    unsorted = np.unique(owners[1:][(np.diff(rows) < 0) & (owners[1:] == owners[:-1])])
    share = 1 - len(unsorted) / max(len(limits) - 1, 1)
    whole = SequenceUnits(table.take(pa.array(rows)), limits, order, times[rows], share)
    if order.window is None:
        return whole
    kept, first = _blocks(np.arange(len(rows)), limits, order.window, seed, words)
    starts = np.arange(0, len(kept) + 1, order.window)
    table = whole.table.take(pa.array(kept))
    return SequenceUnits(table, starts, order, whole.times[kept], share, whole, first)


def _codes(entities: pa.ChunkedArray | None, rows: int, entity: str | None, words: str) -> UnitRows:
    if entities is None:
        return np.zeros(rows, np.int64)
    _present(entities, entity, "entity", words)
    codes = entities.combine_chunks()
    if not pa.types.is_dictionary(codes.type):
        codes = codes.dictionary_encode()
    return np.asarray(codes.indices.to_numpy(zero_copy_only=False), np.int64)


def _times(table: pa.Table, schema: Schema, time: str | None, words: str) -> Floats:
    if time is None:
        return np.arange(len(table), dtype=np.float64)
    kind = table[time].type
    if not (pa.types.is_temporal(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind)):
        example = next(iter(table[time].drop_null().to_pylist()), None)
        raise ParameterError(
            f"time must be a column of dates, times or numbers; {time!r} is "
            f"{schema[time].kind.value}, with cells such as {example!r}. Name another column, or "
            "leave time out to take the rows in their order."
        )
    _present(table[time], time, "time", words)
    values = table[time]
    if pa.types.is_timestamp(kind):
        # Nanoseconds since 1970 are too many digits for a float.
        values = values.cast(pa.timestamp("us", kind.tz), safe=False)
    return as_floats(values)


def _present(cells: pa.ChunkedArray, name: str | None, role: str, words: str) -> None:
    if missing := cells.null_count:
        raise DataError(
            f"Every event needs its {role}; {missing:,} of {len(cells):,} cells of {name!r} are "
            f"missing in the {words} table. Remove those rows or fill in the cells."
        )


def _blocks(
    rows: UnitRows, limits: UnitRows, window: int, seed: int, words: str
) -> tuple[UnitRows, UnitRows]:
    """Return the rows of blocks that do not overlap, and where they begin among these rows."""
    random = generator(seed, "metrics", "blocks")
    kept = []
    for start, length in zip(limits[:-1], np.diff(limits), strict=True):
        if length < window:
            continue
        # A fifth of the series lies between blocks, which therefore begin at any phase of a season.
        count = max(int(length / (_SPREAD * window)), 1)
        offsets = np.sort(random.integers(0, length - count * window + 1, count))
        kept.append(start + offsets + window * np.arange(count))
    if not kept:
        longest = int(np.diff(limits).max(initial=0))
        raise DataError(
            f"A block has {window:,} events, but the longest series of the {words} table has "
            f"{longest:,}: choose a smaller window."
        )
    first = np.concatenate(kept)
    return rows[(first[:, None] + np.arange(window)).ravel()], first
