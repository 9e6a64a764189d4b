"""The fit of a correction, which is kept only if it helps on held-out rows."""

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
from lookalike.refine._forest import UNIT, CellForest
from lookalike.refine._gibbs import GibbsSweep
from lookalike.refine._raking import rake, shares_due

__all__ = ["CorrectionFit", "fit_correction"]

#: The minimum number of rows to validate a correction.
_FEWEST = 200
#: The minimum number of the caller's held-out rows to be used for validation, and to be used alone.
_FEWEST_HELD_OUT, _JUDGE = 30, 2_000
#: The maximum number of real rows that train trees.
_MOST_ROWS = 100_000
#: The number of generated rows that train trees: three for each real one, within limits, and up to
#: the lower one 24, since real rows are so few that more of the others tell trees no more.
_PER_ROW, _PER_ROW_OF_FEW, _POOL_ROWS = 3, 24, (49_152, 196_608)
#: The maximum number of values in a pool of generated rows, which limits the rows of wide tables.
_MOST_VALUES = 20_000_000
#: The minimum number of generated rows in a pool.
_FEWEST_MADE = 4_096
#: The maximum number of trees of a fold, and that for small tables.
_TREES, _FEW_TREES = 600, 80
#: The learning rate of a single fold, and of several, whose mean is smoother.
_ALONE, _AMONG = 0.3, 0.2
#: The maximum size of all masks, in words, unless it allows a fold fewer than `_FEW_TREES` trees.
_MOST_WORDS = 2**24
#: By the minimum number of rows: the number of parts, of folds, and of trees per fold.
_FOLDS = ((20_000, 10, 1, _TREES), (2_000, 5, 5, _TREES), (0, 5, 5, _FEW_TREES))
#: The number of rows generated for each row selected: for small tables, whose samples take little
#: time, and the limits for tables from `_LARGE` rows on, where the effective number of rows must be
#: 1.3 times that selected.
_POOL_OF_SMALL, _LARGE, _POOL = 6, 20_000, (2, 4)
_EFFECTIVE_ROWS = 1.3
#: The fractions of the log ratio that are tried.
_FRACTIONS = (1.0, 0.75, 0.5, 0.25)
#: The gain, in nats per row, that must be exceeded by this number of standard errors.
_WORTH, _SURE = 0.01, 2.0
#: The minimum effective share of a weighted pool.
_LEAST_EFFECTIVE = 0.3


