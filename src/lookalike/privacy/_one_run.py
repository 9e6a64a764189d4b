"""The ε that the canaries of a single fit prove (Steinke, Nasr and Jagielski 2023)."""

from __future__ import annotations

from math import exp

import numpy as np
import numpy.typing as npt
from scipy.stats import binom

from lookalike._core.errors import ParameterError
from lookalike._core.parameters import Number, check_parameters

__all__ = ["proved_epsilon"]

_RULES = {
    "guesses": Number(2, integer=True),
    "delta": Number(0, 1),
    "confidence": Number(0.5, 0.999999),
}
_MOST = 20.0


def proved_epsilon(
    included: npt.ArrayLike,
    scores: npt.ArrayLike,
    *,
    guesses: int,
    delta: float = 0.0,
    confidence: float = 0.95,
) -> float:
    """Return the ε that the canaries of a single fit prove: a private one has at least that.

    Each canary, a row like no other, is in the training table or not by the toss of a fair coin. Of
    the canaries with the highest scores it is guessed that they are in, of those with the lowest
    that they are not; many right guesses refute a small ε.

    Parameters
    ----------
    included : array of bool, shape (canaries,)
        Which canaries were in the training table.
    scores : array of float, shape (canaries,)
        How much the model, or its rows, speak for each.
    guesses : int
        The number of guesses, half of them of each sort; chosen without a look at `included`.
    delta : float
        The δ of the guarantee.
    confidence : float
        The probability, at the least, that the fit's ε is no smaller than the result.

    Returns
    -------
    float
        0 if nothing is proved; 20 at most.

    Raises
    ------
    ParameterError
        If there are fewer canaries than guesses, or a parameter breaks its rule.

    Examples
    --------
    >>> import numpy as np
    >>> coins = np.random.default_rng(0).random(200) < 0.5
    >>> proved_epsilon(coins, coins, guesses=100) > 3
    True
    >>> proved_epsilon(coins, np.arange(200), guesses=100)
    0.0
    """
    values = {"guesses": guesses, "delta": delta, "confidence": confidence}
    check_parameters("proved_epsilon", _RULES, values)
    coins, liked = np.asarray(included, bool), np.asarray(scores, np.float64)
    if coins.shape != liked.shape or coins.ndim != 1 or len(coins) < guesses:
        raise ParameterError(
            f"There must be one score for each canary, and no fewer canaries than guesses; got "
            f"{coins.shape} canaries, {liked.shape} scores and {guesses} guesses."
        )
    order, half = np.argsort(liked, kind="stable"), guesses // 2
    right = int((~coins[order[:half]]).sum() + coins[order[-half:]].sum())
    low, high = 0.0, _MOST
    for _ in range(50):
        middle = (low + high) / 2
        refuted = _chance(len(coins), 2 * half, right, middle, delta) < 1 - confidence
        low, high = (middle, high) if refuted else (low, middle)
    return low if low > 1e-9 else 0.0


def _chance(canaries: int, guesses: int, right: int, epsilon: float, delta: float) -> float:
    """Return the greatest probability of so many right guesses under (ε, δ) (their theorem 5.2)."""
    share = 1 / (1 + exp(-epsilon))
    chance = float(binom.sf(right - 1, guesses, share))
    if delta == 0:
        return chance
    # Of each number of guesses that δ may have turned right, the worst.
    reached = np.cumsum(binom.pmf(np.arange(right - 1, -1, -1), guesses, share))
    worst = float((reached / np.arange(1, right + 1)).max()) if right else 0.0
    return chance + 2 * canaries * delta * worst
