"""`OneCycle`: a schedule that rises to a peak and falls far below its start."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from lookalike._core.parameters import Number
from lookalike.training.strategies._base import Floats, Schedule

__all__ = ["OneCycle"]


@dataclass(frozen=True)
class OneCycle(Schedule):
    """One cycle: from a low rate up to a peak, then down far below the start.

    Source: Smith 2018, "A disciplined approach to neural network hyper-parameters", arXiv
    1803.09820. NOTE: differs from it in three points, like most implementations: both phases are
    half cosines instead of straight lines, the rise is shorter than the fall, and momentum is
    constant.

    Parameters
    ----------
    peak : float
        The highest rate, as a multiple of the learning rate.
    warmup : float
        The share of the run that goes up.
    start, end : float
        The first and the last rate, as shares of the highest.
    """

    peak: float = 1.0
    warmup: float = 0.3
    start: float = 0.04
    end: float = 1e-4

    name: ClassVar[str] = "onecycle"
    rules: ClassVar = {
        "peak": Number(0, open_low=True),
        "warmup": Number(0, 1),
        "start": Number(0, 1),
        "end": Number(0, 1),
    }

    def share(self, steps: Floats, total: int) -> Floats:
        """See `Schedule.share`."""
        last = max(total - 1, 1)
        turn = self.warmup * last
        up = _ease(self.start, 1.0, steps / max(turn, 1))
        down = _ease(1.0, self.end, (steps - turn) / max(last - turn, 1))
        return self.peak * np.where(steps < turn, up, down)


def _ease(first: float, last: float, over: Floats) -> Floats:
    """Return half a cosine from one value to another."""
    return last + (first - last) * 0.5 * (1 + np.cos(np.pi * np.clip(over, 0, 1)))
