"""Series and histories as curves: courses, autocorrelations, spectra, transitions.

No curve is a real row: real courses are quantiles over units, or means over neighbouring rows.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from lookalike.metrics import View
from lookalike.metrics.sequences import SequencePair, SequenceUnits, both_lagged, lags_of, padded
from lookalike.reports._course import Course, PairMatrix, TransitionTable
from lookalike.reports._values import Floats

__all__ = ["courses", "transition_tables"]

#: Quantiles over units, and the fewest real units that they are taken of.
_QUANTILES = (0.1, 0.5, 0.9)
_FEWEST_UNITS = 10
_EXAMPLES = 3
_MOST_STEPS = 60
#: Points of the course of a whole series, and the fewest rows of which each is the mean.
_POINTS = 120
_FEWEST_ROWS = 5
_FREQUENCIES = 60
_FEWEST_LAGS = 4
_MOST_LEVELS = 8


def courses(pair: SequencePair, names: tuple[str, ...]) -> tuple[Course, ...]:
    """Describe how numbers go on in both tables.

    Parameters
    ----------
    pair : SequencePair
        Real and synthetic units.
    names : tuple of str
        Numeric columns that change within a unit.

    Returns
    -------
    tuple of Course
        In the order of `names`.
    """
    memories = both_lagged(pair) if lags_of(pair) else None
    found = []
    for name in names:
        place = pair.numeric.index(name)
        memory = (
            (np.empty(0), np.empty(0))
            if memories is None
            else (memories[0][1:, place, place], memories[1][1:, place, place])
        )
        found.append(_course(pair, name, memory))
    return tuple(found)


def _course(pair: SequencePair, name: str, memory: tuple[Floats, Floats]) -> Course:
    along, steps, real, synthetic, examples = _curves(pair, name)
    points = _FREQUENCIES if len(memory[0]) >= _FEWEST_LAGS else 0
    frequencies = np.linspace(0.0, 0.5, points)
    spectra = [tuple(_plain(_spectrum(one, frequencies))) for one in memory]
    return Course(
        name,
        along,
        tuple(float(step) for step in steps),
        _rows(real),
        _rows(synthetic),
        _rows(examples),
        tuple(_plain(memory[0])),
        tuple(_plain(memory[1])),
        tuple(float(round(f, 6)) for f in frequencies),
        tuple(value or 0.0 for value in spectra[0]),
        tuple(value or 0.0 for value in spectra[1]),
    )


def _curves(pair: SequencePair, name: str) -> tuple[str, Floats, Floats, Floats, Floats]:
    """Return what steps count, the steps, the curves of both tables, and synthetic examples."""
    real, synthetic = pair.units
    if (
        real.whole is not None
        and synthetic.whole is not None
        and len(real.whole) == len(synthetic.whole) == 1
    ):
        long = [_numbers(one.whole or one, pair, name) for one in (real, synthetic)]
        points = min(_POINTS, min(len(one) for one in long) // _FEWEST_ROWS)
        means = [_bucket_means(one, max(points, 1)) for one in long]
        rows = (np.arange(max(points, 1)) + 0.5) / max(points, 1)
        return "row", rows, means[0][None], means[1][None], np.empty((0, 0))
    cells = [padded(one, _numbers(one, pair, name), _MOST_STEPS) for one in pair.units]
    steps = min(one.shape[1] for one in cells)
    first, second = (_fan(one[:, :steps]) for one in cells)
    along = "event" if real.order.window is None else "step"
    return along, np.arange(1.0, steps + 1), first, second, cells[1][:_EXAMPLES, :steps]


def _numbers(histories: SequenceUnits, pair: SequencePair, name: str) -> Floats:
    view = View(histories.table, pair.codebook, pair.seed)
    found: Floats = view.numbers[:, pair.codebook.numeric.index(name)]
    return found


def _fan(cells: Floats) -> Floats:
    """Return quantiles over units at each step; NaN at steps that few units reach."""
    found = np.full((len(_QUANTILES), cells.shape[1]), np.nan)
    for step in range(cells.shape[1]):
        present = cells[np.isfinite(cells[:, step]), step]
        if len(present) >= _FEWEST_UNITS:
            found[:, step] = np.quantile(present, _QUANTILES)
    return found


def _bucket_means(values: Floats, points: int) -> Floats:
    limits = np.linspace(0, len(values), points + 1).astype(int)
    found = np.full(points, np.nan)
    for place, (start, end) in enumerate(pairwise(limits)):
        part = values[start:end]
        if np.isfinite(part).any():
            found[place] = part[np.isfinite(part)].mean()
    return found


def _spectrum(memory: Floats, frequencies: Floats) -> Floats:
    """Return the spectrum that autocorrelations imply, with Parzen's weights, as shares."""
    lags = np.arange(1, len(memory) + 1)
    part = lags / (len(memory) + 1)
    weights = np.where(part <= 0.5, 1 - 6 * part**2 + 6 * part**3, 2 * (1 - part) ** 3)
    waves = np.cos(2 * np.pi * np.outer(frequencies, lags))
    power = np.maximum(1 + 2 * waves @ (weights * np.nan_to_num(memory)), 0.0)
    found: Floats = power / max(power.sum(), 1e-12) if len(power) else power
    return found


