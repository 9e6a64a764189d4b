"""Rows that do not train: which they are, and how good a generator is on them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lookalike._core.numerics import as_points, distances
from lookalike._core.seeds import generator
from lookalike.encoding import EncodedRows, Layout, SampledRows, sample_encoded
from lookalike.refine._copying import Points, copy_detector
from lookalike.refine._detector import detectability

if TYPE_CHECKING:
    from lookalike.training import EarlyStopping

__all__ = ["HoldOut", "hold_out"]

#: Tables below so many rows are too few for a detector, and are learned anew with all rows.
_SMALL = 1_000
#: What is held out by default: of small tables, and of larger ones at most so many rows.
_SMALL_SHARE, _SHARE, _MOST = 0.15, 0.10, 4_000
#: Fewer held-out rows than these are too few for a detector, too.
_FEWEST = 30
#: Intervals between two looks, and looks that are clearly worse than the best after which training
#: stops: of small tables and of others, whose looks take longer. A run has 40 intervals.
_EVERY, _PATIENCE = {True: 2, False: 5}, {True: 6, False: 4}
#: Held-out rows of one look, at most: as many as a block has.
_MOST_JUDGED = 8_192
#: Generated rows of one look at a small table: enough for a steady mean, quick to compare.
_LOOK = 1_000


@dataclass(frozen=True)
class HoldOut:
    """A table's rows, split into those that train and those held out.

    Parameters
    ----------
    all, training : EncodedRows
    rows : EncodedRows or None
        What is held out.
    refit : bool
        Whether the table is to be learned anew with all rows, once it is known for how long.
    """

    all: EncodedRows
    training: EncodedRows
    rows: EncodedRows | None
    refit: bool = False

    def early_stopping(
        self, layout: Layout, make: Callable[..., SampledRows], seed: int
    ) -> EarlyStopping | None:
        """Return what chooses the best state, or None if nothing is held out.

        Parameters
        ----------
        layout : Layout
        make : callable
            From a generator to at least a few thousand drawn rows, always the same for the same
            generator.
        seed : int
            Of the numbers that real rows draw within their intervals, and of the detector.
        """
        from lookalike.training import (  # noqa: PLC0415 - they load JAX
            CheckpointScore,
            EarlyStopping,
        )

        if self.rows is None:
            return None
        small = len(self.all.floats) < _SMALL
        rng = generator(seed, "held-out score")
        few = small or len(self.rows.floats) < _FEWEST
        judge = _energy_distance if few else _detector
        value = judge(self.rows, layout, rng)
        copying = copy_detector(self.training, self.rows, layout, rng)
        # Of an area under the curve of ½ (Hanley and McNeil 1982), of which the score is twice.
        error = 0.0 if few else 2 * (6 * min(len(self.rows.floats), _MOST_JUDGED)) ** -0.5

        def score(network: object) -> CheckpointScore:
            drawn = make(network)
            return CheckpointScore(value(drawn), copying(drawn), error)

        return EarlyStopping(score, every=_EVERY[small], patience=_PATIENCE[small])


def hold_out(encoded: EncodedRows, share: float | None, rng: np.random.Generator) -> HoldOut:
    """Split encoded rows at random into those that train and those held out.

    Parameters
    ----------
    encoded : EncodedRows
        n rows.
    share : float or None
        The share that is held out; one row at least is left to train. None holds out 15 % of 200
        to 1,000 rows, to be learned anew afterwards, and 10 % but at most 4,000 of more.
    rng : numpy.random.Generator

    Returns
    -------
    HoldOut
    """
    rows = len(encoded.floats)
    count = _count(rows) if share is None else round(share * rows)
    count = min(count, rows - 1)
    if count < 1:
        return HoldOut(encoded, encoded, None)
    order = rng.permutation(rows)
    parts = np.sort(order[count:]), np.sort(order[:count])
    training, held = (EncodedRows(encoded.floats[p], encoded.codes[p]) for p in parts)
    return HoldOut(encoded, training, held, refit=share is None and rows < _SMALL)


def _count(rows: int) -> int:
    if rows < _FEWEST / _SMALL_SHARE:
        return 0
    return round(_SMALL_SHARE * rows) if rows < _SMALL else min(round(_SHARE * rows), _MOST)


def _detector(
    held: EncodedRows, layout: Layout, rng: np.random.Generator
) -> Callable[[SampledRows], float]:
    """Return how little boosted trees tell generated rows from held-out ones."""
    some = rng.permutation(len(held.floats))[:_MOST_JUDGED]
    real = sample_encoded(EncodedRows(held.floats[some], held.codes[some]), layout, rng)
    seed = int(rng.integers(2**31))
    return lambda drawn: -detectability(real, drawn, seed)


def _energy_distance(
    held: EncodedRows, layout: Layout, rng: np.random.Generator
) -> Callable[[SampledRows], float]:
    """Return minus the energy distance to held-out rows (Székely and Rizzo 2013).

    2·E‖X − Y‖ − E‖X − X'‖ − E‖Y − Y'‖, numbers as they are encoded, a differing level as
    distance 1.
    """
    real = _matrix(sample_encoded(held, layout, rng), layout)
    among_real = distances(real, real).mean()

    def value(drawn: SampledRows) -> float:
        fake = _matrix(drawn, layout, _LOOK)
        among_fake = distances(fake, fake).mean()
        return -float(2 * distances(fake, real).mean() - among_fake - among_real)

    return value


def _matrix(drawn: SampledRows, layout: Layout, rows: int | None = None) -> Points:
    """Return rows in which distances mean something: two different levels are 1 apart."""
    codes = [np.eye(b.width) * 0.5**0.5 for b in layout.blocks if b.head == "softmax"]
    return as_points(drawn.numbers[:rows].astype(float), drawn.levels[:rows], codes)
