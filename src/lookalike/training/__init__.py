"""The training loop. Room rule: ``training`` knows networks, never tables, models or metrics.

`History` is plain: whoever only reads one does not pay for JAX, so the others are imported when
they are first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lookalike.training._history import Event, History

if TYPE_CHECKING:
    from lookalike.training._dense import Fitted, Lesson, Rates, Rows, train_dense
    from lookalike.training._device import keep_compiled_programs, make_room_for_programs
    from lookalike.training._game import CHUNK, MEASURES, Data, Game, Optimiser, TrainState
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
    "TrainState",
    "keep_compiled_programs",
    "make_room_for_programs",
    "train",
    "train_dense",
]


def __getattr__(name: str) -> Any:
    """Import what needs JAX at its first use (PEP 562)."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from lookalike.training import _dense, _device, _game, _keeper, _loop, _places  # noqa: PLC0415

    modules = (_dense, _device, _game, _keeper, _loop, _places)
    return getattr(next(module for module in modules if name in module.__all__), name)
