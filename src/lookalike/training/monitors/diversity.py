"""`Diversity`: a monitor for the differences among generated rows, compared with real rows."""

from __future__ import annotations

import math
from collections import Counter
from typing import ClassVar

import numpy as np
from jaxtyping import Float

from lookalike._core.numerics import BLOCK
from lookalike.training.monitors._base import (
    IntervalSnapshot,
    Measure,
    Monitor,
    MonitorData,
    MonitoredRows,
)
from lookalike.training.monitors._twins import MOST_SUPPORT, Twins

__all__ = ["Diversity"]


class Diversity(Monitor):
    """Monitor for the diversity of generated rows, by three definitions.

    - ``diversity``: the mean distance of two generated rows, as a ratio to real rows.
    - ``vendi``: the effective number of different rows, as a ratio to real rows: the Vendi score
      of order 2, which is 1/Σ λ² over the eigenvalues λ of a kernel matrix divided by the number
      of rows (Friedman & Dieng 2022, arXiv 2210.02410; of order 2: Pasarkar & Dieng 2023, arXiv
      2310.12952), here of exp(−2·(d/mean real d)²).
    - ``support``: the number of kinds of rows by a birthday test (Arora & Zhang 2017, arXiv
      1706.08224), as a ratio to that of real rows, at most 10.

    ``duplicates`` is the share of generated rows that equal another one, less that of real rows.
    """

    name: ClassVar[str] = "diversity"
    cost: ClassVar[str] = "one 512 × 512 distance matrix"
    every: ClassVar[int] = 2
    measures: ClassVar[tuple[Measure, ...]] = (
        Measure("diversity", 0, math.inf, "near 1: as far apart as real rows", "near 1"),
        Measure("vendi", 0, math.inf, "near 1: as many different rows as real ones", "near 1"),
        Measure(
            "support", 0, MOST_SUPPORT, "near 1; below 0.1 few kinds of rows are made", "near 1"
        ),
        Measure("duplicates", -1, 1, "0 or less: no more equal rows than in real data", "lower"),
    )

    def begin(self, data: MonitorData) -> None:
        """See `Monitor.begin`."""
        self._rows = len(data.real.matrix)
        if self._rows < 2:
            return
        among = data.among_real
        self._mean = _mean(among)
        self._vendi = _vendi(among, self._mean)
        self._equal = _share_of_equals(data.real)
        self._twins = Twins(among)

    def measure(self, snapshot: IntervalSnapshot) -> dict[str, float]:
        """See `Monitor.measure`."""
        rows = min(self._rows, len(snapshot.fake.matrix))
        if rows < 2:
            return {}
        among = snapshot.among_fake[:rows, :rows]
        found = {
            "support": self._twins.support(among),
            "duplicates": _share_of_equals(snapshot.fake.head(rows)) - self._equal,
        }
        if self._mean > 0:
            found["diversity"] = _mean(among) / self._mean
            found["vendi"] = _vendi(among, self._mean) / self._vendi
        return found


def _mean(among: Float[np.ndarray, "rows rows"]) -> float:
    """Return the mean distance of two rows."""
    rows = len(among)
    return float(among.sum()) / (rows * (rows - 1))


def _vendi(among: Float[np.ndarray, "rows rows"], scale: float) -> float:
    """Return the effective number of rows at a scale."""
    # Σ λ² of the eigenvalues λ of K/n is its squared Frobenius norm, the mean of the squares of
    # K = exp(−2·(d/scale)²): no eigenvalue has to be computed.
    narrow, total = among.dtype.type(2 / max(scale, 1e-12)), 0.0
    for start in range(0, len(among), BLOCK):
        part = among[start : start + BLOCK] * narrow
        part *= -part
        total += float(np.exp(part, out=part).sum())
    return among.size / total


def _share_of_equals(rows: MonitoredRows) -> float:
    """Return the share of the rows that equal another one in every number and level."""
    # + 0.0 turns -0.0 into 0.0, which has other bytes.
    matrix = rows.matrix + 0.0
    raw, size = matrix.tobytes(), matrix.shape[1] * matrix.itemsize
    counts = Counter(raw[row * size : (row + 1) * size] for row in range(len(matrix)))
    return sum(count for count in counts.values() if count > 1) / len(rows.matrix)
