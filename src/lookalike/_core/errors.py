"""Errors that lookalike raises on purpose. Room rule: ``_core`` knows no other room.

The tree::

    LookalikeError
    ├── InputError(ValueError)            the call or its input is wrong        exit code 2
    │   ├── ParameterError                a parameter breaks its rule
    │   ├── DataError                     a table cannot be used as it is
    │   │   ├── FileFormatError           a data file cannot be read
    │   │   └── SchemaError               a table and a schema do not fit
    │   └── ModelFileError                a model file is damaged, foreign, hostile or too new
    ├── NotFittedError(ValueError, AttributeError)  used before fit             exit code 2
    ├── OutputError(OSError)              a result cannot be written            exit code 2
    ├── MissingDependencyError(ImportError)  an optional package is absent      exit code 2
    ├── TrainingError(RuntimeError)       the work itself failed                exit code 1
    └── DatabaseError(RuntimeError)       a database failed                     exit code 1

A message says the rule, then what arrived, then what to do, in one or two lines. What arrived may
be anything: it is cut and escaped here, in every message at once.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from lookalike._core.words import presentable

__all__ = [
    "DataError",
    "DatabaseError",
    "FileFormatError",
    "InputError",
    "LookalikeError",
    "LookalikeWarning",
    "MissingDependencyError",
    "ModelFileError",
    "NotFittedError",
    "OutputError",
    "ParameterError",
    "SchemaError",
    "TrainingError",
    "nearest",
]


class LookalikeError(Exception):
    """Base class of every error that lookalike raises on purpose."""

    def __init__(self, *args: object) -> None:
        super().__init__(*(presentable(arg) if isinstance(arg, str) else arg for arg in args))


class InputError(LookalikeError, ValueError):
    """The call or its input is wrong."""


class ParameterError(InputError):
    """One or more parameters break their rules."""


class DataError(InputError):
    """A table cannot be used as it is."""


class FileFormatError(DataError):
    """A data file cannot be read."""


class SchemaError(DataError):
    """A table and a schema do not fit together."""


class ModelFileError(InputError):
    """A model file is damaged, foreign, hostile or too new."""


class NotFittedError(LookalikeError, ValueError, AttributeError):
    """A model was used before ``fit``."""


class OutputError(LookalikeError, OSError):
    """A result cannot be written to its path."""


class MissingDependencyError(LookalikeError, ImportError):
    """A feature needs an optional package that is not installed."""


class TrainingError(LookalikeError, RuntimeError):
    """Training failed and left nothing worth keeping."""


class DatabaseError(LookalikeError, RuntimeError):
    """A database failed: it refused the work, or the connection was lost."""


class LookalikeWarning(UserWarning):
    """A problem that the user should know of, but that does not stop the work."""

    def __init__(self, *args: object) -> None:
        super().__init__(*(presentable(arg) if isinstance(arg, str) else arg for arg in args))


#: The fewest letters by which a part of a name stands for it.
_TELLING = 4


def nearest(name: str, known: Iterable[str]) -> str:
    """Return ``" Did you mean 'x'?"`` for the known name nearest to `name`, or ``""``.

    Parameters
    ----------
    name : str
        The name that was not found.
    known : iterable of str
        The names that would have been accepted.

    Returns
    -------
    str
        A sentence with a leading space, or the empty string where nothing is near.

    Examples
    --------
    >>> nearest("copula", ["Forest", "GaussianCopula"])
    " Did you mean 'GaussianCopula'?"
    """
    spelled = {str(k).lower(): str(k) for k in known}
    word = str(name).lower()
    close = difflib.get_close_matches(word, spelled, n=1, cutoff=0.6)
    if not close and len(word) >= _TELLING:
        close = [key for key in spelled if word in key]
    return f" Did you mean {spelled[close[0]]!r}?" if close else ""
