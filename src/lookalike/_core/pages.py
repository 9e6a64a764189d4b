"""Pages of results whose own room may not import the reports room, which draws them.

The package itself, which stands above all rooms, registers the functions that write pages here.
"""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["Page", "enter_page", "page_of"]

#: Takes a result, a path or None, and options; returns HTML.
Page = Callable[..., str]

_PAGES: dict[str, Callable[[], Page]] = {}


def enter_page(name: str, find: Callable[[], Page]) -> None:
    """Register the function that writes the page of a type of result.

    Parameters
    ----------
    name : str
        The type of result.
    find : callable
        Imports and returns the function that writes the page; called when a page is first needed.
    """
    _PAGES[name] = find


def page_of(name: str) -> Page:
    """Return the function that writes the page of a type of result.

    Parameters
    ----------
    name : str
        The type of result, as registered.

    Returns
    -------
    callable
    """
    return _PAGES[name]()
