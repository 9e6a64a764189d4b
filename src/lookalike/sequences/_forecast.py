"""Forecasts of a number of a series, from the calendar, a trend and the numbers before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from jaxtyping import Float
from scipy.linalg import toeplitz

from lookalike._core.bounds import finite

__all__ = ["NO_PULL", "Forecast"]

#: The most terms that a file may hold.
_MOST = 1_000
#: Sums of weights as near to 1 as this are 1.
NO_PULL = 1e-9
#: The least number that has a logarithm, and the greatest logarithm.
_TINY, _HUGE = 1e-300, 690.0


@dataclass(frozen=True)
class Forecast:
    """A forecast of the next number: its course, and a share of the last deviations from it.

    The course is level + slope · (time - begin) + Σ (sine · sin + cosine · cos) (2π time / period),
    and beside another column, which it nearly equals, the number of that one more.
    The forecast of the deviation from it is Σ weight[j] · (deviation j + 1 events before). Weights
    whose sum is 1 never return to the course, as those of a random walk; a smaller sum does.

    Parameters
    ----------
    logs : bool
        Whether logarithms of numbers are forecast.
    level, slope, begin : float
        The slope is for a tick of time; 0 where there is no trend.
    waves : tuple of (float, float, float)
        The period in ticks, the sine and the cosine of each.
    weights : tuple of float
        Of the last deviation first.
    learned : tuple of float
        The weights by which errors are learned: those of least squares, whose errors say nothing
        about the last deviations. They return too fast; events are drawn with the others.
    covariances : tuple of float
        The autocovariances of deviations, that of no lag first; as many as there are weights.
    low, high : float
        The range of deviations, which generated ones do not leave.
    beside : str or None
        The column beside which the number goes.
    follows : bool
        Whether that is its number in the last event, and not in the same one.
    """

    logs: bool
    level: float
    slope: float
    begin: float
    waves: tuple[tuple[float, float, float], ...]
    weights: tuple[float, ...]
    learned: tuple[float, ...]
    covariances: tuple[float, ...]
    low: float
    high: float
    beside: str | None = None
    follows: bool = False

    @property
    def is_last(self) -> bool:
        """True where the forecast is the last number itself."""
        return (
            len(self.weights) == 1
            and not self.returns
            and not (self.logs or self.slope or self.waves or self.beside)
        )

    @property
    def returns(self) -> bool:
        """True where numbers return to their course."""
        return sum(self.weights) < 1.0 - NO_PULL

    @property
    def words(self) -> str:
        """The forecast in words."""
        past = f"the last {len(self.weights)} events" if len(self.weights) > 1 else "the last event"
        which = "last" if self.follows else "same"
        also = [f"{self.beside} of the {which} event"] if self.beside else []
        also += ["a trend"] * bool(self.slope) + ["the calendar"] * bool(self.waves)
        back = "returns to its course" if self.returns else "does not return"
        words = " and ".join([", ".join([past, *also[:-1]]), *also[-1:]])
        return f"from {words}{', in logarithms' if self.logs else ''}; {back}"

    def course(
        self, time: np.ndarray | None, rows: int, beside: np.ndarray | None = None
    ) -> Float[np.ndarray, " rows"]:
        """Return the course at some times, in logarithms where these are forecast.

        Parameters
        ----------
        time : ndarray or None, shape (rows,)
            In ticks; None where events have no times.
        rows : int
        beside : ndarray or None, shape (rows,)
            The numbers of the column `beside`, in units of the number that is forecast.
        """
        course = np.full(rows, self.level)
        if beside is not None:
            course += self.scaled(beside)
        if time is not None:
            course += self.slope * (time - self.begin)
            for period, sine, cosine in self.waves:
                angle = 2 * np.pi * np.mod(time / period, 1.0)
                course += sine * np.sin(angle) + cosine * np.cos(angle)
        return course

    def scaled(self, raw: np.ndarray) -> Float[np.ndarray, " rows"]:
        """Return numbers, or their logarithms where these are forecast."""
        return np.log(np.maximum(raw, _TINY)) if self.logs else raw.astype(float)

    def deviations(self, raw: np.ndarray, course: np.ndarray) -> Float[np.ndarray, " rows"]:
        """Return the deviations of numbers from their course."""
        return np.asarray(self.scaled(raw) - course)

    def numbers(self, deviations: np.ndarray, course: np.ndarray) -> np.ndarray:
        """Return the numbers with some deviations from their course, not rounded."""
        values = deviations + course
        return np.asarray(np.exp(np.minimum(values, _HUGE)) if self.logs else values)

    def pasts(
        self, last: Float[np.ndarray, " rows"], rng: np.random.Generator
    ) -> Float[np.ndarray, "rows depth"]:
        """Return deviations before new series begin, the given last ones first.

        They are drawn from the normal distribution that has the covariances of the series, given
        the last one. What swings, swings from its beginning; a number that does not return has
        been where it is.
        """
        held = np.repeat(last[:, None], len(self.weights), axis=1)
        if not self.returns or self.covariances[0] <= 0:
            return held
        of = toeplitz(self.covariances)
        shares = of[1:, 0] / of[0, 0]
        sizes, ways = np.linalg.eigh(of[1:, 1:] - np.outer(shares, of[0, 1:]))
        drawn = rng.standard_normal((len(last), len(sizes))) * np.sqrt(np.maximum(sizes, 0.0))
        held[:, 1:] = np.clip(last[:, None] * shares + drawn @ ways.T, self.low, self.high)
        return held

    def expected(self, memory: Float[np.ndarray, "rows depth"]) -> Float[np.ndarray, " rows"]:
        """Return the forecast of the next deviation.

        Parameters
        ----------
        memory : ndarray, shape (rows, weights)
            The deviations before, the last one first.
        """
        return np.asarray(memory @ np.array(self.weights))

    def errors(
        self, deviations: Float[np.ndarray, " rows"], memory: Float[np.ndarray, "rows depth"]
    ) -> Float[np.ndarray, " rows"]:
        """Return the errors of the forecasts of known deviations, as they are learned."""
        return np.asarray(deviations - memory @ np.array(self.learned))

    def errors_of(self, raw: np.ndarray, course: np.ndarray) -> Float[np.ndarray, " events"]:
        """Return the errors of a whole series, before which its first deviation was held."""
        off, depth = self.deviations(raw, course), len(self.learned)
        padded = np.concatenate([np.full(depth, off[0]), off[:-1]])
        before = np.lib.stride_tricks.sliding_window_view(padded, depth)[:, ::-1]
        return self.errors(off, before)

    def to_dict(self) -> dict[str, Any]:
        """Return the forecast as JSON-ready values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Restore it from its `to_dict`; ValueError where that is damaged."""
        level, slope, begin, low, high = (
            float(finite(values[name], name)) for name in ("level", "slope", "begin", "low", "high")
        )
        waves = tuple(_three(each) for each in values["waves"])
        weights, learned, covariances = (
            tuple(float(finite(each, "a weight")) for each in values[name])
            for name in ("weights", "learned", "covariances")
        )
        same = len(weights) == len(learned) == len(covariances)
        fits = 1 <= len(weights) <= _MOST and same and len(waves) <= _MOST
        if not fits or low > high:
            raise ValueError("a forecast is damaged")
        beside = None if values["beside"] is None else str(values["beside"])
        course = bool(values["logs"]), level, slope, begin, waves
        return cls(
            *course, weights, learned, covariances, low, high, beside, bool(values["follows"])
        )


def _three(values: Sequence[Any]) -> tuple[float, float, float]:
    period, sine, cosine = (float(finite(each, "a wave")) for each in values)
    if period <= 0:
        raise ValueError("a wave has no period")
    return period, sine, cosine
