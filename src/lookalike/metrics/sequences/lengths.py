"""`HistoryLengths` and `TimeGaps`: the lengths of histories, the times between events."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from lookalike._core.numerics import Floats
from lookalike.metrics._chance import adjusted, clipped
from lookalike.metrics._details import Details
from lookalike.metrics._result import Measured
from lookalike.metrics.sequences._base import SequenceMetric
from lookalike.metrics.sequences._pair import SequencePair
from lookalike.metrics.shape import Bridges, kolmogorov

__all__ = ["HistoryLengths", "TimeGaps"]


class HistoryLengths(SequenceMetric):
    """Compare the numbers of events of entities: 1 − the Kolmogorov-Smirnov statistic.

    Relative to the mean of two samples of one distribution, as `Shape` is.
    """

    name: ClassVar[str] = "lengths"
    title: ClassVar[str] = "Lengths of histories"
    subject: ClassVar[str] = "the length of histories"
    meaning: ClassVar[str] = "How alike the numbers of events of entities are distributed."
    noise: ClassVar[float] = 0.5

    def _compare(self, pair: SequencePair) -> Measured:
        if pair.units[0].order.window is not None:
            return Measured.undefined("All blocks are equally long.")
        return _likeness(pair, *(one.lengths.astype(np.float64) for one in pair.units))


class TimeGaps(SequenceMetric):
    """Compare the times between an event and the next: 1 − the Kolmogorov-Smirnov statistic.

    Relative to the mean of two samples of one distribution, as `Shape` is.
    """

    name: ClassVar[str] = "gaps"
    title: ClassVar[str] = "Gaps between events"
    subject: ClassVar[str] = "the time between events"
    meaning: ClassVar[str] = "How alike the times from an event to the next are distributed."
    noise: ClassVar[float] = 0.5

    def _compare(self, pair: SequencePair) -> Measured:
        if pair.units[0].order.time is None:
            return Measured.undefined("There is no column of times.")
        gaps = [one.gaps for one in pair.units]
        if not all(len(one) for one in gaps):
            return Measured.undefined("No history has two events.")
        return _likeness(pair, *gaps)


def _likeness(pair: SequencePair, real: Floats, synthetic: Floats) -> Measured:
    raw = 1 - kolmogorov(real, synthetic)
    bridges = Bridges(len(real), len(synthetic), pair.seed)
    usual = 1 - bridges.expected(np.concatenate([real, synthetic]))
    return Measured(clipped(adjusted(raw, usual)), details=Details(raw=raw))
