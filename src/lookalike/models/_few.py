"""What is said of conditions that hardly a training row fulfils."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from lookalike.encoding import Asked
from lookalike.models._asking import CHECKED, Asking
from lookalike.models._support import Count
from lookalike.models._way import NEAR, Conditioned, Way
from lookalike.tables import ColumnCondition

__all__ = ["few_in_words"]

#: Fewer training rows than this are few.
_FEW = 5
#: Counts of one or two columns say nothing of so many.
_MANY = 3


def few_in_words(model: Conditioned, way: Way) -> str | None:
    """Return how many training rows are as asked, and how the rows are made, where they are few.

    Parameters
    ----------
    model : Conditioned
        Fitted.
    way : Way
        How the rows are made.

    Returns
    -------
    str or None
        None where there are enough.
    """
    asking = way.asking
    fewest: tuple[Count, Sequence[ColumnCondition]] | None = None
    unknown = False
    for wishes in _each(asking):
        found, told = _count(model, wishes)
        unknown |= not told
        if found is not None and (fewest is None or found[0] < fewest[0]):
            fewest = found
    if fewest is not None and fewest[0].about < _FEW:
        return f"{_counted(model, *fewest)}. {_made(model, way)}"
    about = way.ordinary / model.BLOCK * model.n_rows_
    if about < _FEW and asking.wishes and (unknown or len(asking.wishes) >= _MANY):
        return (
            f"By the model's own rows, about {about:.2g} of the {model.n_rows_:,} training rows "
            f"{'have' if about != 1 else 'has'} {_and(asking.wishes)} together. {_made(model, way)}"
        )
    return None


def _each(asking: Asking) -> Iterator[tuple[ColumnCondition, ...]]:
    """Yield what is asked of the rows of each class."""
    classes = asking.classes
    if classes is None or len(classes) > CHECKED:
        yield asking.wishes
        return
    for k in range(len(classes)):
        yield (*asking.wishes, ColumnCondition(classes.column, values=classes.levels.slice(k, 1)))


def _count(
    model: Conditioned, wishes: Sequence[ColumnCondition]
) -> tuple[tuple[Count, Sequence[ColumnCondition]] | None, bool]:
    """Return the count of training rows and the wishes that tell it, and if all are counted."""
    asked = [
        (wish, _near(model, wish, found))
        for wish in wishes
        if (found := model.encoder_.ask(wish)) is not None
    ]
    if model._support is None:
        return None, True
    counted = model._support.count([found for _, found in asked])
    if counted is None:
        return None, not wishes
    count, which = counted
    return (count, [asked[k][0] for k in which]), len(asked) == len(wishes)


def _near(model: Conditioned, wish: ColumnCondition, asked: Asked) -> Asked:
    """Return what is asked, or near to it: hardly a row ever has just one number."""
    if wish.values is None:
        return asked
    blocks = model.encoder_.layout_.blocks
    limits = {
        i: np.clip(each + np.array([-NEAR, NEAR]), 0, 1) if blocks[i].source == "interval" else each
        for i, each in asked.limits.items()
    }
    return replace(asked, limits=limits)


def _counted(model: Conditioned, count: Count, wishes: Sequence[ColumnCondition]) -> str:
    rows, most = f"the {model.n_rows_:,} training rows", min(count.most, model.n_rows_)
    if most == 0:
        return f"None of {rows} has {_and(wishes)}"
    if most < _FEW:
        return f"Fewer than {most + 1:,} of {rows} have {_and(wishes)}"
    return f"About {count.about:.0f} of {rows}, and no more than {most:,}, have {_and(wishes)}"


def _made(model: Conditioned, way: Way) -> str:
    ordinary = f"{way.ordinary:,} of {model.BLOCK:,} ordinary rows are as asked"
    if way.near is way.asking:
        how = f"The rows are chosen from ordinary ones ({ordinary})"
    elif way.near is not None:
        how = "The rows are chosen from ordinary ones near it, and the number is put in"
    else:
        how = f"The rows are made to what is asked, as only {ordinary}"
    return f"{how}; the rest of each row is a guess. Ask for less, or take it for one."


def _and(wishes: Sequence[ColumnCondition]) -> str:
    return " and ".join(map(str, wishes))
