"""The levels of a discrete column: the kept ones, the pooled ones, and their shares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lookalike._core.bounds import finite
from lookalike._core.rows import Rows
from lookalike.tables._schema import Kind
from lookalike.tables.values.arrow import is_null, to_numpy
from lookalike.tables.values.codec import array_from_json, array_to_json

__all__ = ["Levels"]


@dataclass(frozen=True)
class Levels:
    """Levels of a column, most frequent first; rare ones are pooled and never stored.

    Codes count the kept levels from 0; the code ``len(values)`` is the pool, if there is one.

    Parameters
    ----------
    values : pyarrow.Array, shape (kept,)
        The kept levels.
    shares : ndarray of float64, shape (kept,)
        The share of each among the kept; sums to 1.
    pool : float
        The share of the pooled levels among all present cells; 0 where nothing is pooled.
    kind : Kind
        The kind of the column.
    """

    values: pa.Array
    shares: np.ndarray
    pool: float
    kind: Kind

    @classmethod
    def of(cls, values: pa.Array, kind: Kind, min_count: int) -> Self:
        """Count the levels of a column and pool those seen fewer than `min_count` times.

        Parameters
        ----------
        values : pyarrow.Array
            A canonical column with at least one present cell.
        kind : Kind
            The kind of the column.
        min_count : int
            The least count of a level that is kept. Without any, all cells are decoded as missing.

        Examples
        --------
        >>> values = pa.array(["b", "a", "c", "a", "d", "b", "a", "a"])
        >>> levels = Levels.of(values, Kind.CATEGORICAL, 2)
        >>> levels.values.to_pylist(), levels.pool
        (['a', 'b'], 0.25)
        """
        found, counts = _count(values)
        order = _by_count(found, counts)
        counts = counts[order]
        kept = int((counts >= min_count).sum())
        shares = counts[:kept] / max(counts[:kept].sum(), 1)
        pool = float(1 - counts[:kept].sum() / counts.sum()) if kept < len(counts) else 0.0
        return cls(found.take(order[:kept]), shares, pool, kind)

    @property
    def count(self) -> int:
        """The number of codes, including the pool."""
        return len(self.values) + (self.pool > 0)

    @property
    def masses(self) -> np.ndarray:
        """The share of each code among the present cells, the pool's last."""
        kept = self.shares * (1 - self.pool)
        return np.append(kept, self.pool) if self.pool > 0 else kept

    def codes(self, values: pa.Array) -> np.ndarray:
        """Return the code of each cell as int64; an unseen level is pooled, or the most common.

        A missing cell has the code -1.
        """
        other = len(self.values) if self.pool > 0 else 0
        if not pa.types.is_dictionary(values.type):
            found = _numpy(pc.index_in(values, value_set=self.values), other)
            return np.where(is_null(values), -1, found)
        known = pc.index_in(values.dictionary, value_set=self.values)
        table: np.ndarray = np.append(_numpy(known, other), -1)
        return np.take(table, _numpy(values.indices, len(table) - 1))

    def settle(self, codes: np.ndarray, rows: Rows) -> np.ndarray:
        """Replace the pool's code by kept levels, drawn by their shares."""
        if self.pool == 0 or len(self.values) == 0:
            return codes
        pooled = np.flatnonzero(codes == len(self.values))
        limits: np.ndarray = np.cumsum(self.shares)[:-1]
        settled = codes.copy()
        settled[pooled] = np.searchsorted(limits, rows.uniforms(pooled), side="right")
        return settled

    def array(self, codes: np.ndarray, missing: np.ndarray | None = None) -> pa.Array:
        """Return kept codes as the canonical Arrow column; cells under `missing` are null."""
        unknown = codes >= len(self.values)
        missing = unknown if missing is None else unknown | missing
        indices = pa.array(codes.astype(np.int32), mask=missing)
        if self.kind is Kind.CATEGORICAL:
            return pa.DictionaryArray.from_arrays(indices, self.values)
        return self.values.take(indices)

    def to_dict(self) -> dict[str, Any]:
        """Return the levels as JSON-ready values, without `shares`."""
        return {"levels": array_to_json(self.values), "pool": self.pool, "kind": self.kind.value}

    @classmethod
    def from_dict(cls, stored: dict[str, Any], shares: np.ndarray) -> Self:
        """Restore the levels from their `to_dict`, which comes from a file."""
        values, pool = array_from_json(stored["levels"]), finite(stored["pool"], "a pool")
        if shares.shape != (len(values),) or not (shares >= 0).all() or not 0 <= pool <= 1:
            raise ValueError("the shares of levels do not belong to them")
        if values.null_count:
            raise ValueError("a level must not be missing")
        return cls(values, shares, pool, Kind(stored["kind"]))


def _count(values: pa.Array) -> tuple[pa.Array, np.ndarray]:
    """Return the distinct present cells and their counts."""
    counted = values.drop_null().value_counts()
    found, counts = counted.field("values"), to_numpy(counted.field("counts"))
    if not pa.types.is_dictionary(found.type):
        return found, counts
    found = found.dictionary_decode()
    # A dictionary may hold a level twice.
    return (
        (found, counts) if len(found.unique()) == len(found) else _count(values.dictionary_decode())
    )


def _by_count(levels: pa.Array, counts: np.ndarray) -> np.ndarray:
    """Return the order of levels: most frequent first, then by name."""
    ranks = np.empty(len(levels), np.int64)
    ranks[pc.array_sort_indices(levels).to_numpy()] = np.arange(len(levels))
    return np.lexsort([ranks, -counts])


def _numpy(indices: pa.Array, null: int) -> np.ndarray:
    return to_numpy(indices.fill_null(null)).astype(np.int64)
