"""Figures of an evaluation and of training, each from plain values: data in, matplotlib figure out.

Importing this imports matplotlib; nothing else in ``lookalike`` does.
"""

from __future__ import annotations

from lookalike.reports.figures._arms import Effect, arms_by_model, effects
from lookalike.reports.figures._attacks import DrawnRisk, areas, risks
from lookalike.reports.figures._correlation_differences import correlation_differences
from lookalike.reports.figures._course import course
from lookalike.reports.figures._effect_curves import (
    EffectCurve,
    EffectPanel,
    EffectPoint,
    effect_curves,
)
from lookalike.reports.figures._fan import fans
from lookalike.reports.figures._function import (
    Outline,
    function_film,
    function_measure,
    function_points,
    function_rotation,
    to_gif,
    to_png,
)
from lookalike.reports.figures._grid import grid
from lookalike.reports.figures._heatmaps import heatmaps
from lookalike.reports.figures._importances import importances
from lookalike.reports.figures._learning_curve import CurvePoint, LearningLine, learning_curve
from lookalike.reports.figures._losses import losses
from lookalike.reports.figures._marginal import marginal
from lookalike.reports.figures._marginals import marginals
from lookalike.reports.figures._models import ComparedModel, models
from lookalike.reports.figures._monitors import monitors
from lookalike.reports.figures._players import players
from lookalike.reports.figures._rates import rates
from lookalike.reports.figures._response import DrawnResponse, responses
from lookalike.reports.figures._runs import DrawnRun, run_table, runs
from lookalike.reports.figures._scores import score_bar, score_bars
from lookalike.reports.figures._style import to_svg
from lookalike.reports.figures._transitions import transitions
from lookalike.reports.figures._worst import worst

__all__ = [
    "ComparedModel",
    "CurvePoint",
    "DrawnResponse",
    "DrawnRisk",
    "DrawnRun",
    "Effect",
    "EffectCurve",
    "EffectPanel",
    "EffectPoint",
    "LearningLine",
    "Outline",
    "areas",
    "arms_by_model",
    "correlation_differences",
    "course",
    "effect_curves",
    "effects",
    "fans",
    "function_film",
    "function_measure",
    "function_points",
    "function_rotation",
    "grid",
    "heatmaps",
    "importances",
    "learning_curve",
    "losses",
    "marginal",
    "marginals",
    "models",
    "monitors",
    "players",
    "rates",
    "responses",
    "risks",
    "run_table",
    "runs",
    "score_bar",
    "score_bars",
    "to_gif",
    "to_png",
    "to_svg",
    "transitions",
    "worst",
]
