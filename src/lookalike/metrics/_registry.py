"""Every metric of the package, in the order in which reports show them: a line each."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from lookalike.metrics._base import Metric
from lookalike.metrics.alpha_precision import AlphaPrecision
from lookalike.metrics.beta_recall import BetaRecall
from lookalike.metrics.c2st import Detection
from lookalike.metrics.c2st_holdout import HoldoutDetection
from lookalike.metrics.c2st_linear import LinearDetection
from lookalike.metrics.copies import Copies
from lookalike.metrics.correlation_difference import CorrelationDifference
from lookalike.metrics.coverage import Coverage
from lookalike.metrics.membership import Membership
from lookalike.metrics.shape import Shape
from lookalike.metrics.trend import Trend
from lookalike.metrics.trtr import TrainOnReal
from lookalike.metrics.tstr import TrainOnSynthetic
from lookalike.metrics.wnmi import WeightedMutualInformation

__all__ = ["METRICS"]

_CLASSES: tuple[type[Metric], ...] = (
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

#: Metric classes by name.
METRICS: Mapping[str, type[Metric]] = MappingProxyType({kind.name: kind for kind in _CLASSES})
