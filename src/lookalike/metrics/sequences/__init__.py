"""Measures of sequences: histories of entities, or blocks of one series. Room rule: as `metrics`.

Units are whole histories, or blocks that do not overlap; no score splits one. Add a metric: a file
with a subclass of `SequenceMetric`, and its class below, in `SEQUENCE_METRICS`.
"""

from __future__ import annotations

from lookalike.metrics._base import SEQUENCE_METRICS
from lookalike.metrics.sequences._base import SequenceMetric
from lookalike.metrics.sequences._lagged import both_lagged, lags_of
from lookalike.metrics.sequences._padded import padded
from lookalike.metrics.sequences._pair import SequencePair
from lookalike.metrics.sequences._score import chosen_metrics, score_sequences
from lookalike.metrics.sequences._units import SequenceOrder, SequenceUnits, as_units
from lookalike.metrics.sequences.autocorrelation import Autocorrelation, CrossCorrelation
from lookalike.metrics.sequences.coherence import Coherence, Transitions
from lookalike.metrics.sequences.copies import SequenceCopies
from lookalike.metrics.sequences.detection import (
    SequenceDetection,
    SequenceDetectionDetails,
    SequenceHoldoutDetection,
)
from lookalike.metrics.sequences.discriminative import (
    DiscriminativeDetails,
    DiscriminativeScore,
)
from lookalike.metrics.sequences.lengths import HistoryLengths, TimeGaps
from lookalike.metrics.sequences.next_step import NextStep
from lookalike.metrics.sequences.validity import SequenceValidity, ValidityDetails, ValidityRule

__all__ = [
    "SEQUENCE_METRICS",
    "Autocorrelation",
    "Coherence",
    "CrossCorrelation",
    "DiscriminativeDetails",
    "DiscriminativeScore",
    "HistoryLengths",
    "NextStep",
    "SequenceCopies",
    "SequenceDetection",
    "SequenceDetectionDetails",
    "SequenceHoldoutDetection",
    "SequenceMetric",
    "SequenceOrder",
    "SequencePair",
    "SequenceUnits",
    "SequenceValidity",
    "TimeGaps",
    "Transitions",
    "ValidityDetails",
    "ValidityRule",
    "as_units",
    "both_lagged",
    "chosen_metrics",
    "lags_of",
    "padded",
    "score_sequences",
]

# In the order in which reports show them.
SEQUENCE_METRICS.enter(
    SequenceDetection,
    SequenceHoldoutDetection,
    Autocorrelation,
    CrossCorrelation,
    Coherence,
    Transitions,
    HistoryLengths,
    TimeGaps,
    SequenceValidity,
    NextStep,
    SequenceCopies,
    DiscriminativeScore,
)
