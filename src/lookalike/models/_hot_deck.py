"""Hot-deck imputation: rows for conditions from the ordinary rows of any synthesizer.

As in survey statistics (Andridge and Little 2010), a row with known cells takes the others from a
donor with the same known cells, or similar ones. Donors are generated rows, never training rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from lookalike._core.seeds import generator
from lookalike.encoding import Layout, RowCondition, SampledRows

__all__ = ["Donors", "HotDeck"]

#: The number of donors of each row: the nearest rows, fulfilling its condition where any do.
_DONORS = 8
#: Rows that are compared with the deck at once.
_AT_A_TIME = 256
#: The distance to its nearest donor from which a row is unlike the deck; another level is 1 away.
_FAR = 0.5
#: The scale of random numbers that are added to distances to choose among equals.
_TIE = 1e-6


@dataclass(frozen=True)
class HotDeck:
    """Generated rows from which rows for conditions are taken.

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
            The conditions of n rows.
        number : int
            The number of the block of rows, which seeds the choice among equal donors.
        """
        rng = generator(self.seed, "donors", number)
        chunks = [
            self._nearest(condition, slice(first, min(first + _AT_A_TIME, condition.rows)), rng)
            for first in range(0, condition.rows, _AT_A_TIME)
        ]
        donors, distances = (np.concatenate(part) for part in zip(*chunks, strict=True))
        # Donors are sorted by distance: those that fulfil the condition come first.
        fulfil = (distances == 0).sum(axis=1)
        count = np.where(fulfil > 0, fulfil, donors.shape[1])
        return Donors(self, condition, donors, count, distances.min(axis=1) >= _FAR)

    def _nearest(
        self, condition: RowCondition, some: slice, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the positions and distances of the nearest rows of the deck for some rows.

        Two levels are 1 apart, two numbers the share of all rows that lies between them.
        """
        shape = some.stop - some.start, len(self.rows.levels)
        distance = np.zeros(shape, np.float32)
        for i, allowed in condition.allowed.items():
            own = allowed[some] if len(allowed) > 1 else allowed
            distance += ~own[:, self.rows.levels[:, self.layout.drawn_starts[i]]]
        for i in condition.bounds:
            distance += self._beyond(condition, i, some)
        # Rows at the same distance are ordered at random, for each row on its own.
        ranked = distance + _TIE * rng.random(shape, np.float32)
        count = min(_DONORS, shape[1])
        donors = np.argpartition(ranked, count - 1, axis=1)[:, :count]
        order = np.take_along_axis(ranked, donors, axis=1).argsort(axis=1)
        donors = np.take_along_axis(donors, order, axis=1)
        return donors, np.take_along_axis(distance, donors, axis=1)

    def _beyond(self, condition: RowCondition, i: int, some: slice) -> np.ndarray:
        """Return the distance of the deck's numbers from the bounds of rows, shape (m, deck)."""
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
    """The donors of rows in a hot deck.

    Parameters
    ----------
    deck : HotDeck
    condition : RowCondition
        The conditions of n rows.
    positions : ndarray of int, shape (n, donors)
        The positions of donors in the deck, the nearest first.
    count : ndarray of int, shape (n,)
        The number of donors that may be used for each row.
    unlike : ndarray of bool, shape (n,)
        True for rows that are unlike all rows of the deck.
    """

    deck: HotDeck
    condition: RowCondition
    positions: np.ndarray
    count: np.ndarray
    unlike: np.ndarray

    def block(self, number: int) -> SampledRows:
        """Return rows that fulfil the condition, from one donor each."""
        rng = generator(self.deck.seed, "donor", number)
        picked, level = rng.random((len(self.positions), 2)).T
        at = np.minimum((picked * self.count).astype(int), self.positions.shape[1] - 1)
        donors = self.positions[np.arange(len(at)), at]
        rows = SampledRows(*(part[donors] for part in self.deck.rows))
        return self.condition.enforced(rows, level)


def _shares(numbers: np.ndarray, head: str) -> np.ndarray:
    """Map encoded numbers to [0, 1], as shares of the rows of a table."""
    return np.asarray((numbers + 1) / 2 if head == "tanh" else ndtr(numbers), np.float32)
