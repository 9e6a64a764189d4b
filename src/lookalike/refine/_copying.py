"""Detection of a generator that repeats its training rows, by comparison with held-out rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from lookalike._core.numerics import as_points, nearest_rows
from lookalike.encoding import EncodedRows, Layout, SampledRows
from lookalike.refine._binning import centres

__all__ = ["Points", "copy_detector", "level_points"]

Points = Float[np.ndarray, "rows width"]

#: The maximum number of generated rows per measurement, and of real rows to compare with.
_LOOK, _MOST = 2_048, 40_000
#: The distance below which a row is very near: this quantile of distances from held-out rows to
#: training rows, estimated from at most `_MEASURED` of them.
_NEAR, _MEASURED = 0.01, 2_000
#: The number of standard errors by which generated rows must avoid held-out rows, …
_TOLERANCE = 4.0
#: … and the share of the expected number that is too few: of very near rows, and of all rows.
_FEW_NEAR, _FEW = 0.5, 0.8
#: Numbers are rounded to multiples of 1 / this, and different levels lie about 1 apart. Distances
#: are then exact sums, so that equal distances compare as equal.
_GRAIN = 64
_APART = 45 / _GRAIN
#: The levels of wider blocks are encoded as this number of random signs, times `_SIGN`.
_WIDE, _SIGN = 32, 8 / _GRAIN


def copy_detector(
    training: EncodedRows, held: EncodedRows, layout: Layout, rng: np.random.Generator
) -> Callable[[SampledRows], bool]:
    """Return a function that tests whether generated rows repeat training rows.

    Rows are held out at random, so a generator that has learned only their distribution treats
    them like the others: a held-out row is the nearest real row of a generated one as often as its
    share among real rows (the distance to the closest record with a hold-out: Platzer and Reutterer
    2021, arXiv 2104.00635). If held-out rows are significantly less often the nearest, the
    generator repeats training rows. The test is made on all generated rows, and on those very near
    to a real row, where it detects a share of 10 % copies.

    Parameters
    ----------
    training, held : EncodedRows
        n training and m held-out rows; large training tables are subsampled.
    layout : Layout
    rng : numpy.random.Generator
        The source of the random order by which one of several equally near rows is chosen.

    Returns
    -------
    callable
        From sampled rows, of which the first 2,048 are used, to bool.
    """
    count = max(_MOST - len(held.floats), len(held.floats))
    some = rng.permutation(len(training.floats))[:count]
    training = EncodedRows(training.floats[some], training.codes[some])
    joined = EncodedRows(*(np.concatenate(part) for part in zip(training, held, strict=True)))
    middles, snapped = centres(joined, layout)
    points = [level_points(block.width, rng) for block in layout.blocks if block.head == "softmax"]
    rows = _matrix(SampledRows(middles, _levels(joined, layout)), points)
    own, trained = rows[len(training.floats) :], rows[: len(training.floats)]
    limit = float(np.quantile(_nearest(own[:_MEASURED], trained)[1], _NEAR))
    places = _Places.of(rows, len(own), rng)

    def copies(drawn: SampledRows) -> bool:
        first = SampledRows(drawn.numbers[:_LOOK], drawn.levels[:_LOOK])
        fake = _matrix(SampledRows(snapped(first), first.levels), points)
        at, squares = _nearest(fake, places.rows)
        near = squares <= limit
        return places.shunned(at[near], _FEW_NEAR) or places.shunned(at, _FEW)

    return copies


@dataclass(frozen=True)
class _Places:
    """Distinct real rows, in random order.

    Parameters
    ----------
    rows : ndarray, shape (places, width)
    counts : ndarray of int, shape (places,)
        The number of real rows with these values.
    held : ndarray of int, shape (places,)
        The number of held-out rows among them.
    """

    rows: Points
    counts: Int[np.ndarray, " places"]
    held: Int[np.ndarray, " places"]

    @classmethod
    def of(cls, rows: Points, held: int, rng: np.random.Generator) -> _Places:
        """Return the distinct rows; the last `held` of the given ones are held out."""
        words = np.ascontiguousarray(rows).view(f"V{rows.itemsize * rows.shape[1]}").ravel()
        _, first, which = np.unique(words, return_index=True, return_inverse=True)
        order = rng.permutation(len(first))
        counts = np.bincount(which)
        held_out = np.bincount(which[-held:], minlength=len(first))
        return cls(rows[first[order]], counts[order], held_out[order])

    def shunned(self, at: Int[np.ndarray, " fake"], few: float) -> bool:
        """Return whether held-out rows are the nearest significantly too rarely.

        Parameters
        ----------
        at : ndarray of int, shape (fake rows,)
            The nearest distinct row of each generated row.
        few : float
            The share of the expected number below which there are too few.
        """
        # Given the number of hits of each distinct row, the assignment of real rows to the hold-out
        # is random: the hits of held-out rows have a binomial-like expectation and variance.
        hits, share = (
            np.bincount(at, minlength=len(self.rows)),
            self.held.sum() / self.counts.sum(),
        )
        observed, expected = (hits * self.held / self.counts).sum(), share * len(at)
        error = (share * (1 - share) * (hits**2 / self.counts).sum()) ** 0.5
        return bool(observed < few * expected and observed < expected - _TOLERANCE * error)


def _nearest(
    rows: Points, real: Points
) -> tuple[Int[np.ndarray, " rows"], Float[np.ndarray, " rows"]]:
    """Return each row's nearest real row, the first of several, and its squared distance."""
    gaps, at = nearest_rows(rows, real, 1)
    return at[:, 0], (rows**2).sum(axis=1) + gaps[:, 0]


def level_points(width: int, rng: np.random.Generator) -> Points:
    """Return a point for each level of a block, any two of them about 1 apart.

    Parameters
    ----------
    width : int
        The number of levels.
    rng : numpy.random.Generator
        The source of the points of a block of many levels.

    Returns
    -------
    ndarray, shape (levels, dimensions)
    """
    if width <= _WIDE:
        return np.eye(width, dtype=np.float32) * np.float32(_APART)
    return rng.choice(np.array([-_SIGN, _SIGN], np.float32), (width, _WIDE))


def _matrix(drawn: SampledRows, points: Sequence[Points]) -> Points:
    """Return rows as points whose distances are exact."""
    rounded = np.round(drawn.numbers * _GRAIN) / _GRAIN + 0.0  # makes −0.0 positive
    return as_points(rounded.astype(np.float32), drawn.levels, points)


def _levels(encoded: EncodedRows, layout: Layout) -> Int[np.ndarray, "rows levels"]:
    sources = [block.source_start for block in layout.blocks if block.head == "softmax"]
    return encoded.codes[:, sources]
