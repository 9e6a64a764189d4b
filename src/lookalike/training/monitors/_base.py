"""The base class of monitors, and the data that they are given."""

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
    """The description of a measure in the history.

    Parameters
    ----------
    name : str
        The column in the history.
    low, high : float
        The range.
    good : str
        The good values, in words.
    better : {"higher", "lower", "near 1"} or None
        The direction of improvement; None if there is no single one.
    """

    name: str
    low: float
    high: float
    good: str
    better: Better | None = None


class MonitoredRows(NamedTuple):
    """Encoded rows as points with meaningful Euclidean distances.

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
            The maximum number of rows.

        Returns
        -------
        MonitoredRows
        """
        return MonitoredRows(self.matrix[:count], self.levels[:count])


@dataclass(frozen=True, eq=False)
class MonitorData:
    """The data that are fixed while a run is monitored.

    Parameters
    ----------
    real : MonitoredRows
        At most 512 training rows.
    held_out : MonitoredRows or None
        At most 512 held-out rows; None if there are none.
    widths : tuple of int
        The number of levels of each softmax block.
    crowd : array of float32, shape (rows, numbers), optional
        The encoded numbers of at most 1,536 training rows; None for small tables.
    """

    real: MonitoredRows
    held_out: MonitoredRows | None
    widths: tuple[int, ...]
    crowd: Float[np.ndarray, "rows numbers"] | None = None

    @property
    def unseen(self) -> MonitoredRows:
        """The held-out rows, or the training rows if there are none."""
        return self.real if self.held_out is None else self.held_out

    @cached_property
    def among_real(self) -> Float[np.ndarray, "real real"]:
        """The distances among the training rows."""
        return distances(self.real.matrix, self.real.matrix)


@dataclass(frozen=True, eq=False)
class IntervalSnapshot:
    """The data of a monitor after an interval.

    Parameters
    ----------
    step, total : int
        The number of completed steps, and that of the whole run.
    real, held_out, widths
        As in `MonitorData`, fixed for the whole run.
    fake : MonitoredRows
        Newly generated rows of the averaged generator, with hard levels.
    logits_real, logits_fake : array of float32, shape (rows,), or None
        The discriminator's logits of ``real`` and of ``fake``, if there is a discriminator.
    measures : mapping of str to float
        The measures of the task, as means over the interval.
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
    """Base class of monitors, which measure one aspect of a run.

    A monitor is constructed without arguments and used for one run. Undefined values are omitted
    from the result of `measure`, never NaN.
    """

    #: The name by which users select it.
    name: ClassVar[str]
    #: The measures that it may return.
    measures: ClassVar[tuple[Measure, ...]]
    #: The cost of one measurement, in words.
    cost: ClassVar[str]
    #: The number of intervals between measurements.
    every: ClassVar[int] = 1
    #: The data that it requires, "rows" or "logits"; it does not run on tasks without them.
    needs: ClassVar[frozenset[str]] = frozenset({"rows"})

    def begin(self, data: MonitorData) -> None:  # noqa: B027 - many need nothing
        """Prepare for a run: once, before `measure`, on a thread beside the first steps.

        Parameters
        ----------
        data : MonitorData
            The fixed data.
        """

    @abstractmethod
    def measure(self, snapshot: IntervalSnapshot) -> dict[str, float]:
        """Return the measures of an interval.

        Parameters
        ----------
        snapshot : IntervalSnapshot
            The data of the interval.

        Returns
        -------
        dict of str to float
            Finite values by the names of `measures`; undefined ones are omitted.
        """
