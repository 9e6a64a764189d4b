"""`WeightedMutualInformation`: the information that columns share."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import numpy.typing as npt

from lookalike.metrics._base import Metric
from lookalike.metrics._chance import adjusted, clipped, partings
from lookalike.metrics._codebook import Floats
from lookalike.metrics._details import Details, PairScore
from lookalike.metrics._joint import Pairs, joint_codes, pairs_of, tallied
from lookalike.metrics._pair import Pair
from lookalike.metrics._rare import PooledLevels
from lookalike.metrics._result import Measured
from lookalike.metrics._view import LevelCodes, View

__all__ = ["WeightedMutualInformation"]

#: More rows are a sample: mutual information does not change by more of them.
MOST_ROWS = 200_000


class WeightedMutualInformation(Metric):
    """Compare the mutual information of each two columns.

    Numbers are cut at the real column's deciles (a value that several deciles share is a bin of
    its own); a missing cell is a level, and so are the rare ones of a column of many levels. Of
    each pair, the normalised mutual information NMI = 2 I(X; Y) / (H(X) + H(Y)) is taken in both
    tables; the similarity is 1 − the mean of abs(NMI real − NMI synthetic), weighted by NMI real +
    NMI synthetic, so that the many unrelated pairs do not drown the others. The score is relative
    to its mean for two samples of one distribution (see `_chance`); `raw` in the details is the
    unadjusted similarity.

    Source: arXiv 2603.23016, section on metrics. NOTE: differs there in bins of equal widths.
    Both tables are cut to the same number of rows (at most 200,000, drawn from the seed), for
    mutual information is overestimated on few rows. Of more than 5,000 pairs, 5,000 are drawn
    from the seed.
    """

    name: ClassVar[str] = "wnmi"
    title: ClassVar[str] = "Shared information"
    subject: ClassVar[str] = "the information that columns share"
    meaning: ClassVar[str] = (
        "How alike the information is that each two columns share, bent and stepped links included."
    )
    noise: ClassVar[float] = 0.3
    fewest_rows: ClassVar[int] = 2

    def _measure(self, pair: Pair) -> Measured:
        names = pair.columns
        if len(names) < 2:
            return Measured.undefined("It needs two columns or more.")
        views = pair.equal_views(MOST_ROWS)
        (real, synthetic), sizes = _codes(*views)
        places = pairs_of(len(names), pair.seed)
        both = [_informations(codes, sizes, places) for codes in (real, synthetic)]
        chance = [
            [_informations(codes, sizes, places) for codes in parting.apply(real, synthetic)]
            for parting in partings(*views)
        ]
        raw = _likeness(*both)
        value = adjusted(raw, float(np.mean([_likeness(*parts) for parts in chance])))
        usual = 1 - np.mean([np.abs(one - other) for one, other in chance], axis=0)
        each = 1 - np.abs(both[0] - both[1])
        pairs = tuple(
            PairScore(
                names[i],
                names[j],
                clipped(adjusted(float(each[place]), float(usual[place]))),
                real=float(both[0][place]),
                synthetic=float(both[1][place]),
            )
            for place, (i, j) in enumerate(places)
        )
        details = Details(
            raw=raw,
            rows=len(views[0]),
            pairs=pairs,
            pairs_seen=len(places),
            pairs_in_all=len(names) * (len(names) - 1) // 2,
        )
        return Measured(clipped(value), details=details)


def _likeness(real: Floats, synthetic: Floats) -> float:
    weights = real + synthetic
    # No two columns share information in either table: nothing is lost.
    if weights.sum() <= 0:
        return 1.0
    return 1 - float(np.average(np.abs(real - synthetic), weights=weights))


def _codes(real: View, synthetic: View) -> tuple[list[LevelCodes], tuple[int, ...]]:
    """Return all columns as levels, the rare ones of wide columns pooled, and the level counts."""
    book, levels = real.codebook, PooledLevels.of(real, synthetic)
    sizes = list(real.quantile_levels[1])
    places = [book.columns.index(name) for name in book.discrete]
    found = []
    for view in (real, synthetic):
        codes = view.quantile_levels[0].copy()
        codes[:, places] = levels.codes(view.codes)
        found.append(codes)
    for place, size in zip(places, levels.sizes, strict=True):
        sizes[place] = size
    return found, tuple(sizes)


def _informations(codes: LevelCodes, sizes: tuple[int, ...], places: Pairs) -> Floats:
    """Return the normalised mutual information of pairs of columns; shape (pairs,)."""
    single = [_entropy(np.bincount(codes[:, c], minlength=1)) for c in range(codes.shape[1])]
    information = np.zeros(len(places))
    for place, (first, second) in enumerate(places):
        # I(X; Y) = H(X) + H(Y) - H(X, Y)
        total = single[first] + single[second]
        joint = _entropy(
            tallied(joint_codes(codes, sizes, first, second), sizes[first] * sizes[second])
        )
        # A trace of rounding, where a column is constant, is no information.
        information[place] = 2 * max(total - joint, 0.0) / total if total > 1e-12 else 0.0
    return information


def _entropy(counts: npt.NDArray[np.int64]) -> float:
    used = counts[counts > 0] / counts.sum()
    return float(-(used * np.log(used)).sum())
