"""`Memorisation`: a monitor for generated rows nearer to training than to held-out rows."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from jaxtyping import Float

from lookalike._core.numerics import distances
from lookalike.training.monitors._base import IntervalSnapshot, Measure, Monitor, MonitorData

__all__ = ["Memorisation"]

#: The minimum number of rows of either kind.
_FEWEST = 30
#: The number of standard errors of a significant deviation.
_TOLERANCE = 4.0
#: Very near is nearer than this quantile of distances from held-out rows to training rows.
_NEAR = 0.01
#: The relative difference below which distances count as equal, because of rounding.
_ROUNDING = 1e-4


class Memorisation(Monitor):
    """Monitor for memorised rows, by distances to training and to as many held-out rows.

    - ``nearer``: the share of generated rows whose nearest real row is a training row; equal
      distances count half. It is 0.5 if nothing is memorised (the distance to the closest record
      with a hold-out: Platzer & Reutterer 2021, arXiv 2104.00635).
    - ``near_copies``: the share of generated rows that are very near to a training row, minus the
      share that are as near to a held-out row. Very near is nearer than all but 1 % of held-out
      rows are to training rows.
    - ``copying``: 1 if either exceeds its expectation by four standard errors, else 0. Generated
      rows with the same neighbour are not independent, so errors are computed for the number of
      real rows, and with twice the variance for near copies.

    At most 512 training rows are compared. A generator that only repeats a table of a few thousand
    rows is detected; one that repeats a few of very many rows is not: the absence of a warning does
    not prove privacy. Nothing is returned if fewer than 30 rows are held out.
    """

    name: ClassVar[str] = "memorisation"
    cost: ClassVar[str] = "two 512 × 512 distance matrices"
    every: ClassVar[int] = 2
    measures: ClassVar[tuple[Measure, ...]] = (
        Measure("nearer", 0, 1, "near 0.5; more if training rows are memorised"),
        Measure("near_copies", -1, 1, "0 or less", "lower"),
        Measure("copying", 0, 1, "0: what is near to training rows may be by chance", "lower"),
    )

    def begin(self, data: MonitorData) -> None:
        """See `Monitor.begin`."""
        held_out = 0 if data.held_out is None else len(data.held_out.matrix)
        self._rows = min(len(data.real.matrix), held_out)
        if data.held_out is None or self._rows < _FEWEST:
            self._rows = 0
            return
        self._held_out = data.held_out.matrix[: self._rows]
        to_real = distances(self._held_out, data.real.matrix[: self._rows])
        self._limit = float(np.quantile(to_real.min(axis=1), _NEAR))

    def measure(self, snapshot: IntervalSnapshot) -> dict[str, float]:
        """See `Monitor.measure`."""
        fakes = len(snapshot.fake.matrix)
        if self._rows == 0 or fakes < _FEWEST:
            return {}
        to_real = snapshot.fake_to_real[:, : self._rows]
        to_others = distances(snapshot.fake.matrix, self._held_out)
        nearer, only_real, only_others = _compare(to_real, to_others, self._limit)
        error = 0.5 / min(fakes, self._rows) ** 0.5
        excess, doubt = only_real - only_others, (2 * (only_real + only_others) + 1) ** 0.5
        copying = nearer > 0.5 + _TOLERANCE * error or excess > _TOLERANCE * doubt
        return {"nearer": nearer, "near_copies": excess / fakes, "copying": float(copying)}


def _compare(
    to_real: Float[np.ndarray, "fake real"],
    to_others: Float[np.ndarray, "fake others"],
    limit: float,
) -> tuple[float, int, int]:
    """Return the share of rows that are nearer to a training row, and counts of near copies.

    The counts are of rows within the limit of a training row but not of a held-out row, and vice
    versa.
    """
    real, others = to_real.min(axis=1), to_others.min(axis=1)
    equal = np.abs(real - others) <= _ROUNDING * (real + others)
    nearer = float(np.where(equal, 0.5, real < others).mean())
    reach = limit * (1 + _ROUNDING)
    near, near_others = real <= reach, others <= reach
    return nearer, int((near & ~near_others).sum()), int((near_others & ~near).sum())
