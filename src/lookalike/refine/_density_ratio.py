"""Boosted trees that tell how much denser real rows lie than generated ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Float

from lookalike.refine._binning import Binning, Codes
from lookalike.refine._correction import clipped
from lookalike.refine._forest import Forest

__all__ = ["Cancelled", "boost", "gains", "leaves"]

#: Few features for each tree: as important against overfitting as anything, and quicker.
_FEATURES = 0.3
_FEWEST_FEATURES = 4
_PATIENCE = 25
#: Trees on few real rows are smaller, and their leaves heavier, so that none tells single rows.
_LEAVES, _FEW, _FEWEST_LEAVES, _HEAVY = 31, 2_000, 6, 3.0
_PARAMETERS: dict[str, Any] = {
    "objective": "binary",
    "metric": "None",
    "min_data_in_leaf": 50,
    "min_sum_hessian_in_leaf": 3.0,
    "lambda_l2": 10.0,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "cat_l2": 1.0,
    "cat_smooth": 1.0,
    "min_data_per_group": 10,
    "max_cat_to_onehot": 4,
    "max_bin": 255,
    "min_data_in_bin": 1,
    "use_missing": False,
    "boost_from_average": False,
    "feature_pre_filter": False,
    "deterministic": True,
    "force_col_wise": True,
    "num_threads": 1,
    "verbosity": -1,
}


class Cancelled(Exception):
    """Nobody waits for the trees any more."""


def boost(
    real: tuple[Codes, Codes],
    pool: tuple[Codes, Codes],
    cells: Binning,
    trees: int,
    rate: float,
    seed: int,
    cancelled: Callable[[], bool] = lambda: False,
) -> Forest:
    """Grow trees whose sum is the log density ratio of real to generated rows.

    A classifier with both kinds weighing the same has the log ratio for its logit (Sugiyama et
    al. 2012). Trees are added until the gain on rows that do not train, see `gains`, no
    longer grows.

    Parameters
    ----------
    real, pool : tuple of two ndarray of uint8, each of shape (rows, features)
        Rows that train, and rows that stop the training.
    cells : Binning
    trees : int
        At most so many.
    rate : float
        What each adds of what is left to learn.
    seed : int
    cancelled : callable
        Asked after each tree whether to give up.

    Returns
    -------
    Forest
        Of no tree where none is a gain.

    Raises
    ------
    Cancelled
        If it was cancelled.
    """
    import lightgbm  # noqa: PLC0415 - half a second that other models need not pay

    training = _data(lightgbm, real[0], pool[0], cells)
    judging = _data(lightgbm, real[1], pool[1], cells, training)
    held = len(real[1])

    def gain(chances: np.ndarray, _: Any) -> tuple[str, float, bool]:
        logits = np.log(chances) - np.log1p(-chances)
        return "gain", float(gains(logits[:held], logits[held:]).mean()), True

    def check(_: Any) -> None:
        if cancelled():
            raise Cancelled

    stop = lightgbm.early_stopping(_PATIENCE, verbose=False)
    fitted = _fitted_to(len(real[0]), len(cells.sizes))
    grown = lightgbm.train(
        {**_PARAMETERS, **fitted, "learning_rate": rate, "seed": seed},
        training,
        num_boost_round=trees,
        valid_sets=[judging],
        feval=gain,
        callbacks=[stop, check],
    )
    if grown.best_score["valid_0"]["gain"] <= 0:
        return Forest.of_trees([], cells.sizes)
    described = grown.dump_model(num_iteration=grown.best_iteration)
    return Forest.of_trees(described["tree_info"], cells.sizes)


def _fitted_to(rows: int, features: int) -> dict[str, float]:
    """Return the parameters that depend on how many real rows train, and on how many features."""
    share = max(_FEATURES, min(1.0, _FEWEST_FEATURES / features))
    fitted: dict[str, float] = {"feature_fraction": share, "num_leaves": leaves(rows)}
    if rows < _FEW:
        fitted["min_sum_hessian_in_leaf"] = _HEAVY * float(_PARAMETERS["min_sum_hessian_in_leaf"])
    return fitted


def leaves(rows: int) -> int:
    """Return the leaves of a tree that so many real rows train.

    Examples
    --------
    >>> [leaves(rows) for rows in (300, 1_000, 30_000)]
    [6, 15, 31]
    """
    return max(min(_LEAVES, _LEAVES * rows // _FEW), _FEWEST_LEAVES)


def gains(
    held_out: Float[np.ndarray, " held"],
    pool: Float[np.ndarray, " pool"],
) -> Float[np.ndarray, " held"]:
    """Return how much likelier, in nats, each held-out row is where generated rows are weighted.

    A generator of density g whose rows are weighted by w has the density g·w / E_g[w]: the
    log-likelihood of a row rises by ln w − ln E_g[w].

    Parameters
    ----------
    held_out, pool : ndarray of float, shape (rows,)
        Log ratios of real rows that trained nothing, and of generated rows.

    Examples
    --------
    >>> gains(np.log([2.0, 2.0]), np.log([2.0, 0.5, 0.5])).round(3)
    array([0.693, 0.693])
    """
    mean = np.mean(np.exp(clipped(pool)))
    return np.asarray(clipped(held_out) - np.log(mean))


def _data(lightgbm: Any, real: Codes, pool: Codes, cells: Binning, reference: Any = None) -> Any:
    """Return rows of both kinds, each weighing as much in all as there are real ones."""
    counts = len(real), len(pool)
    return lightgbm.Dataset(
        np.concatenate([real, pool]).astype(np.float32),
        label=np.repeat([1.0, 0.0], counts),
        weight=np.repeat([1.0, counts[0] / counts[1]], counts),
        categorical_feature=list(cells.categories),
        reference=reference,
    )
