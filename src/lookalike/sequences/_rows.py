"""The rows of fitted sequences: which are asked for, and their numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from lookalike._core.errors import DataError, ParameterError
from lookalike._core.parameters import Number, check_parameters
from lookalike.sequences._histories import collect
from lookalike.sequences._history_model import HistoryModel
from lookalike.sequences._roles import Roles
from lookalike.sequences._series_model import SeriesModel
from lookalike.sequences._window_conditions import (
    WindowCondition,
    fulfilling,
    read_window_conditions,
)
from lookalike.tables import Schema, to_arrow

__all__ = ["SequenceRows"]

_COUNT = Number(0, integer=True)
_ONE = Number(1, integer=True)
#: The most windows among which those that fulfil conditions are sought.
_ENOUGH_WINDOWS = 2**40


@dataclass(frozen=True)
class SequenceRows:
    """The canonical rows that a model of sequences generates.

    Parameters
    ----------
    model : HistoryModel or SeriesModel
    schema : Schema
    roles : Roles
    events : int
        The number of events of the training table.
    window : int
        The usual number of events of a window.
    """

    model: HistoryModel | SeriesModel
    schema: Schema
    roles: Roles
    events: int
    window: int

    def tables(
        self,
        n: int | None,
        length: int | None,
        windows: int | None,
        window: int | None,
        given: Mapping[str, Any] | None,
        seed: int,
        start: int,
    ) -> Iterator[pa.Table]:
        """Return the canonical rows of `Sequences.sample`, one block at a time."""
        model = self.model
        check_parameters("sample", {"start": _COUNT}, {"start": start})
        if isinstance(model, HistoryModel):
            if length is not None or windows is not None:
                raise ParameterError(
                    "length= and windows= are for a model of one series, but this one has learned "
                    f"histories of {self.roles.entity!r}: give the number of entities, n."
                )
            check_parameters("sample", {"n": _COUNT}, {"n": n})
            self._check_given(given)
            return model.tables(int(n or 0), given or None, seed, int(start)) if n else iter(())
        if n is not None or (given and windows is None):
            raise ParameterError(
                "n= is for a model of histories and given= for windows, but this one has learned "
                "one series: give length=, or windows= and window=."
            )
        if windows is None:
            length = self.events if length is None else length
            check_parameters("sample", {"length": _COUNT}, {"length": length})
            return iter((model.whole(int(length), seed, int(start)),)) if length else iter(())
        if length is not None:
            raise ParameterError("Give length= for one series, or windows= and window=, not both.")
        window = min(self.window, self.events) if window is None else window
        sizes = {"windows": windows, "window": window}
        check_parameters("sample", {"windows": _COUNT, "window": _ONE}, sizes)
        if window > self.events:
            raise ParameterError(
                f"A window must not be longer than the series, {self.events:,} events; "
                f"got window={window:,}."
            )
        conditions = read_window_conditions(given or {}, self.schema, self.roles.dynamic)
        return self._windows(model, int(windows), int(window), conditions, seed, int(start))

    def _windows(
        self,
        model: SeriesModel,
        windows: int,
        window: int,
        conditions: tuple[WindowCondition, ...],
        seed: int,
        start: int,
    ) -> Iterator[pa.Table]:
        """Yield windows with their numbers."""
        number = start
        tables: Iterator[pa.Table] = iter(())
        if windows and conditions:
            many = model.windows(_ENOUGH_WINDOWS, window, seed, 0)
            tables = fulfilling(many, conditions, window, windows, start)
        elif windows:
            tables = model.windows(windows, window, seed, start)
        for table in tables:
            count = len(table) // window
            yield self._numbered(table, "window", np.arange(number, number + count), window)
            number += count

    def _check_given(self, given: Mapping[str, Any] | None) -> None:
        for name in given or ():
            if name not in self.roles.static:
                known = ", ".join(map(repr, self.roles.static)) or "none"
                raise ParameterError(
                    f"given= holds conditions on static columns ({known}); got {name!r}."
                )

    def futures(self, history: Any, steps: int, n: int, seed: int) -> pa.Table:
        """Return the canonical rows of `Sequences.continue_from`."""
        check_parameters("continue_from", {"steps": _ONE, "n": _ONE}, {"steps": steps, "n": n})
        table, _ = to_arrow(history)
        past = collect(table, self.schema, self.roles.entity, self.roles.time, self.roles.static)
        if len(past.lengths) != 1:
            raise DataError(
                f"A past must be that of one entity, but history has {len(past.lengths):,} values "
                f"of {self.roles.entity!r}. Continue them one by one."
            )
        for name in self.model.events.needed:
            if past.table[name].null_count:
                raise DataError(
                    f"{name!r} is drawn from the numbers before it, so that its past must be "
                    "known, but history has missing cells. Fill them first."
                )
        made = self.model.futures(past, int(steps), int(n), seed)
        return self._numbered(made, "future", np.arange(n), int(steps))

    def none(self, wanted: str | None) -> pa.Table:
        """Return no rows, canonical, with a column of numbers in front if it has a name."""
        empty = self.model.empty()
        if wanted is None:
            return empty
        return self._numbered(empty, wanted, np.zeros(0, np.int64), 1)

    def _numbered(self, table: pa.Table, wanted: str, numbers: np.ndarray, each: int) -> pa.Table:
        """Return rows with a column of numbers in front, each repeated."""
        while wanted in self.schema.names:
            wanted += "'"
        return table.add_column(0, wanted, pa.array(np.repeat(numbers, each)))
