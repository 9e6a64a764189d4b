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
    from lookalike.training._game import MEASURES, Data, Game, State
    from lookalike.training._loop import Selection, train

__all__ = [
    "MEASURES",
    "Data",
    "Event",
    "Fitted",
    "Game",
    "History",
    "Lesson",
    "Rates",
    "Rows",
    "Selection",
    "State",
    "train",
    "train_dense",
]

_HOMES = dict.fromkeys(("MEASURES", "Data", "Game", "State"), "lookalike.training._game")
_HOMES |= dict.fromkeys(("Selection", "train"), "lookalike.training._loop")
_HOMES |= dict.fromkeys(
    ("Fitted", "Lesson", "Rates", "Rows", "train_dense"), "lookalike.training._dense"
)


def __getattr__(name: str) -> Any:
    """Import what needs JAX at its first use (PEP 562)."""
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
