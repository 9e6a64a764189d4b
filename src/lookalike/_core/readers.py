"""Functions that restore models of rooms above `models` from their files, entered by the package.

`models` reads every model file, and may not know the rooms above it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["enter_reader", "reader_of"]

_READERS: dict[str, Callable[[Any], Any]] = {}


def enter_reader(name: str, read: Callable[[Any], Any]) -> None:
    """Enter the function that restores models of a class.

    Parameters
    ----------
    name : str
        The name of the class, as ``"synthesizer"`` in the manifest of a model file.
    read : callable
        From the parts of a file to a model. It may raise any of the errors that damaged values
        cause.
    """
    _READERS[name] = read


def reader_of(name: Any) -> Callable[[Any], Any] | None:
    """Return the function that restores models of a class; None if there is none."""
    return _READERS.get(name) if isinstance(name, str) else None
