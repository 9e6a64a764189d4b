"""The warning about conditions that very few training rows fulfil."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from lookalike.encoding import RowCondition
from lookalike.models._request import FittedModel
from lookalike.models._routes import NEIGHBOURHOOD, Route
from lookalike.models._sample_conditions import MAX_CHECKED_LEVELS, SampleConditions
from lookalike.models._support import Count
from lookalike.tables import ColumnCondition

__all__ = ["rare_condition_warning"]

#: Fewer training rows than this are reported as few.
_FEW = 5
#: From this number of conditions on, counts of pairs of columns do not suffice.
_MANY = 3


def rare_condition_warning(route: Route) -> str | None:
    """Return a warning if few training rows fulfil the conditions of a route.

    Returns
    -------
    str or None
        The number of training rows and the way in which rows are generated; None if there are
        enough.
    """
    model, conditions = route.model, route.conditions
    fewest: tuple[Count, Sequence[ColumnCondition]] | None = None
    unknown = False
    for columns in _each(conditions):
        found, counted = _count(model, columns)
        unknown |= not counted
        if found is not None and (fewest is None or found[0] < fewest[0]):
            fewest = found
    if fewest is not None and fewest[0].about < _FEW:
        return f"{_counted(model, *fewest)}. {_made(route)}"
    columns, about = conditions.columns, route.ordinary / model.BLOCK * model.n_rows_
    if about < _FEW and columns and (unknown or len(columns) >= _MANY):
        return (
            f"Judging by generated rows, about {about:.2g} of the {model.n_rows_:,} training rows "
            f"{'have' if about != 1 else 'has'} {_and(columns)} together. {_made(route)}"
        )
    return None


def _each(conditions: SampleConditions) -> Iterator[tuple[ColumnCondition, ...]]:
    """Yield the conditions on the rows of each balanced level."""
    balanced = conditions.balanced
    if balanced is None or len(balanced) > MAX_CHECKED_LEVELS:
        yield conditions.columns
        return
    for k in range(len(balanced)):
        level = ColumnCondition(balanced.column, values=balanced.levels.slice(k, 1))
        yield (*conditions.columns, level)


def _count(
    model: FittedModel, conditions: Sequence[ColumnCondition]
) -> tuple[tuple[Count, Sequence[ColumnCondition]] | None, bool]:
    """Return the count of training rows with its conditions, and whether all could be counted."""
    encoded = [
        (condition, _near(condition, found))
        for condition in conditions
        if (found := model.encoder_.encode_condition(condition)) is not None
    ]
    if model._support is None:
        return None, True
    counted = model._support.count([found for _, found in encoded])
    if counted is None:
        return None, not conditions
    count, which = counted
    return (count, [encoded[k][0] for k in which]), len(encoded) == len(conditions)


def _near(condition: ColumnCondition, encoded: RowCondition) -> RowCondition:
    """Return a condition with a range around each number, which few rows have exactly."""
    if condition.values is None:
        return encoded
    blocks, margin = encoded.layout.blocks, np.array([-NEIGHBOURHOOD, NEIGHBOURHOOD])
    bounds = {
        i: np.clip(each + margin, 0, 1) if blocks[i].source == "interval" else each
        for i, each in encoded.bounds.items()
    }
    return replace(encoded, bounds=bounds)


def _counted(model: FittedModel, count: Count, conditions: Sequence[ColumnCondition]) -> str:
    rows, most = f"the {model.n_rows_:,} training rows", min(count.most, model.n_rows_)
    if most == 0:
        return f"None of {rows} has {_and(conditions)}"
    if most < _FEW:
        return f"Fewer than {most + 1:,} of {rows} have {_and(conditions)}"
    return f"About {count.about:.0f} of {rows}, at most {most:,}, have {_and(conditions)}"


def _made(route: Route) -> str:
    ordinary = f"{route.ordinary:,} of {route.model.BLOCK:,} ordinary rows fulfil them"
    if route.chosen_by is route.conditions:
        method = f"The rows are selected from ordinary ones ({ordinary})"
    elif route.chosen_by is not None:
        method = "The rows are selected from ordinary ones with similar numbers, which are replaced"
    else:
        method = f"The rows are generated for the conditions, as only {ordinary}"
    return f"{method}; their other cells are uncertain. Relax the conditions, or use with caution."


def _and(conditions: Sequence[ColumnCondition]) -> str:
    return " and ".join(map(str, conditions))
