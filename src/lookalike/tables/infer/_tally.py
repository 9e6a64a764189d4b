"""The distinct values of a column and their counts: the basis of inference."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["Tally"]


@dataclass(frozen=True)
class Tally:
    """The distinct present values of a column, with counts.

    Parameters
    ----------
    values : pyarrow.Array, shape (distinct,)
        The values, none of them null.
    counts : ndarray of int64, shape (distinct,)
        The count of each value.
    missing : int
        The number of missing cells.
    """

    values: pa.Array
    counts: np.ndarray
    missing: int

    @classmethod
    def of(cls, column: pa.ChunkedArray | pa.Array) -> Self:
        """Count the values of a column of a plain (not dictionary) type; NaN is missing.

        Examples
        --------
        >>> Tally.of(pa.array([2.5, None, 2.5, float("nan")])).missing
        2
        """
        if isinstance(column, pa.ChunkedArray) and column.num_chunks == 1:
            column = column.chunk(0)
        counted = pc.value_counts(column)
        values, counts = counted.field("values"), counted.field("counts").to_numpy()
        gone = pc.is_null(values, nan_is_null=pa.types.is_floating(values.type))
        gone = gone.to_numpy(zero_copy_only=False)
        if not gone.any():
            return cls(values, counts, 0)
        return cls(values.filter(pa.array(~gone)), counts[~gone], int(counts[gone].sum()))

    @property
    def distinct(self) -> int:
        """The number of distinct values."""
        return len(self.values)

    @cached_property
    def present(self) -> int:
        """The number of present cells."""
        return int(self.counts.sum())

    @property
    def rows(self) -> int:
        """The number of cells."""
        return self.present + self.missing

    @cached_property
    def single_share(self) -> float:
        """The share of present cells whose value is unique."""
        return float((self.counts == 1).sum() / max(self.present, 1))

    def without(self, gone: np.ndarray) -> Tally:
        """Return the tally with the values under a mask counted as missing."""
        missing = self.missing + int(self.counts[gone].sum())
        return Tally(self.values.filter(pa.array(~gone)), self.counts[~gone], missing)

    def read_as(self, values: pa.Array) -> Tally:
        """Return the tally of parsed `values`, shape (distinct,), which may repeat."""
        codes = values.dictionary_encode()
        counts = np.bincount(codes.indices.to_numpy(), self.counts, len(codes.dictionary))
        return Tally(codes.dictionary, counts.astype(np.int64), self.missing)
