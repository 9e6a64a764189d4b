"""Monotone maps that correct the marginals of generated numbers and preserve their ranks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.special import ndtr

from lookalike.encoding import Z_MAX, Layout, Learned, SampledRows
from lookalike.refine._arrays import damaged

__all__ = ["MarginMap"]

#: Knots between ±_TAIL, beyond which too few rows are generated to measure a quantile.
_KNOTS = 512
_TAIL = 3.5
#: The maximum number of knots of a number in a model file.
_MOST_KNOTS = 4_096

Knots = Float[np.ndarray, "numbers knots"]


@dataclass(frozen=True)
class MarginMap:
    """Maps of generated numbers from their own distributions to the standard normal one.

    Encoded numbers that are drawn within intervals are exactly N(0, 1); those of a model are only
    nearly so, and are mapped to it. Other numbers and zeros (missing) are left unchanged.

    Parameters
    ----------
    generated, target : ndarray of float32, shape (numbers, knots)
        Knots of the monotone map of each number, whose values stay within those of `target`.
    is_interval : ndarray of bool, shape (numbers,)
        True for numbers that are drawn within an interval, and so mapped.
    """

    generated: Knots
    target: Knots
    is_interval: np.ndarray

    @classmethod
    def fit(
        cls, source: Callable[[int], SampledRows], layout: Layout, *, blocks: int = 8
    ) -> MarginMap:
        """Measure the quantile function of each generated number.

        Parameters
        ----------
        source : callable
            From a number to a block of generated rows.
        layout : Layout
        blocks : int
            The number of blocks that are measured.
        """
        intervals = _intervals(layout)
        # Knots are equidistant in z, so that tails are corrected as finely as the middle.
        grid = np.linspace(-_TAIL, _TAIL, _KNOTS)
        knots = np.concatenate([[-Z_MAX], grid, [Z_MAX]]).astype(np.float32)
        target = np.tile(knots, (len(intervals), 1))
        generated = target.copy()
        if intervals.any():
            drawn = np.concatenate([source(number).numbers for number in range(blocks)])
            for k in np.flatnonzero(intervals):
                present = np.sort(drawn[drawn[:, k] != 0, k])
                if len(present) > _KNOTS:
                    inner = _quantiles(present, ndtr(grid))
                    generated[k] = np.concatenate([present[:1], inner, present[-1:]])
        return cls(generated, target, intervals)

    def applied(self, rows: SampledRows) -> SampledRows:
        """Return rows with mapped numbers."""
        numbers = rows.numbers
        mapped = numbers.copy()
        for k in np.flatnonzero(self.is_interval):
            order = np.argsort(numbers[:, k])  # interpolation of sorted numbers is 3 times faster
            mapped[order, k] = np.interp(numbers[order, k], self.generated[k], self.target[k])
        mapped[numbers == 0] = 0
        return SampledRows(mapped, rows.levels)

    def state(self) -> Learned:
        """Return the maps as plain arrays."""
        return Learned({}, {"generated": self.generated, "target": self.target})

    @classmethod
    def from_state(cls, state: Learned, layout: Layout) -> MarginMap:
        """Restore maps from their `state`.

        Raises
        ------
        ModelFileError
            If an array is missing, or not of the kind and size that the layout needs.
        """
        intervals = _intervals(layout)
        knots = []
        for name in ("generated", "target"):
            array = state.arrays.get(name)
            if (
                array is None
                or array.ndim != 2
                or len(array) != len(intervals)
                or not 1 <= array.shape[1] <= _MOST_KNOTS
                or not np.isfinite(array).all()
            ):
                raise damaged(name)
            knots.append(np.asarray(array, np.float32))
        if knots[0].shape != knots[1].shape:
            raise damaged("target")
        return cls(knots[0], knots[1], intervals)


def _intervals(layout: Layout) -> np.ndarray:
    """Return a mask of the numbers that are drawn within an interval."""
    blocks = [block for block in layout.blocks if block.head != "softmax"]
    inside = np.array([block.source == "interval" for block in blocks], bool)
    return np.repeat(inside, [block.width for block in blocks])


def _quantiles(ordered: np.ndarray, chances: np.ndarray) -> np.ndarray:
    """Return linearly interpolated quantiles of sorted numbers."""
    return np.asarray(np.interp(chances * (len(ordered) - 1), np.arange(len(ordered)), ordered))
