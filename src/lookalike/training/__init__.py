"""The training loop. Room rule: ``training`` knows networks, never tables, models or metrics.

`History` is plain: whoever only reads one does not pay for JAX, so the others are imported when
they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from lookalike.training._history import Event, History

if TYPE_CHECKING:
    from lookalike.training._dense import Fitted, Lesson, Rates, Rows, train_dense
    from lookalike.training._game import CHUNK, MEASURES, Data, Game, Optimiser, State
    from lookalike.training._keeper import Score, Selection
    from lookalike.training._loop import Course, Outcome, train
    from lookalike.training._places import Places

__all__ = [
    "CHUNK",
    "MEASURES",
    "Course",
    "Data",
    "Event",
    "Fitted",
    "Game",
    "History",
    "Lesson",
    "Optimiser",
    "Outcome",
    "Places",
    "Rates",
    "Rows",
    "Score",
    "Selection",
    "State",
    "train",
    "train_dense",
]

_HOMES = dict.fromkeys(
    ("CHUNK", "MEASURES", "Data", "Game", "Optimiser", "State"), "lookalike.training._game"
)
_HOMES |= dict.fromkeys(("Score", "Selection"), "lookalike.training._keeper")
_HOMES["Places"] = "lookalike.training._places"
_HOMES |= dict.fromkeys(("Course", "Outcome", "train"), "lookalike.training._loop")
_HOMES |= dict.fromkeys(
    ("Fitted", "Lesson", "Rates", "Rows", "train_dense"), "lookalike.training._dense"
)


def __getattr__(name: str) -> Any:
    """Import what needs JAX at its first use (PEP 562)."""
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
