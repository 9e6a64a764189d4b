"""Packages that not everybody has, and code of the caller: imported when they are named.

Nothing else imports by name.
"""

from __future__ import annotations

import importlib
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from lookalike._core.errors import MissingDependencyError, ParameterError, nearest

__all__ = ["LIBRARIES", "best_library", "named_object", "require"]

#: The libraries of data frames, the preferred one first; pyarrow is always installed.
LIBRARIES = ("pandas", "polars", "pyarrow")


def best_library() -> str:
    """Return the first of pandas, polars and pyarrow that is installed.

    Returns
    -------
    str
        Its name.
    """
    return next(library for library in LIBRARIES if find_spec(library) is not None)


def require(package: str, purpose: str, instead: str = "") -> ModuleType:
    """Import a package that is not a dependency of lookalike.

    Parameters
    ----------
    package : str
        The package's name, the same for import and installation.
    purpose : str
        The feature that needs it, as the subject of a sentence.
    instead : str, optional
        An alternative for the caller, as a sentence.

    Returns
    -------
    module
        The imported package.

    Raises
    ------
    MissingDependencyError
        If the package is not installed.

    Examples
    --------
    >>> require("math", "Counting").floor(1.5)
    1
    """
    try:
        return importlib.import_module(package)
    except ModuleNotFoundError as error:
        if error.name != package:
            raise
        raise MissingDependencyError(
            f"{purpose} needs {package}, which is not installed: pip install {package}."
            + (f" {instead}" if instead else "")
        ) from error


def named_object(words: str) -> Any:
    """Import an object of the caller's own code, which runs, as they want it to.

    Parameters
    ----------
    words : str
        A module and a name in it, as ``"module:name"``.

    Returns
    -------
    object

    Raises
    ------
    ParameterError
        If the text is no such name, or there is no such module or object.

    Examples
    --------
    >>> named_object("math:floor")(1.5)
    1
    """
    module, colon, name = words.partition(":")
    if not colon or not name.isidentifier() or not all(map(str.isidentifier, module.split("."))):
        raise ParameterError(
            f"An object of your own code is named MODULE:NAME, such as mymodel:predict; got "
            f"{words!r}."
        )
    try:
        found = importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise ParameterError(f"There is no module {error.name!r} to import.") from error
    if not hasattr(found, name):
        raise ParameterError(f"{module} must have {name!r}; it has not.{nearest(name, dir(found))}")
    return getattr(found, name)
