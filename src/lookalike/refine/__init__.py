"""The refinement of any model's generated rows, validated on held-out rows.

Room rule: it sees encoded rows and functions that generate them, never networks.
"""

from __future__ import annotations

from lookalike.refine._choose import choose
from lookalike.refine._copying import level_points
from lookalike.refine._correction import Correction
from lookalike.refine._density_ratio import Cancelled
from lookalike.refine._fit_correction import CorrectionFit, fit_correction
from lookalike.refine._gibbs import GibbsSweep
from lookalike.refine._holdout import HoldOut, hold_out
from lookalike.refine._margins import MarginMap
from lookalike.refine._pipeline import Refine, Refinement

__all__ = [
    "Cancelled",
    "Correction",
    "CorrectionFit",
    "GibbsSweep",
    "HoldOut",
    "MarginMap",
    "Refine",
    "Refinement",
    "choose",
    "fit_correction",
    "hold_out",
    "level_points",
]
