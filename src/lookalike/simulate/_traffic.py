"""`traffic`: flows and speeds along a road, with weather and labelled incidents."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy.signal import lfilter

from lookalike._core.numerics import Floats
from lookalike._core.parameters import Instance, Number, check_parameters
from lookalike._core.seeds import RandomState, as_seed, generator
from lookalike.simulate._frames import LIBRARY_RULE, frame_of
from lookalike.simulate._moments import first_moment
from lookalike.simulate._traffic_world import STEPS, TrafficWorld

__all__ = ["traffic"]

WEATHER = ("dry", "rain", "snow")
#: What weather does to capacity, free speed and demand.
_EFFECTS = np.array([[1.0, 1.0, 1.0], [0.9, 0.92, 0.97], [0.7, 0.7, 0.75]])
#: The chances of the next hour's weather.
_NEXT = np.array([[0.95, 0.045, 0.005], [0.2, 0.79, 0.01], [0.15, 0.05, 0.8]])
#: The share of the capacity at which a jam dissolves.
_DISCHARGE = 0.85
#: What an incident leaves of the capacity, and how far back its jam reaches, in sites.
_LEFT, _BACK = (0.2, 0.5), 2


def traffic(
    days: int,
    *,
    sites: int = 10,
    incidents: float = 0.5,
    world: TrafficWorld | None = None,
    start: str = "2026-01-01",
    random_state: RandomState = 0,
    as_: str | None = None,
) -> Any:
    """Simulate traffic at sites along a road, every five minutes, with weather and incidents.

    Demand has two peaks on working days and one on others, a size for each site, and random parts
    that last; weather is a Markov chain by the hour, which lowers capacity, speed and demand. Speed
    falls with the share of the capacity that is used (the curve of the Bureau of Public Roads), and
    what a site cannot take waits. An incident takes away most of the capacity of one site for half
    an hour to two hours, and slows the sites before it.

    Parameters
    ----------
    days : int
        The number of days; a day has 288 rows for each site.
    sites : int
        The number of sites.
    incidents : float
        The mean number of incidents a day, over all sites.
    world : TrafficWorld, optional
        Capacity, speed and days, such as `TrafficWorld.fit` takes from a table of yours.
    start : str
        The first day.
    random_state : int, numpy.random.Generator, numpy.random.RandomState or None
        The same seed gives the same rows.
    as_ : {"pandas", "polars", "arrow"} or None
        The kind of dataframe; None is the first of the three that is installed.

    Returns
    -------
    dataframe, shape (288 · days · sites, 7)
        ``time``, ``site``, ``weather``, ``flow`` (vehicles an hour), ``speed`` (km/h), and the
        labels ``incident`` (at this site, now) and ``queue`` (vehicles that wait).

    Raises
    ------
    ParameterError
        If a parameter breaks its rule.

    Examples
    --------
    >>> import lookalike as la
    >>> rows = la.simulate.traffic(2, sites=3, random_state=0)
    >>> rows.shape
    (1728, 7)
    """
    check_parameters(
        "traffic",
        {
            "days": Number(1, 36_500, integer=True),
            "sites": Number(1, 10_000, integer=True),
            "incidents": Number(0),
            "world": Instance((TrafficWorld,), "a TrafficWorld", optional=True),
            "as_": LIBRARY_RULE,
        },
        {"days": days, "sites": sites, "incidents": incidents, "world": world, "as_": as_},
    )
    world = TrafficWorld() if world is None else world
    first, seed = first_moment(start), as_seed(random_state)
    steps = days * STEPS
    weather = np.repeat(_weather(days * 24, generator(seed, "traffic", "weather")), STEPS // 24)
    effects = _EFFECTS[weather]
    demand = _demand(world, first, steps, sites, generator(seed, "traffic", "demand"))
    demand *= effects[:, 2, None]
    left = _incidents(steps, sites, incidents * days, generator(seed, "traffic", "incidents"))
    capacity = world.capacity * effects[:, 0, None] * left
    flow, queue = _served(demand, capacity)
    jammed = _jams(queue)
    speed = (
        world.free_speed * effects[:, 1, None] / (1 + 0.15 * ((demand + jammed) / capacity) ** 4)
    )
    noise = generator(seed, "traffic", "noise").normal(0, 1, (2, steps, sites))
    flow = np.maximum(flow + 0.03 * flow * noise[0], 0)
    speed = np.clip(speed * (1 + 0.03 * noise[1]), 3, None)
    table = pa.table(
        {
            "time": pa.array(np.repeat(first + 300 * np.arange(steps), sites), pa.timestamp("s")),
            "site": np.tile(np.arange(1, sites + 1), steps),
            "weather": pa.DictionaryArray.from_arrays(
                np.repeat(weather.astype(np.int32), sites), pa.array(WEATHER)
            ),
            "flow": np.round(flow).astype(np.int64).ravel(),
            "speed": np.round(speed, 1).ravel(),
            "incident": (left < 1).ravel(),
            "queue": np.round(queue).astype(np.int64).ravel(),
        }
    )
    return frame_of(table, as_)


def _weather(hours: int, random: np.random.Generator) -> npt.NDArray[np.int64]:
    steps, uniform = np.cumsum(_NEXT, axis=1), random.random(hours)
    found, state = np.zeros(hours, np.int64), 0
    for hour in range(hours):
        state = min(int(np.searchsorted(steps[state], uniform[hour], side="right")), 2)
        found[hour] = state
    return found


def _demand(
    world: TrafficWorld, first: int, steps: int, sites: int, random: np.random.Generator
) -> Floats:
    """Return the vehicles an hour that want to pass each site; shape (steps, sites)."""
    step = np.arange(steps)
    of_day = step % STEPS
    # The first of January 1970 was a Thursday.
    weekend = (first // 86_400 + step // STEPS + 3) % 7 >= 5
    days = np.where(weekend, np.asarray(world.free)[of_day], np.asarray(world.working)[of_day])
    size = world.capacity * random.uniform(world.smallest, world.largest, sites)
    wander = lfilter([1.0], [1.0, -0.98], random.normal(0, 0.02, (steps, sites)), axis=0)
    return np.asarray(days[:, None] * size * np.exp(np.clip(wander, -1, 1)))


def _incidents(steps: int, sites: int, mean: float, random: np.random.Generator) -> Floats:
    """Return the share of the capacity that is left; shape (steps, sites)."""
    left = np.ones((steps, sites))
    for _ in range(random.poisson(mean)):
        begin, length = int(random.integers(steps)), int(random.integers(6, 25))
        left[begin : begin + length, int(random.integers(sites))] = random.uniform(*_LEFT)
    return left


def _served(demand: Floats, capacity: Floats) -> tuple[Floats, Floats]:
    """Return the flow, and the vehicles that wait, at all sites step by step."""
    flow, queue = np.empty_like(demand), np.empty_like(demand)
    waiting, share = np.zeros(demand.shape[1]), 24 / STEPS
    for step in range(len(demand)):
        wanted = demand[step] + waiting / share
        # A jam that dissolves lets fewer pass than a free road (Hall and Agyemang-Duah 1991).
        open_ = np.where(waiting > 0, _DISCHARGE, 1.0) * capacity[step]
        flow[step] = np.minimum(wanted, open_)
        before, waiting = waiting, (wanted - flow[step]) * share
        queue[step] = (before + waiting) / 2
    return flow, queue


def _jams(queue: Floats) -> Floats:
    """Return what jams add to the demand at their site and, ever less, at those before it."""
    found = 4 * queue
    for back in range(1, _BACK + 1):
        found[:, :-back] += 4 * queue[:, back:] / 2**back
    return found
