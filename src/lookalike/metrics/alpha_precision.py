"""`AlphaPrecision`: do synthetic rows lie where real rows lie?"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from lookalike.metrics._base import Measured, Metric
from lookalike.metrics._codebook import Floats
from lookalike.metrics._neighbours import MOST_ROWS
from lookalike.metrics._pair import Pair
from lookalike.metrics._view import Floats32

__all__ = ["ALPHAS", "AlphaPrecision", "agreement", "spread"]

#: The shares of rows at which the curves are compared, as in the authors' code.
ALPHAS = np.linspace(0, 1, 30)


class AlphaPrecision(Metric):
    """Compare how far rows lie from the middle of the real rows.

    For each share α, the ball around the real mean that holds α of the real rows should hold α of
    the synthetic ones. The score is 1 − the sum of abs(α − share of synthetic rows) over the sum
    of α. Rows are points: numbers with the real range as [0, 1], levels one-hot.

    Source: Alaa, van Breugel, Saveliev & van der Schaar 2022, "How faithful is your synthetic
    data?", arXiv 2102.08921; the variant without a learned embedding, which published tables use.
    Tables of more than 50,000 rows are a sample, drawn from the seed.
    """

    name: ClassVar[str] = "alpha_precision"

    def _measure(self, pair: Pair) -> Measured:
        real, synthetic = pair.real_view.sample(MOST_ROWS), pair.synthetic_view.sample(MOST_ROWS)
        centre = real.embedding.mean(axis=0)
        radii = np.quantile(spread(real.embedding, centre), ALPHAS)
        inside = spread(synthetic.embedding, centre)[:, None] <= radii
        rows = {"real": len(real), "synthetic": len(synthetic)}
        return Measured(agreement(inside.mean(axis=0)), extra={"rows": rows})


def spread(points: Floats32, centre: Floats32) -> Floats:
    """Return the distance of each point from a centre; shape (n,)."""
    ways: Floats = np.linalg.norm(points - centre, axis=1).astype(np.float64)
    return ways


def agreement(curve: Floats) -> float:
    """Return how near a curve over `ALPHAS` is to the diagonal: 1 on it, 0 where it is 0."""
    return float(1 - np.abs(ALPHAS - curve).sum() / ALPHAS.sum())
