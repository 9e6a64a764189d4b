"""Numbers of a series that nearly equal another one of the same event, and go beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa

from lookalike.sequences._changes import Change
from lookalike.sequences._clock import EventClock
from lookalike.sequences._forecast_fit import fit_forecast, proven
from lookalike.tables.values.arrow import flat

__all__ = ["go_beside"]

#: The share of the error of a number that is left beside another one, at most; of a number that
#: never returns, but whose difference from the other one does.
_LEFT, _LEFT_OF_WALKS = 0.7, 1.1
#: The share of events in which columns come near each other whose order is kept.
_NEAR = 0.05


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
        # All of them in units of the number that goes beside.
        raws = {name: change.in_units(flat(table[name])) for name in names}
        done.append(_ordered(_beside(change, raws, time, clock, rng), raws))
    return done


def _beside(
    change: Change,
    raws: Mapping[str, np.ndarray],
    time: np.ndarray | None,
    clock: EventClock | None,
    rng: np.random.Generator,
) -> Change:
    """Return a number beside the best of the other columns, or as it is."""
    names, raw, forecast = list(raws), raws[change.column], change.forecast
    own, logs = np.diff(raw), forecast is not None and forecast.logs
    if forecast is not None:
        own = forecast.errors_of(raw, forecast.course(time, len(raw)))
    others = [n for n in names if n != change.column and not (logs and raws[n].min() <= 0)]
    # Beside numbers of the same event that are drawn before, or of the last event.
    ways = [(n, False) for n in others if names.index(n) < names.index(change.column)]
    # Columns that follow each other have no course of their own, to which they would return.
    if forecast is None or not forecast.returns:
        ways += [(n, True) for n in others]
    if not ways:
        return change

    def apart(way: tuple[str, bool]) -> np.ndarray:
        other = raws[way[0]].astype(float)
        if way[1]:
            other = np.concatenate([other[:1], other[:-1]])
        both = (raw.astype(float), other)
        return np.asarray(np.log(both[0]) - np.log(both[1]) if logs else both[0] - both[1])

    def size(way: tuple[str, bool]) -> float:
        # Of columns that follow each other, a difference that lasts would add up step by step.
        lasting = float(apart(way).std())
        return lasting if way[1] else min(lasting, float(np.diff(apart(way)).std()))

    best = min(ways, key=size)
    most = _LEFT if forecast is not None and forecast.returns else _LEFT_OF_WALKS
    if size(best) > most * own.std():
        return change
    if not best[1] and np.array_equal(raw, raws[best[0]]):
        logs = False  # equal numbers stay exactly so
    difference = apart(best)
    fit = fit_forecast(difference, time, clock, rng, logs=False)
    course = fit.course(time, len(difference))
    errors = fit.errors_of(difference, course)
    found = proven(fit, fit.deviations(difference, course), errors, rng)
    if found is None or (not found.returns and size(best) > _LEFT * own.std()):
        return change
    return replace(change, forecast=replace(found, logs=logs, beside=best[0], follows=best[1]))


def _ordered(change: Change, raws: Mapping[str, np.ndarray]) -> Change:
    """Return a number with the earlier columns that it comes near to, and is never beyond."""
    names, raw = list(raws), raws[change.column]
    near = np.diff(raw).std()
    orders: dict[bool, list[str]] = {True: [], False: []}
    for name in names[: names.index(change.column)]:
        above = raw - raws[name]
        if np.quantile(np.abs(above), _NEAR) > near:
            continue
        for upward in orders:
            if ((above if upward else -above) >= 0).all():
                orders[upward].append(name)
    return replace(change, at_least=tuple(orders[True]), at_most=tuple(orders[False]))
