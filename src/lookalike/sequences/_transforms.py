"""Transforms of the numbers of a regular series: found with reasons, reversible, overridable.

A transform is an encoding of the package, which also brings generated numbers back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
import pyarrow as pa
from jaxtyping import Bool, Float

from lookalike._core.errors import ParameterError, nearest
from lookalike.encoding import Power, Standard
from lookalike.sequences._histories import Histories
from lookalike.tables import Column, Kind, Schema
from lookalike.tables.values.arrow import flat
from lookalike.tables.values.grid import raw_of

__all__ = ["TRANSFORMS", "FoundTransform", "find_transforms"]

#: The transforms that a column can have: encodings of numbers.
TRANSFORMS = ("standard", "minmax", "power", "quantile")
#: The share of equal cells from which on a column has spikes that only `quantile` keeps.
_SPIKE = 0.1
#: The gain in nats per event without which numbers are only scaled.
_WORTH = 0.02
#: The fewest events by which it is judged, and the stretches, of which every second one judges.
_FEWEST, _STRETCHES = 60, 10
#: The number of events before, from which each is predicted.
_LAGS = 2


@dataclass(frozen=True)
class FoundTransform:
    """The transform of a column, and the reason for it.

    Parameters
    ----------
    column, name : str
    why : str
    """

    column: str
    name: str
    why: str

    @property
    def words(self) -> str:
        """The transform as a sentence."""
        return f"{self.column}: {self.name} ({self.why})"

    def to_dict(self) -> dict[str, Any]:
        """Return the transform as JSON-ready values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Restore the transform from its `to_dict`; ValueError where that is damaged."""
        if values["name"] not in TRANSFORMS:
            raise ValueError(f"there is no transform {values['name']!r}")
        return cls(*(str(values[name]) for name in ("column", "name", "why")))


def find_transforms(
    histories: Histories,
    schema: Schema,
    chosen: Mapping[str, str] | None,
    least: int,
) -> tuple[FoundTransform, ...]:
    """Choose the transform of every column of numbers.

    A column with spikes (at least a tenth of its cells are equal) is spread out by ``"quantile"``.
    Of others, ``"standard"`` and ``"power"`` are compared by the density that an autoregression of
    one stretch of the series gives to the events of another: numbers whose changes grow with their
    level are more likely as powers.

    Parameters
    ----------
    histories : Histories
    schema : Schema
    chosen : mapping of str to str or None
        Those that the caller has chosen.
    least : int
        The least number of rows that share a stored value.

    Raises
    ------
    ParameterError
        If `chosen` names no such column or transform.
    """
    later = histories.positions[_LAGS:] >= _LAGS
    numbers = [n for n in histories.dynamic if schema[n].kind in (Kind.CONTINUOUS, Kind.INTEGER)]
    for name, transform in (chosen or {}).items():
        if name not in numbers:
            raise ParameterError(
                f"transforms= must name columns of numbers, but there is no {name!r}."
                f"{nearest(name, numbers)}"
            )
        if transform not in TRANSFORMS:
            words = ", ".join(map(repr, TRANSFORMS))
            raise ParameterError(f"A transform must be one of {words}; got {transform!r}.")
    found = []
    for name in numbers:
        if chosen and name in chosen:
            found.append(FoundTransform(name, chosen[name], "chosen"))
        else:
            found.append(_found(flat(histories.table[name]), schema[name], later, least))
    return tuple(found)


def _found(
    values: pa.Array, column: Column, later: Bool[np.ndarray, " n"], least: int
) -> FoundTransform:
    raw = raw_of(values, column.decimals).astype(float)
    counts = np.unique(raw, return_counts=True)[1]
    spike = counts.max() / len(raw)
    if spike >= _SPIKE and len(counts) > 1:
        return FoundTransform(column.name, "quantile", f"{spike:.0%} of its cells are equal")
    if later.sum() < _FEWEST or len(counts) < _FEWEST:
        return FoundTransform(column.name, "standard", "too few events to compare transforms")
    judge = np.arange(len(raw)) * _STRETCHES // len(raw) % 2 == 1
    plain, power = (
        _log_density(raw, encoding, values, column, judge, later)
        for encoding in (Standard(least), Power(least))
    )
    gain = power - plain
    if gain > _WORTH:
        why = f"{gain:.3g} nats per held-out event gained over scaling"
        return FoundTransform(column.name, "power", why)
    return FoundTransform(column.name, "standard", "no power makes held-out events more likely")


def _log_density(
    raw: Float[np.ndarray, " n"],
    encoding: Standard | Power,
    values: pa.Array,
    column: Column,
    judge: Bool[np.ndarray, " n"],
    later: Bool[np.ndarray, " m"],
) -> float:
    """Return the mean log density of numbers that judge, given those before them.

    `later` says of each number after the first ones whether its history has enough before it.
    """
    z = encoding.fit(values, column).encode(values).floats[:, 0].astype(float)
    past = [z[_LAGS - k - 1 : len(z) - k - 1] for k in range(_LAGS)]
    inputs = np.stack([*past, np.ones(len(z) - _LAGS)], axis=1)
    now, held, learned = z[_LAGS:], judge[_LAGS:] & later, ~judge[_LAGS:] & later
    slopes = np.linalg.lstsq(inputs[learned], now[learned], rcond=None)[0]
    off = now - inputs @ slopes
    size = max(float(off[learned].std()), 1e-9)
    density = -0.5 * (off[held] / size) ** 2 - np.log(size)
    # The slope of the transform at each value makes densities of different transforms comparable.
    order, at = np.unique(raw, return_index=True)
    steep = np.gradient(z[at], order)
    slope = np.interp(raw[_LAGS:][held], order, np.maximum(steep, 1e-12))
    return float(np.mean(density + np.log(slope)))