def transition_tables(pair: SequencePair, names: tuple[str, ...]) -> tuple[TransitionTable, ...]:
    """Count which level follows which in both tables.

    Parameters
    ----------
    pair : SequencePair
        Real and synthetic units.
    names : tuple of str
        Discrete columns that change within a unit.

    Returns
    -------
    tuple of TransitionTable
        In the order of `names`; of many levels, the eight most frequent ones and all others.
    """
    return tuple(_transitions(pair, name) for name in names)


def _transitions(pair: SequencePair, name: str) -> TransitionTable:
    book = pair.codebook
    place = book.discrete.index(name)
    views = pair.real_view, pair.synthetic_view
    pooled = np.bincount(np.concatenate([v.codes[:, place] for v in views]))
    kept = [int(c) for c in np.argsort(-pooled, kind="stable")[:_MOST_LEVELS] if pooled[c]]
    kept.sort()
    words = [_word(book.levels[place].to_pylist(), code) for code in kept]
    other = len(kept) < np.count_nonzero(pooled)
    rank = np.full(len(pooled), len(kept))
    rank[kept] = np.arange(len(kept))
    levels = [*words, *(["other"] if other else [])]
    ends = pair.units[0].order.window is None
    tables = [
        _chances(one, rank[view.codes[:, place]], len(levels), ends)
        for one, view in zip(pair.units, views, strict=True)
    ]
    nexts = [*levels, *(["(end)"] if ends else [])]
    return TransitionTable(name, tuple(levels), tuple(nexts), _rows(tables[0]), _rows(tables[1]))


def _chances(
    histories: SequenceUnits, codes: npt.NDArray[np.int64], size: int, ends: bool
) -> Floats:
    after = np.append(codes[1:], size)
    after[histories.starts[1:] - 1] = size
    counts = np.bincount(codes * (size + 1) + after, minlength=size * (size + 1))
    table = counts.reshape(size, size + 1)[:, : size + ends].astype(np.float64)
    total = table.sum(axis=1, keepdims=True)
    found: Floats = np.where(total > 0, table / np.maximum(total, 1), np.nan)
    return found


def _word(levels: list[object], code: int) -> str:
    return str(levels[code]) if code < len(levels) else "(missing)"


def _plain(values: Floats) -> list[float | None]:
    return [float(f"{v:.6g}") if np.isfinite(v) else None for v in values]


def _rows(matrix: Floats) -> PairMatrix:
    return tuple(tuple(_plain(row)) for row in matrix)
