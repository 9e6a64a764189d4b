"""`Memorisation`: do generated rows lie nearer to training rows than to others?"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from jaxtyping import Float

from lookalike._core.numerics import distances
from lookalike.training.monitors._base import IntervalSnapshot, Measure, Monitor, MonitorData

__all__ = ["Memorisation"]

#: Rows of either kind below which nothing is said.
_FEWEST = 30
#: Standard errors beyond which it is not chance.
_TOLERANCE = 4.0
#: Very near is nearer than all but this share of held-out rows are to training rows.
_NEAR = 0.01
#: Distances that differ by a lesser share are equal but for rounding.
_ROUNDING = 1e-4


class Memorisation(Monitor):
    """Compare how near generated rows are to training rows and to as many held-out rows.

    - ``nearer``: the share of generated rows whose nearest real row is a training row; ties count
      half. It is 0.5 if nothing is memorised (the distance to the closest record, with a hold-out
      as its measure: Platzer & Reutterer 2021, arXiv 2104.00635).
    - ``near_copies``: the share of generated rows that are very near to a training row, less the
      share of those that are as near to a held-out row. Very near is nearer than all but 1 % of
      held-out rows are to training rows.
    - ``copying``: 1 if either is beyond chance by four standard errors, else 0. Generated rows
      that share a neighbour say the same thing twice, so errors are those of as many answers as
      there are real rows, and twice the variance where rows are near copies.

    A view shows at most 512 training rows. A generator that only repeats a table of a few
    thousand rows is found; one that repeats few of very many rows is not, and no alarm is no
    proof of privacy. Nothing is returned where fewer than 30 rows are held out.
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
        ways = distances(self._held_out, data.real.matrix[: self._rows])
        self._limit = float(np.quantile(ways.min(axis=1), _NEAR))

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

    The counts are of rows that are within the limit of a training row and not of another real
    row, and the other way round.
    """
    real, others = to_real.min(axis=1), to_others.min(axis=1)
    tie = np.abs(real - others) <= _ROUNDING * (real + others)
    nearer = float(np.where(tie, 0.5, real < others).mean())
    reach = limit * (1 + _ROUNDING)
    near, near_others = real <= reach, others <= reach
    return nearer, int((near & ~near_others).sum()), int((near_others & ~near).sum())
