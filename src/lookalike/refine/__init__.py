"""What makes generated rows better, whoever made them: chosen, drawn again, held out.

Room rule: it sees encoded rows and functions that make them, never networks.
"""

from __future__ import annotations

from lookalike.refine._correction import Correction
from lookalike.refine._fit_correction import CorrectionFit, fit_correction
from lookalike.refine._gibbs import GibbsSweep
from lookalike.refine._holdout import HoldOut, hold_out

__all__ = ["Correction", "CorrectionFit", "GibbsSweep", "HoldOut", "fit_correction", "hold_out"]
