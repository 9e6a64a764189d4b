"""The laws of a simulated plant: rhythms of what drives it, and how each sensor answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from scipy.signal import lfilter

from lookalike._core.errors import ParameterError
from lookalike._core.numerics import Floats
from lookalike._core.parameters import Number, Rule, check_parameters

__all__ = ["PERIODS", "Rhythm", "SensorLaw", "harmonics", "settled"]

_DAY = 86_400.0
#: The periods of a rhythm, in seconds: a cosine and a sine of each.
PERIODS = (_DAY, _DAY / 2, 7 * _DAY, 365 * _DAY)
_WAVES = 2 * len(PERIODS)
_KEPT = Number(0, 0.99999)


def settled(inputs: Floats, kept: float, start: float = 0.0) -> Floats:
    """Return the state x(t) = kept · x(t − 1) + input(t), from x(−1) = start."""
    found: Floats = lfilter([1.0], [1.0, -kept], inputs, zi=[kept * start])[0]
    return found


def harmonics(seconds: Floats) -> Floats:
    """Return a cosine and a sine of the day, the half day, the week and the year."""
    angles = [2 * np.pi * seconds / period for period in PERIODS]
    return np.stack([f(one) for one in angles for f in (np.cos, np.sin)], axis=1)


@dataclass(frozen=True)
class Rhythm:
    """The rhythm of a drive: a mean, waves of day, week and year, and a slow random part.

    Parameters
    ----------
    mean : float
        The mean.
    waves : tuple of float
        The amplitudes of a cosine and a sine of the day, the half day, the week, and the year of
        365 days, counted from 1970.
    shock : float
        The standard deviation of what is new in the random part of each row.
    kept : float
        The share of the random part that is left after a row, from 0 to 0.99999.

    Examples
    --------
    >>> from lookalike.simulate import Rhythm
    >>> Rhythm(mean=50.0, waves=(-10.0,) + (0.0,) * 7).kept
    0.99
    """

    mean: float
    waves: tuple[float, ...] = (0.0,) * _WAVES
    shock: float = 0.0
    kept: float = 0.99

    _rules: ClassVar[dict[str, Rule]] = {"mean": Number(), "shock": Number(0), "kept": _KEPT}

    def __post_init__(self) -> None:
        check_parameters("Rhythm", self._rules, {n: getattr(self, n) for n in self._rules})
        if len(self.waves) != _WAVES or not np.isfinite(self.waves).all():
            raise ParameterError(f"waves must be {_WAVES} numbers; got {self.waves!r}.")

    def steady(self, seconds: Floats) -> Floats:
        """Return the values at these moments, in seconds since 1970, without the random part."""
        found: Floats = self.mean + harmonics(seconds) @ np.asarray(self.waves)
        return found

    def draw(self, seconds: Floats, random: np.random.Generator) -> Floats:
        """Return values at these moments."""
        wander = settled(random.normal(0, self.shock, len(seconds)), self.kept)
        return self.steady(seconds) + wander


@dataclass(frozen=True)
class SensorLaw:
    """The linear law of a sensor: a gain for each input, a delay, and noise.

    Parameters
    ----------
    constant : float
        The value where all inputs are 0.
    gains : mapping of str to float
        The rise for each unit of an input; ``"flow²"`` is the square of the flow.
    kept : float
        The share of a deviation that is left after a row, from 0 to 0.99999: 0 answers at once.
    noise : float
        The standard deviation of what the sensor shows around this.
    memory : float
        The correlation of this noise with that of the row before, from 0 to 0.99999.
    worn : float
        What the wear of the plant adds before a failure.

    Examples
    --------
    >>> import numpy as np
    >>> from lookalike.simulate import SensorLaw
    >>> law = SensorLaw(6.0, {"flow": -0.5}, kept=0.5)
    >>> law.answer({"flow": np.array([0.0, 4.0, 4.0])}).tolist()
    [6.0, 5.0, 4.5]
    """

    constant: float
    gains: Mapping[str, float] = field(default_factory=dict)
    kept: float = 0.0
    noise: float = 0.0
    memory: float = 0.0
    worn: float = 0.0

    _rules: ClassVar[dict[str, Rule]] = {
        "constant": Number(),
        "kept": _KEPT,
        "noise": Number(0),
        "memory": _KEPT,
        "worn": Number(),
    }

    def __post_init__(self) -> None:
        check_parameters("SensorLaw", self._rules, {n: getattr(self, n) for n in self._rules})
        check_parameters("gains", dict.fromkeys(self.gains, Number()), self.gains)

    def answer(self, inputs: Mapping[str, Floats], added: Floats | float = 0.0) -> Floats:
        """Return what the sensor should show; `added` comes to what it settles at."""
        goal = np.asarray(self.constant + added, float)
        for name, gain in self.gains.items():
            goal = goal + gain * inputs[name]
        if not self.kept or not goal.ndim:
            return goal
        return settled((1 - self.kept) * goal, self.kept, float(goal[0]))

    def shown(self, state: Floats, random: np.random.Generator) -> Floats:
        """Return a state with noise."""
        shocks = random.normal(0, self.noise * float(np.sqrt(1 - self.memory**2)), len(state))
        if not self.memory:
            return state + shocks
        start = float(random.normal(0, self.noise))
        return state + settled(shocks, self.memory, start)
