"""What a synthesizer is asked for: a seed, and the conditions that its rows fulfil."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lookalike.encoding import RowCondition

__all__ = ["BlockConditions", "Request"]

#: From the number of a block to the conditions on its rows; called by several threads at once.
BlockConditions = Callable[[int], RowCondition]


@dataclass(frozen=True)
class Request:
    """The rows that a block source makes.

    Parameters
    ----------
    seed : int
    conditions : callable or None
        From the number of a block to the conditions on its rows, the same every time: one for all
        of them, or one for each, in which case the block has as many rows. None for ordinary rows.
    """

    seed: int
    conditions: BlockConditions | None = None
