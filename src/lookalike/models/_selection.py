"""How good a generator is on rows that did not train it: the held-out stop of small tables."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import Float

from lookalike.encoding import Compact, Drawn, Layout, draw

__all__ = ["COPYING", "held_out_score", "split"]

Rows = Float[np.ndarray, "rows width"]

#: Generated rows of one look: enough for a steady mean, few enough to cost milliseconds.
_LOOK = 1_000
#: Standard errors by which generated rows may lie nearer to training rows than to held-out ones.
_TOLERANCE = 4.0
#: The score of a generator that copies: below any energy distance, and finite, for the record.
COPYING = -1e6


def split(compact: Compact, share: float, rng: np.random.Generator) -> tuple[Compact, Compact]:
    """Split compact rows at random into those that train and those held out.

    Parameters
    ----------
    compact : Compact
        n rows.
    share : float
        The share that is held out; one row at least is left to train.
    rng : numpy.random.Generator

    Returns
    -------
    tuple of Compact
        Training rows, held-out rows.
    """
    order = rng.permutation(len(compact.floats))
    cut = min(round(share * len(order)), len(order) - 1)
    parts = order[cut:], order[:cut]
    training, held_out = (Compact(compact.floats[p], compact.codes[p]) for p in parts)
    return training, held_out


def held_out_score(
    training: Compact,
    held_out: Compact,
    layout: Layout,
    make: Callable[..., Drawn],
    rng: np.random.Generator,
) -> Callable[..., float]:
    """Return a score of generators, higher is better, for a `lookalike.training.Selection`.

    The score is minus the energy distance between generated and held-out rows (Székely and Rizzo
    2013): 2·E‖X − Y‖ − E‖X − X'‖ − E‖Y − Y'‖, numbers as they are encoded, a differing level as
    distance 1. A generator that copies scores `COPYING`: one whose rows lie nearer to as
    many training rows than to held-out rows far more often than every other time.

    Parameters
    ----------
    training, held_out : Compact
        Rows that train, and rows that do not.
    layout : Layout
    make : callable
        From a generator to at least a few thousand drawn rows, always the same for the same
        generator.
    rng : numpy.random.Generator
        For the numbers that real rows draw within their intervals, and which training rows are
        compared with.

    Returns
    -------
    callable
        From a generator to its score.
    """
    real = _matrix(draw(held_out, layout, rng), layout)
    some = rng.permutation(len(training.floats))[: len(real)]
    seen = _matrix(draw(Compact(training.floats[some], training.codes[some]), layout, rng), layout)
    among_real = _distances(real, real).mean()

    def score(generator: object) -> float:
        fake = _matrix(make(generator), layout)[:_LOOK]
        to_real = _distances(fake, real)
        if _copies(to_real, _distances(fake, seen)):
            return COPYING
        return -float(2 * to_real.mean() - _distances(fake, fake).mean() - among_real)

    return score


def _copies(to_held_out: np.ndarray, to_training: np.ndarray) -> bool:
    """Say whether rows lie nearer to training rows than chance allows."""
    nearer = to_training.min(axis=1) < to_held_out.min(axis=1)
    # Neighbouring rows share their nearest rows: what counts is how many real rows there are.
    error = 0.5 / min(len(nearer), to_training.shape[1]) ** 0.5
    return bool(nearer.mean() > 0.5 + _TOLERANCE * error)


def _distances(a: Rows, b: Rows) -> np.ndarray:
    """Return Euclidean distances between all rows, by one matrix product."""
    squares = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1) - 2 * a @ b.T
    return np.asarray(np.sqrt(np.maximum(squares, 0)))


def _matrix(drawn: Drawn, layout: Layout) -> Rows:
    """Return rows in which distances mean something: numbers, and levels √½ apart twice."""
    parts = [drawn.numbers.astype(float)]
    for block, at in zip(layout.blocks, layout.drawn_starts, strict=True):
        if block.head == "softmax":
            parts.append(np.eye(block.width)[drawn.levels[:, at]] * 0.5**0.5)
    return np.concatenate(parts, axis=1)
