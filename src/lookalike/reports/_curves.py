"""What training recorded, as curves of at most a few hundred points."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from lookalike.reports._summary import Curves

__all__ = ["History", "curves"]

#: Columns of a history that count or time, and are no curves.
_CLOCKS = frozenset({"step", "steps", "epoch", "seconds", "time", "elapsed", "remaining"})
MOST_POINTS = 400


class History(Protocol):
    """What a fitted model keeps as ``history_``."""

    @property
    def rows(self) -> Sequence[Mapping[str, Any]]:
        """One mapping for each interval: ``"step"`` and what was measured over it."""


def curves(history: History | Sequence[Mapping[str, Any]] | None) -> Curves | None:
    """Turn a history into curves; text and flags in it are left out.

    Parameters
    ----------
    history : History, sequence of dict, or None
        What a model's ``history_`` holds, or its rows.

    Returns
    -------
    Curves or None
        None where there are fewer than two rows or no numbers in them.
    """
    rows: list[Mapping[str, Any]] = list(_rows(history))
    names = dict.fromkeys(n for row in rows for n, v in row.items() if _number(v) is not None)
    names = {name: None for name in names if name not in _CLOCKS}
    if len(rows) < 2 or not names:
        return None
    chosen = np.unique(np.linspace(0, len(rows) - 1, MOST_POINTS).round().astype(int))
    kept = [rows[place] for place in chosen]
    steps = tuple(_step(row, place) for row, place in zip(kept, chosen, strict=True))
    series = {name: tuple(_number(row.get(name)) for row in kept) for name in names}
    return Curves(steps, series, str(getattr(history, "stopped", "")))


def _rows(history: Any) -> Sequence[Mapping[str, Any]]:
    found: Sequence[Mapping[str, Any]] = getattr(history, "rows", history)
    return () if found is None else found


def _step(row: Mapping[str, Any], place: int) -> float:
    found = _number(row.get("step", row.get("epoch")))
    return float(place) if found is None else found


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(f"{value:.6g}") if math.isfinite(value) else None
