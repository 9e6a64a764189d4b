"""`Constant`: one rate for all steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from lookalike.training.strategies._base import Floats, Schedule

__all__ = ["Constant"]


@dataclass(frozen=True)
class Constant(Schedule):
    """One rate for all steps."""

    name: ClassVar[str] = "constant"

    def share(self, steps: Floats, total: int) -> Floats:  # noqa: ARG002 - the same at every step
        """See `Schedule.share`."""
        return np.ones_like(steps)
