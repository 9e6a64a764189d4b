"""Warnings of the models within, passed on where they concern columns of the caller."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from lookalike._core.errors import LookalikeWarning

__all__ = ["warnings_about"]


@contextmanager
def warnings_about(columns: Collection[str]) -> Iterator[None]:
    """Pass on warnings that name one of some columns, and drop the others.

    Parameters
    ----------
    columns : collection of str
        The columns of the caller's table.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", LookalikeWarning)
        yield
    for warning in caught:
        if any(repr(name) in str(warning.message) for name in columns):
            warnings.warn(warning.message, stacklevel=5)
