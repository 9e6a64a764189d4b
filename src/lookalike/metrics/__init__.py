"""Measures of how well one table stands for another. Room rule: metrics know tables, never models.

Add a metric: a file with a subclass of `Metric`, and its class below, in `METRICS`.
"""

from __future__ import annotations

from lookalike.metrics._attacks import (
    DENSITY_ATTACKS,
    DISTANCE_ATTACKS,
    MembershipAttack,
    attack_by_classifier,
    auc_error,
)
from lookalike.metrics._base import METRICS, Metric, read_score
from lookalike.metrics._battery import ModelDetails, ModelResult
from lookalike.metrics._codebook import Codebook
from lookalike.metrics._details import ColumnScore, ColumnShare, Details, PairScore
from lookalike.metrics._features import preprocessor
from lookalike.metrics._models import (
    SUPPORT_VECTORS,
    class_scores,
    macro_auc,
    models_for,
)
from lookalike.metrics._neighbours import nearest
from lookalike.metrics._pair import Pair
from lookalike.metrics._prediction import (
    CLASS_METRICS,
    LOWER_IS_BETTER,
    NUMBER_METRICS,
    ClassPredictions,
    class_metrics,
    number_metrics,
)
from lookalike.metrics._result import About, Measured, Reference, Score, score_columns
from lookalike.metrics._score import independent_columns, score_tables
from lookalike.metrics._scorer import HeldOutScorer
from lookalike.metrics._view import View
from lookalike.metrics.alpha_precision import AlphaPrecision
from lookalike.metrics.beta_recall import BetaRecall
from lookalike.metrics.c2st import Detection, detect
from lookalike.metrics.c2st_holdout import HoldoutDetection
from lookalike.metrics.c2st_linear import LinearDetection
from lookalike.metrics.copies import Copies, CopyDetails, row_keys
from lookalike.metrics.correlation_difference import CorrelationDifference
from lookalike.metrics.coverage import Coverage
from lookalike.metrics.membership import Attack, AttackDetails, Membership
from lookalike.metrics.shape import Shape
from lookalike.metrics.trend import Trend
from lookalike.metrics.trtr import TrainOnReal
from lookalike.metrics.tstr import TrainOnSynthetic
from lookalike.metrics.wnmi import WeightedMutualInformation

__all__ = [
    "CLASS_METRICS",
    "DENSITY_ATTACKS",
    "DISTANCE_ATTACKS",
    "LOWER_IS_BETTER",
    "METRICS",
    "NUMBER_METRICS",
    "SUPPORT_VECTORS",
    "About",
    "AlphaPrecision",
    "Attack",
    "AttackDetails",
    "BetaRecall",
    "ClassPredictions",
    "Codebook",
    "ColumnScore",
    "ColumnShare",
    "Copies",
    "CopyDetails",
    "CorrelationDifference",
    "Coverage",
    "Details",
    "Detection",
    "HeldOutScorer",
    "HoldoutDetection",
    "LinearDetection",
    "Measured",
    "Membership",
    "MembershipAttack",
    "Metric",
    "ModelDetails",
    "ModelResult",
    "Pair",
    "PairScore",
    "Reference",
    "Score",
    "Shape",
    "TrainOnReal",
    "TrainOnSynthetic",
    "Trend",
    "View",
    "WeightedMutualInformation",
    "attack_by_classifier",
    "auc_error",
    "class_metrics",
    "class_scores",
    "detect",
    "independent_columns",
    "macro_auc",
    "models_for",
    "nearest",
    "number_metrics",
    "preprocessor",
    "read_score",
    "row_keys",
    "score_columns",
    "score_tables",
]

# In the order in which reports show them.
METRICS.enter(
    Detection,
    HoldoutDetection,
    LinearDetection,
    Shape,
    Trend,
    WeightedMutualInformation,
    CorrelationDifference,
    AlphaPrecision,
    BetaRecall,
    Coverage,
    TrainOnSynthetic,
    TrainOnReal,
    Copies,
    Membership,
)
