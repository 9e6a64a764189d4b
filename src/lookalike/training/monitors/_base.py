"""What a monitor is, and what it is shown."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Literal, NamedTuple

import numpy as np
from jaxtyping import Float, Int

from lookalike._core.numerics import distances

__all__ = ["Better", "IntervalSnapshot", "Measure", "Monitor", "MonitorData", "MonitoredRows"]

Better = Literal["higher", "lower", "near 1"]


@dataclass(frozen=True)
class Measure:
    """What a number in the history is.

    Parameters
    ----------
    name : str
        Its column in the history.
    low, high : float
        Its range.
    good : str
        In words: which values are good.
    better : {"higher", "lower", "near 1"} or None
        Which way is better; None where no single number says so.
    """

    name: str
    low: float
    high: float
    good: str
    better: Better | None = None


class MonitoredRows(NamedTuple):
    """Encoded rows, in a form in which Euclidean distances mean something.

    Parameters
    ----------
    matrix : array of float32, shape (rows, width)
        Encoded numbers, then every level as one-hot × √½, so that two levels are 1 apart.
    levels : array of int32, shape (rows, softmax blocks)
        The codes of the same levels.
    """

    matrix: Float[np.ndarray, "rows width"]
    levels: Int[np.ndarray, "rows blocks"]

    def head(self, count: int) -> MonitoredRows:
        """Return the first rows.

        Parameters
        ----------
        count : int
            How many; all, if there are no more.

        Returns
        -------
        MonitoredRows
        """
        return MonitoredRows(self.matrix[:count], self.levels[:count])


@dataclass(frozen=True, eq=False)
class MonitorData:
    """What stays the same while a run is watched.

    Parameters
    ----------
    real : MonitoredRows
        Training rows, at most 512.
    held_out : MonitoredRows or None
        Rows that do not train, at most 512; None if there are none.
    widths : tuple of int
        How many levels each softmax block has.
    crowd : array of float32, shape (rows, numbers), optional
        The encoded numbers of more training rows, at most 1,536; None where there are no more.
    """

    real: MonitoredRows
    held_out: MonitoredRows | None
    widths: tuple[int, ...]
    crowd: Float[np.ndarray, "rows numbers"] | None = None

    @property
    def unseen(self) -> MonitoredRows:
        """The held-out rows; where there are none, the training rows."""
        return self.real if self.held_out is None else self.held_out

    @cached_property
    def among_real(self) -> Float[np.ndarray, "real real"]:
        """The distances among the training rows."""
        return distances(self.real.matrix, self.real.matrix)


@dataclass(frozen=True, eq=False)
class IntervalSnapshot:
    """What a monitor sees after an interval.

    Parameters
    ----------
    step, total : int
        How many steps have been played, and how many the whole run has.
    real, held_out, widths
        As in `MonitorData`, and the same for the whole run.
    fake : MonitoredRows
        Fresh rows of the averaged generator, with hard levels.
    logits_real, logits_fake : array of float32, shape (rows,), or None
        A discriminator's judgement of ``real`` and of ``fake``, where there is one.
    measures : mapping of str to float
        What the task itself measured, as means over the interval.
    """

    step: int
    total: int
    real: MonitoredRows
    held_out: MonitoredRows | None
    fake: MonitoredRows
    logits_real: Float[np.ndarray, " real"] | None
    logits_fake: Float[np.ndarray, " fake"] | None
    measures: Mapping[str, float]
    widths: tuple[int, ...]

    @cached_property
    def among_fake(self) -> Float[np.ndarray, "fake fake"]:
        """The distances among the generated rows; computed once for all monitors."""
        return distances(self.fake.matrix, self.fake.matrix)

    @cached_property
    def fake_to_real(self) -> Float[np.ndarray, "fake real"]:
        """The distances of the generated rows to the training rows; computed once."""
        return distances(self.fake.matrix, self.real.matrix)


class Monitor(ABC):
    """Watches one side of a run. Made without arguments, and used for one run.

    A value that is not defined is left out of what `measure` returns: never NaN.
    """

    #: The name by which users ask for it.
    name: ClassVar[str]
    #: What it may return.
    measures: ClassVar[tuple[Measure, ...]]
    #: The cost of one measurement, in words.
    cost: ClassVar[str]
    #: Intervals between two measurements.
    every: ClassVar[int] = 1
    #: What it cannot do without: it does not run on tasks that do not show "rows", or "logits".
    needs: ClassVar[frozenset[str]] = frozenset({"rows"})

    def begin(self, data: MonitorData) -> None:  # noqa: B027 - many need nothing
        """Prepare for a run: once, before `measure`, on a thread beside the first steps.

        Parameters
        ----------
        data : MonitorData
            What stays the same.
        """

    @abstractmethod
    def measure(self, snapshot: IntervalSnapshot) -> dict[str, float]:
        """Measure.

        Parameters
        ----------
        snapshot : IntervalSnapshot
            What there is to see.

        Returns
        -------
        dict of str to float
            Finite values by the names of `measures`; what is not defined is left out.
        """
