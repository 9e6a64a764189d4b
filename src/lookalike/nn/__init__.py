"""Networks, objectives and penalties. Room rule: ``nn`` knows layouts, never tables."""

from lookalike.nn._dense import DenseNetwork, Moments
from lookalike.nn._networks import Linear, ResidualMLP
from lookalike.nn._objectives import Objective, RelativisticPairing
from lookalike.nn._penalties import zero_centred
from lookalike.nn._plan import Plan

__all__ = [
    "DenseNetwork",
    "Linear",
    "Moments",
    "Objective",
    "Plan",
    "RelativisticPairing",
    "ResidualMLP",
    "zero_centred",
]
