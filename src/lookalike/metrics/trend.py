"""`Trend`: the association of columns in pairs."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import numpy as np

from lookalike.metrics._base import Metric
from lookalike.metrics._chance import adjusted, clipped, expected_variation
from lookalike.metrics._correlation import (
    correlations,
    gaps,
    rank_correlations,
    shared_rows,
    usual_gaps,
)
from lookalike.metrics._details import Details, PairScore
from lookalike.metrics._joint import pairs_of, shared_cells
from lookalike.metrics._pair import Pair
from lookalike.metrics._result import Measured

__all__ = ["Trend"]


class Trend(Metric):
    """Compare the association of each two columns, and average over pairs.

    Two numeric columns: 1 − abs(Spearman real − Spearman synthetic) / 2, over the rows where both
    are present. Otherwise 1 − the total variation of the joint table, where a number is cut into
    ten equal widths of the real column's range and a missing cell is a level. Each pair is
    relative to its mean for two samples of one distribution of the same sizes (see `_chance`). In
    the mean over pairs, two numeric columns count by the share of rows in which both are present.
    Of more than 5,000 pairs, 5,000 are drawn from the seed.

    `raw` in the details is the unadjusted similarity, with Pearson's correlation: pairs score as in
    SDMetrics 0.32 (``CorrelationSimilarity``, ``ContingencySimilarity``).
    NOTE: differs where a correlation is defined in the real table but not in the synthetic one
    (a column became constant): SDMetrics leaves the pair out, here the lost correlation counts
    as 0. Its ``QualityReport``, behind published "trend" figures, cuts each table by its own range.
    """

    name: ClassVar[str] = "trend"
    title: ClassVar[str] = "Pairs of columns"
    subject: ClassVar[str] = "the way pairs of columns go together"
    meaning: ClassVar[str] = (
        "How alike correlations and joint tables are, averaged over all pairs of columns."
    )
    noise: ClassVar[float] = 0.3

    def _measure(self, pair: Pair) -> Measured:
        columns = len(pair.columns)
        if columns < 2:
            return Measured.undefined("It needs two columns or more.")
        numbers, places = _NumberPairs(pair), pairs_of(columns, pair.seed)
        scores = [self._pair(pair, numbers, int(i), int(j)) for i, j in places]
        defined = [entry for entry in scores if entry.value is not None]
        # Pairs may be more alike than chance until the mean is taken.
        pairs = tuple(
            entry if entry.value is None else replace(entry, value=clipped(entry.value))
            for entry in scores
        )
        if not defined:
            reason = "No correlation is defined: columns are constant or missing."
            return Measured(None, reason, Details(pairs=pairs))
        weights = [1.0 if entry.shared is None else entry.shared for entry in defined]
        value = float(np.average([entry.value for entry in defined], weights=weights))
        details = Details(
            raw=float(np.mean([entry.raw for entry in defined])),
            pairs=pairs,
            pairs_seen=len(places),
            pairs_in_all=columns * (columns - 1) // 2,
        )
        return Measured(clipped(value), details=details)

    def _pair(self, pair: Pair, numbers: _NumberPairs, first: int, second: int) -> PairScore:
        names, numeric = pair.columns, pair.codebook.numeric
        if names[first] not in numeric or names[second] not in numeric:
            return _variation(pair, first, second)
        return numbers.pair(names[first], names[second])


class _NumberPairs:
    """All pairs of numeric columns at once."""

    def __init__(self, pair: Pair) -> None:
        views = pair.real_view, pair.synthetic_view
        self._names = pair.codebook.numeric
        self._ranks = [rank_correlations(view) for view in views]
        self._raw = gaps(*(correlations(view) for view in views))
        self._gaps = gaps(*self._ranks)
        self._usual = usual_gaps(pair)
        self._shared = shared_rows(pair.real_view)

    def pair(self, first: str, second: str) -> PairScore:
        place = self._names.index(first), self._names.index(second)
        real, synthetic = (float(matrix[place]) for matrix in self._ranks)
        raw = float(self._raw[place])
        if np.isnan(real) or np.isnan(raw):
            return PairScore(first, second, None, reason="not defined: constant or missing")
        likeness, usual = (1 - float(part[place]) / 2 for part in (self._gaps, self._usual))
        return PairScore(
            first,
            second,
            adjusted(likeness, usual),
            1 - raw / 2,
            real,
            0.0 if np.isnan(synthetic) else synthetic,
            float(self._shared[place]),
        )


def _variation(pair: Pair, first: int, second: int) -> PairScore:
    """Compare the joint tables of two columns."""
    real, sizes = pair.real_view.width_levels
    synthetic, _ = pair.synthetic_view.width_levels
    counts = shared_cells(real, synthetic, sizes, first, second)
    raw = 1 - float(np.abs(counts[0] / len(real) - counts[1] / len(synthetic)).sum() / 2)
    usual = 1 - expected_variation(counts[0] + counts[1], len(real), len(synthetic))
    names = pair.columns
    return PairScore(names[first], names[second], adjusted(raw, usual), raw)
