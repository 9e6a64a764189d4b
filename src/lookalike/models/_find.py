"""Synthesizers by the names that users write."""

from __future__ import annotations

from lookalike._core.errors import ParameterError, nearest
from lookalike.models._base import Synthesizer
from lookalike.models._file import SYNTHESIZERS

__all__ = ["find_synthesizer"]


def find_synthesizer(name: str) -> type[Synthesizer]:
    """Return a class of synthesizers by its name, in any case, with or without hyphens.

    Parameters
    ----------
    name : str
        Such as ``"GaussianCopula"``, ``"gaussian-copula"`` or ``"gaussian_copula"``.

    Returns
    -------
    type

    Raises
    ------
    ParameterError
        If there is none; the message suggests the nearest.

    Examples
    --------
    >>> find_synthesizer("gaussian-copula").__name__
    'GaussianCopula'
    """
    known = {_folded(one): one for one in SYNTHESIZERS}
    if _folded(name) not in known:
        names = sorted(known.values())
        hint = nearest(name, names) or f" The models are: {', '.join(names)}."
        raise ParameterError(f"There is no model {name!r}.{hint}")
    return SYNTHESIZERS[known[_folded(name)]]


def _folded(name: str) -> str:
    return name.replace("-", "").replace("_", "").casefold()
