"""Distributions of the values of each column: histograms, shares of levels."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pyarrow as pa

from lookalike.reports._summary import Bar, Histogram, Marginal
from lookalike.reports._values import FEWEST_ROWS, Floats, axis_of, codes, numbers
from lookalike.tables import Column

__all__ = ["marginal"]

#: Levels that are shown by name; all others are one bar, "other".
MOST_LEVELS = 8
#: The most distinct numbers that are shown as levels, not as a histogram.
FEW_NUMBERS = 10
#: Numbers with at least this share of the present cells, and this many times more common than the
#: next one, stand beside the histogram: their bins would make all others invisible.
COMMON = 0.15
ABOVE_OTHERS = 4
MOST_BINS = 40
#: Tails are heavy if 99 % of the values span more than this many times the width of their middle
#: half.
HEAVY = 20
#: Larger numbers are divided before anything is added to them.
_HUGE = 1e300
#: With more steps than this, bins need not hold whole ones.
_MOST_STEPS = 1e9


def marginal(column: Column, real: pa.ChunkedArray, synthetic: pa.ChunkedArray) -> Marginal:
    """Describe the distribution of one column in both tables.

    Parameters
    ----------
    column : Column
        The column; its kind must be one that synthesizers learn.
    real, synthetic : pyarrow.ChunkedArray
        The column in canonical form.

    Returns
    -------
    Marginal
        Shares.
    """
    if column.kind.is_discrete:
        return Marginal(column.name, _levels(column, real, synthetic))
    axis = axis_of(column, real)
    both = numbers(real, axis), numbers(synthetic, axis)
    present = both[0][~np.isnan(both[0])], both[1][~np.isnan(both[1])]
    counts = max(len(both[0]), 1), max(len(both[1]), 1)
    missing = _missing(*(1 - len(p) / c for p, c in zip(present, counts, strict=True)))
    step = 1.0 if column.kind == "integer" else None
    if axis == "number" and column.decimals is not None:
        step = 10.0**-column.decimals
    distinct = np.unique(np.concatenate(present))
    if len(distinct) <= FEW_NUMBERS:
        few = _few_numbers(distinct, present, counts, axis, step)
        return Marginal(column.name, (*few, *missing))
    histogram, aside = _histogram(present, counts, axis, step)
    note = "" if histogram is not None else "The numbers are too near each other for a histogram."
    return Marginal(column.name, (*aside, *missing), histogram, note)


def _few_numbers(
    distinct: Floats,
    present: tuple[Floats, Floats],
    counts: tuple[int, int],
    axis: str,
    step: float | None,
) -> tuple[Bar, ...]:
    """Return a bar for each number; those of few real rows alone share one."""
    real = np.array([np.count_nonzero(present[0] == value) for value in distinct])
    hidden = (real < FEWEST_ROWS) & ~np.isin(distinct, present[1])
    bars = [_share(value, present, counts, axis, step, "level") for value in distinct[~hidden]]
    if hidden.any():
        share = float(real[hidden].sum() / counts[0])
        bars.append(Bar(f"{hidden.sum():,} other values", share, 0.0, "other"))
    return tuple(bars)


def _levels(column: Column, real: pa.ChunkedArray, synthetic: pa.ChunkedArray) -> tuple[Bar, ...]:
    first, second, levels = codes(real, synthetic)
    counts = np.stack(
        [np.bincount(part + 1, minlength=len(levels) + 1) for part in (first, second)]
    )
    shares = counts / np.maximum([[len(first)], [len(second)]], 1)
    missing, levelled = shares[:, 0], shares[:, 1:]
    # Those that are frequent in either table, so that an invented level is seen too.
    private = (counts[0, 1:] > 0) & (counts[0, 1:] < FEWEST_ROWS) & (counts[1, 1:] == 0)
    named = np.argsort(np.where(private, 0.0, -levelled.max(axis=0)), kind="stable")
    named = named[~private[named]]
    shown = np.sort(named if len(named) == MOST_LEVELS + 1 else named[:MOST_LEVELS])
    bars = [Bar(levels[i], float(levelled[0, i]), float(levelled[1, i])) for i in shown]
    if _is_number(real.type):
        bars.sort(key=lambda bar: float(bar.label))
    elif column.ordered and column.categories is not None:
        order = {str(level): place for place, level in enumerate(column.categories)}
        bars.sort(key=lambda bar: order.get(bar.label, len(order)))
    others = np.setdiff1d(np.arange(len(levels)), shown)
    if len(others):
        real_others, synthetic_others = levelled[:, others].sum(axis=1).tolist()
        bars.append(
            Bar(f"{len(others):,} other categories", real_others, synthetic_others, "other")
        )
    return (*bars, *_missing(*missing.tolist()))


def _is_number(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))


def _missing(real: float, synthetic: float) -> tuple[Bar, ...]:
    return (Bar("missing", real, synthetic, role="missing"),) if real or synthetic else ()


def _share(
    value: float,
    present: tuple[Floats, Floats],
    counts: tuple[int, int],
    axis: str,
    step: float | None,
    role: str = "value",
) -> Bar:
    shares = [np.count_nonzero(p == value) / c for p, c in zip(present, counts, strict=True)]
    return Bar(say(float(value), axis, step), shares[0], shares[1], role)


def say(value: float, axis: str, step: float | None = None) -> str:
    """Write one number of an axis in words."""
    if axis == "date":
        day = np.datetime64(0, "D") + np.timedelta64(int(np.floor(value)), "D")
        minutes = round((value % 1) * 1440)
        return f"{day}" + (f" {minutes // 60:02d}:{minutes % 60:02d}" if minutes else "")
    if axis == "clock":
        minutes = round(value * 60)
        return f"{minutes // 60:02d}:{minutes % 60:02d}"
    unit = "" if axis == "number" else f" {axis}"
    if step is not None and step >= 1:
        return f"{value:.0f}{unit}"
    return f"{value:.6g}{unit}"


def _histogram(
    present: tuple[Floats, Floats], counts: tuple[int, int], axis: str, step: float | None
) -> tuple[Histogram | None, tuple[Bar, ...]]:
    """Return a histogram, None where bins cannot be distinguished, and the bars beside it."""
    common = _common(present[0])
    # Beside the largest floats there is no room for widths and margins.
    unit = _scale(present)
    others = [p[~np.isin(p, common)] / unit for p in present]
    aside = [_share(value, present, counts, axis, step) for value in common]
    low, high = _range(others[0], others[1])
    edges = _edges(low, high, len(others[0]), None if step is None else step / unit)
    limits = _limits(edges, unit)
    if limits is None:
        return None, tuple(aside)
    inside = [r[(r >= edges[0]) & (r <= edges[-1])] for r in others]
    beyond = [(len(r) - len(i)) / c for r, i, c in zip(others, inside, counts, strict=True)]
    if any(beyond):
        aside.append(Bar("beyond the axis", beyond[0], beyond[1], "beyond"))
    heights = [_binned(i, edges) / c for i, c in zip(inside, counts, strict=True)]
    rounded = [tuple(round(float(x), 6) for x in h) for h in heights]
    return Histogram(limits, rounded[0], rounded[1], axis), tuple(aside)


def _scale(present: tuple[Floats, Floats]) -> float:
    """Return the divisor of numbers: 1, unless there are huge ones."""
    largest = max((float(np.abs(values).max()) for values in present if len(values)), default=0.0)
    return 1.0 if largest < _HUGE else largest / _HUGE


def _limits(edges: Floats, unit: float) -> tuple[float, ...] | None:
    """Return the limits of bins as they are stored, None where they are not all different."""
    # At both ends a bin may reach farther than the largest float.
    largest = np.finfo(np.float64).max
    with np.errstate(over="ignore"):
        whole = np.clip(edges * unit, -largest, largest)
    for digits in (12, 17):
        limits = tuple(min(max(float(f"{x:.{digits}g}"), -largest), largest) for x in whole)
        if all(one < other for one, other in pairwise(limits)):
            return limits
    return None


def _binned(values: Floats, edges: Floats) -> Floats:
    """Count the values of each bin; the last one is closed."""
    places = np.searchsorted(edges, values, side="right") - 1
    bins = len(edges) - 1
    return np.bincount(np.minimum(places, bins - 1), minlength=bins).astype(np.float64)


def _common(values: Floats) -> Floats:
    """Return the few values (at most three) that dwarf all others."""
    found, hits = np.unique(values, return_counts=True)
    order = np.argsort(-hits, kind="stable")[:4]
    for count in range(min(3, len(found) - 1), 0, -1):
        last, following = hits[order[count - 1]], hits[order[count]]
        if last >= COMMON * len(values) and last > ABOVE_OTHERS * following:
            return np.sort(found[order[:count]])
    return found[:0]


def _range(real: Floats, synthetic: Floats) -> tuple[float, float]:
    """Return the range of the axis: all values if they are near, else the bulk of both tables.

    A synthetic table that is far off widens the axis by at most the real bulk's own width to each
    side, so that the real values stay visible.
    """
    base = real if len(real) else synthetic
    if not len(base):
        return 0.0, 1.0
    low, high = _bulk(base)
    width = high - low or float(np.ptp(base)) or 1.0
    others = np.concatenate([real, synthetic])
    if low - 0.25 * width <= others.min() and others.max() <= high + 0.25 * width:
        return float(others.min()), float(others.max())
    bulk = _bulk(synthetic if len(synthetic) else base)
    return (
        float(max(min(low, bulk[0]), low - width, others.min())),
        float(min(max(high, bulk[1]), high + width, others.max())),
    )


def _bulk(values: Floats) -> tuple[float, float]:
    """Return the range of nearly all values; heavy tails are cut so that the middle is visible."""
    low, first, last, high = (float(x) for x in np.quantile(values, [0.005, 0.25, 0.75, 0.995]))
    middle = last - first
    if 0 < middle < (high - low) / HEAVY:
        return max(low, first - HEAVY / 3 * middle), min(high, last + HEAVY / 3 * middle)
    return low, high


def _edges(low: float, high: float, rows: int, step: float | None) -> Floats:
    """Return bin limits; where values stand `step` apart, each bin holds equally many of them.

    Where numbers are so large that floats are farther apart than `step`, or than bins are wide,
    there are as many bins as can be distinguished.
    """
    bins = int(np.clip(np.sqrt(rows), 8, MOST_BINS))
    if step is None or step < _grain(low, high) or (high - low) / step > _MOST_STEPS:
        edges = np.unique(np.linspace(low, high if high > low else low + 1.0, bins + 1))
        # Each value is in a bin, however few of them there are.
        return edges if len(edges) > 1 else np.array([low, np.nextafter(low, np.inf)])
    places = round((high - low) / step) + 1
    least = -(-places // bins)
    # The last bin should be as full as the others, or it would look like a gap.
    each = min(range(least, least + min(least, MOST_BINS)), key=lambda size: -places % size / size)
    return np.asarray(low + step * (each * np.arange(-(-places // each) + 1) - 0.5), np.float64)


def _grain(low: float, high: float) -> float:
    """Return the spacing of floats at the farther end of a range."""
    return float(np.spacing(max(abs(low), abs(high))))
