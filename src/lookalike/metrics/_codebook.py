"""The codebook of an evaluation: the ranges, bins and levels by which all tables are encoded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lookalike._core.numerics import Floats
from lookalike.tables import Kind, Schema

__all__ = ["BINS", "Codebook", "Cuts", "Floats", "as_floats", "as_levels"]


#: The largest distance of a scaled number from the real range, in real ranges.
_FARTHEST = 1e100

#: The number of bins of a numeric column where levels are needed.
BINS = 10


@dataclass(frozen=True)
class Cuts:
    """The limits of the bins of a numeric column.

    Parameters
    ----------
    edges : ndarray of float, shape (e,)
        Inner edges, increasing.
    atoms : ndarray of float, shape (a,)
        The edges that are bins of their own.
    closed : {"left", "right"}
        The end of a bin that belongs to it.
    """

    edges: Floats
    atoms: Floats
    closed: str

    @property
    def size(self) -> int:
        """The number of bins."""
        return len(self.edges) + len(self.atoms) + 1

    def cut(self, values: Floats) -> npt.NDArray[np.int64]:
        """Return the bin of each value; NaN is in a bin of its own, after the last."""
        side = "right" if self.closed == "left" else "left"
        found = np.searchsorted(self.edges, values, side=side)  # type: ignore[call-overload]
        found = found + np.searchsorted(self.atoms, values, side="right")
        return np.where(np.isnan(values), self.size, found).astype(np.int64)


class Codebook:
    """The learned columns of a real table: their ranges and bins, and the levels of all tables.

    Every level of every table that is compared has a number of its own, and the order of numbers
    is that of the pooled rows: were the levels those of the real table alone, "not among them"
    would reveal rows of other tables, however good. Levels of none of the tables are one level,
    "unseen".

    Parameters
    ----------
    real : pyarrow.Table
        Canonical.
    schema : Schema
        Its columns and their kinds.
    *others : pyarrow.Table
        The tables that are compared with it.
    """

    def __init__(self, real: pa.Table, schema: Schema, *others: pa.Table) -> None:
        learned = [column for column in schema.columns if column.kind.is_learned]
        self.columns = tuple(column.name for column in learned)
        self.numeric = tuple(column.name for column in learned if column.kind.is_numeric)
        self.discrete = tuple(column.name for column in learned if column.kind.is_discrete)
        self.boolean = frozenset(c.name for c in learned if c.kind is Kind.BOOLEAN)
        self.decimals = tuple(_decimals(schema, name) for name in self.numeric)
        self.levels = tuple(_levels([t[n] for t in (real, *others)]) for n in self.discrete)
        self.real_levels = tuple(_count(real[name]) for name in self.discrete)
        numbers = [as_floats(real[name]) for name in self.numeric]
        present = [values[~np.isnan(values)] for values in numbers]
        self.low = np.array([v.min() if len(v) else 0.0 for v in present])
        self.high = np.array([v.max() if len(v) else 0.0 for v in present])
        self.width_cuts = tuple(map(_equal_width, self.low, self.high))
        self.quantile_cuts = tuple(map(_quantiles, present))

    @property
    def sizes(self) -> tuple[int, ...]:
        """The number of levels of each discrete column, "unseen" and "missing" included."""
        return tuple(len(levels) + 2 for levels in self.levels)

    def scaled(self, numbers: Floats) -> Floats:
        """Scale each column so that its real range is [0, 1]; shape (n, p) in and out.

        Numbers are halved before they are subtracted, so that the largest floats do not overflow;
        those too far beyond a tiny range are clipped.
        """
        half = self.high / 2 - self.low / 2
        with np.errstate(over="ignore"):
            scaled = (numbers / 2 - self.low / 2) / np.where(half > 0, half, 0.5)
        return np.clip(scaled, -_FARTHEST, _FARTHEST)


def as_floats(values: pa.ChunkedArray) -> Floats:
    """Return a numeric or temporal column as floats, NaN where missing; shape (n,).

    Dates, times and durations become the integers that Arrow stores for them.
    """
    if pa.types.is_date32(values.type):
        values = values.cast(pa.int32())
    elif pa.types.is_temporal(values.type):
        values = values.cast(pa.int64())
    return np.asarray(values.cast(pa.float64(), safe=False).to_numpy(), dtype=np.float64)


def as_levels(values: pa.ChunkedArray, kind: pa.DataType | None = None) -> pa.ChunkedArray:
    """Return a discrete column without its dictionary, as `kind` where one is given."""
    if kind is None:
        kind = values.type.value_type if pa.types.is_dictionary(values.type) else values.type
    return values if values.type == kind else values.cast(kind)


def _count(values: pa.ChunkedArray) -> int:
    """Return the number of levels of a column."""
    return len(as_levels(values).drop_null().unique())


def _levels(columns: Sequence[pa.ChunkedArray]) -> pa.Array:
    """Return the distinct values, most frequent first, equally frequent ones in text order."""
    kind = as_levels(columns[0]).type
    chunks = [chunk for values in columns for chunk in as_levels(values, kind).chunks]
    counted = pc.value_counts(pa.chunked_array(chunks, kind).drop_null())
    found, counts = counted.field(0), counted.field(1).to_pylist()
    words: Sequence[str] = found.cast(pa.string()).to_pylist()
    order = sorted(range(len(found)), key=lambda i: (-counts[i], words[i]))
    return found.take(pa.array(order, pa.int64()))


def _decimals(schema: Schema, name: str) -> int | None:
    column = schema[name]
    return column.decimals if column.kind is Kind.CONTINUOUS else 0


def _equal_width(low: float, high: float) -> Cuts:
    """Cut a range as ``numpy.histogram_bin_edges`` does; beyond its ends are the outer bins."""
    if low == high:
        low, high = low - 0.5, high + 0.5
    edges = np.linspace(low / 2, high / 2, BINS + 1)[1:-1] * 2
    return Cuts(edges, np.empty(0), "left")


def _quantiles(present: Floats) -> Cuts:
    """Cut at real quantiles; a value that several quantiles share is a bin of its own."""
    if not len(present):
        return Cuts(np.empty(0), np.empty(0), "right")
    shares = np.arange(1, BINS) / BINS
    edges, counts = np.unique(np.quantile(present / 2, shares) * 2, return_counts=True)
    return Cuts(edges, edges[counts > 1], "right")
