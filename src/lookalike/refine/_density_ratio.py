"""Boosted trees that estimate the density ratio of real to generated rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Float

from lookalike.refine._binning import Binning, Codes
from lookalike.refine._correction import clipped
from lookalike.refine._forest import CellForest

__all__ = ["Cancelled", "boost", "gains", "leaves"]

#: The share of features for each tree: small, against overfitting and for speed; and the minimum.
_FEATURES = 0.3
_FEWEST_FEATURES = 4
_PATIENCE = 25
#: Trees for few real rows have fewer and heavier leaves, so that none isolates single rows.
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
    """Raised when the fit of trees has been cancelled."""


def boost(
    real: tuple[Codes, Codes],
    pool: tuple[Codes, Codes],
    cells: Binning,
    trees: int,
    rate: float,
    seed: int,
    cancelled: Callable[[], bool] = lambda: False,
) -> CellForest:
    """Fit trees whose sum is the log density ratio of real to generated rows.

    The logit of a classifier with equal total weights of both kinds is the log ratio (Sugiyama et
    al. 2012). Trees are added until the gain on validation rows, see `gains`, no longer rises.

    Parameters
    ----------
    real, pool : tuple of two ndarray of uint8, each of shape (rows, features)
        Training rows and validation rows.
    cells : Binning
    trees : int
        The maximum number of trees.
    rate : float
        The learning rate.
    seed : int
    cancelled : callable
        Returns whether to give up; called after each tree.

    Returns
    -------
    CellForest
        Without trees if none is a gain.

    Raises
    ------
    Cancelled
        If it was cancelled.
    """
    import lightgbm  # noqa: PLC0415 - takes half a second, which other models are spared

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
        return CellForest.of_trees([], cells.sizes)
    described = grown.dump_model(num_iteration=grown.best_iteration)
    return CellForest.of_trees(described["tree_info"], cells.sizes)


def _fitted_to(rows: int, features: int) -> dict[str, float]:
    """Return the parameters that depend on the numbers of real training rows and of features."""
    share = max(_FEATURES, min(1.0, _FEWEST_FEATURES / features))
    fitted: dict[str, float] = {"feature_fraction": share, "num_leaves": leaves(rows)}
    if rows < _FEW:
        fitted["min_sum_hessian_in_leaf"] = _HEAVY * float(_PARAMETERS["min_sum_hessian_in_leaf"])
    return fitted


def leaves(rows: int) -> int:
    """Return the maximum number of leaves of a tree for a number of real training rows.

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
    """Return the gain in log-likelihood of each held-out row by weighting generated rows, in nats.

    A generator of density g whose rows are weighted by w has the density g·w / E_g[w]: the
    log-likelihood of a row rises by ln w − ln E_g[w].

    Parameters
    ----------
    held_out, pool : ndarray of float, shape (rows,)
        Log ratios of held-out real rows, and of generated rows.

    Examples
    --------
    >>> gains(np.log([2.0, 2.0]), np.log([2.0, 0.5, 0.5])).round(3)
    array([0.693, 0.693])
    """
    mean = np.mean(np.exp(clipped(pool)))
    return np.asarray(clipped(held_out) - np.log(mean))


def _data(lightgbm: Any, real: Codes, pool: Codes, cells: Binning, reference: Any = None) -> Any:
    """Return rows of both kinds, whose total weights are equal."""
    counts = len(real), len(pool)
    return lightgbm.Dataset(
        np.concatenate([real, pool]).astype(np.float32),
        label=np.repeat([1.0, 0.0], counts),
        weight=np.repeat([1.0, counts[0] / counts[1]], counts),
        categorical_feature=list(cells.categories),
        reference=reference,
    )
