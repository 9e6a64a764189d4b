"""Histories while they grow: their past, moved on by one event after another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from jaxtyping import Float, Int

from lookalike.sequences._context import HORIZONS, Past
from lookalike.tables.values.arrow import flat

__all__ = ["Moving", "numbers_of", "past_of"]


@dataclass
class Moving:
    """The past of several histories, which moves on.

    Parameters
    ----------
    last, before : ndarray of int, shape (histories, variables)
    numbers : ndarray, shape (histories, number columns)
    means : ndarray, shape (histories, horizons, number columns)
    counts : ndarray of int, shape (histories, number columns)
        The number of numbers in the means.
    """

    last: Int[np.ndarray, "histories variables"]
    before: Int[np.ndarray, "histories variables"]
    numbers: Float[np.ndarray, "histories numbers"]
    means: Float[np.ndarray, "histories horizons numbers"]
    counts: Int[np.ndarray, "histories numbers"]

    @classmethod
    def empty(cls, histories: int, variables: int, numbers: int) -> Moving:
        """Return the past of histories without any event."""
        none = np.full((histories, variables), -1, np.int64)
        missing = np.full((histories, numbers), np.nan)
        means = np.full((histories, len(HORIZONS), numbers), np.nan)
        return cls(none, none.copy(), missing, means, np.zeros((histories, numbers), np.int64))

    def move(self, rows: np.ndarray, states: np.ndarray, values: np.ndarray) -> None:
        """Add an event to some histories.

        Parameters
        ----------
        rows : ndarray of int
            The histories.
        states : ndarray of int, shape (rows, variables)
        values : ndarray, shape (rows, number columns)
            NaN where missing.
        """
        self.before[rows], self.last[rows] = self.last[rows], states
        present = ~np.isnan(values)
        self.numbers[rows] = np.where(present, values, self.numbers[rows])
        self.counts[rows] += present
        counts, means = self.counts[rows], self.means[rows]
        for i, horizon in enumerate(HORIZONS):
            # A running mean at first, then one that forgets.
            weight = 1 / np.clip(counts, 1, horizon)
            mean = np.where(np.isnan(means[:, i]), 0.0, means[:, i])
            means[:, i] = np.where(present, mean + weight * (values - mean), means[:, i])
        self.means[rows] = means


def numbers_of(table: pa.Table, names: Sequence[str]) -> Float[np.ndarray, "rows numbers"]:
    """Return columns of numbers, NaN where missing."""
    columns = [
        flat(table[name]).cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
        for name in names
    ]
    return np.stack(columns, axis=1) if columns else np.zeros((len(table), 0))


def past_of(
    lengths: Int[np.ndarray, " entities"],
    static: Int[np.ndarray, "entities static"],
    states: Int[np.ndarray, "events variables"],
    values: Float[np.ndarray, "events numbers"],
    anchors: Float[np.ndarray, "entities anchored"],
    time: np.ndarray | None,
) -> Past:
    """Return the past of every event of known histories.

    Parameters
    ----------
    lengths : ndarray of int, shape (entities,)
    static : ndarray of int, shape (entities, static variables)
    states : ndarray of int, shape (events, variables)
    values : ndarray, shape (events, number columns)
    anchors : ndarray, shape (entities, anchored columns)
        The mean of each of the first columns of numbers.
    time : ndarray or None, shape (events,)
    """
    starts, events = np.cumsum(lengths) - lengths, len(states)
    moving = Moving.empty(len(lengths), states.shape[1], values.shape[1])
    last, before = (np.empty(states.shape, np.int64) for _ in range(2))
    numbers = np.empty(values.shape)
    means = np.empty((events, len(HORIZONS), values.shape[1]))
    # Entities by falling length, so that those with an event at a position come first.
    order = np.argsort(-lengths, kind="stable")
    for position in range(int(lengths.max(initial=0))):
        rows = order[: np.searchsorted(-lengths[order], -position, side="left")]
        at = starts[rows] + position
        last[at], before[at] = moving.last[rows], moving.before[rows]
        numbers[at], means[at] = moving.numbers[rows], moving.means[rows]
        moving.move(rows, states[at], values[at])
    entity = np.repeat(np.arange(len(lengths)), lengths)
    position = np.arange(events) - starts[entity]
    previous = first = None
    if time is not None:
        previous = np.where(position > 0, np.roll(time, 1).astype(float), np.nan)
        first = time[starts[entity]]
    remaining = lengths[entity] - 1 - position
    known = (numbers, means, anchors[entity], previous, first)
    return Past(position, remaining, static[entity], last, before, *known)
