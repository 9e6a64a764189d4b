"""Boosted trees that weigh generated rows, so that the rows kept are those that real rows back."""

from __future__ import annotations

from lookalike.models._correction._cells import centres
from lookalike.models._correction._correction import Correction
from lookalike.models._correction._fit import Fitted, fit_correction

__all__ = ["Correction", "Fitted", "centres", "fit_correction"]
