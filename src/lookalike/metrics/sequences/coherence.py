"""`Coherence` and `Transitions`: each event with the next one of its unit."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import numpy.typing as npt

from lookalike._core.seeds import generator
from lookalike.metrics._chance import adjusted, clipped, expected_variation
from lookalike.metrics._details import ColumnScore, Details
from lookalike.metrics._joint import shared_cells
from lookalike.metrics._result import Measured
from lookalike.metrics._view import LevelCodes
from lookalike.metrics.sequences._base import SequenceMetric
from lookalike.metrics.sequences._pair import SequencePair

__all__ = ["Coherence", "Transitions"]

#: The most pairs of columns across events; of more, a sample is drawn from the seed.
_MOST_CROSSED = 500
#: The most levels of a column whose transitions are counted one by one.
_MOST_LEVELS = 64
_SINGLE = "No unit has two events."


class Coherence(SequenceMetric):
    """Compare the cells of an event with those of the next.

    For each column, 1 − the total variation of the joint table of its cell and its next cell, where
    a number is cut at the deciles of the real column and a missing cell is a level; and the same
    for the cell of one column and the next cell of another. The score is the mean of both means,
    each joint table relative to two samples of one distribution (see `_chance`). `raw` is the mean
    of the columns alone, unadjusted: the coherence of the accuracy of mostlyai-qa, which compares
    one pair of events for each entity.
    """

    name: ClassVar[str] = "coherence"
    title: ClassVar[str] = "An event with the next"
    subject: ClassVar[str] = "the way an event follows from the one before"
    meaning: ClassVar[str] = (
        "How alike the joint tables of a cell and the cells of the next event are, averaged over "
        "columns and pairs of columns."
    )
    noise: ClassVar[float] = 0.2

    def _compare(self, pair: SequencePair) -> Measured:
        if not pair.dynamic:
            return Measured.undefined("No column changes within a unit.")
        real, synthetic, sizes = _nexts(pair)
        if not len(real) or not len(synthetic):
            return Measured.undefined(_SINGLE)
        count = len(pair.dynamic)
        own = [_joint(real, synthetic, sizes, place, count + place) for place in range(count)]
        crossed = [
            _joint(real, synthetic, sizes, int(one), count + int(other))[0]
            for one, other in _pairs(count, pair.seed)
        ]
        columns = tuple(
            ColumnScore(name, clipped(value), raw)
            for name, (value, raw) in zip(pair.dynamic, own, strict=True)
        )
        means = [float(np.mean([value for value, _ in own]))]
        if crossed:
            means.append(float(np.mean(crossed)))
        raw = float(np.mean([plain for _, plain in own]))
        return Measured(clipped(float(np.mean(means))), details=Details(raw=raw, columns=columns))


class Transitions(SequenceMetric):
    """Compare the chances of the next level, given the present one.

    For each discrete column, 1 − the total variation between the real and the synthetic chances of
    the next level, averaged over present levels by their real frequency; the end of a history is a
    next level too. Relative to two samples of one distribution. Levels after the 64 most frequent
    ones are one level.
    """

    name: ClassVar[str] = "transitions"
    title: ClassVar[str] = "Transitions between levels"
    subject: ClassVar[str] = "the transitions between levels"
    meaning: ClassVar[str] = (
        "How alike the chances of the next level are, given the present one, averaged over "
        "columns of levels."
    )
    noise: ClassVar[float] = 0.2

    def _compare(self, pair: SequencePair) -> Measured:
        book = pair.codebook
        names = [name for name in book.discrete if name not in pair.static]
        if not names:
            return Measured.undefined("There is no column of levels that changes within a unit.")
        columns, adjusted_values = [], []
        for name in names:
            value, raw = _transitions(pair, book.discrete.index(name))
            adjusted_values.append(value)
            columns.append(ColumnScore(name, clipped(value), raw))
        raws = [entry.raw for entry in columns if entry.raw is not None]
        details = Details(raw=float(np.mean(raws)), columns=tuple(columns))
        return Measured(clipped(float(np.mean(adjusted_values))), details=details)


def _nexts(pair: SequencePair) -> tuple[LevelCodes, LevelCodes, tuple[int, ...]]:
    """Return the levels of each event beside those of the next, of both tables."""
    found: list[LevelCodes] = []
    sizes: tuple[int, ...] = ()
    for histories, view in zip(pair.units, (pair.real_view, pair.synthetic_view), strict=True):
        codes, all_sizes = view.quantile_levels
        places = [pair.columns.index(name) for name in pair.dynamic]
        rows = np.flatnonzero(histories.follows(1))
        found.append(np.concatenate([codes[rows][:, places], codes[rows + 1][:, places]], axis=1))
        sizes = tuple(all_sizes[place] for place in places)
    return found[0], found[1], sizes * 2


def _joint(
    real: LevelCodes, synthetic: LevelCodes, sizes: tuple[int, ...], first: int, second: int
) -> tuple[float, float]:
    """Return the likeness of two joint tables, relative to chance and as it is."""
    counts = shared_cells(real, synthetic, sizes, first, second)
    raw = 1 - float(np.abs(counts[0] / len(real) - counts[1] / len(synthetic)).sum() / 2)
    usual = 1 - expected_variation(counts[0] + counts[1], len(real), len(synthetic))
    return adjusted(raw, usual), raw


def _pairs(count: int, seed: int) -> npt.NDArray[np.int64]:
    """Return the pairs of two different columns, in both orders; a sample of very many."""
    whole = np.argwhere(~np.eye(count, dtype=bool))
    if len(whole) <= _MOST_CROSSED:
        return whole
    drawn = generator(seed, "metrics", "coherence").permutation(len(whole))[:_MOST_CROSSED]
    return whole[np.sort(drawn)]


def _transitions(pair: SequencePair, place: int) -> tuple[float, float]:
    views = pair.real_view, pair.synthetic_view
    pooled = np.bincount(np.concatenate([view.codes[:, place] for view in views]))
    rank = np.minimum(np.argsort(np.argsort(-pooled, kind="stable"), kind="stable"), _MOST_LEVELS)
    size = int(rank.max(initial=0)) + 1
    tables = []
    for histories, view in zip(pair.units, views, strict=True):
        codes = rank[view.codes[:, place]]
        after = np.append(codes[1:], size)
        # The last event of a history is followed by its end, which blocks do not have.
        after[histories.starts[1:] - 1] = size
        counts = np.bincount(codes * (size + 1) + after, minlength=size * (size + 1))
        table = counts.reshape(size, size + 1)
        tables.append(table if histories.order.window is None else table[:, :size])
    real, synthetic = tables
    weights = real.sum(axis=1) / max(real.sum(), 1)
    apart = usual = 0.0
    for weight, one, other in zip(weights, real, synthetic, strict=True):
        if weight:
            sizes = int(one.sum()), int(other.sum())
            # A level that is never left has no chances to be alike.
            near = np.abs(one / sizes[0] - other / max(sizes[1], 1)).sum() / 2 if sizes[1] else 1.0
            apart += weight * float(near)
            usual += weight * expected_variation((one + other).astype(np.int64), *sizes)
    return adjusted(1 - apart, 1 - usual), 1 - apart
