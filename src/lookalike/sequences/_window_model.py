"""Windows of a regular series, generated as a whole instead of event by event."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, Protocol, Self

import numpy as np
import pyarrow as pa
from jaxtyping import Float, Int

from lookalike._core.bounds import whole
from lookalike._core.seeds import generator
from lookalike.encoding import Learned, SampledRows, TableEncoder, sample_encoded
from lookalike.models import ahead
from lookalike.relations import infer_schema
from lookalike.sequences._basis import WindowBasis
from lookalike.sequences._clock import times
from lookalike.sequences._regular import RegularTimes
from lookalike.sequences._warnings import warnings_about
from lookalike.sequences._window_networks import NETWORK_ENGINES
from lookalike.tables import Kind, Schema, canonical_type, conform
from lookalike.tables.values.arrow import flat
from lookalike.training import History

__all__ = ["WindowCoder", "WindowEngine", "WindowModel", "apart", "stretches", "unsuited"]

#: The kinds of columns that windows can have.
_NUMBERS = (Kind.CONTINUOUS, Kind.INTEGER, Kind.CONSTANT)
#: The windows of a stretch of the series that is learned or judged as a whole, and the number of
#: stretches of which one judges.
_STRETCH, _EVERY = 3, 5


class WindowEngine(Protocol):
    """A generator of encoded windows."""

    def drawn(
        self, calendar: Float[np.ndarray, "n facts"], seed: int, block: int
    ) -> Float[np.ndarray, "n window channels"]:
        """Draw windows that begin at given moments."""

    @property
    def history(self) -> History | None:
        """The record of its training, if there are steps."""

    def state(self) -> Learned:
        """Return the generator as plain values and arrays."""


def unsuited(table: pa.Table, schema: Schema, columns: Sequence[str]) -> str | None:
    """Return why windows of a table cannot be generated as a whole; None if they can."""
    for name in columns:
        if schema[name].kind not in _NUMBERS:
            kind = schema[name].kind.value
            return f"column {name!r} is {kind}, not a number (kinds= can say that it is one)"
        if table[name].null_count:
            return f"column {name!r} has missing cells"
    if all(schema[name].kind is Kind.CONSTANT for name in columns):
        return "there is no column of numbers that vary"
    return None


def stretches(events: Int[np.ndarray, " n"], window: int) -> Int[np.ndarray, " n"]:
    """Return the stretch of the series in which each event lies."""
    return events // (_STRETCH * window)


def apart(starts: Int[np.ndarray, " n"], window: int, judge: int) -> tuple[np.ndarray, np.ndarray]:
    """Return which windows judge, and which share no event with those.

    The series is cut into stretches of a few windows, and one of five judges: a part at its end
    would tell nothing where a series has changed for good.

    Parameters
    ----------
    starts : ndarray of int, shape (n,)
        The first event of each window.
    window : int
    judge : int
        The number of the stretch that judges, from 0 to 4.

    Returns
    -------
    held_out, learned : ndarray of bool, shape (n,)
    """
    first, last = stretches(starts, window), stretches(starts + window - 1, window)
    held_out = (first == last) & (first % _EVERY == judge)
    return held_out, (first % _EVERY != judge) & (last % _EVERY != judge)


@dataclass(frozen=True)
class WindowCoder:
    """The reversible map between events and channels of numbers.

    Parameters
    ----------
    encoder : TableEncoder
        Every column that is learned is one number.
    order : tuple of str
        The names of the columns of events.
    """

    encoder: TableEncoder
    order: tuple[str, ...]

    @classmethod
    def fit(
        cls, table: pa.Table, schema: Schema, encodings: Mapping[str, str], least: int, seed: int
    ) -> WindowCoder:
        """Learn the encodings of all columns.

        Parameters
        ----------
        table : pyarrow.Table
            Canonical events.
        schema : Schema
        encodings : mapping of str to str
            The name of an encoding for each column of numbers.
        least : int
            The least number of rows that share a stored value.
        seed : int
        """
        names = tuple(table.column_names)
        kinds = {name: schema[name].kind for name in names}
        with warnings_about(()):  # events are learned from the same columns, and warn of them
            inferred = infer_schema(table, kinds)
            encoder = TableEncoder(encodings=dict(encodings), min_category_count=least)
            encoder.fit(conform(table, inferred), inferred, generator(seed, "encode windows"))
        return cls(encoder, names)

    def numbers(self, table: pa.Table, seed: int) -> Float[np.ndarray, "events channels"]:
        """Return events as numbers."""
        encoded = self.encoder.encode(conform(table, self.encoder.schema_))
        rng = generator(seed, "numbers of windows")
        return sample_encoded(encoded, self.encoder.layout_, rng).numbers.astype(float)

    def table(
        self, windows: Float[np.ndarray, "n window channels"], first: int, seed: int
    ) -> pa.Table:
        """Return windows as canonical events, one window after the other."""
        cells = windows.reshape(-1, windows.shape[2]).astype(np.float32)
        rows = SampledRows(cells, np.zeros((len(cells), 0), np.int32))
        return self.encoder.decode(rows, start=first, seed=seed).select(list(self.order))

    @property
    def channels(self) -> int:
        """The number of numbers of an event."""
        return self.encoder.layout_.numbers

    def state(self) -> Learned:
        """Return the map as plain values and arrays."""
        values = {"schema": self.encoder.schema_.to_dict(), "order": list(self.order)}
        return Learned.joined(values, {"encoder": self.encoder.state()})

    @classmethod
    def from_state(cls, state: Learned, columns: Sequence[str]) -> Self:
        """Restore the map from its `state`; ValueError where that is damaged."""
        schema = Schema.from_dict(state.values["schema"])
        order = tuple(map(str, state.values["order"]))
        if order != tuple(columns) or sorted(schema.names) != sorted(order):
            raise ValueError("the columns of windows are not those of the schema")
        encoder = TableEncoder.from_state(state.parts()["encoder"], schema)
        if encoder.layout_.softmaxes or encoder.layout_.numbers != len(encoder.layout_.blocks):
            raise ValueError("a column of windows is not one number")
        return cls(encoder, order)


@dataclass(frozen=True)
class WindowModel:
    """Windows that an engine generates as a whole.

    Parameters
    ----------
    name : str
        That of the engine.
    coder : WindowCoder
    engine : WindowEngine
    times : RegularTimes
    window : int
        The number of events of a window.
    starts : int
        The number of moments at which a window of the series can begin.
    """

    #: The number of windows of a block, which depends on the model, the seed and its number.
    BLOCK: ClassVar[int] = 256

    name: str
    coder: WindowCoder
    engine: WindowEngine
    times: RegularTimes
    window: int
    starts: int

    def tables(
        self, n: int, length: int, schema: Schema, time: str | None, seed: int, start: int
    ) -> Iterator[pa.Table]:
        """Yield the canonical rows of windows ``[start, start + n)``, block by block.

        Parameters
        ----------
        n : int
        length : int
            The number of events, at most that of a learned window: the first ones are given back.
        schema : Schema
            Of all columns.
        time : str or None
        seed, start : int
        """
        make = partial(self._block, length, schema, time, seed, start, start + n)
        yield from ahead(make, range(start // self.BLOCK, -(-(start + n) // self.BLOCK)))

    def _block(
        self,
        length: int,
        schema: Schema,
        time: str | None,
        seed: int,
        start: int,
        stop: int,
        number: int,
    ) -> pa.Table:
        begins = self._begins(schema, time, generator(seed, "moments", number))
        first = number * self.BLOCK
        kept = slice(max(start - first, 0), min(stop - first, self.BLOCK))
        table = self._cells(length, begins, kept, seed, number)
        columns = []
        for name in schema.names:
            if name == time and begins is not None:
                steps = np.arange(length)[None, :]
                raw = self.times.after(begins[kept, None], steps).reshape(-1)
                columns.append(times(raw, schema[name], canonical_type(schema[name])))
            else:
                columns.append(flat(table[name]))
        return pa.table(columns, names=list(schema.names))

    def events(self, n: int, seed: int, start: int) -> pa.Table:
        """Return the cells of whole windows ``[start, start + n)``, without times."""
        tables = []
        for number in range(start // self.BLOCK, -(-(start + n) // self.BLOCK)):
            first = number * self.BLOCK
            kept = slice(max(start - first, 0), min(start + n - first, self.BLOCK))
            tables.append(self._cells(self.window, None, kept, seed, number))
        return pa.concat_tables(tables).combine_chunks()

    def _cells(
        self, length: int, begins: np.ndarray | None, kept: slice, seed: int, number: int
    ) -> pa.Table:
        """Return the cells of some windows of a block."""
        calendar = self.times.calendar(begins, self.BLOCK)
        drawn = self.engine.drawn(calendar, seed, number)[kept, :length]
        return self.coder.table(drawn, (number * self.BLOCK + kept.start) * length, seed)

    def _begins(
        self, schema: Schema, time: str | None, rng: np.random.Generator
    ) -> np.ndarray | None:
        """Return the moments at which the windows of a block begin."""
        if time is None:
            return None
        whole_ticks = schema[time].kind is not Kind.CONTINUOUS or schema[time].decimals is not None
        begin = np.full(self.BLOCK, self.times.begin, np.int64 if whole_ticks else float)
        return self.times.after(begin, rng.integers(0, self.starts, self.BLOCK))

    @property
    def history(self) -> History | None:
        """The record of the engine's training, if it has steps."""
        return self.engine.history

    def state(self) -> Learned:
        """Return the model as plain values and arrays."""
        values: dict[str, Any] = {
            "name": self.name,
            "times": self.times.to_dict(),
            "window": self.window,
            "starts": self.starts,
        }
        return Learned.joined(values, {"coder": self.coder.state(), "engine": self.engine.state()})

    @classmethod
    def from_state(cls, state: Learned, columns: Sequence[str]) -> Self:
        """Restore the model from its `state`; ValueError where that is damaged."""
        values, parts = state.values, state.parts()
        times_ = RegularTimes.from_dict(values["times"])
        window = whole(values["window"], 1, 2**20, "the length of a window")
        starts = whole(values["starts"], 1, 2**40, "the number of windows")
        coder = WindowCoder.from_state(parts["coder"], columns)
        engine: WindowEngine
        if values["name"] == "basis":
            engine = WindowBasis.from_state(parts["engine"], window, coder.channels, times_.facts)
        elif values["name"] in NETWORK_ENGINES:
            kind, _ = NETWORK_ENGINES[values["name"]]
            engine = kind.from_state(parts["engine"], window, coder.channels)
        else:
            raise ValueError(f"there is no engine {values['name']!r}")
        return cls(values["name"], coder, engine, times_, window, starts)
