"""Rows to conditions from any synthesizer: generated rows that fulfil them, or nearly.

The hot deck of survey statistics (Andridge and Little 2010): a row with known cells takes the
others from a donor that has the same. Donors are generated rows, never training rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import ndtr

from lookalike._core.seeds import generator
from lookalike.encoding import BlockSource, Layout, RowCondition, SampledRows

__all__ = ["Donors", "HotDeck"]

#: Generated blocks from which donors are taken.
_BLOCKS = 2
#: Donors of each row; of the nearest ones, where no row fulfils its condition.
_DONORS = 8
#: Rows that are compared with the deck at once.
_AT_A_TIME = 256
#: Donors of which every cell is nearer than this, as a share of all rows, are like a row.
_LIKE = 0.1
#: Shares so small that they only break ties.
_TIE = 1e-6


@dataclass(frozen=True)
class HotDeck:
    """Generated rows from which rows to conditions are taken.

    Parameters
    ----------
    layout : Layout
    source : callable
        Makes ordinary blocks.
    seed : int
    """

    layout: Layout
    source: BlockSource
    seed: int

    @cached_property
    def rows(self) -> SampledRows:
        """The deck."""
        blocks = [self.source(number) for number in range(_BLOCKS)]
        return SampledRows(*(np.concatenate(parts) for parts in zip(*blocks, strict=True)))

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
            self._nearest(condition, range(first, min(first + _AT_A_TIME, condition.rows)), rng)
            for first in range(0, condition.rows, _AT_A_TIME)
        ]
        donors, fulfils, like = (np.concatenate(part) for part in zip(*found, strict=True))
        return Donors(self, condition, donors, np.where(fulfils > 0, fulfils, _DONORS), ~like)

    def _nearest(
        self, condition: RowCondition, rows: range, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return for some rows the nearest of the deck, how many fulfil, and if one is like it."""
        shape = len(rows), len(self.rows.levels)
        total, most = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
        for distance in self._distances(condition, rows):
            total += distance
            np.maximum(most, distance, out=most)
        # Of rows at the same distance, chance decides for each row on its own.
        ranked = total + _TIE * rng.random(shape, np.float32)
        count = min(_DONORS, shape[1])
        donors = np.argpartition(ranked, count - 1, axis=1)[:, :count]
        at = np.take_along_axis(ranked, donors, axis=1).argsort(axis=1)
        donors = np.take_along_axis(donors, at, axis=1)
        fulfils = (np.take_along_axis(total, donors, axis=1) == 0).sum(axis=1)
        return donors, fulfils, np.asarray((most < _LIKE).any(axis=1))

    def _distances(self, condition: RowCondition, rows: range) -> Iterator[np.ndarray]:
        """Yield how far the deck is from what each block of some rows may be, shape (m, deck).

        A level is 1 away from others, a number as far as the share of rows that lies between.
        """
        blocks, starts = self.layout.blocks, self.layout.drawn_starts
        some = slice(rows.start, rows.stop)
        for i, allowed in condition.allowed.items():
            own = allowed[some] if len(allowed) > 1 else allowed
            yield 1 - own[:, self.rows.levels[:, starts[i]]].astype(np.float32)
        for i, limits in condition.bounds.items():
            bounds = condition.encoded_bounds(i)
            bounds = bounds[some] if len(limits) > 1 else bounds
            low, high = _shares(bounds, blocks[i].head).T[:, :, None]
            own = _shares(self.rows.numbers[:, starts[i]], blocks[i].head)
            distance = np.maximum(np.maximum(low - own, own - high), 0)
            if (gate := blocks[i].masked_by) is not None:
                distance[:, self.rows.levels[:, starts[gate]] == 1] = 0
            yield distance


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
