"""Optional packages: imported when they are needed, with a clear error where they are absent."""

from __future__ import annotations

import importlib
from types import ModuleType

from lookalike._core.errors import MissingDependencyError

__all__ = ["require"]


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
