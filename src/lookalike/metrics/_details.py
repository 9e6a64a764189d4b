"""Details of a score beside its number: typed, written as plain values and read back."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ColumnScore", "ColumnShare", "Details", "PairScore"]


@dataclass(frozen=True)
class ColumnScore:
    """The score of one column in a metric of columns.

    Parameters
    ----------
    column : str
        Its name.
    value : float
        Its score.
    raw : float or None
        The same as published, where the metric sets its value against chance.
    ceiling, floor : float or None
        The scores of real rows and of independent columns; None where they are not measured.
    """

    column: str
    value: float
    raw: float | None = None
    ceiling: float | None = None
    floor: float | None = None


@dataclass(frozen=True)
class PairScore:
    """The score of two columns in a metric of pairs.

    Parameters
    ----------
    first, second : str
        Their names.
    value : float or None
        Their score; None where it is not defined.
    raw : float or None
        The same as published, where the metric sets its value against chance.
    real, synthetic : float or None
        The compared values: their association in each table.
    shared : float or None
        The share of real rows in which both are present, where the pair counts by it.
    reason : str or None
        The reason why there is no score.
    """

    first: str
    second: str
    value: float | None
    raw: float | None = None
    real: float | None = None
    synthetic: float | None = None
    shared: float | None = None
    reason: str | None = None


@dataclass(frozen=True)
class ColumnShare:
    """The share of one column in a detector's gain.

    Parameters
    ----------
    column : str
        Its name.
    share : float
        Its share of the detector's gain, in [0, 1].
    """

    column: str
    share: float


@dataclass(frozen=True)
class Details:
    """Details that every metric may give; one with more has a subclass with fields of its own.

    Parameters
    ----------
    raw : float or None
        The value as published, where the metric sets it against chance.
    rows : int or None
        The rows of each table that were used, where both were cut to the same number.
    columns : tuple of ColumnScore
        The scores of columns.
    pairs : tuple of PairScore
        The scores of pairs of columns.
    pairs_seen, pairs_in_all : int or None
        The number of pairs that were scored, and of all pairs.
    importances : tuple of ColumnShare
        The share of each column in a detector's gain, the largest first.
    """

    raw: float | None = None
    rows: int | None = None
    columns: tuple[ColumnScore, ...] = ()
    pairs: tuple[PairScore, ...] = ()
    pairs_seen: int | None = None
    pairs_in_all: int | None = None
    importances: tuple[ColumnShare, ...] = ()
