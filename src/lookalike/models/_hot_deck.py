"""Rows to conditions from any synthesizer: generated rows that fulfil them, or nearly.

The hot deck of survey statistics (Andridge and Little 2010): a row with known cells takes the
others from a donor that has the same. Donors are generated rows, never training rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from lookalike._core.seeds import generator
from lookalike.encoding import Layout, RowCondition, SampledRows

__all__ = ["Donors", "HotDeck"]

#: Donors of each row; of the nearest ones, where no row fulfils its condition.
_DONORS = 8
#: Rows that are compared with the deck at once.
_AT_A_TIME = 256
#: A row is unlike the deck if it is this far from the nearest row there; another level is 1 away.
_FAR = 0.5
#: Distances so small that they only break ties.
_TIE = 1e-6


@dataclass(frozen=True)
class HotDeck:
    """Generated rows, from which rows to conditions are taken.

    Parameters
    ----------
    layout : Layout
    rows : SampledRows
    seed : int
    """

    layout: Layout
    rows: SampledRows
    seed: int

    def donors(self, condition: RowCondition, number: int) -> Donors:
        """Find the donors of rows.

        Parameters
        ----------
        condition : RowCondition
            Of n rows.
        number : int
            Of the block of rows: others have other donors.
        """
        rng = generator(self.seed, "donors", number)
        found = [
            self._nearest(condition, slice(first, min(first + _AT_A_TIME, condition.rows)), rng)
            for first in range(0, condition.rows, _AT_A_TIME)
        ]
        donors, distances = (np.concatenate(part) for part in zip(*found, strict=True))
        fulfil = (distances == 0).sum(axis=1)
        count = np.where(fulfil > 0, fulfil, donors.shape[1])
        return Donors(self, condition, donors, count, distances.min(axis=1) >= _FAR)

    def _nearest(
        self, condition: RowCondition, some: slice, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the positions of the nearest rows of the deck for some rows, and how far they are.

        A level is 1 away from others, a number as far as the share of all rows that lies between.
        """
        shape = some.stop - some.start, len(self.rows.levels)
        distance = np.zeros(shape, np.float32)
        for i, allowed in condition.allowed.items():
            own = allowed[some] if len(allowed) > 1 else allowed
            distance += ~own[:, self.rows.levels[:, self.layout.drawn_starts[i]]]
        for i in condition.bounds:
            distance += self._beyond(condition, i, some)
        # Of rows at the same distance, chance decides for each row on its own.
        ranked = distance + _TIE * rng.random(shape, np.float32)
        count = min(_DONORS, shape[1])
        donors = np.argpartition(ranked, count - 1, axis=1)[:, :count]
        order = np.take_along_axis(ranked, donors, axis=1).argsort(axis=1)
        donors = np.take_along_axis(donors, order, axis=1)
        return donors, np.take_along_axis(distance, donors, axis=1)

    def _beyond(self, condition: RowCondition, i: int, some: slice) -> np.ndarray:
        """Return how far numbers of the deck lie beyond the bounds of rows, shape (m, deck)."""
        block, starts = self.layout.blocks[i], self.layout.drawn_starts
        bounds = condition.encoded_bounds(i)
        bounds = bounds[some] if len(bounds) > 1 else bounds
        low, high = _shares(bounds, block.head).T[:, :, None]
        own = _shares(self.rows.numbers[:, starts[i]], block.head)
        beyond = np.maximum(np.maximum(low - own, own - high), 0)
        if block.masked_by is not None:
            beyond[:, self.rows.levels[:, starts[block.masked_by]] == 1] = 0
        return np.asarray(beyond)


@dataclass(frozen=True)
class Donors:
    """The rows of a deck from which rows to conditions are made.

    Parameters
    ----------
    deck : HotDeck
    condition : RowCondition
        Of n rows.
    positions : ndarray of int, shape (n, donors)
        In the deck, the nearest first.
    count : ndarray of int, shape (n,)
        The number of them that each row may have.
    unlike : ndarray of bool, shape (n,)
        The rows that are unlike all rows of the deck.
    """

    deck: HotDeck
    condition: RowCondition
    positions: np.ndarray
    count: np.ndarray
    unlike: np.ndarray

    def block(self, number: int) -> SampledRows:
        """Return rows that fulfil the condition, made of one donor each."""
        rng = generator(self.deck.seed, "donor", number)
        picked, level = rng.random((len(self.positions), 2)).T
        at = np.minimum((picked * self.count).astype(int), self.positions.shape[1] - 1)
        donors = self.positions[np.arange(len(at)), at]
        rows = SampledRows(*(part[donors] for part in self.deck.rows))
        return self.condition.enforced(rows, level)


def _shares(numbers: np.ndarray, head: str) -> np.ndarray:
    """Map encoded numbers to [0, 1], as shares of the rows of a table."""
    return np.asarray((numbers + 1) / 2 if head == "tanh" else ndtr(numbers), np.float32)
