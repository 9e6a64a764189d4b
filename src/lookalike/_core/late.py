"""Functions of rooms that a lower room needs and may not import, found when they are first used.

The package itself, which stands above all rooms, enters them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from lookalike._core.numerics import Floats32

__all__ = ["JUDGES", "PAGES", "READERS", "Judge", "LateFunctions", "Page"]

AnyFunction = TypeVar("AnyFunction", bound=Callable[..., Any])

#: Takes a result, a title and perhaps a date; returns HTML.
Page = Callable[..., str]
#: Takes real and synthetic windows, shapes (n, steps, columns) and (m, steps, columns), and a seed;
#: returns the accuracy on windows that took no part in training.
Judge = Callable[[Floats32, Floats32, int], float]
#: Takes the parts of a model file; returns the fitted model. It may raise any of the errors that
#: damaged values cause.
ModelReader = Callable[[Any], Any]


class LateFunctions(Generic[AnyFunction]):
    """Functions by name, each imported when it is first needed."""

    def __init__(self) -> None:
        self._finders: dict[str, Callable[[], AnyFunction]] = {}

    def enter(self, name: str, find: Callable[[], AnyFunction]) -> None:
        """Enter a function.

        Parameters
        ----------
        name : str
            Its name here.
        find : callable
            Imports and returns it.
        """
        self._finders[name] = find

    def find(self, name: object) -> AnyFunction | None:
        """Return the function of a name; None if there is none.

        Parameters
        ----------
        name : object
            The name, which may come from a file.
        """
        found = self._finders.get(name) if isinstance(name, str) else None
        return None if found is None else found()

    def __getitem__(self, name: str) -> AnyFunction:
        """Return the function of a name that has been entered."""
        return self._finders[name]()


#: The pages of results, which the room of reports draws, by the type of result.
PAGES: LateFunctions[Page] = LateFunctions()
#: Judges that are networks, for metrics, whose room may not import JAX.
JUDGES: LateFunctions[Judge] = LateFunctions()
#: Readers of models of rooms above `models`, which reads all model files, by their class.
READERS: LateFunctions[ModelReader] = LateFunctions()
