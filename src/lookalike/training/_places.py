"""Where rows of each level stand, so that rare levels can be asked for as often as others."""

from __future__ import annotations

from typing import NamedTuple, Self

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int, PRNGKeyArray

__all__ = ["Places"]

#: The share of rows that are drawn for a level.
_SHARE = 0.5


class Places(NamedTuple):
    """For each code column, the rows in the order of their levels.

    Parameters
    ----------
    order : array of int32, shape (columns, padded)
        Row numbers, by level.
    starts : array of int32, shape (columns, levels + 1)
        Where the rows of each level that occurs begin in `order`; padded with the row count.
    present : array of int32, shape (columns,)
        How many levels occur.
    """

    order: Int[Array, "columns padded"]
    starts: Int[Array, "columns levels"]
    present: Int[Array, " columns"]

    @classmethod
    def of(cls, codes: np.ndarray, padded: int) -> Self | None:
        """Sort rows by each code column; None where there are no columns.

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
        """Replace some rows by ones of a level that is drawn first, each level alike.

        Parameters
        ----------
        rows : array of int
            Drawn uniformly.
        key : PRNG key

        Returns
        -------
        array of int, shape (rows,)
            The rows.
        array of int, shape (rows,)
            For those that were drawn for a level of a column: the column; for others -1. Where the
            level is then asked for, a row is one of all that have it with equal chance.
        """
        keys = jax.random.split(key, 4)
        count = len(rows)
        column = jax.random.randint(keys[0], (count,), 0, len(self.present))
        level = jnp.floor(jax.random.uniform(keys[1], (count,)) * self.present[column])
        level = level.astype(jnp.int32)
        first, last = self.starts[column, level], self.starts[column, level + 1]
        within = jax.random.uniform(keys[2], (count,)) * (last - first)
        chosen = self.order[column, first + jnp.floor(within).astype(jnp.int32)]
        used = jax.random.bernoulli(keys[3], _SHARE, (count,))
        return jnp.where(used, chosen, rows), jnp.where(used, column, -1)
