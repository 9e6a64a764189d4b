"""Rows whose sampled cells are changed so that known cells of other columns follow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from lookalike.relations._cells import Cells, numbers_of
from lookalike.relations._domains import Domains
from lookalike.relations._weighted_sum import WeightedSum
from lookalike.tables import Dependency
from lookalike.tables.values.arrow import filled, is_null

__all__ = ["Reconciled"]


@dataclass
class Reconciled:
    """A draft of rows in which sampled cells become cells from which known ones follow.

    Parameters
    ----------
    cells : dict of str to pyarrow.Array, shape (n,)
        Known cells, and the cells chosen so that these follow from them; otherwise null.
    sampled : mapping of str to pyarrow.Array, shape (n,)
        All cells as they were sampled.
    residuals : mapping of str to pyarrow.Array, shape (n,)
        The sampled residuals of columns that are learned by one.
    changed : ndarray of bool, shape (n,)
        The rows in which cells differ from the sampled ones.
    distance : ndarray, shape (n,)
        The distance of each row's sampled cells from the known ones; 0 where they fit.
    """

    cells: dict[str, pa.Array]
    sampled: Cells
    residuals: Cells
    changed: np.ndarray
    distance: np.ndarray

    def take(self, name: str, new: pa.Array, rows: np.ndarray, changed: np.ndarray) -> None:
        """Set cells of some rows where none is known yet.

        Parameters
        ----------
        name : str
        new : pyarrow.Array, shape (m,)
        rows : ndarray of int, shape (m,)
        changed : ndarray of bool, shape (m,)
            The cells that differ from the sampled ones.
        """
        count = len(self.changed)
        at = np.full(count, -1)
        at[rows[changed]] = np.flatnonzero(changed)
        chosen = new.take(pa.array(at, mask=at < 0))
        kept = np.full(count, -1)
        kept[rows[~changed]] = rows[~changed]
        chosen = filled(chosen, self.sampled[name].take(pa.array(kept, mask=kept < 0)))
        self.cells[name] = filled(self.cells[name], chosen)
        self.changed[rows[changed]] = True

    def now(self, name: str, rows: np.ndarray) -> pa.Array:
        """Return the cells of some rows, known or sampled."""
        at = pa.array(rows)
        return filled(self.cells[name].take(at), self.sampled[name].take(at))

    def unresolved(self, spec: Dependency, domains: Domains) -> np.ndarray:
        """Return the rows in which a total is known but some of its summands are not.

        Parameters
        ----------
        spec : Dependency
        domains : Domains

        Returns
        -------
        ndarray of int64
            The row numbers; none where not all of `spec.on` are numbers or times.
        """
        if any(name not in domains.formats for name in spec.on):
            return np.zeros(0, np.int64)
        unknown = np.logical_or.reduce([is_null(self.cells[name]) for name in spec.on])
        return np.flatnonzero(~is_null(self.cells[spec.column]) & unknown)

    def movable(
        self, spec: Dependency, domains: Domains, rows: np.ndarray
    ) -> dict[str, np.ndarray]:
        """Return a mask, for each column of a sum, of the rows in which it may be shifted."""
        return {
            name: is_null(self.cells[name])[rows] for name in spec.on if name not in domains.rigid
        }

    def take_parts(
        self, before: WeightedSum, after: WeightedSum, domains: Domains, rows: np.ndarray
    ) -> None:
        """Set the summands that were shifted so that a sum meets its target.

        Parameters
        ----------
        before, after : WeightedSum
            The sum of some rows, before and after.
        domains : Domains
        rows : ndarray of int
            The row numbers.
        """
        for name, numbers in after.numbers.items():
            changed = numbers != before.numbers[name]
            missing = is_null(self.now(name, rows)) & ~changed
            cells = domains.formats[name].cells(numbers, missing)
            self.take(name, cells, rows, changed)

    def ordered(
        self, name: str, numbers: np.ndarray, domains: Domains, rows: np.ndarray
    ) -> np.ndarray:
        """Return numbers of a column, clipped to the right side of known ones that it never passed.

        Parameters
        ----------
        name : str
        numbers : ndarray, shape (m,)
        domains : Domains
        rows : ndarray of int, shape (m,)
        """
        whole = numbers.dtype.kind == "i"
        low = np.full(len(rows), np.iinfo(np.int64).min if whole else -np.inf)
        high = ~low if whole else -low
        for order in domains.orders.get(name, ()):
            cells = self.cells[order.other].take(pa.array(rows))
            known = ~is_null(cells)
            limit = numbers_of(cells).astype(numbers.dtype)
            if order.least:
                low = np.where(known, np.maximum(low, limit), low)
            if order.most:
                high = np.where(known, np.minimum(high, limit), high)
        clipped = np.clip(numbers, low, np.maximum(low, high))
        return np.asarray(np.where(low <= high, clipped, numbers))
