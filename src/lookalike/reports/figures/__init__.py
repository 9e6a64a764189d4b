"""Figures of an evaluation, each from plain values: data in, matplotlib figure out.

Importing this imports matplotlib; nothing else in ``lookalike`` does.
"""

from __future__ import annotations

from lookalike.reports.figures._arms import Effect, arms_by_model, effects
from lookalike.reports.figures._effect_curves import (
    EffectCurve,
    EffectPanel,
    EffectPoint,
    effect_curves,
)
from lookalike.reports.figures._heatmaps import heatmaps
from lookalike.reports.figures._importances import importances
from lookalike.reports.figures._marginal import marginal
from lookalike.reports.figures._scores import score_bar, score_bars
from lookalike.reports.figures._style import to_svg
from lookalike.reports.figures._training import training
from lookalike.reports.figures._worst import worst

__all__ = [
    "Effect",
    "EffectCurve",
    "EffectPanel",
    "EffectPoint",
    "arms_by_model",
    "effect_curves",
    "effects",
    "heatmaps",
    "importances",
    "marginal",
    "score_bar",
    "score_bars",
    "to_svg",
    "training",
    "worst",
]
