"""Columns as cells that do not depend on data, or only through noise: the domain of a private fit.

Types of columns count as known; names, ranges, levels and missing cells do not. What is not
declared is found by noisy counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from lookalike._core.errors import ParameterError
from lookalike._core.numerics import Floats
from lookalike.models._private_noise import (
    Entropy,
    WholeNumbers,
    noisy,
    standard_deviation,
    surpassed_by_noise,
)

__all__ = ["PrivateColumn", "find_range", "measure_levels", "measure_number", "parse_column"]

#: Numbers are looked for between these powers of two, of both signs.
_LEAST_POWER, _GREATEST_POWER = -30, 63
#: Parts of a cell, and times that cells are divided; the share of rows of one worth dividing.
_PARTS, _LEVELS, _LARGE = 32, 4, 1 / 24
#: A range or missing cells, and a cell to divide, must exceed so many deviations of the noise.
_SURE, _SURE_TO_DIVIDE = 4.0, 8.0
_NUMBER = r"^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?\s*$"


@dataclass(frozen=True)
class PrivateColumn:
    """A column in cells, with their noisy counts.

    Parameters
    ----------
    name : str
    kind : {"number", "integer", "levels"}
    storage : pyarrow.DataType
        The type of generated cells.
    edges : ndarray or None, shape (cells + 1,)
        The limits of a number's cells; integers lie from the lower one to below the upper one.
    levels : tuple
        The levels.
    codes : ndarray of int, shape (rows,)
        The cell of each row; the last one, after all others, is missing or outside.
    counts : ndarray of float, shape (cells + 1,)
        Noisy; those of measured columns may be negative.
    sigma : float
        The standard deviation of the noise.
    """

    name: str
    kind: str
    storage: pa.DataType
    edges: Floats | None
    levels: tuple[Any, ...]
    codes: WholeNumbers
    counts: Floats
    sigma: float

    def cells(self, codes: WholeNumbers, rng: np.random.Generator) -> pa.Array:
        """Return generated cells: numbers are even within a cell."""
        count = len(self.counts) - 1
        absent = codes >= count
        inside = np.where(absent, 0, codes)
        if self.edges is None:
            plain = pa.array([*self.levels, None], self.storage)
            return plain.take(pa.array(np.where(absent, count, codes)))
        low, high = self.edges[inside], self.edges[inside + 1]
        drawn = low + (high - low) * rng.random(len(codes))
        if self.kind == "integer":
            drawn = np.minimum(np.floor(drawn), high - 1)
            whole = pa.array(drawn.astype(np.int64), mask=absent)
            if pt.is_date32(self.storage) or pt.is_time32(self.storage):
                whole = whole.cast(pa.int32())
            return whole.cast(self.storage, safe=False)
        # As many decimals as the cell is wide: more would only look exact.
        digits = np.clip(np.ceil(3 - np.log10(np.maximum(high - low, 1e-300))), 0, 300)
        unit = 10.0 ** np.minimum(digits, 12)
        rounded = np.where(digits <= 12, np.round(drawn * unit) / unit, drawn)
        return pa.array(rounded, mask=absent).cast(self.storage, safe=False)


def parse_column(column: pa.ChunkedArray, declared: Any, kind: str | None) -> tuple[str, Any]:
    """Return the kind of a column, by its type and what is declared, and its values.

    Parameters
    ----------
    column : pyarrow.ChunkedArray
    declared : tuple, list or None
        A range, or levels.
    kind : str or None
        The kind that the caller states.

    Returns
    -------
    str
        ``"number"``, ``"integer"`` or ``"levels"``.
    ndarray of float, or pyarrow.Array
        Numbers with NaN where missing; levels.
    """
    values = column.combine_chunks()
    values = pa.concat_arrays(values.chunks) if isinstance(values, pa.ChunkedArray) else values
    if pt.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    arrow = values.type
    numeric = pt.is_integer(arrow) or pt.is_floating(arrow) or pt.is_decimal(arrow)
    stated = kind in ("integer", "continuous")
    ranged = declared is not None and _is_range(declared)
    if not (numeric or pt.is_temporal(arrow) or stated or ranged):
        return "levels", values
    if kind in ("categorical", "boolean") or (declared is not None and not ranged):
        return "levels", values
    if pt.is_temporal(arrow):
        whole = values.cast(pa.int32()) if pt.is_date32(arrow) or pt.is_time32(arrow) else values
        return "integer", _floats(whole.cast(pa.int64()))
    if pt.is_string(arrow) or pt.is_large_string(arrow):
        good = pc.match_substring_regex(values, _NUMBER)
        text = pc.if_else(good, pc.utf8_trim_whitespace(values), pa.scalar(None, arrow))
        values = text.cast(pa.float64())
        whole_range = ranged and all(float(end).is_integer() for end in declared)
        return ("integer" if kind == "integer" or (kind is None and whole_range) else "number"), (
            _floats(values)
        )
    return ("integer" if pt.is_integer(arrow) else "number"), _floats(values)


def _is_range(declared: Any) -> bool:
    return (
        isinstance(declared, (tuple, list))
        and len(declared) == 2
        and all(isinstance(end, (int, float)) and not isinstance(end, bool) for end in declared)
    )


def _floats(values: pa.Array) -> Floats:
    found = np.asarray(values.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False))
    return np.where(np.isfinite(found), found, np.nan)


def find_range(values: Floats, rho: float, entropy: Entropy) -> tuple[float, float]:
    """Return a range that holds almost all numbers, by noisy counts between powers of two.

    Parameters
    ----------
    values : ndarray of float, shape (rows,)
        NaN where missing.
    rho : float
    entropy : Entropy

    Returns
    -------
    low, high : float
        (0, 1) where no count stands out of the noise.
    """
    powers = 2.0 ** np.arange(_LEAST_POWER, _GREATEST_POWER + 1)
    edges = np.concatenate([-powers[::-1], powers])
    present = np.clip(values[~np.isnan(values)], edges[0], np.nextafter(edges[-1], 0))
    counts = np.histogram(present, edges)[0]
    found = noisy(counts, rho, entropy) > _SURE * standard_deviation(rho)
    if not found.any():
        return 0.0, 1.0
    places = np.flatnonzero(found)
    low, high = float(edges[places[0]]), float(edges[places[-1] + 1])
    # The middle cell is about 0, from which nothing else is so near.
    low = 0.0 if low == -powers[0] else low
    return (low, high) if high > low else (low, low + 1)


def measure_number(
    name: str,
    kind: str,
    values: Floats,
    limits: tuple[float, float],
    storage: pa.DataType,
    rho: float,
    entropy: Entropy,
) -> PrivateColumn:
    """Divide a number into cells, finer where there are many rows, and count with noise.

    Parameters
    ----------
    name, kind : str
    values : ndarray of float, shape (rows,)
        NaN where missing; those outside of the range are clipped.
    limits : tuple of float
        The range.
    storage : pyarrow.DataType
    rho : float
    entropy : Entropy
    """
    whole = kind == "integer"
    low, high = limits
    if whole:
        low, high = np.floor(low), np.floor(high) + 1
    present = ~np.isnan(values)
    inside = np.clip(values[present], low, np.nextafter(high, low))
    part = rho / _LEVELS
    sigma = standard_deviation(part)
    edges = _split(low, high, whole)
    counts = noisy(_histogram(inside, edges), part, entropy).astype(float)
    for _ in range(_LEVELS - 1):
        total = max(counts.clip(0).sum(), 1.0)
        large = counts > max(_LARGE * total, _SURE_TO_DIVIDE * sigma)
        edges, fresh, old = _divided(edges, counts, large, whole)
        # Cells that were not divided keep their first count.
        counts = np.where(fresh, noisy(_histogram(inside, edges), part, entropy), old)
    # A missing cell is in none of the first histogram's, whose budget this count shares.
    absent = float(noisy(int((~present).sum()), part, entropy))
    codes = np.full(len(values), len(edges) - 1)
    codes[present] = np.searchsorted(edges, inside, side="right") - 1
    counts = np.append(counts, absent if absent > _SURE * sigma else 0.0)
    return PrivateColumn(name, kind, storage, edges, (), codes, counts, sigma)


def _histogram(values: Floats, edges: Floats) -> WholeNumbers:
    found = np.searchsorted(edges, values, side="right") - 1
    return np.bincount(found, minlength=len(edges) - 1)


def _split(low: float, high: float, whole: bool) -> Floats:
    edges = np.linspace(low, high, _PARTS + 1)
    return np.unique(np.round(edges)) if whole else np.unique(edges)


def _divided(
    edges: Floats, counts: Floats, large: npt.NDArray[np.bool_], whole: bool
) -> tuple[Floats, npt.NDArray[np.bool_], Floats]:
    """Return new edges, which cells are new, and the count of the old ones."""
    parts, fresh, old = [edges[:1]], [], []
    for place, count in enumerate(counts):
        own = _split(edges[place], edges[place + 1], whole) if large[place] else edges[place:][:2]
        parts.append(own[1:])
        fresh += [len(own) > 2] * (len(own) - 1)
        old += [count] * (len(own) - 1)
    return np.concatenate(parts), np.array(fresh), np.array(old)


def measure_levels(
    name: str,
    values: pa.Array,
    declared: Sequence[Any] | None,
    rho: float,
    delta: float,
    entropy: Entropy,
    rows: int = 1,
) -> PrivateColumn:
    """Count levels with noise; of undeclared ones, those that stand out of the noise are known.

    Levels that a single owner of rows has are released with a probability of at most `delta`.

    Parameters
    ----------
    name : str
    values : pyarrow.Array
    declared : sequence or None
        All levels.
    rho, delta : float
        ρ for one row.
    entropy : Entropy
    rows : int
        The most rows of one owner.
    """
    sigma = standard_deviation(rho)
    if pt.is_boolean(values.type):
        declared = (False, True)
    if declared is not None:
        try:
            levels = pa.array(list(dict.fromkeys(declared)), values.type)
        except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
            raise ParameterError(
                f"domain: the levels of {name!r} must be of the column's type, {values.type}; "
                f"got {declared!r}."
            ) from error
        counts = noisy(_counts(values, levels), rho, entropy)
    else:
        found = pc.value_counts(values.drop_null())
        counts = noisy(found.field(1).to_numpy(), rho, entropy)
        # One owner has so many levels at most, and so many rows of one: noise alone must not carry
        # any of them over the limit.
        kept = counts > rows + surpassed_by_noise(rho, delta / rows)
        levels, counts = found.field(0).filter(pa.array(kept)), counts[kept]
        # The order in which rows have them would tell of rows.
        order = np.argsort(levels.cast(pa.string()).to_numpy(zero_copy_only=False), kind="stable")
        levels, counts = levels.take(pa.array(order)), counts[order]
    codes = pc.index_in(values, levels).fill_null(len(levels)).to_numpy().astype(np.int64)
    absent = float(noisy(values.null_count, rho, entropy))
    codes[np.asarray(values.is_valid()) & (codes == len(levels))] = -1
    all_counts = np.append(counts, absent if absent > _SURE * sigma else 0.0).astype(np.float64)
    # Levels outside of the domain are as good as missing for tables of two columns.
    codes[codes == -1] = len(levels)
    return PrivateColumn(
        name, "levels", values.type, None, tuple(levels.to_pylist()), codes, all_counts, sigma
    )


def _counts(values: pa.Array, levels: pa.Array) -> WholeNumbers:
    found = pc.index_in(values, levels).drop_null().to_numpy()
    return np.bincount(found, minlength=len(levels))
