"""`SequenceDetection`: boosted trees that try to tell synthetic histories from real ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from lookalike.metrics._details import ColumnShare, Details
from lookalike.metrics._result import Measured
from lookalike.metrics._view import View
from lookalike.metrics.c2st import shares_of, told_apart
from lookalike.metrics.sequences._base import SequenceMetric
from lookalike.metrics.sequences._features import unit_features
from lookalike.metrics.sequences._pair import SequencePair
from lookalike.metrics.sequences._units import SequenceUnits

__all__ = ["SequenceDetection", "SequenceDetectionDetails", "SequenceHoldoutDetection"]

#: The most units on a side; of more, a sample is drawn from the seed.
MOST_UNITS = 5_000
#: Trees that learn from fewer units guess.
FEWEST_UNITS = 20


@dataclass(frozen=True)
class SequenceDetectionDetails(Details):
    """Details of `SequenceDetection`.

    Parameters
    ----------
    raw, rows, columns, pairs, pairs_seen, pairs_in_all, importances : optional
        See `Details`; `rows` counts units.
    families : tuple of ColumnShare
        The share of each family of features in the detector's gain, the largest first.
    """

    families: tuple[ColumnShare, ...] = ()


class SequenceDetection(SequenceMetric):
    """Let gradient-boosted trees tell synthetic histories or blocks from the real ones.

    A classifier two-sample test (Lopez-Paz & Oquab 2017, arXiv 1610.06545) on units, as `Detection`
    is on rows: three folds, 1 − max(0, 2 AUC − 1) of the mean AUC. For each unit the trees see the
    values at single steps, totals, differences, autocorrelations, the spectrum, correlations
    between columns, shares and changes of levels, lengths and gaps. No event is in two units, so
    that no unit of a judged fold was seen, shifted by a step, in training. Both sides are cut to
    the same number of units, at most 5,000; of a unit, the first 128 events are seen.
    """

    name: ClassVar[str] = "sequence_c2st"
    title: ClassVar[str] = "Detection by trees"
    subject: ClassVar[str] = "detection by trees"
    meaning: ClassVar[str] = (
        "How badly boosted trees tell synthetic units from real ones by values, differences, "
        "autocorrelations, spectrum, cross-correlations and totals. The strictest score."
    )
    role: ClassVar[Literal["headline", "judged", "reference"]] = "headline"
    details_type: ClassVar[type[Details]] = SequenceDetectionDetails
    tolerance: ClassVar[float] = 0.04
    noise: ClassVar[float] = 1.0
    fewest_rows: ClassVar[int] = FEWEST_UNITS

    def _compare(self, pair: SequencePair) -> Measured:
        return detect_units(pair, pair.units[0])


class SequenceHoldoutDetection(SequenceMetric):
    """`SequenceDetection` against held-out units instead of the training ones.

    A copy of the training units, which scores 1 there, scores no more than the ceiling here.
    """

    name: ClassVar[str] = "sequence_c2st_holdout"
    title: ClassVar[str] = "Detection, held-out units"
    subject: ClassVar[str] = "detection against held-out units"
    meaning: ClassVar[str] = (
        "The same against the held-out units. Much lower than against the real ones means that "
        "real units were memorised."
    )
    role: ClassVar[Literal["headline", "judged", "reference"]] = "headline"
    details_type: ClassVar[type[Details]] = SequenceDetectionDetails
    tolerance: ClassVar[float] = 0.04
    noise: ClassVar[float] = 1.0
    needs: ClassVar[frozenset[str]] = frozenset({"holdout"})
    fewest_rows: ClassVar[int] = FEWEST_UNITS
    ceiling_from: ClassVar[Literal["holdout", "training"]] = "training"

    def _compare(self, pair: SequencePair) -> Measured:
        assert pair.test_units is not None  # it is what this metric needs
        return detect_units(pair, pair.test_units)


def detect_units(pair: SequencePair, real: SequenceUnits) -> Measured:
    """Let boosted trees tell the synthetic units of a pair from real ones."""
    synthetic = pair.units[1]
    count = min(len(real), len(synthetic), MOST_UNITS)
    # Described together, so that both sides have the same steps and frequent levels.
    both = real.sample(count, pair.seed).joined(synthetic.sample(count, pair.seed))
    found = unit_features(both, View(both.table, pair.codebook, pair.seed), pair.static, pair.seed)
    labels = np.repeat([1, 0], count).astype(np.int64)
    unlike, gains = told_apart(found.matrix(), labels, len(found.numbers), pair.seed)
    details = SequenceDetectionDetails(
        raw=unlike.raw,
        rows=count,
        importances=shares_of(gains, [column for _, column in found.names]),
        families=shares_of(gains, [family for family, _ in found.names]),
    )
    return Measured(unlike.value, details=details)
