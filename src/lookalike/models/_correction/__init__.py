"""Boosted trees that mend generated rows: they choose among them, and draw some levels anew."""

from __future__ import annotations

from lookalike.models._correction._cells import centres
from lookalike.models._correction._correction import Correction
from lookalike.models._correction._fit import Fitted, fit_correction
from lookalike.models._correction._redraw import Redraw

__all__ = ["Correction", "Fitted", "Redraw", "centres", "fit_correction"]
