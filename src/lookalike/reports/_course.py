"""How events follow each other, as plain values."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Course", "PairMatrix", "TransitionTable"]

#: Rows of cells; None where a cell is not defined.
PairMatrix = tuple[tuple[float | None, ...], ...]


@dataclass(frozen=True)
class Course:
    """How a number goes on, in both tables.

    Parameters
    ----------
    column : str
        The column's name.
    along : str
        What `steps` count: ``"event"`` (from the first of a history), ``"step"`` (from the start of
        a block) or ``"row"`` (of the whole series).
    steps : tuple of float
        Where the curves have their points.
    real, synthetic : tuple of tuple of (float or None)
        Three curves each, the first tenth, the middle and the last tenth of all units at each step;
        one curve of means over neighbouring rows for a whole series. No curve is a real row's.
    examples : tuple of tuple of (float or None)
        A few synthetic units.
    real_memory, synthetic_memory : tuple of (float or None)
        The rank autocorrelations at lags 1, 2, ….
    frequencies : tuple of float
        In cycles per step; empty where there are too few lags for a spectrum.
    real_spectrum, synthetic_spectrum : tuple of float
        The share of the variance at each frequency.
    """

    column: str
    along: str
    steps: tuple[float, ...]
    real: PairMatrix
    synthetic: PairMatrix
    examples: PairMatrix = ()
    real_memory: tuple[float | None, ...] = ()
    synthetic_memory: tuple[float | None, ...] = ()
    frequencies: tuple[float, ...] = ()
    real_spectrum: tuple[float, ...] = ()
    synthetic_spectrum: tuple[float, ...] = ()


@dataclass(frozen=True)
class TransitionTable:
    """The chances of the next level given the present one, in both tables.

    Parameters
    ----------
    column : str
        The column's name.
    levels : tuple of str
        Present levels, one for each row.
    nexts : tuple of str
        Next levels, one for each column; the end of a history may be among them.
    real, synthetic : tuple of tuple of (float or None)
        Chances in [0, 1]; None in the row of a level that never occurs.
    """

    column: str
    levels: tuple[str, ...]
    nexts: tuple[str, ...]
    real: PairMatrix
    synthetic: PairMatrix
