"""The task of a fit: the data and settings that a synthesizer learns from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lookalike.encoding import EncodedRows, Layout
from lookalike.refine import HoldOut

__all__ = ["FitCallback", "FitTask"]

#: Called after every interval with the step and a function that samples from the current state.
FitCallback = Callable[[int, Callable[[int], Any]], None]


@dataclass(frozen=True)
class FitTask:
    """A table to learn, as encoded rows.

    Parameters
    ----------
    split : HoldOut
        All rows, divided into those for training and those held out.
    layout : Layout
        The blocks of an encoded row.
    seed : int
        The seed of the fit.
    start : object or None
        The warm start, as returned by the synthesizer's `_start_from`.
    on_interval : callable or None
        Called after every interval of training.
    """

    split: HoldOut
    layout: Layout
    seed: int
    start: Any = None
    on_interval: FitCallback | None = None

    @property
    def rows(self) -> EncodedRows:
        """All rows of the table."""
        return self.split.all
