"""Gradient-boosted trees that classify two kinds of rows: training and log odds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from lookalike._core.numerics import Floats

if TYPE_CHECKING:
    import lightgbm

__all__ = ["grow_trees", "log_odds"]


#: The same rows, settings and seed give the same trees on any number of cores.
_REPEATABLE = {"objective": "binary", "deterministic": True, "num_threads": 1, "verbosity": -1}


def grow_trees(
    inputs: npt.NDArray[Any],
    labels: npt.NDArray[np.int64],
    numeric: int,
    settings: Mapping[str, Any],
    rounds: int,
    seed: int,
) -> lightgbm.Booster:
    """Fit gradient-boosted trees that classify label 1 against label 0.

    Parameters
    ----------
    inputs : ndarray of float, shape (n, features)
        Numbers first, then category codes.
    labels : ndarray of int, shape (n,)
        0 or 1.
    numeric : int
        The number of features that are numbers; the others are categories.
    settings : mapping
        LightGBM's training parameters.
    rounds : int
        The number of trees.
    seed : int
        The seed of the trees.

    Returns
    -------
    lightgbm.Booster
        The fitted trees.
    """
    import lightgbm  # noqa: PLC0415 - half a second that others need not pay

    settings = {**_REPEATABLE, **settings}
    categories = list(range(numeric, inputs.shape[1]))
    data = lightgbm.Dataset(inputs, labels, categorical_feature=categories, params=settings)
    return lightgbm.train({**settings, "seed": seed}, data, rounds)


def log_odds(model: lightgbm.Booster, inputs: npt.NDArray[Any]) -> Floats:
    """Return the log odds of label 1 for each row; shape (n,)."""
    return np.asarray(model.predict(inputs, raw_score=True, num_threads=1), dtype=np.float64)