class CorrectionFit(NamedTuple):
    """The result of fitting a correction.

    Parameters
    ----------
    correction : Correction or None
        None if rows are better left unselected.
    words : str
        A sentence about the result.
    sweep : GibbsSweep or None
        None if no column is to be resampled.
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

    Boosted trees estimate the log density ratio of real to generated rows from all but one fold of
    the real rows, with early stopping on that fold; the mean over folds is used. Each real row is
    scored only by trees that were not trained on it: the mean gain in log-likelihood (see `gains`)
    selects the fraction of the log ratio, and must be significant. The mean over folds is at least
    as good as the folds on average, since the logarithm of a mean of exponentials is convex. Large
    tables have a single fold: the caller's held-out rows, if there are enough. Finally, marginals
    are restored.

    Parameters
    ----------
    make : callable
        From a number to a block of generated rows, calibrated but not corrected, other than those
        that will be sampled.
    encoded : EncodedRows
        The real rows.
    layout : Layout
    seed : int
        The seed of folds and trees.
    held_out : EncodedRows, optional
        Real rows that did not train the generator and are not among `encoded`. Few of them can
        only veto a correction; many replace the folds.
    force : bool
        Whether to keep a correction that is not certain to help.
    cancelled : callable
        Returns whether to give up; called from time to time.

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
        return CorrectionFit(None, f"no correction: {rows} rows are too few to validate one")
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
    """Fit the selection of rows, if it raises the likelihood of held-out rows."""
    training, stopping, fresh = pools
    forest, own = _grow(folds, (training, stopping), fresh, cells, rng, cancelled)
    if not len(forest):
        return CorrectionFit(None, "no correction: no difference generalises to held-out rows")
    fraction, gain, error = _fraction(own)
    found = f"{gain:.3f} ± {error:.3f} nats per row"
    if gain <= _WORTH + _SURE * error and not force:
        words = f"no correction: the log-likelihood of held-out rows would rise by only {found}"
        return CorrectionFit(None, words)
    logs = forest.sums(fresh)[0]
    if held is not None and _FEWEST_HELD_OUT <= len(held) < _JUDGE and not force:
        gain = gains(fraction * forest.sums(held)[0], fraction * logs).mean()
        if gain <= 0:
            return CorrectionFit(
                None,
                f"no correction: the log-likelihood of held-out rows would change by {gain:.3f} "
                "nats per row",
            )
    return _finished(forest, fraction, fresh, known, cells, found)


def _as_sampled(correction: Correction | None, fresh: Codes, rows: int) -> Codes:
    """Return the cells of at least as many generated rows as real ones, as they are sampled."""
    wanted = max(rows, _FEWEST_MADE)
    if correction is None:
        return fresh[:wanted]
    weights = np.exp(correction.log_weights(fresh))
    chosen = choose(weights, min(wanted, len(fresh) // correction.pool), 0.5)
    return np.asarray(fresh[chosen])


def _with_sweep(fitted: CorrectionFit, sweep: GibbsSweep | None, layout: Layout) -> CorrectionFit:
    """Return the fit with a sweep, whose columns are added to its sentence."""
    if sweep is None:
        return fitted
    levels = [block.column for block in layout.blocks if block.head == "softmax"]
    first = sweep.cells.categories[0]
    names = ", ".join(repr(levels[one.feature - first]) for one in sweep.conditionals)
    words = f"{fitted.words}; resampled given all other columns: {names}"
    return fitted._replace(sweep=sweep, words=words)


def _pools(
    make: Callable[[int], SampledRows], cells: Binning, rows: int, cancelled: Callable[[], bool]
) -> tuple[Codes, Codes, Codes]:
    """Return the cells of three separate pools of generated rows.

    They serve to train trees, to stop them early, and to measure the result.
    """
    pools, number = [], 0
    sizes = _pool_sizes(rows)
    share = min(1.0, _MOST_VALUES / (max(sizes) * max(len(cells.sizes), 1)))
    for size in sizes:
        wanted = max(int(size * share), _FEWEST_MADE)
        parts: list[Codes] = []
        while sum(map(len, parts)) < wanted:
            if cancelled():
                raise Cancelled
            parts.append(cells.of_drawn(make(number)))
            number += 1
        pools.append(np.concatenate(parts)[:wanted])
    return pools[0], pools[1], pools[2]


def _pool_sizes(rows: int) -> tuple[int, int, int]:
    """Return the numbers of generated rows that train trees, stop them, and measure the result.

    The last are many: the sampling noise of the rows used for raking is carried into every sample.
    """
    usual, most = _POOL_ROWS
    least = int(np.clip(_PER_ROW_OF_FEW * rows, 2 * _FEWEST_MADE, usual))
    training, measuring = (
        int(np.clip(times * _PER_ROW * rows, times * least, most)) for times in (1, 2)
    )
    return training, least // 2, measuring


def _folds(
    real: Codes, held: Codes | None, rng: np.random.Generator
) -> list[tuple[Codes, Codes, int]]:
    """Return, for each fold, training rows, validation rows and the maximum number of trees."""
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
) -> tuple[CellForest, list[tuple[np.ndarray, np.ndarray]]]:
    """Grow trees for every fold.

    Returns
    -------
    CellForest
        The mean over folds.
    list of tuple of two ndarray
        For each fold, the log ratios of the validation rows and of fresh generated rows.
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
    return CellForest.joined([forest.scaled(1 / len(folds)) for forest in forests]), own


def _fraction(own: list[tuple[np.ndarray, np.ndarray]]) -> tuple[float, float, float]:
    """Return the fraction of the log ratio with the highest gain, the gain and its error."""
    best = (0.0, -np.inf, 0.0)
    for fraction in _FRACTIONS:
        found = np.concatenate([gains(fraction * held, fraction * pool) for held, pool in own])
        if found.mean() > best[1]:
            best = fraction, float(found.mean()), float(found.std() / len(found) ** 0.5)
    return best


def _finished(
    forest: CellForest, fraction: float, fresh: Codes, known: Codes, cells: Binning, gain: str
) -> CorrectionFit:
    """Restore marginals, and temper weights whose effective number of rows is too small.

    The marginals are those of all real rows, held out or not, for the least sampling noise.
    """
    logs, tempered = forest.sums(fresh)[0], ""
    while (effective := _effective(fraction * logs)) < _LEAST_EFFECTIVE:
        fraction *= 0.8
        tempered = "; weights were tempered, as too few rows would have been effective"
    pool = _POOL_OF_SMALL
    if len(known) >= _LARGE:
        pool = int(np.clip(np.ceil(_EFFECTIVE_ROWS / effective), *_POOL))
    weights = np.exp(clipped(fraction * logs))
    terms = rake(weights, len(fresh) // pool, fresh, known, cells.sizes)
    forest = forest.scaled(fraction)
    terms = np.rint(terms * UNIT).astype(np.int32)
    words = (
        f"rows are selected from {pool} times as many by {len(forest)} trees: the log-likelihood "
        f"of held-out rows rises by {gain}, with {fraction:.2f} of the log ratio and "
        f"{effective:.0%} effective rows{tempered}"
    )
    due = np.concatenate(shares_due(fresh, known, cells.sizes)).astype(np.float32)
    return CorrectionFit(Correction(cells, replace(forest, terms=terms), due, pool), words)


def _effective(logs: np.ndarray) -> float:
    """Return the effective share of weighted rows: (Σw)² / Σw² / n (Kish 1965)."""
    weights = np.exp(clipped(logs))
    return float(weights.mean() ** 2 / (weights**2).mean())
