"""The time that a comparison has, and the expected time of a fit."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import pyarrow as pa

from lookalike.models import Synthesizer

__all__ = ["Clock"]

#: The seconds of a fit of cost 1 on no cells, and per million cells, before any was measured.
_START, _PER_MILLION = 1.0, 10.0
#: Fits of a smaller cost say nothing of the pace of others.
_TELLING = 0.5
#: The share by which `seconds` may be exceeded.
_TOLERANCE = 0.1


@dataclass
class Clock:
    """The time that is left, and what a fit is expected to take.

    Parameters
    ----------
    seconds : float or None
        The time for all; None for no limit.
    reserve : float
        The time that must be left after a trial, as a multiple of the trial's.
    """

    seconds: float | None
    reserve: float = 0.0
    begin: float = field(default_factory=time.perf_counter)
    pace: float | None = None
    rows: int = 0
    scoring: float = 0.0

    @property
    def elapsed(self) -> float:
        """The seconds since it was started."""
        return time.perf_counter() - self.begin

    def expected(self, model: Synthesizer, table: pa.Table, whole: pa.Table | None = None) -> float:
        """Return the expected seconds of a fit, its scores and what must be left after it.

        Parameters
        ----------
        model : Synthesizer
        table : pyarrow.Table
            The rows to learn.
        whole : pyarrow.Table, optional
            Those of which the fit is that must be left; by default the same.
        """
        reserve = self.reserve * self._fit(model, table if whole is None else whole)
        return self.trial(model, table) + reserve

    def trial(self, model: Synthesizer, table: pa.Table) -> float:
        """Return the expected seconds of a fit and its scores alone.

        Parameters
        ----------
        model : Synthesizer
        table : pyarrow.Table
            The rows to learn.
        """
        return self._fit(model, table) + self.scoring

    def _fit(self, model: Synthesizer, table: pa.Table) -> float:
        if self.pace is None:
            pace = _START + _PER_MILLION * len(table) * table.num_columns / 1e6
        else:  # a part of the work does not depend on the number of rows
            pace = self.pace * (len(table) / self.rows) ** 0.5
        return float(model.cost * pace)

    def measured(self, model: Synthesizer, table: pa.Table, fit: float, scoring: float) -> None:
        """Learn the pace of this machine.

        Parameters
        ----------
        model : Synthesizer
        table : pyarrow.Table
            The rows that it has learned.
        fit, scoring : float
            The seconds of its fit and of its scores.
        """
        self.scoring = scoring
        if model.cost >= _TELLING:
            pace, known = fit / model.cost, self.pace is not None and self.rows == len(table)
            self.pace = 0.5 * (pace + (self.pace or 0.0)) if known else pace
            self.rows = len(table)

    def has(self, seconds: float) -> bool:
        """Return whether so many seconds are left."""
        return self.seconds is None or self.elapsed + seconds <= (1 + _TOLERANCE) * self.seconds

    @property
    def left(self) -> float:
        """The seconds that are left; 0 where there is no limit."""
        return max((self.seconds or 0.0) - self.elapsed, 0.0)
