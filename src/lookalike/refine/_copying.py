"""Does a generator repeat the rows that train it? Rows held out at random are the measure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from lookalike._core.numerics import as_points, nearest_rows
from lookalike.encoding import EncodedRows, Layout, SampledRows
from lookalike.refine._binning import centres

__all__ = ["Points", "copy_detector"]

Points = Float[np.ndarray, "rows width"]

#: Generated rows of one look, and real rows they are compared with, at most.
_LOOK, _MOST = 2_048, 40_000
#: Very near is nearer than all but this share of held-out rows are to training rows, …
_NEAR = 0.01
#: … which so many held-out rows tell.
_TOLD = 2_000
#: Standard errors beyond which too few generated rows belong to held-out rows, …
_TOLERANCE = 4.0
#: … and what is too few, as a share of those due: of rows very near to real ones, and of all.
_FEW_NEAR, _FEW = 0.5, 0.8
#: Numbers are rounded to multiples of 1 / this, and levels that differ lie about 1 apart: distances
#: are then exact sums, and rows that are equally near are found equally near.
_GRAIN = 64
_APART = 45 / _GRAIN
#: Levels of a wider block stand as so many random signs, times this.
_WIDE, _SIGN = 32, 8 / _GRAIN


def copy_detector(
    training: EncodedRows, held: EncodedRows, layout: Layout, rng: np.random.Generator
) -> Callable[[SampledRows], bool]:
    """Return what says of generated rows whether they repeat training rows.

    Which rows were held out is chance. To a generator that has only learned how rows are
    distributed they are like all others: of the rows that are the nearest real one to some
    generated row, their share is due to them (the distance to the closest record, with a hold-out
    as its measure: Platzer and Reutterer 2021, arXiv 2104.00635). If clearly fewer generated rows
    belong to them, and that is no chance, training rows are repeated. This is asked of all
    generated rows, and of those that lie very near to a real one, which finds a tenth of copies
    among other rows.

    Parameters
    ----------
    training, held : EncodedRows
        n and m rows; of very many training rows, some are compared.
    layout : Layout
    rng : numpy.random.Generator
        Of the order of rows, by which one of equally near rows is chosen.

    Returns
    -------
    callable
        From drawn rows, of which the first 2,048 are looked at, to bool.
    """
    count = max(_MOST - len(held.floats), len(held.floats))
    some = rng.permutation(len(training.floats))[:count]
    training = EncodedRows(training.floats[some], training.codes[some])
    joined = EncodedRows(*(np.concatenate(part) for part in zip(training, held, strict=True)))
    middles, snapped = centres(joined, layout)
    points = [_points(block.width, rng) for block in layout.blocks if block.head == "softmax"]
    rows = _matrix(SampledRows(middles, _levels(joined, layout)), points)
    own, trained = rows[len(training.floats) :], rows[: len(training.floats)]
    limit = float(np.quantile(_nearest(own[:_TOLD], trained)[1], _NEAR))
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
        How many rows are there.
    held : ndarray of int, shape (places,)
        How many of them are held out.
    """

    rows: Points
    counts: Int[np.ndarray, " places"]
    held: Int[np.ndarray, " places"]

    @classmethod
    def of(cls, rows: Points, held: int, rng: np.random.Generator) -> _Places:
        """Return the places of rows, of which the last `held` are held out."""
        words = np.ascontiguousarray(rows).view(f"V{rows.itemsize * rows.shape[1]}").ravel()
        _, first, which = np.unique(words, return_index=True, return_inverse=True)
        order = rng.permutation(len(first))
        counts = np.bincount(which)
        held_out = np.bincount(which[-held:], minlength=len(first))
        return cls(rows[first[order]], counts[order], held_out[order])

    def shunned(self, at: Int[np.ndarray, " fake"], few: float) -> bool:
        """Say whether held-out rows are so seldom the nearest that it is no chance.

        Parameters
        ----------
        at : ndarray of int, shape (fake rows,)
            The nearest place of each.
        few : float
            Which share of what is due is too few.
        """
        # How often each place is the nearest is given; which rows of it are held out was drawn.
        often, share = (
            np.bincount(at, minlength=len(self.rows)),
            self.held.sum() / self.counts.sum(),
        )
        found, due = (often * self.held / self.counts).sum(), share * len(at)
        error = (share * (1 - share) * (often**2 / self.counts).sum()) ** 0.5
        return bool(found < few * due and found < due - _TOLERANCE * error)


def _nearest(
    rows: Points, real: Points
) -> tuple[Int[np.ndarray, " rows"], Float[np.ndarray, " rows"]]:
    """Return each row's nearest real row, the first of several, and its squared distance."""
    gaps, at = nearest_rows(rows, real, 1)
    return at[:, 0], (rows**2).sum(axis=1) + gaps[:, 0]


def _points(width: int, rng: np.random.Generator) -> Points:
    """Return a point for each level of a block, any two of them about 1 apart."""
    if width <= _WIDE:
        return np.eye(width, dtype=np.float32) * np.float32(_APART)
    return rng.choice(np.array([-_SIGN, _SIGN], np.float32), (width, _WIDE))


def _matrix(drawn: SampledRows, points: Sequence[Points]) -> Points:
    """Return rows in which distances mean something, and are exact."""
    rounded = np.round(drawn.numbers * _GRAIN) / _GRAIN + 0.0  # of two zeros, one is left
    return as_points(rounded.astype(np.float32), drawn.levels, points)


def _levels(encoded: EncodedRows, layout: Layout) -> Int[np.ndarray, "rows levels"]:
    sources = [block.source_start for block in layout.blocks if block.head == "softmax"]
    return encoded.codes[:, sources]
