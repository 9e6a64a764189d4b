"""Numbers that are learned as the change since the last event: found with proof, and summed up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
import pyarrow as pa
from jaxtyping import Float, Int

from lookalike._core.bounds import finite, whole
from lookalike.sequences._bins import NumberBins
from lookalike.sequences._histories import Histories
from lookalike.tables import Column, Kind, Schema
from lookalike.tables.values.arrow import flat
from lookalike.tables.values.codec import type_from_json, type_to_json
from lookalike.tables.values.grid import from_raw, raw_of

__all__ = ["Change", "find_changes"]

#: The most intervals by which a number and the one before it are compared, and the events of each.
_BINS, _EACH = 32, 10
#: The gain in nats per event by which changes must be more likely than numbers; of a series, which
#: goes on for any length, more: sums of changes drift, numbers do not.
_WORTH, _WORTH_OF_SERIES = 0.05, 0.35
#: The fewest events by which that is judged, and the most.
_FEWEST, _MOST = 60, 50_000
#: The weight of the marginal distribution, in rows.
_WEIGHT = 2.0


@dataclass(frozen=True)
class Change:
    """A number that is learned as its change since the last event.

    Parameters
    ----------
    column : str
    name : str
        The name of the column of changes.
    type : str
        Its canonical type.
    decimals : int or None
        None for full floats.
    low, high : float
        The range of its raw values, which generated ones do not leave.
    gain : float
        How much more likely held-out events are by changes than by numbers, in nats.
    """

    column: str
    name: str
    type: str
    decimals: int | None
    low: float
    high: float
    gain: float

    def raw(self, values: pa.Array) -> np.ndarray:
        """Return numbers without missing cells as raw values."""
        return raw_of(values, self.decimals)

    def cells(self, raw: np.ndarray) -> pa.Array:
        """Return raw values as numbers."""
        return from_raw(raw, self.decimals or 0, type_from_json(self.type))

    def after(self, before: np.ndarray, changes: pa.Array) -> np.ndarray:
        """Return the raw values after changes; a missing change is none."""
        raw = before + self.raw(changes.fill_null(0))
        low, high = np.array([self.low, self.high]).astype(before.dtype)
        return np.asarray(np.clip(raw, low, high))

    def to_dict(self) -> dict[str, Any]:
        """Return the change as JSON-ready values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Restore it from its `to_dict`; ValueError where that is damaged."""
        decimals = values["decimals"]
        if decimals is not None:
            whole(decimals, 0, 400, "decimals")
        low, high, gain = (finite(values[name], name) for name in ("low", "high", "gain"))
        type_from_json(values["type"])
        column, name, kind = (str(values[key]) for key in ("column", "name", "type"))
        return cls(column, name, kind, decimals, low, high, gain)


def find_changes(
    histories: Histories, schema: Schema, time: str | None, rng: np.random.Generator
) -> list[Change]:
    """Find numbers whose changes are easier to predict than they are themselves.

    A number and its change are both divided into intervals, and predicted by counts of some
    entities: from the interval of the number before, or from the calendar, whichever predicts
    better. Without the calendar, a number that follows the hour would be taken for one that follows
    its predecessor, and lose the hour event by event. Their densities with respect to the number
    itself are comparable: the one under which the events of other entities are more likely is
    taken.

    Parameters
    ----------
    histories : Histories
    schema : Schema
    time : str or None
        The column of times.
    rng : numpy.random.Generator
        Chooses the entities that judge.
    """
    inner = np.flatnonzero(histories.positions > 0)
    entities = np.repeat(np.arange(len(histories.lengths)), histories.lengths)[inner]
    if len(inner) < _FEWEST:
        return []
    inner, entities = _some(inner, entities, rng)
    judges = rng.random(len(histories.lengths)) < 0.5 if len(histories.lengths) > 1 else None
    judging = judges[entities] if judges is not None else np.arange(len(inner)) >= len(inner) // 2
    calendar = _calendar(histories, schema, time)[inner]
    found = []
    for name in histories.dynamic:
        column, values = schema[name], flat(histories.table[name])
        if column.kind not in (Kind.CONTINUOUS, Kind.INTEGER) or values.null_count:
            continue
        raw = raw_of(values, column.decimals)
        gain = _gain(raw, inner, judging, calendar)
        if gain > (_WORTH_OF_SERIES if judges is None else _WORTH):
            found.append(_change(column, schema.names, values.type, raw, gain))
    return found


def _calendar(
    histories: Histories, schema: Schema, time: str | None
) -> Int[np.ndarray, "rows features"]:
    """Return the calendar of all events: no feature where there are no dates."""
    if time is not None:
        raw, clock = histories.clock(time, schema[time])
        if clock.calendar_sizes:
            return clock.calendar(raw)
    return np.zeros((len(histories.table), 0), np.int64)


def _some(
    inner: np.ndarray, entities: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return at most so many events as are needed, in order."""
    if len(inner) <= _MOST:
        return inner, entities
    kept = np.sort(rng.permutation(len(inner))[:_MOST])
    return inner[kept], entities[kept]


