"""Curves of a training history, of a few hundred points at most."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Protocol

import numpy as np

from lookalike.reports._summary import Curves, Mark

__all__ = ["HistoryLike", "curves"]

#: Columns of a history that count or time, and are no curves.
_CLOCKS = frozenset(
    {"step", "steps", "epoch", "attempt", "seconds", "time", "elapsed", "remaining"}
)
MOST_POINTS = 400
_FARTHEST = 1e300


class HistoryLike(Protocol):
    """A history as a fitted model keeps it in ``history_``.

    Its ``stopped``, ``cut_short``, ``events`` and ``optimisers`` are drawn too, where it has them.
    """

    @property
    def rows(self) -> Sequence[Mapping[str, Any]]:
        """One mapping for each interval: ``"step"`` and the measurements of the interval."""


def curves(history: HistoryLike | Sequence[Mapping[str, Any]] | None) -> Curves | None:
    """Turn a history into curves; text and flags in it are left out.

    Parameters
    ----------
    history : HistoryLike, sequence of dict, or None
        A model's ``history_``, or its rows.

    Returns
    -------
    Curves or None
        None where there are fewer than two rows or no numbers in them. Of long records, each
        point is the last value of a few rows.

    Examples
    --------
    >>> from lookalike.reports import curves
    >>> curves([{"step": 50, "loss": 0.9}, {"step": 100, "loss": 0.7}]).series
    {'loss': (0.9, 0.7)}
    """
    rows: list[Mapping[str, Any]] = list(_rows(history))
    names = dict.fromkeys(n for row in rows for n, v in row.items() if _number(v) is not None)
    names = {name: None for name in names if name not in _CLOCKS}
    if len(rows) < 2 or not names:
        return None
    ends = np.unique(np.linspace(0, len(rows) - 1, MOST_POINTS).round().astype(int)).tolist()
    parts = [rows[first:last] for first, last in pairwise((0, *(end + 1 for end in ends)))]
    return Curves(
        tuple(_step(rows[end], end) for end in ends),
        {name: tuple(_latest(part, name) for part in parts) for name in names},
        str(getattr(history, "stopped", "")),
        tuple(_mark(event) for event in getattr(history, "events", ())),
        bool(getattr(history, "cut_short", False)),
        tuple(getattr(history, "optimisers", ())),
    )


def _latest(rows: Sequence[Mapping[str, Any]], name: str) -> float | None:
    """Return the last value of a few rows: rare measurements must not fall between points."""
    found = (_number(row.get(name)) for row in reversed(rows))
    return next((value for value in found if value is not None), None)


def _mark(event: Any) -> Mark:
    return Mark(float(event.step), str(event.kind), str(event.words))


def _rows(history: Any) -> Sequence[Mapping[str, Any]]:
    found: Sequence[Mapping[str, Any]] = getattr(history, "rows", history)
    return () if found is None else found


def _step(row: Mapping[str, Any], place: int) -> float:
    found = _number(row.get("step", row.get("epoch")))
    return float(place) if found is None else found


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    # Axes of the largest floats would have no finite length.
    return (
        float(f"{min(max(number, -_FARTHEST), _FARTHEST):.6g}") if math.isfinite(number) else None
    )
