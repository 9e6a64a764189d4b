"""Optional packages: imported when they are needed, with a clear error where they are absent."""

from __future__ import annotations

import importlib
from importlib.util import find_spec
from types import ModuleType

from lookalike._core.errors import MissingDependencyError

__all__ = ["LIBRARIES", "best_library", "require"]

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
