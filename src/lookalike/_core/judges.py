"""Judges that are networks, for metrics, whose room may not import JAX.

The package itself, which stands above all rooms, registers the function that trains one here.
"""

from __future__ import annotations

from collections.abc import Callable

from lookalike._core.numerics import Floats32

__all__ = ["Judge", "enter_judge", "judge_of"]

#: Takes real and synthetic windows, shapes (n, steps, columns) and (m, steps, columns), and a seed;
#: returns the accuracy on windows that took no part in training.
Judge = Callable[[Floats32, Floats32, int], float]

_JUDGES: dict[str, Callable[[], Judge]] = {}


def enter_judge(name: str, find: Callable[[], Judge]) -> None:
    """Register a judge.

    Parameters
    ----------
    name : str
        Its name.
    find : callable
        Imports and returns it; called when it is first needed.
    """
    _JUDGES[name] = find


def judge_of(name: str) -> Judge | None:
    """Return a judge, or None where none of this name was registered.

    Parameters
    ----------
    name : str
        Its name.
    """
    return _JUDGES[name]() if name in _JUDGES else None
