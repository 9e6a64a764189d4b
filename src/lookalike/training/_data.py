"""Training rows on the device, with an index by level for oversampling rare levels."""

from __future__ import annotations

from typing import NamedTuple, Self

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PRNGKeyArray

from lookalike.encoding import EncodedRows

__all__ = ["Data", "RowsByLevel"]

#: The minimum number of rows to which data are padded.
_LEAST = 256
#: The share of rows that are drawn by level.
_SHARE = 0.5


class RowsByLevel(NamedTuple):
    """For each code column, the rows in the order of their levels.

    Parameters
    ----------
    order : array of int32, shape (columns, padded)
        Row numbers, by level.
    starts : array of int32, shape (columns, levels + 1)
        The start of each occurring level in `order`; padded with the number of rows.
    present : array of int32, shape (columns,)
        The number of occurring levels.
    """

    order: Int[Array, "columns padded"]
    starts: Int[Array, "columns levels"]
    present: Int[Array, " columns"]

    @classmethod
    def of(cls, codes: np.ndarray, padded: int) -> Self | None:
        """Sort rows by each code column; return None if there are no columns.

        Parameters
        ----------
        codes : ndarray of int, shape (rows, columns)
        padded : int
            The length to which row numbers are padded.
        """
        rows, columns = codes.shape
        if not columns:
            return None
        order = np.zeros((columns, padded), np.int32)
        order[:, :rows] = np.argsort(codes, axis=0, kind="stable").T
        counts = [np.unique(codes[:, k], return_counts=True)[1] for k in range(columns)]
        most = max(map(len, counts))
        starts = np.full((columns, most + 1), rows, np.int32)
        for k, count in enumerate(counts):
            starts[k, : len(count) + 1] = np.concatenate([[0], np.cumsum(count)])
        present = np.array([len(count) for count in counts], np.int32)
        return cls(jnp.asarray(order), jnp.asarray(starts), jnp.asarray(present))

    def rare(
        self, rows: Int[Array, " rows"], key: PRNGKeyArray
    ) -> tuple[Int[Array, " rows"], Int[Array, " rows"]]:
        """Replace some rows by rows of a uniformly drawn level, so that rare levels are frequent.

        Parameters
        ----------
        rows : array of int
            Uniformly drawn row numbers.
        key : PRNG key

        Returns
        -------
        array of int, shape (rows,)
            The row numbers.
        array of int, shape (rows,)
            The column by whose level a row was drawn, or -1. Given that level as a condition, a row
            is distributed like all rows that have it.
        """
        which, among, within, used = jax.random.uniform(key, (4, len(rows)))
        column = _share_of(which, len(self.present))
        level = _share_of(among, self.present[column])
        first, last = self.starts[column, level], self.starts[column, level + 1]
        chosen = self.order[column, first + _share_of(within, last - first)]
        used = used < _SHARE
        return jnp.where(used, chosen, rows), jnp.where(used, column, -1)


class Data(NamedTuple):
    """Training rows on the device, in encoded form, padded to a round length.

    The padding lets tables of similar length share one compiled program.

    Parameters
    ----------
    floats : array of float32, shape (padded, floats)
    codes : array of int32, shape (padded, codes)
        The two arrays of `lookalike.encoding.EncodedRows`, padded with zeros.
    rows : array of int, shape ()
        The number of rows without padding.
    by_level : RowsByLevel or None
        The rows of each level, for tasks that draw rare levels more often.
    """

    floats: Float[Array, "padded floats"]
    codes: Int[Array, "padded codes"]
    rows: Int[Array, ""]
    by_level: RowsByLevel | None = None

    @classmethod
    def of(cls, encoded: EncodedRows, *, by_level: bool = False) -> Self:
        """Move encoded rows to the device, padded to a power of two.

        Parameters
        ----------
        encoded : EncodedRows
        by_level : bool
            Whether to index the rows by level.
        """
        rows = len(encoded.floats)
        padded = 1 << max(rows - 1, _LEAST - 1).bit_length()
        padding = [(0, padded - rows), (0, 0)]
        floats, codes = (jnp.asarray(np.pad(part, padding)) for part in encoded)
        index = RowsByLevel.of(encoded.codes, padded) if by_level else None
        return cls(floats, codes, jnp.asarray(rows, jnp.int32), index)


def _share_of(uniform: Float[Array, " rows"], count: Array | int) -> Int[Array, " rows"]:
    """Return uniformly distributed integers in 0 … count − 1."""
    return jnp.floor(uniform * count).astype(jnp.int32)
