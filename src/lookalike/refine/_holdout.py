"""The hold-out split, and the validation of generators on held-out rows."""

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

#: Tables with fewer rows are too small for a detector; models are retrained on all of their rows.
_SMALL = 1_000
#: The default share of held-out rows of small and of larger tables, and their maximum number.
_SMALL_SHARE, _SHARE, _MOST = 0.15, 0.10, 4_000
#: The minimum number of held-out rows for a detector.
_FEWEST = 30
#: For small tables (True) and others, whose validation takes longer: the number of intervals
#: between validations, and the number of significantly worse ones that stops training. A run has
#: 40 intervals.
_EVERY, _PATIENCE = {True: 2, False: 5}, {True: 6, False: 4}
#: The maximum number of held-out rows in a validation: that of a block.
_MOST_JUDGED = 8_192
#: The number of generated rows in a validation on a small table: a stable mean, fast to compute.
_LOOK = 1_000


@dataclass(frozen=True)
class HoldOut:
    """The rows of a table, split into training rows and held-out rows.

    Parameters
    ----------
    all, training : EncodedRows
        All rows, and those that train.
    rows : EncodedRows or None
        The held-out rows.
    refit : bool
        Whether to retrain on all rows, once the best number of steps is known.
    """

    all: EncodedRows
    training: EncodedRows
    rows: EncodedRows | None
    refit: bool = False

    def early_stopping(
        self, layout: Layout, make: Callable[..., SampledRows], seed: int
    ) -> EarlyStopping | None:
        """Return the early stopping by held-out rows, or None if there are none.

        Parameters
        ----------
        layout : Layout
        make : callable
            From a generator to at least a few thousand sampled rows, always the same for the same
            generator.
        seed : int
            The seed of the numbers drawn within the intervals of real rows, and of the detector.
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
        # The standard error of an AUC of ½ (Hanley and McNeil 1982); the score is 2·AUC − 1.
        error = 0.0 if few else 2 * (6 * min(len(self.rows.floats), _MOST_JUDGED)) ** -0.5

        def score(network: object) -> CheckpointScore:
            drawn = make(network)
            return CheckpointScore(value(drawn), copying(drawn), error)

        return EarlyStopping(score, every=_EVERY[small], patience=_PATIENCE[small])


def hold_out(encoded: EncodedRows, share: float | None, rng: np.random.Generator) -> HoldOut:
    """Split encoded rows at random into training rows and held-out rows.

    Parameters
    ----------
    encoded : EncodedRows
        n rows.
    share : float or None
        The held-out share; at least one row remains for training. None holds out 15 % of 200 to
        1,000 rows, with a retraining on all rows, and 10 % (at most 4,000) of larger tables.
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
    """Return minus the detectability of generated rows among held-out ones, as a function."""
    some = rng.permutation(len(held.floats))[:_MOST_JUDGED]
    real = sample_encoded(EncodedRows(held.floats[some], held.codes[some]), layout, rng)
    seed = int(rng.integers(2**31))
    return lambda drawn: -detectability(real, drawn, seed)


def _energy_distance(
    held: EncodedRows, layout: Layout, rng: np.random.Generator
) -> Callable[[SampledRows], float]:
    """Return minus the energy distance to held-out rows, as a function (Székely and Rizzo 2013).

    2·E‖X − Y‖ − E‖X − X'‖ − E‖Y − Y'‖, with numbers as encoded and different levels at distance 1.
    """
    real = _matrix(sample_encoded(held, layout, rng), layout)
    among_real = distances(real, real).mean()

    def value(drawn: SampledRows) -> float:
        fake = _matrix(drawn, layout, _LOOK)
        among_fake = distances(fake, fake).mean()
        return -float(2 * distances(fake, real).mean() - among_fake - among_real)

    return value


def _matrix(drawn: SampledRows, layout: Layout, rows: int | None = None) -> Points:
    """Return rows as points, in which two different levels are 1 apart."""
    codes = [np.eye(b.width) * 0.5**0.5 for b in layout.blocks if b.head == "softmax"]
    return as_points(drawn.numbers[:rows].astype(float), drawn.levels[:rows], codes)
