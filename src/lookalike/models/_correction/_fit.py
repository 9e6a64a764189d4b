"""Fit a correction, and keep it only where rows that trained nothing say that it helps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from lookalike._core.seeds import generator
from lookalike.encoding import Compact, Drawn, Layout
from lookalike.models._correction._cells import Cells, Codes
from lookalike.models._correction._correction import POOL, Correction, clipped
from lookalike.models._correction._forest import UNIT, Forest
from lookalike.models._correction._raking import rake
from lookalike.models._correction._ratio import boost, gains

__all__ = ["Fitted", "fit_correction"]

#: Fewer rows cannot say whether a correction helps.
_FEWEST = 200
#: Held-out rows of the caller that are enough to have a say.
_FEWEST_HELD_OUT = 30
#: Real rows that train trees at most, and generated rows that do.
_MOST_ROWS = 100_000
_POOL_ROWS = (24_576, 196_608)
#: Generated rows that stop the trees, and fresh ones on which gains and marginals are measured.
_STOP_ROWS, _FRESH_ROWS = 32_768, 98_304
#: From so many rows on, so many folds, and trees in each at most.
_FOLDS = ((20_000, 10, 1, 400), (2_000, 3, 3, 150), (0, 5, 5, 80))
#: Fractions of the log ratio that are tried.
_FRACTIONS = (1.0, 0.75, 0.5, 0.25)
#: The gain must be this many standard errors above 0.
_SURE = 2.0
#: The effective share of a weighted pool must not fall below this.
_LEAST_EFFECTIVE = 0.3


class Fitted(NamedTuple):
    """What came of fitting a correction.

    Parameters
    ----------
    correction : Correction or None
        None where generated rows are better left alone.
    words : str
        What was found, as a sentence.
    """

    correction: Correction | None
    words: str


def fit_correction(
    make: Callable[[int], Drawn],
    compact: Compact,
    layout: Layout,
    seed: int,
    held_out: Compact | None = None,
) -> Fitted:
    """Fit a correction of a generator.

    Boosted trees learn the log density ratio of real to generated rows on all but one fold of the
    real rows, and stop by that fold; the ratio used is the mean over folds. A real row is
    judged only by trees that never saw it: their mean gain in log-likelihood (see `gains`)
    chooses which fraction of the log ratio is used, and must be clearly above 0. The mean over
    folds is at least as good as the folds on average, since the logarithm of a mean of
    exponentials is convex. Large tables have one fold only. Then marginals are restored.

    Parameters
    ----------
    make : callable
        From a number to a block of generated rows, calibrated and not corrected; other rows than
        those that will be sampled.
    compact : Compact
        The real rows.
    layout : Layout
    seed : int
        Of folds and trees.
    held_out : Compact, optional
        Real rows that did not train the generator either and are not among `compact`; they must
        not object.

    Returns
    -------
    Fitted
    """
    rows = len(compact.floats)
    if rows < _FEWEST:
        return Fitted(None, f"no correction: {rows} rows are too few to judge one")
    rng = generator(seed, "correction")
    cells = Cells.fit(compact, layout)
    real = cells.of_rows(compact)[rng.permutation(rows)[:_MOST_ROWS]]
    wanted = int(np.clip(POOL * len(real), *_POOL_ROWS))
    training, stopping, fresh = _pools(make, cells, (wanted, _STOP_ROWS, _FRESH_ROWS))
    forest, own = _folds(real, (training, stopping), fresh, cells, rng)
    if not len(forest):
        return Fitted(None, "no correction: trees find nothing that holds for held-out rows")
    logs = forest.sums(fresh)[0]
    fraction, gain, error = _fraction(own)
    if gain <= _SURE * error:
        return Fitted(None, f"no correction: its gain is {gain:.3f} ± {error:.3f} nats a row")
    if held_out is not None and len(held_out.floats) >= _FEWEST_HELD_OUT:
        other = forest.sums(cells.of_rows(held_out))[0]
        if gains(fraction * other, fraction * logs).mean() <= 0:
            return Fitted(None, "no correction: it is no gain for rows that did not train")
    return _finished(forest, fraction, fresh, real, cells, f"{gain:.3f} ± {error:.3f}")


def _pools(
    make: Callable[[int], Drawn], cells: Cells, wanted: tuple[int, ...]
) -> tuple[Codes, ...]:
    """Return the cells of separate pools of generated rows, each of at least as many as wanted."""
    pools, number = [], 0
    for rows in wanted:
        parts: list[Codes] = []
        while sum(map(len, parts)) < rows:
            parts.append(cells.of_drawn(make(number)))
            number += 1
        pools.append(np.concatenate(parts)[:rows])
    return tuple(pools)


def _folds(
    real: Codes,
    pool: tuple[Codes, Codes],
    fresh: Codes,
    cells: Cells,
    rng: np.random.Generator,
) -> tuple[Forest, list[tuple[np.ndarray, np.ndarray]]]:
    """Grow trees on folds of the real rows, which are in random order.

    Returns
    -------
    Forest
        The mean over folds.
    list of tuple of two ndarray
        For each fold, the log ratios of its own held-out rows and of fresh generated rows.
    """
    _, parts, folds, trees = next(plan for plan in _FOLDS if len(real) >= plan[0])
    part = np.arange(len(real)) % parts
    forests, own = [], []
    for fold in range(folds):
        held = real[part == fold]
        seed = int(rng.integers(2**31))
        grown = boost((real[part != fold], held), pool, cells, trees, seed)
        own.append((grown.sums(held)[0], grown.sums(fresh)[0]))
        forests.append(grown.scaled(1 / folds))
    return Forest.joined(forests), own


def _fraction(own: list[tuple[np.ndarray, np.ndarray]]) -> tuple[float, float, float]:
    """Return the fraction of the log ratio that held-out rows like best, its gain and error."""
    best = (0.0, -np.inf, 0.0)
    for fraction in _FRACTIONS:
        found = np.concatenate([gains(fraction * held, fraction * pool) for held, pool in own])
        if found.mean() > best[1]:
            best = fraction, float(found.mean()), float(found.std() / len(found) ** 0.5)
    return best


def _finished(
    forest: Forest, fraction: float, fresh: Codes, real: Codes, cells: Cells, gain: str
) -> Fitted:
    """Restore marginals, and temper weights that leave too few rows to choose from."""
    logs, tempered = forest.sums(fresh)[0], ""
    while True:
        weights = np.exp(clipped(fraction * logs))
        terms = rake(weights, fresh, real, cells.sizes)
        weights *= np.exp(terms[fresh + cells.starts].sum(axis=1))
        effective = float(weights.sum() ** 2 / (weights**2).sum() / len(weights))
        if effective >= _LEAST_EFFECTIVE:
            break
        fraction *= 0.8
        tempered = "; its weights are tempered, since they would have left too few rows"
    forest = forest.scaled(fraction)
    terms = np.rint(terms * UNIT).astype(np.int32)
    words = (
        f"rows are chosen of {POOL} times as many by {len(forest)} trees: held-out rows become "
        f"likelier by {gain} nats each, with {fraction:.2f} of the log ratio and an effective "
        f"{effective:.0%} of the rows{tempered}"
    )
    return Fitted(Correction(cells, replace(forest, terms=terms)), words)
