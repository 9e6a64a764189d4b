"""Features of a unit for a detector: values, changes, correlations in time, spectrum, totals."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from lookalike._core.numerics import Floats
from lookalike.metrics._joint import pairs_of
from lookalike.metrics._view import View
from lookalike.metrics.sequences._padded import padded, padded_codes
from lookalike.metrics.sequences._units import SequenceUnits

__all__ = ["UnitFeatures", "unit_features"]

#: The most values at single steps, of all columns together.
_MOST_VALUES = 400
#: The most pairs of columns whose correlations are taken.
_MOST_CROSSED = 45
#: The most levels of a column that are counted, or told apart at a step.
_MOST_LEVELS = 30
_MOST_COUNTED = 8
_MOST_LAGS = 4
#: A spectrum or a correlation needs as many steps.
_FEWEST_STEPS = 4
_BANDS = 8
_LARGEST = 1e300


@dataclass
class UnitFeatures:
    """Features of units, with the family and the column that each belongs to.

    Parameters
    ----------
    numbers, levels : list of ndarray, shape (units,)
        Numeric features, and features that are levels.
    number_names, level_names : list of (str, str)
        The family and the column of each.
    """

    numbers: list[Floats] = field(default_factory=list)
    levels: list[Floats] = field(default_factory=list)
    number_names: list[tuple[str, str]] = field(default_factory=list)
    level_names: list[tuple[str, str]] = field(default_factory=list)

    def add(self, family: str, column: str, *values: npt.NDArray[np.generic]) -> None:
        """Add numeric features of one family."""
        for value in values:
            self.numbers.append(np.asarray(value, np.float64))
            self.number_names.append((family, column))

    def add_levels(self, family: str, column: str, *codes: npt.NDArray[np.generic]) -> None:
        """Add features that are levels."""
        for code in codes:
            self.levels.append(np.asarray(code, np.float64))
            self.level_names.append((family, column))

    @property
    def names(self) -> list[tuple[str, str]]:
        """Family and column of each column of `matrix`."""
        return [*self.number_names, *self.level_names]

    def matrix(self) -> Floats:
        """Return all features, numbers first; shape (units, features)."""
        return np.clip(np.stack([*self.numbers, *self.levels], axis=1), -_LARGEST, _LARGEST)


def unit_features(
    histories: SequenceUnits, view: View, static: tuple[str, ...], seed: int
) -> UnitFeatures:
    """Describe units for a detector.

    Parameters
    ----------
    histories : SequenceUnits
        The units.
    view : View
        Their events as arrays.
    static : tuple of str
        The columns that are constant within each unit.
    seed : int
        The seed by which pairs of columns are drawn where there are many.
    """
    found = UnitFeatures()
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        # A mean of no value is missing, as it should be.
        warnings.simplefilter("ignore", RuntimeWarning)
        _order(found, histories)
        book = view.codebook
        moving = {}
        for place, name in enumerate(book.numeric):
            if name in static:
                found.add("static cells", name, view.numbers[histories.starts[:-1], place])
            else:
                moving[name] = padded(histories, view.numbers[:, place])
        steps = _steps(len(moving) + sum(name not in static for name in book.discrete), moving)
        for name, cells in moving.items():
            _number(found, name, cells, steps)
        _crossed(found, moving, seed)
        for place, name in enumerate(book.discrete):
            codes = _by_frequency(view.codes[:, place])
            if name in static:
                found.add_levels("static cells", name, codes[histories.starts[:-1]])
            else:
                _discrete(found, name, padded_codes(histories, codes))
    return found


def _order(found: UnitFeatures, histories: SequenceUnits) -> None:
    """Add lengths, the first time, and the gaps between events."""
    order = histories.order
    if order.window is None:
        found.add("lengths and gaps", "", histories.lengths)
    if order.time is None:
        return
    times = padded(histories, histories.times)
    gaps = np.diff(times, axis=1)
    if order.window is None:
        found.add("lengths and gaps", order.time, times[:, 0])
    if gaps.shape[1]:
        found.add(
            "lengths and gaps",
            order.time,
            np.nanmean(gaps, axis=1),
            np.nanstd(gaps, axis=1),
            np.nanmin(gaps, axis=1),
            np.nanmax(gaps, axis=1),
            np.nanmean(gaps == 0, axis=1),
            gaps[:, 0],
        )


def _steps(columns: int, moving: dict[str, Floats]) -> int:
    """Return how many steps of each column are features of their own."""
    longest = max((cells.shape[1] for cells in moving.values()), default=1)
    return max(min(longest, _MOST_VALUES // max(columns, 1)), 1)


def _number(found: UnitFeatures, name: str, cells: Floats, steps: int) -> None:
    """Add the features of a numeric column, cells of shape (units, steps)."""
    longest = cells.shape[1]
    shown = np.unique(np.linspace(0, longest - 1, min(steps, longest)).astype(int))
    found.add("values", name, *cells[:, shown].T)
    present = ~np.isnan(cells)
    count = present.sum(axis=1)
    middle = np.nanmean(cells, axis=1)
    spread = np.nanstd(cells, axis=1)
    last = cells[np.arange(len(cells)), np.maximum(longest - 1 - present[:, ::-1].argmax(1), 0)]
    extremes = np.nanmin(cells, axis=1), np.nanmax(cells, axis=1)
    found.add("totals", name, middle, spread, *extremes, last, count)
    if longest < 2:
        return
    moves = np.diff(cells, axis=1)
    found.add(
        "differences",
        name,
        np.nanmean(np.abs(moves), axis=1),
        np.nanstd(moves, axis=1),
        np.nanmin(moves, axis=1),
        np.nanmax(moves, axis=1),
        np.nanmean(moves == 0, axis=1),
        np.nanmean(moves > 0, axis=1),
        np.nanstd(np.diff(moves, axis=1), axis=1) if longest > 2 else spread,
        np.nanstd(moves, axis=1) / np.where(spread > 0, spread, np.nan),
    )
    if longest < _FEWEST_STEPS:
        return
    for lag in range(1, min(_MOST_LAGS, longest - 2) + 1):
        found.add("autocorrelations", name, _correlation(cells[:, lag:], cells[:, :-lag]))
    found.add("autocorrelations", name, _correlation(moves[:, 1:], moves[:, :-1]))
    _spectrum(found, name, np.where(present, cells - middle[:, None], 0.0))


def _spectrum(found: UnitFeatures, name: str, centred: Floats) -> None:
    """Add the shares of the power in bands of frequencies, and of the highest in logarithms."""
    power = np.abs(np.fft.rfft(centred, axis=1)[:, 1:]) ** 2
    total = power.sum(axis=1, keepdims=True)
    shares = power / np.where(total > 0, total, np.nan)
    limits = np.unique(np.geomspace(1, power.shape[1] + 1, _BANDS + 1).astype(int)) - 1
    bands = [shares[:, a:b].sum(axis=1) for a, b in pairwise(limits)]
    found.add("spectrum", name, *bands, np.log10(bands[-1] + 1e-12))


def _crossed(found: UnitFeatures, moving: dict[str, Floats], seed: int) -> None:
    """Add correlations of columns: at one step, of differences, and with the next step."""
    names = list(moving)
    pairs = pairs_of(len(names), seed)
    if len(pairs) > _MOST_CROSSED:
        pairs = pairs[np.linspace(0, len(pairs) - 1, _MOST_CROSSED).astype(int)]
    for one, other in pairs:
        a, b = moving[names[one]], moving[names[other]]
        if a.shape[1] < _FEWEST_STEPS:
            return
        label = f"{names[one]} × {names[other]}"
        found.add(
            "cross-correlations",
            label,
            _correlation(a, b),
            _correlation(np.diff(a, axis=1), np.diff(b, axis=1)),
            _correlation(a[:, :-1], b[:, 1:]),
            _correlation(a[:, 1:], b[:, :-1]),
        )


def _correlation(one: Floats, other: Floats) -> Floats:
    """Correlate the rows of two arrays over shared cells; NaN where one is constant."""
    both = np.isfinite(one) & np.isfinite(other)
    count = np.maximum(both.sum(axis=1, keepdims=True), 1)
    a, b = (np.where(both, part, 0.0) for part in (one, other))
    a = np.where(both, a - a.sum(axis=1, keepdims=True) / count, 0.0)
    b = np.where(both, b - b.sum(axis=1, keepdims=True) / count, 0.0)
    scale = np.sqrt((a**2).sum(axis=1) * (b**2).sum(axis=1))
    found: Floats = (a * b).sum(axis=1) / np.where(scale > 0, scale, np.nan)
    return found


def _by_frequency(codes: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """Number levels by their frequency; all but the most frequent ones are one level."""
    rank = np.argsort(np.argsort(-np.bincount(codes), kind="stable"), kind="stable")
    return np.minimum(rank, _MOST_LEVELS)[codes].astype(np.int32)


def _discrete(found: UnitFeatures, name: str, codes: npt.NDArray[np.int32]) -> None:
    """Add the features of a discrete column, codes of shape (units, steps), -1 after the end."""
    present = codes >= 0
    count = np.maximum(present.sum(axis=1), 1)
    ordered = np.sort(codes, axis=1)
    distinct = ((np.diff(ordered, axis=1) > 0) & (ordered[:, 1:] >= 0)).sum(axis=1)
    distinct = distinct + (ordered[:, 0] >= 0)
    shares = [((codes == level).sum(axis=1) / count) for level in range(_MOST_COUNTED)]
    found.add("levels", name, *shares, distinct)
    moved = (codes[:, 1:] != codes[:, :-1]) & present[:, 1:]
    found.add("levels", name, moved.sum(axis=1), moved.sum(axis=1) / count)
    last = codes[np.arange(len(codes)), np.maximum(present.sum(axis=1) - 1, 0)]
    found.add_levels("levels", name, *codes[:, :3].T, last)
