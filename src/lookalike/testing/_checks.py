"""Running checks: each has a name, and fails as an AssertionError with a plain message."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

__all__ = ["Check", "global_random_state", "must", "must_raise", "named", "run"]

#: A name, and a function without arguments that raises AssertionError if the check fails.
Check = tuple[str, Callable[[], None]]


def named(owner: str, checks: Iterable[Check]) -> list[Check]:
    """Return checks whose failures name the check and what was checked."""
    return [(name, _plain(owner, name, check)) for name, check in checks]


def _plain(owner: str, name: str, check: Callable[[], None]) -> Callable[[], None]:
    def checked() -> None:
        try:
            check()
        except AssertionError as error:
            raise AssertionError(f"{owner} fails {name}: {error}") from error
        except Exception as error:
            raise AssertionError(
                f"{owner} fails {name}: {type(error).__name__} was raised: {error}"
            ) from error

    return checked


def run(checks: Iterable[Check]) -> None:
    """Run checks one after the other; the first failure ends it."""
    for _, check in checks:
        check()


def must(condition: bool, message: str) -> None:
    """Raise AssertionError with a message unless a condition holds (also under ``python -O``)."""
    if not condition:
        raise AssertionError(message)


def must_raise(
    error: type[Exception], what: str, call: Callable[..., Any], *args: Any, **keywords: Any
) -> Exception:
    """Call, and return the error that must be raised; its message must not be empty."""
    try:
        call(*args, **keywords)
    except error as raised:
        must(bool(str(raised)), f"{what} must say what is wrong, but the message is empty")
        return raised
    except Exception as raised:
        raise AssertionError(
            f"{what} must raise {error.__name__}, but raised {type(raised).__name__}: {raised}"
        ) from raised
    raise AssertionError(f"{what} must raise {error.__name__}, but raised nothing")


def global_random_state() -> tuple[Any, ...]:
    """Return the state of numpy's and Python's global generators, to be compared."""
    state = np.random.get_state(legacy=False)["state"]  # noqa: NPY002
    return state["key"].tolist(), state["pos"], random.getstate()
