"""`Convergence`: a monitor for the distance of generated rows from real ones."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np
from jaxtyping import Float

from lookalike._core.numerics import Floats32, auc
from lookalike.training.monitors._base import IntervalSnapshot, Measure, Monitor, MonitorData

__all__ = ["Convergence"]


#: The number of directions on which rows are projected.
_DIRECTIONS = 64
#: The minimum number of rows to compare.
_FEWEST = 10


class Convergence(Monitor):
    """Monitor for the remaining distance to real rows, by rows, by the discriminator and by losses.

    - ``sliced_wasserstein``: the mean over 64 fixed random directions of the Wasserstein-1
      distance between generated and held-out rows, projected on it (Rabin, Peyré, Delon & Bernot
      2011; Bonneel et al. 2015); training rows if none are held out.
    - ``convergence``: the same, divided by the distance of training rows to held-out rows, which is
      that expected by chance; if none are held out, by that between both halves of the training
      rows, divided by √2 for their smaller number. Omitted if that is 0.
    - ``critic_auc``: the probability that the discriminator ranks a training row above a generated
      one, ½ at the equilibrium. It is the advantage of the current discriminator over guessing. A
      duality gap (Grnarova et al. 2019, arXiv 1811.05512) needs the best responses of both
      networks, which would have to be trained; this is the part of it that costs nothing, and it
      has the same meaning for all objectives.
    - ``critic_gap``: the mean logit of training rows less that of generated ones, in standard
      deviations of all; the neural distance of Arora et al. 2017 (arXiv 1703.00573), scaled.
    - ``convergence_joshi``: |loss_real − loss_fake| + loss_generator, and
      ``convergence_joshi_3d``: |loss_real − loss_fake|. Joshi's report on function generation
      states no formula; these reproduce the values in its two tables. They are meant for the halves
      of the cross-entropy: with relativistic pairing both halves are equal, and for a Wasserstein
      critic, which has no zero, they are meaningless.
    """

    name: ClassVar[str] = "convergence"
    cost: ClassVar[str] = "64 projections of 512 rows, sorted"
    measures: ClassVar[tuple[Measure, ...]] = (
        Measure("sliced_wasserstein", 0, math.inf, "near 0", "lower"),
        Measure("convergence", 0, math.inf, "near 1: as near as real rows", "near 1"),
        Measure("critic_auc", 0, 1, "near 0.5; 1 if the discriminator tells all apart"),
        Measure("critic_gap", -math.inf, math.inf, "near 0"),
        Measure("convergence_joshi", -math.inf, math.inf, "steady", "lower"),
        Measure("convergence_joshi_3d", 0, math.inf, "near 0", "lower"),
    )

    def begin(self, data: MonitorData) -> None:
        """See `Monitor.begin`."""
        self._directions = _directions(data.real.matrix.shape[1])
        self._unseen = self._directions @ data.unseen.matrix.T
        self._floor = self._chance(data)
        self._sorted: dict[int, Floats32] = {}

    def _chance(self, data: MonitorData) -> float:
        """Return the distance between two samples of real rows."""
        real = self._directions @ data.real.matrix.T
        if data.held_out is None:
            half = real.shape[1] // 2
            a, b, shrink = real[:, :half], real[:, half : 2 * half], math.sqrt(2)
        else:
            rows = min(real.shape[1], self._unseen.shape[1])
            a, b, shrink = real[:, :rows], self._unseen[:, :rows], 1.0
        return float(np.abs(np.sort(a) - np.sort(b)).mean()) / shrink

    def measure(self, snapshot: IntervalSnapshot) -> dict[str, float]:
        """See `Monitor.measure`."""
        found = _of_losses(snapshot) | _of_logits(snapshot.logits_real, snapshot.logits_fake)
        rows = min(self._unseen.shape[1], len(snapshot.fake.matrix))
        if rows < _FEWEST:
            return found
        if rows not in self._sorted:
            self._sorted = {rows: np.sort(self._unseen[:, :rows])}
        fake = np.sort(self._directions @ snapshot.fake.matrix[:rows].T)
        apart = float(np.abs(fake - self._sorted[rows]).mean())
        found["sliced_wasserstein"] = apart
        if self._floor > 0:
            found["convergence"] = apart / self._floor
        return found


def _of_losses(snapshot: IntervalSnapshot) -> dict[str, float]:
    names = ("loss_real", "loss_fake", "loss_generator")
    real, fake, generator = (snapshot.measures.get(name, math.nan) for name in names)
    apart = abs(real - fake)
    found = {"convergence_joshi": apart + generator, "convergence_joshi_3d": apart}
    return {name: value for name, value in found.items() if math.isfinite(value)}


def _of_logits(
    real: Float[np.ndarray, " real"] | None, fake: Float[np.ndarray, " fake"] | None
) -> dict[str, float]:
    """Return the critic's area under the curve, and its gap in standard deviations."""
    if real is None or fake is None:
        return {}
    both = np.concatenate([real, fake]).astype(float)
    if not np.isfinite(both).all():
        return {}
    gap = (both[: len(real)].mean() - both[len(real) :].mean()) / max(both.std(), 1e-12)
    return {"critic_auc": auc(real, fake), "critic_gap": float(gap)}


def _directions(width: int) -> Floats32:
    """Return random directions of length 1, the same for every run, shape (directions, width)."""
    drawn = np.random.default_rng(0).normal(size=(width, _DIRECTIONS)).astype(np.float32)
    unit: Floats32 = drawn / np.maximum(np.linalg.norm(drawn, axis=0), 1e-12)
    return np.ascontiguousarray(unit.T)
