"""`sensors`: a pump under load and control, seen by sensors, with labelled faults and wear."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy.signal import lfilter

from lookalike._core.errors import ParameterError, nearest
from lookalike._core.numerics import Floats
from lookalike._core.parameters import Number, check_parameters
from lookalike._core.seeds import RandomState, as_seed, generator
from lookalike.simulate._frames import LIBRARY_RULE, frame_of
from lookalike.simulate._moments import first_moment

__all__ = ["SENSORS", "sensors"]

#: The sensors and their noise, in their units.
SENSORS = {"temperature": 0.15, "pressure": 0.02, "flow": 0.3, "vibration": 0.04, "power": 0.25}
FAULTS = ("stuck", "bias", "drift", "spike", "delay")
#: The faults of sensors, and that of the pump.
_ALL = (*FAULTS, "wear")
#: The share of a deviation that is left after a minute: slow heat, quick pressure.
_HEAT, _PRESSURE, _CONTROL = 0.98, 0.7, 0.9
#: The length of a fault, as shares of the time that it has for itself, and that of a delay in rows.
_SHORTEST, _LONGEST, _DELAY = 0.1, 0.4, 30
#: What wear adds up to before a failure, to vibration, temperature and power.
_WORN = {"vibration": 3.0, "temperature": 8.0, "power": 4.0}


def sensors(
    n: int,
    *,
    faults: Mapping[str, int] | None = None,
    start: str = "2026-01-01",
    random_state: RandomState = 0,
    as_: str | None = None,
) -> Any:
    """Simulate the sensors of a pump, one row a minute, with labelled faults.

    The demand has a rhythm of the day, the week and the season, and a slow random part. A
    controller lets the flow follow the demand, late and up to the limit of the pump; heat follows
    power and the ambient temperature with inertia, pressure follows flow. All is a linear
    state-space model but for the limit. Faults change what single sensors show: ``stuck`` at a
    value, a constant ``bias``, a growing ``drift``, single ``spike`` values, a ``delay`` of half
    an hour; ``wear`` is a slow fault of the pump itself, which shows in several sensors and ends
    with a failure and a repair.

    Parameters
    ----------
    n : int
        The number of rows (minutes).
    faults : mapping of str to int, optional
        How often each kind of fault comes; by default each once for every 10,000 rows, and once
        at least.
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
        ``sensor`` (missing where all sensors are well) and ``remaining_life`` (minutes to the
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
        "sensors", {"n": Number(1, integer=True), "as_": LIBRARY_RULE}, {"n": n, "as_": as_}
    )
    first = first_moment(start)
    counts = _counts(faults, n)
    random = generator(as_seed(random_state), "sensors")
    life, worn = _wear(n, counts.pop("wear", 0), random)
    ambient, demand, shown = _plant(n, first, worn, random)
    fault = np.full(n, -1, np.int32)
    sensor = np.full(n, -1, np.int32)
    names = list(SENSORS)
    kinds = random.permutation(np.repeat(list(counts), list(counts.values()))).tolist()
    # Each fault has a part of the time for itself, so that every row has one label.
    slots = np.linspace(0, n, len(kinds) + 1).astype(int).tolist()
    for kind, slot in zip(kinds, pairwise(slots), strict=True):
        place = int(random.integers(len(names)))
        rows = _break(kind, shown[names[place]], slot, SENSORS[names[place]], random)
        fault[rows], sensor[rows] = FAULTS.index(kind), place
    table = pa.table(
        {
            "time": pa.array(first + 60 * np.arange(n), pa.timestamp("s")),
            "ambient": np.round(ambient, 2),
            "demand": np.round(demand, 2),
            **{name: np.round(values, 3) for name, values in shown.items()},
            "fault": _labels(fault, list(FAULTS)),
            "sensor": _labels(sensor, names),
            "remaining_life": pa.array(life, mask=life < 0),
        }
    )
    return frame_of(table, as_)


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
    n: int, first: int, worn: Floats, random: np.random.Generator
) -> tuple[Floats, Floats, dict[str, Floats]]:
    """Return the ambient temperature, the demand, and what sensors without faults show."""
    minute = first / 60 + np.arange(n)
    day, week = 2 * np.pi * minute / 1_440, 2 * np.pi * minute / 10_080
    year = 2 * np.pi * minute / 525_600
    wander = _settled(random.normal(0, 0.05, n), 0.999)
    ambient = 12 - 9 * np.cos(year) - 4 * np.cos(day - 0.6) + wander
    demand = 60 - 14 * np.cos(day) - 5 * np.cos(2 * day) + 4 * np.cos(week)
    demand = demand + _settled(random.normal(0, 0.6, n), 0.99)
    # The controller follows the demand, and the pump has a limit.
    flow = np.clip(_settled((1 - _CONTROL) * demand, _CONTROL, demand[0]), 0, 80)
    power = 3 + 0.25 * flow + 0.0008 * flow**2 + _WORN["power"] * worn
    heat = ambient + 1.6 * power + _WORN["temperature"] * worn
    temperature = _settled((1 - _HEAT) * heat, _HEAT, heat[0])
    pressure = _settled((1 - _PRESSURE) * (6 - 0.03 * flow), _PRESSURE, 6 - 0.03 * flow[0])
    vibration = 1.2 + 0.01 * flow + _WORN["vibration"] * worn
    states = {
        "temperature": temperature,
        "pressure": pressure,
        "flow": flow,
        "vibration": vibration,
        "power": power,
    }
    shown = {name: state + random.normal(0, SENSORS[name], n) for name, state in states.items()}
    return ambient, demand, shown


def _settled(inputs: Floats, kept: float, start: float = 0.0) -> Floats:
    """Return the state x(t) = kept · x(t − 1) + input(t), from x(−1) = start."""
    found: Floats = lfilter([1.0], [1.0, -kept], inputs, zi=[kept * start])[0]
    return found


def _break(
    kind: str, shown: Floats, slot: tuple[int, int], noise: float, random: np.random.Generator
) -> npt.NDArray[np.int64]:
    """Let a sensor fail for a while, in place; return the rows in which it does."""
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
        shown[rows] = shown[np.maximum(rows - _DELAY, 0)]
    return rows


def _labels(codes: npt.NDArray[np.int32], names: list[str]) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(codes, mask=codes < 0), pa.array(names))
