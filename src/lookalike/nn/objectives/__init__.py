"""Adversarial objectives: one file each, with its formula and its source."""

from __future__ import annotations

from lookalike._core.registry import Registry
from lookalike.nn.objectives._base import Objective, Separate
from lookalike.nn.objectives.hinge import Hinge
from lookalike.nn.objectives.kl import KullbackLeibler
from lookalike.nn.objectives.least_squares import LeastSquares
from lookalike.nn.objectives.minimax import Minimax
from lookalike.nn.objectives.non_saturating import NonSaturating
from lookalike.nn.objectives.relativistic import RelativisticPairing
from lookalike.nn.objectives.wasserstein import Wasserstein

__all__ = [
    "OBJECTIVES",
    "Hinge",
    "KullbackLeibler",
    "LeastSquares",
    "Minimax",
    "NonSaturating",
    "Objective",
    "RelativisticPairing",
    "Separate",
    "Wasserstein",
]

#: The objectives that a user can choose; yours may join them.
OBJECTIVES: Registry[Objective] = Registry("objective", Objective)
OBJECTIVES.enter(
    Minimax,
    NonSaturating,
    LeastSquares,
    Hinge,
    Wasserstein,
    RelativisticPairing,
    KullbackLeibler,
)
