"""`Diversity`: are generated rows as different from each other as real rows are?"""

from __future__ import annotations

import math
from collections import Counter
from typing import ClassVar

import numpy as np
from jaxtyping import Array, Float
from scipy.linalg import eigvalsh

from lookalike.training.monitors._base import Measure, Monitor, Rows, Sight, View
from lookalike.training.monitors._twins import MOST_SUPPORT, Twins

__all__ = ["Diversity"]

#: Rows of which eigenvalues are found, which costs their number cubed.
_VENDI = 256


class Diversity(Monitor):
    """Compare how different rows are from each other, by three definitions.

    - ``diversity``: the mean distance of two generated rows, as a ratio to real rows.
    - ``vendi``: the effective number of different rows, as a ratio to real rows: the exponential
      of the entropy of a kernel matrix's eigenvalues (Friedman & Dieng 2022, arXiv 2210.02410),
      here of exp(−2·(d/mean real d)²) and at most 256 rows.
    - ``support``: the number of kinds of rows by a birthday test (Arora & Zhang 2017, arXiv
      1706.08224), as a ratio to that of real rows, at most 10.

    ``duplicates`` is the share of generated rows that equal another one, less that of real rows.
    """

    name: ClassVar[str] = "diversity"
    cost: ClassVar[str] = "one 512 × 512 distance matrix and the eigenvalues of a 256 × 256 one"
    every: ClassVar[int] = 2
    measures: ClassVar[tuple[Measure, ...]] = (
        Measure("diversity", 0, math.inf, "near 1: as far apart as real rows", "near 1"),
        Measure("vendi", 0, math.inf, "near 1: as many different rows as real ones", "near 1"),
        Measure(
            "support", 0, MOST_SUPPORT, "near 1; below 0.1 few kinds of rows are made", "near 1"
        ),
        Measure("duplicates", -1, 1, "0 or less: no more equal rows than in real data", "lower"),
    )

    def begin(self, data: Sight) -> None:
        """See `Monitor.begin`."""
        self._rows = len(data.real.matrix)
        if self._rows < 2:
            return
        self._mean = _mean(data.among_real)
        self._vendi = _vendi(data.among_real, self._mean)
        self._equal = _share_of_equals(data.real)
        self._twins = Twins(data.among_real)

    def look(self, view: View) -> dict[str, float]:
        """See `Monitor.look`."""
        rows = min(self._rows, len(view.fake.matrix))
        if rows < 2:
            return {}
        among = view.among_fake[:rows, :rows]
        found = {
            "support": self._twins.support(among),
            "duplicates": _share_of_equals(view.fake.head(rows)) - self._equal,
        }
        if self._mean > 0:
            found["diversity"] = _mean(among) / self._mean
            found["vendi"] = _vendi(among, self._mean) / self._vendi
        return found


def _mean(among: Float[Array, "rows rows"]) -> float:
    """Return the mean distance of two rows."""
    rows = len(among)
    return float(np.asarray(among).sum()) / (rows * (rows - 1))


def _vendi(among: Float[Array, "rows rows"], scale: float) -> float:
    """Return the effective number of rows at a scale of distances."""
    few = np.asarray(among)[:_VENDI, :_VENDI]
    kernel = np.exp(-2 * (few / max(scale, 1e-12)) ** 2)
    # Eigenvalues alone, by LAPACK: JAX finds the eigenvectors too, and takes ten times as long.
    shares = np.clip(eigvalsh(kernel / len(few), driver="evd", check_finite=False), 1e-12, None)
    return float(np.exp(-(shares * np.log(shares)).sum()))


def _share_of_equals(rows: Rows) -> float:
    """Return the share of the rows that equal another one in every number and level."""
    # + 0.0 makes 0 of -0, which has other bytes.
    counts = Counter((row + 0.0).tobytes() for row in np.asarray(rows.matrix))
    return sum(count for count in counts.values() if count > 1) / len(rows.matrix)
