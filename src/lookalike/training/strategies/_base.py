"""What every learning-rate strategy does: it is asked for rates, and told what was measured."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lookalike._core.numerics import Floats
from lookalike._core.registry import Component

__all__ = ["Floats", "Guided", "Run", "RunSetting", "Schedule", "Strategy"]


class RunSetting(NamedTuple):
    """What is known of a run before its first step.

    Parameters
    ----------
    rate : float
        The learning rate, as the user stated it.
    total : int
        The steps of the whole run.
    optimiser : str
        Whose rate it is, such as "generator", "discriminator" or "network".
    batch_size : int
        Rows in one step (of each kind, where there are two).
    ideal : float or None
        The discriminator's loss where generated rows are as real ones; None if none is known.
    """

    rate: float
    total: int
    optimiser: str = "network"
    batch_size: int = 64
    ideal: float | None = None


class Run(ABC):
    """The rates of one optimiser over a run. It holds plain values: a deep copy is a safe point."""

    def __init__(self) -> None:
        self._scale = 1.0

    def rates(self, first: int, count: int) -> NDArray[np.float32]:
        """Return the learning rates of the coming steps.

        Parameters
        ----------
        first : int
            The number of the first of these steps; a run starts with step 0.
        count : int
            How many steps.

        Returns
        -------
        ndarray of float32, shape (count,)
            Absolute rates. They do not depend on how the steps are cut into calls.
        """
        steps = np.arange(first, first + count, dtype=np.float64)
        return (self._scale * self._plan(steps)).astype(np.float32)

    @abstractmethod
    def _plan(self, steps: Floats) -> Floats:
        """Return the rates of steps before `scale`, shape (count,)."""

    def observe(self, step: int, measures: Mapping[str, float]) -> str | None:  # noqa: ARG002
        """Take note of what an interval measured, and change the coming rates if that says so.

        Parameters
        ----------
        step : int
            How many steps have been played.
        measures : mapping of str to float
            The means over the interval that ended there, by name; any may be absent.

        Returns
        -------
        str or None
            Why the rate was changed, in words; None if it was not.
        """
        return None

    def scale(self, factor: float) -> None:
        """Multiply all coming rates.

        Parameters
        ----------
        factor : float
            Positive.
        """
        self._scale *= factor


class Guided(Run):
    """A schedule times a factor that answers to what is measured.

    A subclass writes `_answer`, which may set ``self.factor`` and then says why.

    Parameters
    ----------
    base : Run
        The schedule.
    measure : str
        The name of what is observed. If it is never measured, that is said once.
    """

    #: Intervals after which a measure that was never there is mentioned.
    SILENCE: ClassVar[int] = 20

    def __init__(self, base: Run, measure: str) -> None:
        super().__init__()
        self.base = base
        self.factor = 1.0
        self._measure = measure
        self._missing: int | None = 0

    def _plan(self, steps: Floats) -> Floats:
        return self.factor * self.base._plan(steps)

    def observe(self, step: int, measures: Mapping[str, float]) -> str | None:
        """See `Run.observe`."""
        value = measures.get(self._measure)
        own = self._miss() if value is None or not np.isfinite(value) else self._take(step, value)
        said = [words for words in (self.base.observe(step, measures), own) if words is not None]
        return "; ".join(said) or None

    def _miss(self) -> str | None:
        if self._missing is None:
            return None
        self._missing += 1
        if self._missing != self.SILENCE:
            return None
        return (
            f"{self._measure} was not among the measures of {self.SILENCE} intervals, so the rate "
            "follows its schedule alone"
        )

    def _take(self, step: int, value: float) -> str | None:
        self._missing = None
        return self._answer(step, value)

    @abstractmethod
    def _answer(self, step: int, value: float) -> str | None:
        """Take note of the measure's value at a step; return why the factor was changed, if so."""


@dataclass(frozen=True)
class Strategy(Component, ABC):
    """How an optimiser's learning rate goes over a run.

    A strategy is a plain frozen value: equal options make equal strategies. What happens in one
    run is kept by the `Run` that it begins.
    """

    @abstractmethod
    def begin(self, setting: RunSetting) -> Run:
        """Begin a run.

        Parameters
        ----------
        setting : RunSetting
            Of the optimiser whose rate it is.

        Returns
        -------
        Run
        """


class Schedule(Strategy):
    """A strategy whose rates are known from the start: a share of the rate for every step."""

    def begin(self, setting: RunSetting) -> Run:
        """See `Strategy.begin`."""
        return _Scheduled(setting, self)

    @abstractmethod
    def share(self, steps: Floats, total: int) -> Floats:
        """Return which share of the rate some steps get.

        Parameters
        ----------
        steps : ndarray of float64, shape (count,)
            The numbers of the steps; the first of a run is 0.
        total : int
            The steps of the whole run.

        Returns
        -------
        ndarray of float64, shape (count,)
        """


class _Scheduled(Run):
    """Holds what a schedule needs to know."""

    def __init__(self, setting: RunSetting, schedule: Schedule) -> None:
        super().__init__()
        self._setting = setting
        self._schedule = schedule

    def _plan(self, steps: Floats) -> Floats:
        return self._setting.rate * self._schedule.share(steps, self._setting.total)
