"""`Cosine`: half a cosine from the full rate to a small one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from lookalike._core.parameters import Number
from lookalike.training.strategies._base import Floats, Schedule

__all__ = ["Cosine"]


@dataclass(frozen=True)
class Cosine(Schedule):
    """Half a cosine from the full rate down to a small share of it.

    With t the share of the run that is over and f the floor, the share of the rate is
    f + (1 − f)·(1 + cos πt)/2.

    Source: Loshchilov & Hutter 2017, "SGDR: stochastic gradient descent with warm restarts",
    arXiv 1608.03983, without restarts.

    Parameters
    ----------
    floor : float
        The share of the rate that is left at the end.
    """

    floor: float = 0.03

    name: ClassVar[str] = "cosine"
    rules: ClassVar = {"floor": Number(0, 1)}

    def share(self, steps: Floats, total: int) -> Floats:
        """See `Schedule.share`."""
        over = np.clip(steps / total, 0, 1)
        return self.floor + (1 - self.floor) * 0.5 * (1 + np.cos(np.pi * over))
