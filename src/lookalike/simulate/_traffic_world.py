"""The parameters of simulated traffic, which can be fitted to a user's own table."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lookalike._core.errors import DataError, ParameterError, SchemaError
from lookalike._core.numerics import Floats
from lookalike._core.parameters import Number, Rule, check_parameters
from lookalike.simulate._frames import check_columns, codes_of, numbers_of
from lookalike.tables import natural_rows

__all__ = ["STEPS", "TrafficWorld"]

STEPS = 288  # of five minutes, in a day
#: The flow that a site can take is near the largest flows; the free speed near the largest speeds.
_LARGEST, _FASTEST = 0.995, 0.95
#: The mean size of a site's demand, in capacities.
_SIZE = 0.9


def _working_day() -> tuple[float, ...]:
    """Return the demand of a working day: two peaks, and a calm night."""
    hour = np.arange(STEPS) / (STEPS / 24)
    peaks = np.exp(-((hour - 8) ** 2) / 3) + 1.1 * np.exp(-((hour - 17.5) ** 2) / 5)
    return tuple((0.12 + 0.45 * np.exp(-((hour - 13) ** 2) / 30) + 0.5 * peaks).tolist())


def _free_day() -> tuple[float, ...]:
    """Return the demand of a Saturday or a Sunday: one wide peak."""
    hour = np.arange(STEPS) / (STEPS / 24)
    return tuple((0.12 + 0.55 * np.exp(-((hour - 14) ** 2) / 18)).tolist())


@dataclass(frozen=True)
class TrafficWorld:
    """Parameters of simulated traffic.

    Parameters
    ----------
    capacity : float
        The vehicles an hour that a site can take on a dry road.
    free_speed : float
        The speed on an empty road, in km/h.
    smallest, largest : float
        The sizes of sites: the factors of their demand, drawn between these two.
    working, free : tuple of float
        The demand in each five minutes of a working day, and of a Saturday or a Sunday, as a share
        of the capacity, for a site of size 1; 288 of each.

    Examples
    --------
    >>> import lookalike as la
    >>> rows = la.simulate.traffic(3, sites=2, random_state=0)
    >>> world = la.simulate.TrafficWorld.fit(rows, speed="speed")
    >>> 90 < world.free_speed < 130
    True
    """

    capacity: float = 4_000.0
    free_speed: float = 110.0
    smallest: float = 0.7
    largest: float = 1.1
    working: tuple[float, ...] = _working_day()
    free: tuple[float, ...] = _free_day()

    _rules: ClassVar[dict[str, Rule]] = {
        "capacity": Number(0, open_low=True),
        "free_speed": Number(0, open_low=True),
        "smallest": Number(0, 100),
        "largest": Number(0, 100),
    }

    def __post_init__(self) -> None:
        check_parameters("TrafficWorld", self._rules, {n: getattr(self, n) for n in self._rules})
        if self.smallest > self.largest:
            raise ParameterError(
                f"smallest must not be above largest; got {self.smallest} and {self.largest}."
            )
        for name in ("working", "free"):
            shares = np.asarray(getattr(self, name), float)
            if shares.shape != (STEPS,) or not (np.isfinite(shares) & (shares >= 0)).all():
                raise ParameterError(f"{name} must be {STEPS} shares of 0 or more.")

    @classmethod
    def fit(
        cls,
        data: Any,
        *,
        flow: str | None = None,
        speed: str | None = None,
        time: str | None = None,
        site: str | None = None,
    ) -> Self:
        """Fit the parameters to a table of traffic, as far as its columns are named.

        Parameters
        ----------
        data : dataframe or path
            One row for each moment (and site).
        flow : str, optional
            The column of vehicles an hour, 0 or more: gives the capacity, and with `time` the
            days, with `site` the sizes of sites. What waits in jams is not seen.
        speed : str, optional
            The column of speeds, in km/h.
        time, site : str, optional
            The columns of the moment and of the site, for the days and sizes of `flow`.

        Returns
        -------
        TrafficWorld
            What is not named keeps its default.

        Raises
        ------
        SchemaError
            If a column does not exist or is of another kind.
        DataError
            If a column has no usable value, or a flow is below 0.
        """
        table, world = natural_rows(data)[0], cls()
        check_columns(table, (flow, speed, time, site))
        if speed is not None:
            speeds = numbers_of(table, speed, "Speeds")
            world = replace(world, free_speed=_high(speeds, _FASTEST, speed))
        if flow is None:
            return world
        flows = numbers_of(table, flow, "Flows")
        if (flows < 0).any():
            raise DataError(
                f"Flows must be 0 or more; {flow!r} has {np.nanmin(flows):g}. "
                "A sign for a missing flow must be a missing cell."
            )
        world = replace(world, capacity=_high(flows, _LARGEST, flow))
        if site is not None:
            world = replace(world, **_sizes(table, site, flows))
        if time is not None:
            world = replace(world, **_days(table, time, flows / (_SIZE * world.capacity)))
        return world


def _high(values: Floats, share: float, name: str) -> float:
    present = values[np.isfinite(values) & (values > 0)]
    if not len(present):
        raise DataError(f"There must be numbers above 0; {name!r} has none.")
    return float(np.quantile(present, share))


def _sizes(table: pa.Table, site: str, flows: Floats) -> dict[str, Any]:
    """Return the smallest and the largest size of a site, where the mean site has 0.9."""
    codes = codes_of(table, site)
    known = np.isfinite(flows) & (codes >= 0)
    counts = np.bincount(codes[known])
    means = np.bincount(codes[known], flows[known])[counts > 0] / counts[counts > 0]
    if not len(means) or not means.mean() > 0:
        raise DataError(f"There must be flows at a site; {site!r} has none.")
    sizes = _SIZE * means / means.mean()
    return {"smallest": float(sizes.min()), "largest": float(sizes.max())}


def _days(table: pa.Table, time: str, shares: Floats) -> dict[str, Any]:
    """Return the mean share in each five minutes of working and of free days."""
    moments = table[time].combine_chunks()
    if not pa.types.is_timestamp(moments.type):
        raise SchemaError(f"Times must be moments; {time!r} holds {moments.type}.")
    known = np.isfinite(shares) & np.asarray(moments.is_valid())
    moments, shares = moments.filter(pa.array(known)), shares[known]
    minute = pc.add(pc.multiply(pc.hour(moments), 60), pc.minute(moments)).to_numpy()
    slot = minute // (1_440 // STEPS)
    weekend = pc.day_of_week(moments).to_numpy() >= 5
    found: dict[str, Any] = {}
    for name, own in (("working", ~weekend), ("free", weekend)):
        counts = np.bincount(slot[own], minlength=STEPS)
        seen = np.flatnonzero(counts)
        if not len(seen):
            continue  # such a day is not among the rows: its default stays
        means = np.bincount(slot[own], shares[own], minlength=STEPS)[seen] / counts[seen]
        # Between the moments of a coarser table, in a straight line.
        found[name] = tuple(np.interp(np.arange(STEPS), seen, means, period=STEPS).tolist())
    return found
