"""Pages of results whose own room may not know reports, which draw them.

The package itself, which stands above all rooms, enters here how a page is found.
"""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["Page", "enter_page", "page_of"]

#: Takes a result, a path or None, and options; returns HTML.
Page = Callable[..., str]

_PAGES: dict[str, Callable[[], Page]] = {}


def enter_page(name: str, find: Callable[[], Page]) -> None:
    """Enter how the page of a sort of result is found.

    Parameters
    ----------
    name : str
        The sort of result.
    find : callable
        Imports and returns the function that writes the page; called when a page is asked for.
    """
    _PAGES[name] = find


def page_of(name: str) -> Page:
    """Return the function that writes the page of a sort of result.

    Parameters
    ----------
    name : str
        As it was entered.

    Returns
    -------
    callable
    """
    return _PAGES[name]()
