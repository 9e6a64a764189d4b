"""Model files of classes that stand above the room of models, which reads all model files.

The package itself, which stands above all rooms, registers the functions that restore them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["Restore", "enter_restorer", "restorer_of"]

#: Takes the parts of a model file, and returns the fitted model.
Restore = Callable[[Any], Any]

_RESTORERS: dict[str, Callable[[], Restore]] = {}


def enter_restorer(name: str, find: Callable[[], Restore]) -> None:
    """Register the function that restores the models of a class.

    Parameters
    ----------
    name : str
        The name of the class, as the file has it.
    find : callable
        Imports and returns the function; called when a file is first read.
    """
    _RESTORERS[name] = find


def restorer_of(name: object) -> Restore | None:
    """Return the function that restores the models of a class; None for a synthesizer."""
    find = _RESTORERS.get(name) if isinstance(name, str) else None
    return None if find is None else find()
