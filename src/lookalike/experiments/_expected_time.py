"""The time that a study is expected to take, stated before it starts."""

from __future__ import annotations

import time
from collections.abc import Iterable

import numpy as np

from lookalike.experiments._study import Study, WorkItem
from lookalike.metrics import SUPPORT_VECTORS

__all__ = ["expected_seconds", "model_seconds", "spoken"]

#: Core-seconds of a model by its name: for any fit, and for 1,000 rows of ten columns, as
#: roughly estimated (`benchmarks/boost_time.py models` measures them); others, such as the caller's
#: own, are taken as random forests.
_MODELS = {
    "logistic regression": (0.03, 0.03),
    SUPPORT_VECTORS: (0.02, 0.1),
    "random forest": (0.2, 0.25),
    "decision tree": (0.02, 0.01),
    "3 nearest neighbours": (0.02, 0.02),
    "Gaussian naive Bayes": (0.02, 0.01),
    "boosted trees": (0.05, 0.06),
    "dense network": (0.6, 0.6),
}
_OTHER = "random forest"
#: The core-seconds of a synthesizer of cost 1: for any fit, and for a thousand rows of ten columns.
_FIT = (5.0, 0.35)
#: The seconds of `_pace` on the core to which the others refer.
_PACE = 0.045


def model_seconds(name: str, rows: float, columns: int) -> float:
    """Return the expected core-seconds of fitting and judging a model.

    Parameters
    ----------
    name : str
        The name of a model of the battery, or any other.
    rows : float
        The number of training rows.
    columns : int
        The number of columns.

    Returns
    -------
    float

    Examples
    --------
    >>> model_seconds("decision tree", 1_000, 10) < model_seconds("random forest", 1_000, 10)
    True
    """
    fixed, more = _MODELS.get(name, _MODELS[_OTHER])
    # The time of a support vector machine grows with the square of the rows.
    bend = max(rows / 1_000, 1.0) if name == SUPPORT_VECTORS else 1.0
    return fixed + more * bend * rows * columns / 10_000


def expected_seconds(study: Study, items: Iterable[WorkItem], jobs: int) -> float:
    """Return the expected seconds of work on this machine, as busy as it is.

    Parameters
    ----------
    study : Study
    items : iterable of WorkItem
        The work that is left.
    jobs : int
        The number of items that are worked on at once.

    Returns
    -------
    float
        It may be wrong by a factor of two: nothing of the study is measured yet.
    """
    each = [_item_seconds(study, item) for item in items]
    if not each:
        return 0.0
    # No process can share an item with another.
    slowness = _pace() / _PACE
    return slowness * max(sum(each) / max(jobs, 1), max(each))


def spoken(seconds: float) -> str:
    """Return a duration in words.

    Parameters
    ----------
    seconds : float

    Returns
    -------
    str

    Examples
    --------
    >>> spoken(7), spoken(80), spoken(1_000), spoken(9_000)
    ('less than 10 seconds', '1.5 minutes', '17 minutes', '2.5 hours')
    """
    if seconds < 10:
        return "less than 10 seconds"
    if seconds < 55:
        return f"{10 * round(seconds / 10)} seconds"
    minutes = seconds / 60
    if minutes < 90:
        exact = f"{minutes:.0f}" if minutes >= 3 else f"{round(2 * minutes) / 2:g}"
        return f"{exact} minute{'' if exact == '1' else 's'}"
    return f"{round(2 * minutes / 60) / 2:g} hours"


def _item_seconds(study: Study, item: WorkItem) -> float:
    rows = item.share * len(item.split.train)
    columns: int = study.table.num_columns
    models: float = sum(
        model_seconds(name, rows * (1 + arm.factor), columns)
        for arm, name in item.todo
        if name in study.models
    )
    fixed, more = _FIT
    if not any(arm.role == "synthetic" for arm, _ in item.todo):
        return models
    return models + study.synthesizer.cost * (fixed + more * rows * columns / 10_000)


def _pace() -> float:
    """Return the seconds that a core takes now for a task of fixed size."""
    values = np.random.default_rng(0).standard_normal(400_000)
    began = time.perf_counter()
    np.sort(values, kind="stable")
    return time.perf_counter() - began
