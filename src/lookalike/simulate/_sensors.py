"""`sensors`: a pump under load and control, seen by sensors, with labelled faults and wear."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lookalike._core.errors import ParameterError, nearest
from lookalike._core.numerics import Floats
from lookalike._core.parameters import Instance, Number, check_parameters
from lookalike._core.seeds import RandomState, as_seed, generator
from lookalike.simulate._frames import LIBRARY_RULE, frame_of
from lookalike.simulate._moments import first_moment
from lookalike.simulate._sensor_laws import SensorLaw
from lookalike.simulate._sensor_world import INPUTS, SENSORS, SensorWorld

__all__ = ["sensors"]

FAULTS = ("stuck", "bias", "drift", "spike", "delay")
#: The faults of sensors, and that of the pump.
_ALL = (*FAULTS, "wear")
#: The length of a fault, as shares of the time that it has for itself, and a delay in seconds.
_SHORTEST, _LONGEST, _DELAY = 0.1, 0.4, 1_800
#: The units of time, the coarsest first, and their number in a second.
_UNITS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
#: A unit of time holds a step that is so many of it, however it is rounded.
_ENOUGH = 1_000
#: Numbers without noise are shown to this share of their range.
_FINEST = 1e-3


def sensors(
    n: int,
    *,
    faults: Mapping[str, int] | None = None,
    world: SensorWorld | None = None,
    start: str = "2026-01-01",
    random_state: RandomState = 0,
    as_: str | None = None,
) -> Any:
    """Simulate the sensors of a pump, by default one row a minute, with labelled faults.

    The demand has a rhythm of the day, the week and the season, and a slow random part. A
    controller lets the flow follow the demand, late and up to the limit of the pump; heat follows
    power and the ambient temperature with inertia, pressure follows flow. All is a linear
    state-space model but for the limit. Faults change what single sensors show: ``stuck`` at a
    value, a constant ``bias``, a growing ``drift``, single ``spike`` values, a ``delay`` of half
    an hour (of half the fault, where that is shorter, and of one row at least); ``wear`` is a slow
    fault of the pump itself, which shows in several sensors and ends with a failure and a repair.

    Parameters
    ----------
    n : int
        The number of rows.
    faults : mapping of str to int, optional
        How often each kind of fault comes; by default each once for every 10,000 rows, and once
        at least.
    world : SensorWorld, optional
        The parameters of the pump, which can be fitted to a stream of your own.
    start : str
        The first day.
    random_state : int, numpy.random.Generator, numpy.random.RandomState or None
        The same seed gives the same rows.
    as_ : {"pandas", "polars", "arrow"} or None
        The kind of dataframe; None is the first of the three that is installed.

    Returns
    -------
    dataframe, shape (n, 11)
        ``time``, ``ambient``, ``demand``, the sensors ``temperature`` (°C), ``pressure`` (bar),
        ``flow`` (m³/h), ``vibration`` (mm/s) and ``power`` (kW), and the labels ``fault`` and
        ``sensor`` (missing where all sensors are well) and ``remaining_life`` (rows to the
        failure, missing where no wear has begun).

    Raises
    ------
    ParameterError
        If a parameter breaks its rule or a kind of fault is unknown.

    Examples
    --------
    >>> import lookalike as la
    >>> rows = la.simulate.sensors(5_000, faults={"stuck": 1}, random_state=0)
    >>> rows["fault"].dropna().unique().tolist()
    ['stuck']
    """
    check_parameters(
        "sensors",
        {
            "n": Number(1, integer=True),
            "world": Instance((SensorWorld,), "a SensorWorld or None", optional=True),
            "as_": LIBRARY_RULE,
        },
        {"n": n, "world": world, "as_": as_},
    )
    world = world or SensorWorld()
    first = first_moment(start)
    counts = _counts(faults, n)
    random = generator(as_seed(random_state), "sensors")
    life, worn = _wear(n, counts.pop("wear", 0), random)
    times, seconds = _times(first, world.step, n)
    ambient, demand, shown = _plant(world, seconds, worn, random)
    fault = np.full(n, -1, np.int32)
    sensor = np.full(n, -1, np.int32)
    names = list(SENSORS)
    kinds = random.permutation(np.repeat(list(counts), list(counts.values()))).tolist()
    # Each fault has a part of the time for itself, so that every row has one label.
    slots = np.linspace(0, n, len(kinds) + 1).astype(int).tolist()
    for kind, slot in zip(kinds, pairwise(slots), strict=True):
        place = int(random.integers(len(names)))
        late = max(round(_DELAY / world.step), 1)
        noise = _noise(world, names[place])
        rows = _break(kind, shown[names[place]], slot, noise, late, random)
        fault[rows], sensor[rows] = FAULTS.index(kind), place
    table = pa.table(
        {
            "time": times,
            "ambient": _rounded(ambient, 10 * world.ambient.shock, 2),
            "demand": _rounded(demand, 10 * world.demand.shock, 2),
            **{name: _rounded(v, _noise(world, name), 3) for name, v in shown.items()},
            "fault": _labels(fault, list(FAULTS)),
            "sensor": _labels(sensor, names),
            "remaining_life": pa.array(life, mask=life < 0),
        }
    )
    return frame_of(table, as_)


def _times(first: int, step: float, n: int) -> tuple[pa.Array, Floats]:
    """Return equal steps as moments and as seconds since 1970, in a unit that holds them."""
    units = [unit for unit, each in _UNITS.items() if _holds(step * each)]
    if not units:
        raise ParameterError(
            "The step of a world must be whole nanoseconds, or a microsecond or more; got "
            f"{step:g} s."
        )
    unit = units[0]
    each = _UNITS[unit]
    if first * each + step * each * n >= 2**63:
        raise ParameterError(
            f"All moments must be counted in {unit}; {n:,} steps of {step:g} s from this start are "
            "too many. Ask for fewer rows or a longer step."
        )
    passed: Floats = step * np.arange(n, dtype=np.float64)
    ticks = first * each + np.rint(passed * each).astype(np.int64)
    return pa.array(ticks, pa.timestamp(unit)), first + passed


def _holds(size: float) -> bool:
    """Return whether a step that is so many units may be counted in them."""
    whole = size >= 1 and math.isclose(size, round(size), rel_tol=1e-9)
    return whole or size >= _ENOUGH


def _counts(faults: Mapping[str, int] | None, n: int) -> dict[str, int]:
    if faults is None:
        return dict.fromkeys(_ALL, max(n // 10_000, 1))
    for name in faults:
        if name not in _ALL:
            raise ParameterError(
                f"faults must be among {', '.join(_ALL)}; got {name!r}.{nearest(str(name), _ALL)}"
            )
    check_parameters("faults", {name: Number(0, integer=True) for name in faults}, faults)
    return dict(faults)


def _wear(n: int, count: int, random: np.random.Generator) -> tuple[npt.NDArray[np.int64], Floats]:
    """Return the remaining life (-1 where no wear has begun) and the wear, from 0 to 1."""
    life, worn = np.full(n, -1, np.int64), np.zeros(n)
    if not count:
        return life, worn
    # Each wear has a part of the time for itself, and begins within its first half.
    edges = np.linspace(0, n, count + 1).astype(int)
    for low, high in pairwise(edges.tolist()):
        begin = low + int(random.integers(max((high - low) // 2, 1)))
        left = np.arange(high - begin, 0, -1) - 1
        life[begin:high] = left
        # Slow at first, quick before the failure.
        worn[begin:high] = (1 - left / max(high - begin, 1)) ** 3
    return life, worn


def _plant(
    world: SensorWorld, seconds: Floats, worn: Floats, random: np.random.Generator
) -> tuple[Floats, Floats, dict[str, Floats]]:
    """Return the ambient temperature, the demand, and what sensors without faults show."""
    ambient = world.ambient.draw(seconds, random)
    demand = world.demand.draw(seconds, random)
    states = {"ambient": ambient, "demand": demand}
    for name in INPUTS:
        law: SensorLaw = getattr(world, name)
        states[name] = law.answer(states, law.worn * worn)
        if name == "flow":
            if world.limit is not None:
                states["flow"] = np.minimum(states["flow"], world.limit)
            states["flow²"] = states["flow"] ** 2
    laws = {name: getattr(world, name) for name in SENSORS}
    shown = {name: law.shown(states[name], random) for name, law in laws.items()}
    return ambient, demand, shown


def _noise(world: SensorWorld, name: str) -> float:
    law: SensorLaw = getattr(world, name)
    return law.noise


def _rounded(values: Floats, unit: float, decimals: int) -> Floats:
    """Return values with so many decimals, or more where their unit is small.

    Without a unit, it is a share of their range; of a constant, of its size.
    """
    unit = unit or _FINEST * float(np.ptp(values) or np.abs(values[0]))
    if unit > 0:
        decimals = max(decimals, math.ceil(-math.log10(unit)) + 1)
    return np.round(values, decimals)


def _break(
    kind: str,
    shown: Floats,
    slot: tuple[int, int],
    noise: float,
    late: int,
    random: np.random.Generator,
) -> npt.NDArray[np.int64]:
    """Let a sensor fail for a while, in place; return the rows in which it does.

    A delay is of `late` rows, or half the fault where that is shorter.
    """
    low, high = slot
    length = max(int((high - low) * random.uniform(_SHORTEST, _LONGEST)), 2)
    begin = low + int(random.integers(max(high - low - length, 1)))
    rows = np.arange(begin, min(begin + length, high))
    size = random.choice([-1.0, 1.0]) * random.uniform(8, 20) * noise
    if kind == "stuck":
        shown[rows] = shown[begin]
    elif kind == "bias":
        shown[rows] += size
    elif kind == "drift":
        shown[rows] += size * np.linspace(0, 1, len(rows))
    elif kind == "spike":
        rows = rows[random.random(len(rows)) < 0.05] if len(rows) > 20 else rows[:1]
        shown[rows] += size * random.uniform(1, 3, len(rows))
    else:
        late = max(min(late, length // 2), 1)
        # Nothing can be shown that came before the first row.
        rows = rows[rows >= late]
        shown[rows] = shown[rows - late]
    return rows


def _labels(codes: npt.NDArray[np.int32], names: list[str]) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(codes, mask=codes < 0), pa.array(names))
