"""Fit a correction, and keep it only where rows that trained nothing say that it helps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import numpy as np

from lookalike._core.seeds import generator
from lookalike._core.workers import in_parallel
from lookalike.encoding import EncodedRows, Layout, SampledRows
from lookalike.refine._binning import Binning, Codes
from lookalike.refine._choose import choose
from lookalike.refine._conditionals import fit_sweep
from lookalike.refine._correction import Correction, clipped
from lookalike.refine._density_ratio import Cancelled, boost, gains
from lookalike.refine._forest import UNIT, Forest
from lookalike.refine._gibbs import GibbsSweep
from lookalike.refine._raking import rake, shares_due

__all__ = ["CorrectionFit", "fit_correction"]

#: Fewer rows cannot say whether a correction helps.
_FEWEST = 200
#: The caller's held-out rows that are enough to have a say, and to judge alone.
_FEWEST_HELD_OUT, _JUDGE = 30, 2_000
#: Real rows that train trees at most, and generated rows that do: for each real row, within limits.
_MOST_ROWS = 100_000
_PER_ROW, _POOL_ROWS = 3, (49_152, 196_608)
#: Generated rows that stop the trees, and fresh ones on which gains and marginals are measured:
#: what is raked on few rows carries their chance into every sample.
_STOP_ROWS, _FRESH_ROWS = 24_576, (98_304, 196_608)
#: Values of generated rows that a pool has at most: of wide tables fewer rows are made.
_MOST_VALUES = 20_000_000
#: Generated rows that tell what the generator knows of a column, where real ones are fewer.
_FEWEST_MADE = 4_096
#: The most trees of a fold.
_TREES, _FEW_TREES = 600, 80
#: What each tree adds of what is left to learn: more where no mean over folds smooths it.
_ALONE, _AMONG = 0.3, 0.2
#: The most words of all trees' masks together, unless that leaves a fold fewer than `_FEW_TREES`.
_MOST_WORDS = 2**24
#: From so many rows on, into how many parts they are split and how many of these judge in turn.
_FOLDS = ((20_000, 10, 1, _TREES), (2_000, 5, 5, _TREES), (0, 5, 5, _FEW_TREES))
#: Rows made for each row kept: of small tables, whose samples cost little time, and of tables of so
#: many rows at least and at most. Of these, as many as leave so many effective rows for each.
_POOL_OF_SMALL, _LARGE, _POOL = 6, 20_000, (2, 4)
_EFFECTIVE_ROWS = 1.3
#: Fractions of the log ratio that are tried.
_FRACTIONS = (1.0, 0.75, 0.5, 0.25)
#: The gain must be above so many nats a row, for a correction to be worth its time, by this many
#: standard errors.
_WORTH, _SURE = 0.01, 2.0
#: The effective share of a weighted pool must not fall below this.
_LEAST_EFFECTIVE = 0.3


class CorrectionFit(NamedTuple):
    """What came of fitting a correction.

    Parameters
    ----------
    correction : Correction or None
        None where generated rows are better left alone.
    words : str
        What was found, as a sentence.
    sweep : GibbsSweep or None
        None where no column is better drawn anew.
    """

    correction: Correction | None
    words: str
    sweep: GibbsSweep | None = None


def fit_correction(
    make: Callable[[int], SampledRows],
    encoded: EncodedRows,
    layout: Layout,
    seed: int,
    held_out: EncodedRows | None = None,
    *,
    force: bool = False,
    cancelled: Callable[[], bool] = lambda: False,
) -> CorrectionFit:
    """Fit a correction of a generator.

    Boosted trees learn the log density ratio of real to generated rows on all but one fold of the
    real rows, and stop by that fold; the ratio used is the mean over folds. A real row is
    judged only by trees that never saw it: their mean gain in log-likelihood (see `gains`)
    chooses which fraction of the log ratio is used, and must be clearly worth it. The mean over
    folds is at least as good as the folds on average, since the logarithm of a mean of
    exponentials is convex. Large tables have one fold only: the caller's held-out rows, if they
    are many. Then marginals are restored.

    Parameters
    ----------
    make : callable
        From a number to a block of generated rows, calibrated and not corrected; other rows than
        those that will be sampled.
    encoded : EncodedRows
        The real rows.
    layout : Layout
    seed : int
        Of folds and trees.
    held_out : EncodedRows, optional
        Real rows that did not train the generator either and are not among `encoded`: few of
        them must not object, many judge alone.
    force : bool
        Whether the correction is kept even if it is not sure to help.
    cancelled : callable
        Asked now and then whether to give up.

    Returns
    -------
    CorrectionFit

    Raises
    ------
    Cancelled
        If it was cancelled.
    """
    rows = len(encoded.floats)
    if rows < _FEWEST:
        return CorrectionFit(None, f"no correction: {rows} rows are too few to judge one")
    rng = generator(seed, "correction")
    cells = Binning.fit(encoded, layout)
    some = rng.permutation(rows)[:_MOST_ROWS]
    real = cells.of_rows(EncodedRows(encoded.floats[some], encoded.codes[some]))
    held = None if held_out is None else cells.of_rows(held_out)
    pools = _pools(make, cells, len(real), cancelled)
    folds = _folds(real, held, rng)
    known = real if held is None else np.concatenate([real, held])
    fitted = _choice(folds, pools, held, known, cells, rng, cancelled, force=force)
    made = _as_sampled(fitted.correction, pools[-1], len(real))
    splits = [(training, judging) for training, judging, _ in folds]
    sweep = fit_sweep(splits, made, known, cells, layout, rng, cancelled)
    return _with_sweep(fitted, sweep, layout)


def _choice(
    folds: list[tuple[Codes, Codes, int]],
    pools: tuple[Codes, Codes, Codes],
    held: Codes | None,
    known: Codes,
    cells: Binning,
    rng: np.random.Generator,
    cancelled: Callable[[], bool],
    *,
    force: bool,
) -> CorrectionFit:
    """Fit what chooses rows, if held-out rows become likelier by it."""
    training, stopping, fresh = pools
    forest, own = _grow(folds, (training, stopping), fresh, cells, rng, cancelled)
    if not len(forest):
        return CorrectionFit(None, "no correction: trees find nothing that holds for held-out rows")
    fraction, gain, error = _fraction(own)
    found = f"{gain:.3f} ± {error:.3f} nats a row"
    if gain <= _WORTH + _SURE * error and not force:
        return CorrectionFit(None, f"no correction: held-out rows become likelier by {found} only")
    logs = forest.sums(fresh)[0]
    if held is not None and _FEWEST_HELD_OUT <= len(held) < _JUDGE and not force:
        gain = gains(fraction * forest.sums(held)[0], fraction * logs).mean()
        if gain <= 0:
            return CorrectionFit(
                None, f"no correction: rows that did not train change by {gain:.3f} nats"
            )
    return _finished(forest, fraction, fresh, known, cells, found)


def _as_sampled(correction: Correction | None, fresh: Codes, rows: int) -> Codes:
    """Return the cells of generated rows as they are sampled, as many as real ones or more."""
    wanted = max(rows, _FEWEST_MADE)
    if correction is None:
        return fresh[:wanted]
    weights = np.exp(correction.log_weights(fresh))
    chosen = choose(weights, min(wanted, len(fresh) // correction.pool), 0.5)
    return np.asarray(fresh[chosen])


def _with_sweep(fitted: CorrectionFit, sweep: GibbsSweep | None, layout: Layout) -> CorrectionFit:
    """Return what was fitted with what is drawn anew, and say so."""
    if sweep is None:
        return fitted
    levels = [block.column for block in layout.blocks if block.head == "softmax"]
    first = sweep.cells.categories[0]
    names = ", ".join(repr(levels[one.feature - first]) for one in sweep.conditionals)
    words = f"{fitted.words}; drawn anew given all other columns: {names}"
    return fitted._replace(sweep=sweep, words=words)


def _pools(
    make: Callable[[int], SampledRows], cells: Binning, rows: int, cancelled: Callable[[], bool]
) -> tuple[Codes, Codes, Codes]:
    """Return the cells of three separate pools of generated rows.

    They train trees, stop them, and measure what came of it.
    """
    pools, number = [], 0
    wishes = (
        int(np.clip(_PER_ROW * rows, *_POOL_ROWS)),
        _STOP_ROWS,
        int(np.clip(2 * _PER_ROW * rows, *_FRESH_ROWS)),
    )
    share = min(1.0, _MOST_VALUES / (max(wishes) * max(len(cells.sizes), 1)))
    for wished in wishes:
        wanted = max(int(wished * share), _FEWEST_MADE)
        parts: list[Codes] = []
        while sum(map(len, parts)) < wanted:
            if cancelled():
                raise Cancelled
            parts.append(cells.of_drawn(make(number)))
            number += 1
        pools.append(np.concatenate(parts)[:wanted])
    return pools[0], pools[1], pools[2]


def _folds(
    real: Codes, held: Codes | None, rng: np.random.Generator
) -> list[tuple[Codes, Codes, int]]:
    """Return for each fold the rows that train, those that judge, and how many trees at most."""
    if held is not None and len(held) >= _JUDGE:
        return [(real, held, _TREES)]
    _, parts, folds, trees = next(plan for plan in _FOLDS if len(real) >= plan[0])
    part = rng.permutation(len(real)) % parts
    return [(real[part != fold], real[part == fold], trees) for fold in range(folds)]


def _grow(
    folds: list[tuple[Codes, Codes, int]],
    pool: tuple[Codes, Codes],
    fresh: Codes,
    cells: Binning,
    rng: np.random.Generator,
    cancelled: Callable[[], bool],
) -> tuple[Forest, list[tuple[np.ndarray, np.ndarray]]]:
    """Grow trees for every fold.

    Returns
    -------
    Forest
        The mean over folds.
    list of tuple of two ndarray
        For each fold, the log ratios of the rows that judge and of fresh generated rows.
    """
    most = max(_MOST_WORDS // (sum(cells.sizes) * len(folds)), _FEW_TREES)
    rate = _ALONE if len(folds) == 1 else _AMONG
    seeds = rng.integers(2**31, size=len(folds)).tolist()
    forests = in_parallel(
        partial(boost, (training, judging), pool, cells, min(trees, most), rate, seed, cancelled)
        for (training, judging, trees), seed in zip(folds, seeds, strict=True)
    )
    own = [
        (forest.sums(judging)[0], forest.sums(fresh)[0])
        for forest, (_, judging, _) in zip(forests, folds, strict=True)
    ]
    return Forest.joined([forest.scaled(1 / len(folds)) for forest in forests]), own


def _fraction(own: list[tuple[np.ndarray, np.ndarray]]) -> tuple[float, float, float]:
    """Return the fraction of the log ratio that held-out rows like best, its gain and error."""
    best = (0.0, -np.inf, 0.0)
    for fraction in _FRACTIONS:
        found = np.concatenate([gains(fraction * held, fraction * pool) for held, pool in own])
        if found.mean() > best[1]:
            best = fraction, float(found.mean()), float(found.std() / len(found) ** 0.5)
    return best


def _finished(
    forest: Forest, fraction: float, fresh: Codes, known: Codes, cells: Binning, gain: str
) -> CorrectionFit:
    """Restore marginals, and temper weights that leave too few rows to choose from.

    Marginals are those of all rows that are known, held out or not: a tenth less of them would be
    a tenth of chance more.
    """
    logs, tempered = forest.sums(fresh)[0], ""
    while (effective := _effective(fraction * logs)) < _LEAST_EFFECTIVE:
        fraction *= 0.8
        tempered = "; its weights are tempered, since they would have left too few rows"
    pool = _POOL_OF_SMALL
    if len(known) >= _LARGE:
        pool = int(np.clip(np.ceil(_EFFECTIVE_ROWS / effective), *_POOL))
    weights = np.exp(clipped(fraction * logs))
    terms = rake(weights, len(fresh) // pool, fresh, known, cells.sizes)
    forest = forest.scaled(fraction)
    terms = np.rint(terms * UNIT).astype(np.int32)
    words = (
        f"rows are chosen of {pool} times as many by {len(forest)} trees: held-out rows become "
        f"likelier by {gain}, with {fraction:.2f} of the log ratio and an effective "
        f"{effective:.0%} of the rows{tempered}"
    )
    due = np.concatenate(shares_due(fresh, known, cells.sizes)).astype(np.float32)
    return CorrectionFit(Correction(cells, replace(forest, terms=terms), due, pool), words)


def _effective(logs: np.ndarray) -> float:
    """Return the effective share of weighted rows: (Σw)² / Σw² / n (Kish 1965)."""
    weights = np.exp(clipped(logs))
    return float(weights.mean() ** 2 / (weights**2).mean())
