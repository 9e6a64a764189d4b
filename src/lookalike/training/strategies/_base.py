"""The base classes of learning-rate strategies, which may adapt rates to measures."""

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
    """The settings of a run for the learning rate of one optimiser.

    Parameters
    ----------
    rate : float
        The learning rate, as set by the user.
    total : int
        The number of steps of the whole run.
    optimiser : str
        The name of the optimiser, such as "generator", "discriminator" or "network".
    batch_size : int
        The number of rows in one step (of real rows, if there are generated ones too).
    ideal : float or None
        The discriminator's loss at the equilibrium; None if unknown.
    """

    rate: float
    total: int
    optimiser: str = "network"
    batch_size: int = 64
    ideal: float | None = None


class Run(ABC):
    """The learning rates of one optimiser over a run; a deep copy can be restored later."""

    def __init__(self) -> None:
        self._scale = 1.0

    def rates(self, first: int, count: int) -> NDArray[np.float32]:
        """Return the learning rates of the next steps.

        Parameters
        ----------
        first : int
            The number of the first of these steps; a run starts with step 0.
        count : int
            The number of steps.

        Returns
        -------
        ndarray of float32, shape (count,)
            Absolute rates, which do not depend on the division of steps into calls.
        """
        steps = np.arange(first, first + count, dtype=np.float64)
        return (self._scale * self._plan(steps)).astype(np.float32)

    @abstractmethod
    def _plan(self, steps: Floats) -> Floats:
        """Return the rates of steps before scaling, shape (count,)."""

    def observe(self, step: int, measures: Mapping[str, float]) -> str | None:  # noqa: ARG002
        """Adapt the future rates to the measures of an interval.

        Parameters
        ----------
        step : int
            The number of completed steps.
        measures : mapping of str to float
            The means over the interval that ended there, by name; any may be absent.

        Returns
        -------
        str or None
            The reason for a change of the rate, in words; None if it did not change.
        """
        return None

    def scale(self, factor: float) -> None:
        """Multiply all future rates.

        Parameters
        ----------
        factor : float
            A positive factor.
        """
        self._scale *= factor


class Guided(Run):
    """A schedule times a factor that depends on a measure.

    A subclass implements `_answer`, which may set ``self.factor`` and then returns the reason.

    Parameters
    ----------
    base : Run
        The schedule.
    measure : str
        The name of the measure. If it never occurs, that is reported once.
    """

    #: The number of intervals after which a missing measure is reported.
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
        """Adapt the factor to the measure's value at a step; return the reason of a change."""


@dataclass(frozen=True)
class Strategy(Component, ABC):
    """Base class of learning-rate strategies.

    A strategy is a frozen value: equal options make equal strategies. The state of one run is kept
    by the `Run` that it begins.
    """

    @abstractmethod
    def begin(self, setting: RunSetting) -> Run:
        """Begin a run.

        Parameters
        ----------
        setting : RunSetting
            The settings of the optimiser.

        Returns
        -------
        Run
        """


class Schedule(Strategy):
    """A strategy with a fixed schedule: a share of the rate for every step."""

    def begin(self, setting: RunSetting) -> Run:
        """See `Strategy.begin`."""
        return _Scheduled(setting, self)

    @abstractmethod
    def share(self, steps: Floats, total: int) -> Floats:
        """Return the share of the rate at some steps.

        Parameters
        ----------
        steps : ndarray of float64, shape (count,)
            The numbers of the steps; the first of a run is 0.
        total : int
            The number of steps of the whole run.

        Returns
        -------
        ndarray of float64, shape (count,)
        """


class _Scheduled(Run):
    """The run of a fixed schedule."""

    def __init__(self, setting: RunSetting, schedule: Schedule) -> None:
        super().__init__()
        self._setting = setting
        self._schedule = schedule

    def _plan(self, steps: Floats) -> Floats:
        return self._setting.rate * self._schedule.share(steps, self._setting.total)
