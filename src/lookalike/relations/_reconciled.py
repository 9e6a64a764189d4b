"""Rows in which sampled cells are changed so that known cells of other columns follow."""

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
    """Rows on their way from sampled cells to cells that known ones follow from.

    Parameters
    ----------
    cells : dict of str to pyarrow.Array, shape (n,)
        Known cells, and those that were chosen so that these follow from them; else null.
    sampled : mapping of str to pyarrow.Array, shape (n,)
        All cells as they were sampled.
    residuals : mapping of str to pyarrow.Array, shape (n,)
        The sampled residuals of columns that are learned by one.
    changed : ndarray of bool, shape (n,)
        Rows in which cells are not as they were sampled.
    distance : ndarray, shape (n,)
        How far sampled cells were from what is known; 0 where they fit.
    """

    cells: dict[str, pa.Array]
    sampled: Cells
    residuals: Cells
    changed: np.ndarray
    distance: np.ndarray

    def take(self, name: str, made: pa.Array, rows: np.ndarray, changed: np.ndarray) -> None:
        """Take cells of some rows for known where none was.

        Parameters
        ----------
        name : str
        made : pyarrow.Array, shape (m,)
        rows : ndarray of int, shape (m,)
        changed : ndarray of bool, shape (m,)
            Which differ from the sampled ones.
        """
        count = len(self.changed)
        at = np.full(count, -1)
        at[rows[changed]] = np.flatnonzero(changed)
        own = made.take(pa.array(at, mask=at < 0))
        kept = np.full(count, -1)
        kept[rows[~changed]] = rows[~changed]
        own = filled(own, self.sampled[name].take(pa.array(kept, mask=kept < 0)))
        self.cells[name] = filled(self.cells[name], own)
        self.changed[rows[changed]] = True

    def now(self, name: str, rows: np.ndarray) -> pa.Array:
        """Return the cells of some rows, known or sampled."""
        at = pa.array(rows)
        return filled(self.cells[name].take(at), self.sampled[name].take(at))

    def unresolved(self, spec: Dependency, domains: Domains) -> np.ndarray:
        """Return the rows in which a total is known and some of the numbers it is made of are not.

        Parameters
        ----------
        spec : Dependency
        domains : Domains

        Returns
        -------
        ndarray of int64
            Row numbers; none where not all of `spec.on` are numbers or times.
        """
        if any(name not in domains.formats for name in spec.on):
            return np.zeros(0, np.int64)
        unknown = np.logical_or.reduce([is_null(self.cells[name]) for name in spec.on])
        return np.flatnonzero(~is_null(self.cells[spec.column]) & unknown)

    def movable(
        self, spec: Dependency, domains: Domains, rows: np.ndarray
    ) -> dict[str, np.ndarray]:
        """Return in which of some rows each column of a sum may be moved."""
        return {
            name: is_null(self.cells[name])[rows] for name in spec.on if name not in domains.rigid
        }

    def take_parts(
        self, before: WeightedSum, after: WeightedSum, domains: Domains, rows: np.ndarray
    ) -> None:
        """Take the numbers of a sum for known that were moved so that it meets its target.

        Parameters
        ----------
        before, after : WeightedSum
            Of some rows.
        domains : Domains
        rows : ndarray of int
            These rows.
        """
        for name, numbers in after.numbers.items():
            changed = numbers != before.numbers[name]
            missing = is_null(self.now(name, rows)) & ~changed
            made = domains.formats[name].cells(numbers, missing)
            self.take(name, made, rows, changed)

    def ordered(
        self, name: str, numbers: np.ndarray, domains: Domains, rows: np.ndarray
    ) -> np.ndarray:
        """Return numbers of a column, moved to the right side of known ones that it never passed.

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
            there = ~is_null(cells)
            limit = numbers_of(cells).astype(numbers.dtype)
            if order.least:
                low = np.where(there, np.maximum(low, limit), low)
            if order.most:
                high = np.where(there, np.minimum(high, limit), high)
        clipped = np.clip(numbers, low, np.maximum(low, high))
        return np.asarray(np.where(low <= high, clipped, numbers))
