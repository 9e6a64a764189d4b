"""A recurrent network that tells real windows of series from synthetic ones, as published."""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Int, PRNGKeyArray

from lookalike._core.numerics import Floats32
from lookalike._core.seeds import generator

__all__ = ["recurrent_judge"]

#: As published (Yoon et al. 2019): 2,000 steps of 128 windows of each kind, Adam at 0.001, four
#: fifths of the windows for training.
_STEPS, _BATCH, _RATE, _SHARE = 2_000, 128, 1e-3, 0.8


class _Recurrent(eqx.Module):
    """A layer of gated recurrent units, and the log odds of "real" from its last state."""

    cell: eqx.nn.GRUCell
    readout: eqx.nn.Linear

    def __init__(self, columns: int, units: int, key: PRNGKeyArray) -> None:
        first, second = jax.random.split(key)
        self.cell = eqx.nn.GRUCell(columns, units, key=first)
        self.readout = eqx.nn.Linear(units, "scalar", key=second)

    def __call__(self, window: Float[Array, "steps columns"]) -> Float[Array, ""]:
        start = jnp.zeros(self.cell.hidden_size)
        last, _ = jax.lax.scan(lambda state, cells: (self.cell(cells, state), None), start, window)
        odds: Float[Array, ""] = self.readout(last)
        return odds


def recurrent_judge(real: Floats32, synthetic: Floats32, seed: int) -> float:
    """Train a recurrent network to tell real windows from synthetic ones, and judge it.

    The post-hoc judge of TimeGAN (Yoon, Jarrett & van der Schaar 2019): one layer of gated
    recurrent units, half as many as there are columns.

    Parameters
    ----------
    real, synthetic : ndarray of float32, shapes (n, steps, columns) and (m, steps, columns)
        Numbers in [0, 1].
    seed : int
        The seed of the split, the first weights and the batches.

    Returns
    -------
    float
        The accuracy on the windows that took no part in training, ½ where it guesses.
    """
    random = generator(seed, "recurrent judge")
    parts = []
    for windows in (real, synthetic):
        order = random.permutation(len(windows))
        cut = int(_SHARE * len(order))
        parts.append((windows[order[:cut]], windows[order[cut:]]))
    batches = [jnp.asarray(random.integers(0, len(fit), (_STEPS, _BATCH))) for fit, _ in parts]
    model = _Recurrent(real.shape[2], max(real.shape[2] // 2, 1), jax.random.key(seed % 2**31))
    model = _trained(model, *(jnp.asarray(fit) for fit, _ in parts), *batches)
    odds = [np.asarray(_judged(model, jnp.asarray(held))) for _, held in parts]
    right = np.concatenate([odds[0] > 0, odds[1] <= 0])
    return float(right.mean())


@eqx.filter_jit
def _judged(model: _Recurrent, windows: Float[Array, "n steps columns"]) -> Float[Array, " n"]:
    odds: Float[Array, " n"] = jax.vmap(model)(windows)
    return odds


@eqx.filter_jit
def _trained(
    model: _Recurrent,
    real: Float[Array, "n steps columns"],
    synthetic: Float[Array, "m steps columns"],
    real_rows: Int[Array, "rounds batch"],
    synthetic_rows: Int[Array, "rounds batch"],
) -> _Recurrent:
    """Take all steps of training in one compiled program."""
    optimiser = optax.adam(_RATE)
    weights, static = eqx.partition(model, eqx.is_inexact_array)

    def loss(weights: _Recurrent, one: Array, other: Array) -> Float[Array, ""]:
        network = eqx.combine(weights, static)
        # Cross entropy, real windows first.
        real_part = jnp.mean(jax.nn.softplus(-jax.vmap(network)(one)))
        return real_part + jnp.mean(jax.nn.softplus(jax.vmap(network)(other)))

    def step(carry: tuple[_Recurrent, optax.OptState], rows: tuple[Array, Array]) -> tuple:  # type: ignore[type-arg]
        current, state = carry
        grads = jax.grad(loss)(current, real[rows[0]], synthetic[rows[1]])
        updates, state = optimiser.update(grads, state)
        return (eqx.apply_updates(current, updates), state), None

    rows = (real_rows, synthetic_rows)
    (weights, _), _ = jax.lax.scan(step, (weights, optimiser.init(weights)), rows)
    found: _Recurrent = eqx.combine(weights, static)
    return found
