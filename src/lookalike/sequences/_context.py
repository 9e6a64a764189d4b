"""The context of an event: its position, the static row, and the past, as states for trees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from lookalike.encoding import Learned
from lookalike.sequences._bins import NumberBins

__all__ = ["HORIZONS", "EventContext", "Past"]

#: The numbers of events over which numbers are averaged, about.
HORIZONS = (4, 24)
#: The numbers of states of positions, of numbers, and of moments in time.
_POSITIONS, _NUMBERS, _MOMENTS = 32, 24, 16
#: The position from which on all events of a series are alike.
_SETTLED = 2


@dataclass
class Past:
    """All that events of several entities know of the events before them.

    Parameters
    ----------
    position, remaining : ndarray, shape (rows,)
        The number of events before and after.
    static : ndarray of int, shape (rows, static variables)
    last, before : ndarray of int, shape (rows, event variables)
        The states of the last event and of the one before it; -1 where there is none.
    numbers : ndarray, shape (rows, number columns)
        The last number of each column; NaN where there is none.
    means : ndarray, shape (rows, horizons, number columns)
        The mean of the latest numbers; NaN where there is none.
    anchors : ndarray, shape (rows, anchored columns)
        The mean over its whole history of each of the first columns of numbers.
    time : ndarray or None, shape (rows,)
        The time of the last event; NaN where there is none.
    first : ndarray or None, shape (rows,)
        The time of the first event.
    """

    position: np.ndarray
    remaining: np.ndarray
    static: Int[np.ndarray, "rows static"]
    last: Int[np.ndarray, "rows variables"]
    before: Int[np.ndarray, "rows variables"]
    numbers: Float[np.ndarray, "rows numbers"]
    means: Float[np.ndarray, "rows horizons numbers"]
    anchors: Float[np.ndarray, "rows anchored"]
    time: np.ndarray | None = None
    first: np.ndarray | None = None


@dataclass(frozen=True)
class EventContext:
    """The map from the past to states.

    Parameters
    ----------
    stationary : bool
        Whether events depend on the past alone, and not on their position or the date: a series.
    bins : dict of str to NumberBins
        The bins of each number of the past.
    static, events : tuple of int
        The numbers of states of the static variables and of those of an event.
    """

    stationary: bool
    bins: dict[str, NumberBins]
    static: tuple[int, ...]
    events: tuple[int, ...]

    @classmethod
    def fit(
        cls, past: Past, static: Sequence[int], events: Sequence[int], *, stationary: bool
    ) -> EventContext:
        """Choose the bins."""
        named = _numbers_of(past, stationary)
        bins = {name: NumberBins.fit(values, _count(name)) for name, values in named}
        return cls(stationary, bins, tuple(static), tuple(events))

    def states(self, past: Past) -> Int[np.ndarray, "rows context"]:
        """Return the states of the past of each row."""
        parts = [past.static]
        # No event is one more state of each variable.
        parts += [np.where(s < 0, self.events, s) for s in (past.last, past.before)]
        named = _numbers_of(past, self.stationary)
        binned = [self.bins[name].of(values) for name, values in named]
        parts.append(np.stack(binned, axis=1))
        return np.concatenate(parts, axis=1).astype(np.int32)

    @property
    def sizes(self) -> tuple[int, ...]:
        """The number of states of each variable of the context."""
        events = tuple(size + 1 for size in self.events)
        return (*self.static, *events, *events, *(b.states for b in self.bins.values()))

    def ordered(self, static: Sequence[bool], events: Sequence[bool]) -> tuple[bool, ...]:
        """Return whether the states of each variable of the context are in an order."""
        return (*static, *events, *events, *(True for _ in self.bins))

    def state(self) -> Learned:
        """Return the bins as plain arrays."""
        values = {"bins": list(self.bins), "stationary": self.stationary}
        return Learned(values, {name: bins.edges for name, bins in self.bins.items()})

    @classmethod
    def from_state(
        cls,
        state: Learned,
        static: Sequence[int],
        events: Sequence[int],
        numbers: int,
        anchored: int,
        *,
        timed: bool,
    ) -> EventContext:
        """Restore the map from its `state`.

        Parameters
        ----------
        state : Learned
        static, events : sequence of int
        numbers : int
            The number of columns of numbers.
        anchored : int
            The number of those that have anchors.
        timed : bool
            Whether events have times.

        Raises
        ------
        ValueError
            If it has other numbers than the past.
        """
        stationary = bool(state.values["stationary"])
        nothing, empty = np.zeros(0), np.zeros((0, numbers))
        time = nothing if timed else None
        codes = np.zeros((0, 0), np.int64)
        means = np.zeros((0, len(HORIZONS), numbers))
        anchors = np.zeros((0, anchored))
        past = Past(nothing, nothing, codes, codes, codes, empty, means, anchors, time, time)
        expected = [name for name, _ in _numbers_of(past, stationary)]
        if state.values["bins"] != expected:
            raise ValueError("the bins of a context are not those of its past")
        bins = {name: NumberBins.from_edges(state.arrays[name]) for name in expected}
        return cls(stationary, bins, tuple(static), tuple(events))


def _count(name: str) -> int:
    """Return the number of bins of a number of the past."""
    kind = name.partition(" ")[0]
    return {"position": _POSITIONS, "remaining": _POSITIONS, "number": _NUMBERS}.get(kind, _MOMENTS)


def _numbers_of(past: Past, stationary: bool) -> list[tuple[str, np.ndarray]]:
    """Return the numbers of the past by their names."""
    position = np.minimum(past.position, _SETTLED) if stationary else past.position
    named = [("position", position.astype(float))]
    if not stationary:
        named.append(("remaining", past.remaining.astype(float)))
    for k in range(past.numbers.shape[1]):
        named.append((f"number {k}", past.numbers[:, k]))
        named += [(f"mean {k} of {h}", past.means[:, i, k]) for i, h in enumerate(HORIZONS)]
    for k in range(past.anchors.shape[1]):
        named.append((f"number {k} less its mean", past.numbers[:, k] - past.anchors[:, k]))
    if not stationary and past.time is not None and past.first is not None:
        elapsed = past.time - past.first
        named += [("time", past.time.astype(float)), ("elapsed", elapsed.astype(float))]
    return named
