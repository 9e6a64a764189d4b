"""`AlphaPrecision`: the plausibility of synthetic rows, by their distances from the middle."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from lookalike.metrics._base import Metric
from lookalike.metrics._chance import Parting, adjusted, clipped, partings
from lookalike.metrics._codebook import Floats
from lookalike.metrics._details import Details
from lookalike.metrics._neighbours import MOST_ROWS
from lookalike.metrics._pair import Pair
from lookalike.metrics._result import Measured
from lookalike.metrics._view import Floats32

__all__ = ["ALPHAS", "AlphaPrecision", "agreement", "spread"]

#: The shares of rows at which the curves are compared, as in the authors' code.
ALPHAS = np.linspace(0, 1, 30)


class AlphaPrecision(Metric):
    """Compare how far rows lie from the middle of the real rows.

    For each share α, the ball around the real mean that holds α of the real rows should hold α of
    the synthetic ones. The similarity is 1 − the sum of abs(α − share of synthetic rows) over the
    sum of α. Rows are points: numbers with the real range as [0, 1], levels one-hot. The score is
    relative to the mean similarity of two samples of one distribution (see `_chance`): the middle
    is that of the real rows, and other rows are always a little farther from it. `Details.raw` is
    the unadjusted similarity.

    Source: Alaa, van Breugel, Saveliev & van der Schaar 2022, "How faithful is your synthetic
    data?", arXiv 2102.08921; the variant without a learned embedding, which published tables use.
    Tables of more than 50,000 rows are a sample, drawn from the seed.
    """

    name: ClassVar[str] = "alpha_precision"
    title: ClassVar[str] = "Plausible rows"
    subject: ClassVar[str] = "the plausibility of rows"
    meaning: ClassVar[str] = (
        "The plausibility of synthetic rows: they should lie where real rows lie, and as densely."
    )
    noise: ClassVar[float] = 0.4

    def _measure(self, pair: Pair) -> Measured:
        views = pair.real_view.sample(MOST_ROWS), pair.synthetic_view.sample(MOST_ROWS)
        points = views[0].embedding, views[1].embedding
        as_it_is = Parting(np.ones(len(views[0]), bool), np.zeros(len(views[1]), bool))
        raw = _likeness(*points, as_it_is)
        usual = float(np.mean([_likeness(*points, parting) for parting in partings(*views)]))
        return Measured(clipped(adjusted(raw, usual)), details=Details(raw=raw))


def _likeness(real: Floats32, synthetic: Floats32, parting: Parting) -> float:
    """Compare both parts of a random split, without copying points of high dimension."""
    first = parting.real.astype(np.float32), parting.synthetic.astype(np.float32)
    rows = float(first[0].sum() + first[1].sum())
    centre: Floats32 = ((first[0] @ real + first[1] @ synthetic) / rows).astype(np.float32)
    inner, outer = parting.apply(spread(real, centre), spread(synthetic, centre))
    inside = outer[:, None] <= np.quantile(inner, ALPHAS)
    return agreement(inside.mean(axis=0))


def spread(points: Floats32, centre: Floats32) -> Floats:
    """Return the distance of each point from a centre; shape (n,)."""
    distances: Floats = np.linalg.norm(points - centre, axis=1).astype(np.float64)
    return distances


def agreement(curve: Floats) -> float:
    """Return the agreement of a curve over `ALPHAS` with the diagonal, which is 1 on it."""
    return float(1 - np.abs(ALPHAS - curve).sum() / ALPHAS.sum())
