"""Cells of units side by side: one row for each unit, one column for each step."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lookalike._core.numerics import Floats
from lookalike.metrics.sequences._units import SequenceUnits

__all__ = ["MOST_STEPS", "padded", "padded_codes"]

#: The steps of a unit that are laid side by side; those after them are seen by counts alone.
MOST_STEPS = 128


def padded(histories: SequenceUnits, cells: Floats, most: int = MOST_STEPS) -> Floats:
    """Lay the numbers of units side by side.

    Parameters
    ----------
    histories : SequenceUnits
        The units.
    cells : ndarray of float, shape (n,)
        A number for each event.
    most : int
        The most steps.

    Returns
    -------
    ndarray of float, shape (units, steps)
        NaN where a unit has ended.
    """
    rows, ended = _rows(histories, most)
    return np.where(ended, np.nan, cells[rows])


def padded_codes(
    histories: SequenceUnits, codes: npt.NDArray[np.int32], most: int = MOST_STEPS
) -> npt.NDArray[np.int32]:
    """Lay the levels of units side by side; -1 where a unit has ended."""
    rows, ended = _rows(histories, most)
    return np.where(ended, -1, codes[rows]).astype(np.int32)


def _rows(
    histories: SequenceUnits, most: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    steps = np.arange(min(int(histories.lengths.max(initial=1)), most))
    ended = steps >= histories.lengths[:, None]
    return np.where(ended, 0, histories.starts[:-1, None] + steps), ended
