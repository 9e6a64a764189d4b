"""Every objective by its name: the one place where a new one is entered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lookalike.nn._choose import chosen
from lookalike.nn.objectives._base import Objective
from lookalike.nn.objectives.hinge import Hinge
from lookalike.nn.objectives.kl import KullbackLeibler
from lookalike.nn.objectives.least_squares import LeastSquares
from lookalike.nn.objectives.minimax import Minimax
from lookalike.nn.objectives.non_saturating import NonSaturating
from lookalike.nn.objectives.relativistic import RelativisticPairing
from lookalike.nn.objectives.wasserstein import Wasserstein

__all__ = ["OBJECTIVES", "objective"]

#: Objective classes by name; yours may join them.
OBJECTIVES: dict[str, type[Objective]] = {
    kind.name: kind
    for kind in (
        Minimax,
        NonSaturating,
        LeastSquares,
        Hinge,
        Wasserstein,
        RelativisticPairing,
        KullbackLeibler,
    )
}


def objective(spec: str | Mapping[str, Any] | Objective) -> Objective:
    """Return the objective that a name, or a mapping of a name and options, stands for.

    Parameters
    ----------
    spec : str, mapping or Objective
        Such as ``"hinge"`` or ``{"name": "minimax", "smoothing": 0.1}``; an objective is returned
        as it is.

    Returns
    -------
    Objective

    Raises
    ------
    ParameterError
        If the name or an option is unknown, or a value breaks its rule.

    Examples
    --------
    >>> objective({"name": "minimax", "smoothing": 0.1})
    Minimax(smoothing=0.1)
    """
    return spec if isinstance(spec, Objective) else chosen("objective", spec, OBJECTIVES)
