"""Numbers of a series that nearly equal another one of the same event, and go beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa

from lookalike.sequences._changes import Change
from lookalike.sequences._clock import EventClock
from lookalike.sequences._forecast_fit import fit_forecast
from lookalike.tables.values.arrow import flat

__all__ = ["go_beside"]

#: The share of the error of a number that is left beside another one, at most.
_LEFT = 0.7


def go_beside(
    changes: Sequence[Change],
    table: pa.Table,
    names: Sequence[str],
    time: np.ndarray | None,
    clock: EventClock | None,
    rng: np.random.Generator,
) -> list[Change]:
    """Let numbers go beside an earlier column where their difference is far easier to forecast.

    Numbers that move together, such as the prices of a day, would each go their own way: the errors
    of their forecasts agree nearly, and what is left of them adds up event by event.

    Parameters
    ----------
    changes : sequence of Change
        Of a series, in the order of columns.
    table : pyarrow.Table
        The events.
    names : sequence of str
        The columns of numbers without missing cells, in the order of columns.
    time : ndarray or None, shape (events,)
    clock : EventClock or None
    rng : numpy.random.Generator
    """
    done = []
    for change in changes:
        earlier = names[: names.index(change.column)]
        # All of them in units of the number that goes beside.
        raws = {name: change.raw(flat(table[name])) for name in (*earlier, change.column)}
        done.append(_beside(change, raws, time, clock, rng))
    return done


def _beside(
    change: Change,
    raws: Mapping[str, np.ndarray],
    time: np.ndarray | None,
    clock: EventClock | None,
    rng: np.random.Generator,
) -> Change:
    """Return a number beside the best of the other columns, or as it is."""
    raw, forecast = raws[change.column], change.forecast
    own, logs = np.diff(raw), forecast is not None and forecast.logs
    if forecast is not None:
        own = forecast.errors_of(raw, forecast.course(time, len(raw)))

    def apart(name: str) -> np.ndarray:
        ends = raw.astype(float), raws[name].astype(float)
        return np.asarray(np.log(ends[0]) - np.log(ends[1]) if logs else ends[0] - ends[1])

    others = [n for n in raws if n != change.column and not (logs and raws[n].min() <= 0)]
    if not others:
        return change
    best = min(others, key=lambda name: float(min(apart(name).std(), np.diff(apart(name)).std())))
    if np.array_equal(raw, raws[best]):
        logs = False  # equal numbers stay exactly so
    difference = apart(best)
    if min(difference.std(), np.diff(difference).std()) > _LEFT * own.std():
        return change
    found = fit_forecast(difference, time, clock, rng, logs=False)
    return replace(change, forecast=replace(found, logs=logs, beside=best))
