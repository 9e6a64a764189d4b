"""`SensorWorld`: the parameters of a simulated pump, which can be fitted to a stream."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, Self

import numpy as np

from lookalike._core.errors import LookalikeWarning, ParameterError
from lookalike._core.parameters import AnyOf, Number, Rule, check_parameters
from lookalike.simulate._sensor_fit import RegularStream, fitted_law, fitted_rhythm
from lookalike.simulate._sensor_laws import Rhythm, SensorLaw

__all__ = ["INPUTS", "SENSORS", "SensorWorld"]

#: The sensors, in their order.
SENSORS = ("temperature", "pressure", "flow", "vibration", "power")
#: The inputs of each sensor, in the order of their computation; ``flow²`` is the squared flow.
INPUTS: dict[str, tuple[str, ...]] = {
    "flow": ("demand",),
    "power": ("flow", "flow²"),
    "temperature": ("ambient", "power"),
    "pressure": ("flow",),
    "vibration": ("flow",),
}
#: A pump of no place in particular: warm summers and afternoons, a busy day, calm weekends.
_AMBIENT = Rhythm(
    12.0,
    (-4 * math.cos(0.6), -4 * math.sin(0.6), 0.0, 0.0, 0.0, 0.0, -9.0, 0.0),
    0.05,
    0.999,
)
_DEMAND = Rhythm(60.0, (-14.0, 0.0, -5.0, 0.0, 4.0, 0.0, 0.0, 0.0), 0.6, 0.99)
#: Slow heat, quick pressure, and a controller between them.
_LAWS = {
    "flow": SensorLaw(0.0, {"demand": 1.0}, 0.9, 0.3),
    "power": SensorLaw(3.0, {"flow": 0.25, "flow²": 0.0008}, 0.0, 0.25, worn=4.0),
    "temperature": SensorLaw(0.0, {"ambient": 1.0, "power": 1.6}, 0.98, 0.15, worn=8.0),
    "pressure": SensorLaw(6.0, {"flow": -0.03}, 0.7, 0.02),
    "vibration": SensorLaw(1.2, {"flow": 0.01}, 0.0, 0.04, worn=3.0),
}
#: What wear adds, in standard deviations of the readings it is fitted to.
_WORN = {"vibration": 20.0, "temperature": 1.0, "power": 1.0}
#: The flow that a pump can give is near the largest flows.
_LARGEST = 0.999


@dataclass(frozen=True)
class SensorWorld:
    """The parameters of a simulated pump, which can be fitted to a table of your own.

    Parameters
    ----------
    step : float
        The seconds between two rows.
    ambient, demand : Rhythm
        The temperature around the pump and the demand.
    flow, power, temperature, pressure, vibration : SensorLaw
        The flow answers to the demand, the power and the vibration to the flow, the temperature to
        the ambient temperature and the power, and the pressure to the flow.
    limit : float or None
        The largest flow of the pump.

    Examples
    --------
    >>> import lookalike as la
    >>> rows = la.simulate.sensors(20_000, faults={}, random_state=0)
    >>> rows["demand"] *= 10  # in another unit
    >>> world = la.simulate.SensorWorld.fit(rows, time="time", demand="demand", flow="flow")
    >>> 0.09 < world.flow.gains["demand"] < 0.11
    True
    """

    step: float = 60.0
    ambient: Rhythm = _AMBIENT
    demand: Rhythm = _DEMAND
    flow: SensorLaw = _LAWS["flow"]
    power: SensorLaw = _LAWS["power"]
    temperature: SensorLaw = _LAWS["temperature"]
    pressure: SensorLaw = _LAWS["pressure"]
    vibration: SensorLaw = _LAWS["vibration"]
    limit: float | None = 80.0

    _rules: ClassVar[dict[str, Rule]] = {
        "step": Number(0, open_low=True),
        "limit": AnyOf((Number(),), none=True),
    }

    def __post_init__(self) -> None:
        check_parameters("SensorWorld", self._rules, {n: getattr(self, n) for n in self._rules})
        for one in fields(self):
            value = getattr(self, one.name)
            kind = {"Rhythm": Rhythm, "SensorLaw": SensorLaw}.get(str(one.type))
            if kind is not None and not isinstance(value, kind):
                raise ParameterError(f"{one.name} must be a {kind.__name__}; got {value!r}.")
            unknown = [n for n in getattr(value, "gains", ()) if n not in INPUTS[one.name]]
            if unknown:
                raise ParameterError(
                    f"{one.name} answers to {', '.join(INPUTS[one.name])}; got {unknown[0]!r}."
                )

    @classmethod
    def fit(
        cls,
        data: Any,
        *,
        time: str,
        ambient: str | None = None,
        demand: str | None = None,
        temperature: str | None = None,
        pressure: str | None = None,
        flow: str | None = None,
        vibration: str | None = None,
        power: str | None = None,
    ) -> Self:
        """Fit the parameters to a stream of your own, as far as its columns are named.

        The mean and the waves of what drives the pump, and the gains, the delay and the noise of
        each sensor, from inputs that are named too. Each is learned on the first four fifths of the
        readings of its column and kept where it is nearer to the last fifth than a constant, and
        than the default: else the constant or the default stays, and a warning says so.

        Parameters
        ----------
        data : dataframe or path
            One row for each moment, of one plant, with few faults. Infinite numbers count as
            missing.
        time : str
            The column of moments, each once; rows may come in any order.
        ambient, demand, temperature, pressure, flow, vibration, power : str, optional
            The columns of readings. What is not named keeps its default.

        Returns
        -------
        SensorWorld

        Raises
        ------
        SchemaError
            If a column does not exist or is of another kind.
        DataError
            If there are too few rows or readings, or moments repeat.
        """
        columns = {
            "ambient": ambient,
            "demand": demand,
            "temperature": temperature,
            "pressure": pressure,
            "flow": flow,
            "vibration": vibration,
            "power": power,
        }
        named = {role: name for role, name in columns.items() if name is not None}
        stream = RegularStream.read(data, time, named)
        world = cls()
        changes: dict[str, Any] = {"step": stream.step}
        kept: list[str] = []
        for role in ("ambient", "demand"):
            if role in named:
                changes[role], words = fitted_rhythm(stream, role, getattr(world, role))
                kept += words
        limit = world.limit
        if "flow" in named or "demand" in named:
            # Without a flow, nothing says where the limit is.
            limit = float(np.nanquantile(stream["flow"], _LARGEST)) if "flow" in named else None
        for role, inputs in INPUTS.items():
            if role in named:
                most = limit if role == "flow" else None
                law, words = fitted_law(stream, role, inputs, getattr(world, role), most)
                worn = _WORN.get(role, 0.0) * float(np.nanstd(stream[role]))
                changes[role] = replace(law, worn=worn)
                kept += words
        if kept:
            warnings.warn(
                f"On the last fifth of the readings, {'; '.join(kept)}.",
                LookalikeWarning,
                stacklevel=2,
            )
        return replace(world, **changes, limit=limit)