def _change(
    column: Column, taken: Sequence[str], kind: pa.DataType, raw: np.ndarray, gain: float
) -> Change:
    """Return the change of a column, with a range that no single event stretches."""
    name = f"change of {column.name}"
    while name in taken:
        name += "'"
    # The ends are means of two numbers, so that none of these is stored.
    ordered = np.sort(raw).astype(float)
    low, high = ordered[1:3].mean(), ordered[-3:-1].mean()
    if raw.dtype.kind == "i":
        low, high = np.floor(low), np.ceil(high)
    return Change(
        column.name, name, type_to_json(kind), column.decimals, float(low), float(high), gain
    )


def _gain(
    raw: np.ndarray,
    inner: np.ndarray,
    judging: np.ndarray,
    calendar: Int[np.ndarray, "events features"],
) -> float:
    """Return the mean gain in log-likelihood of held-out events by changes, in nats."""
    if not judging.any() or judging.all():
        return 0.0
    now, last = raw[inner].astype(float), raw[inner - 1].astype(float)
    count = min(_BINS, max(len(inner) // _EACH, 2))
    contexts = [NumberBins.fit(last, count).of(last), *calendar.T]
    # An interval's width is its number of grid points, or the spread of its values, but not less
    # than what nobody can tell apart: of two that are predicted exactly, neither is better.
    grid, least = (1.0, 0.0) if raw.dtype.kind == "i" else (0.0, 1e-6 * (np.ptp(now) or 1.0))
    by_change, by_number = (
        _log_density(values, contexts, judging, grid, least, count) for values in (now - last, now)
    )
    return by_change - by_number


def _log_density(
    values: Float[np.ndarray, " rows"],
    contexts: Sequence[Int[np.ndarray, " rows"]],
    judging: np.ndarray,
    grid: float,
    least: float,
    count: int,
) -> float:
    """Return the mean log density of held-out values, given the context that predicts them best."""
    bins = NumberBins.fit(values[~judging], count)
    states = bins.of(values)
    low, high = np.full(bins.states, np.inf), np.full(bins.states, -np.inf)
    np.minimum.at(low, states, values)
    np.maximum.at(high, states, values)
    widths = np.maximum(high - low + grid, least)
    within = float(np.log(widths[states[judging]]).mean())
    return max(_log_chance(states, bins.states, one, judging) for one in contexts) - within


def _log_chance(
    states: Int[np.ndarray, " rows"],
    count: int,
    context: Int[np.ndarray, " rows"],
    judging: np.ndarray,
) -> float:
    """Return the mean log chance of held-out states, given the state of a context."""
    counts = np.zeros((context.max() + 1, count))
    np.add.at(counts, (context[~judging], states[~judging]), 1.0)
    # A context of few events leans on the marginal distribution.
    marginal = counts.sum(axis=0) + 1e-3
    marginal = marginal / marginal.sum()
    weight = _WEIGHT * np.maximum((counts > 0).sum(axis=1, keepdims=True), 1)
    chances = (counts + weight * marginal) / (counts.sum(axis=1, keepdims=True) + weight)
    return float(np.log(chances[context[judging], states[judging]]).mean())
