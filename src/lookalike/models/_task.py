"""The task of a fit: everything that a synthesizer may learn from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lookalike.encoding import EncodedRows, Layout
from lookalike.refine import HoldOut

__all__ = ["FitCallback", "FitTask"]

#: Called after every interval with the step and a function that makes rows of the present state.
FitCallback = Callable[[int, Callable[[int], Any]], None]


@dataclass(frozen=True)
class FitTask:
    """A table to learn, as encoded rows.

    Parameters
    ----------
    split : HoldOut
        All rows, and which of them train or are held out.
    layout : Layout
        The blocks of an encoded row.
    seed : int
        The seed of all that is random.
    start : object or None
        What to start from, as the synthesizer's own `_start_from` read it.
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
