"""Sampling from a conditional generator, and its initialisation from an unconditional one."""

from __future__ import annotations

from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, UInt32

from lookalike.encoding import Z_MAX, RowCondition, SampledRows
from lookalike.nn import (
    DeviceCondition,
    Latent,
    Network,
    Plan,
    constrain,
    key_of,
    noise,
    seed_words,
    to_device,
    uniforms,
)

__all__ = ["ConditionalSampler", "soften_logits", "widen_inputs"]

#: Numbers of rows are rounded up to multiples of this, so that calls share compiled programs.
_ROUND = 1024
#: The factor of a generator's logits when it starts to learn conditions.
_SOFTENED = 0.3


@dataclass(frozen=True)
class ConditionalSampler:
    """Sampler of rows that fulfil conditions.

    Parameters
    ----------
    plan : Plan
    network : Network
        A conditional generator.
    latent_size : int
        The width of its random input.
    latent : {"normal", "uniform"}
        The distribution of its random input.
    """

    plan: Plan
    network: Network
    latent_size: int
    latent: Latent

    def draw(self, condition: RowCondition, rows: int, seed: int, block: int) -> SampledRows:
        """Return rows that fulfil a condition; they depend on seed and block alone."""
        padded = rows + -rows % _ROUND
        numbers, levels = _draw(
            self.plan,
            (padded, self.latent_size),
            self.latent,
            self.network,
            to_device(self.plan, condition, padded),
            seed_words(seed, block),
        )
        drawn = np.array(numbers)[:rows]
        within = np.array(self.plan.is_interval, bool)
        drawn[:, within] = np.clip(drawn[:, within], -Z_MAX, Z_MAX)
        return SampledRows(drawn, np.asarray(levels)[:rows])


def widen_inputs(network: Network, wider: Network) -> Network:
    """Return a network with more inputs and the same outputs as `network` while these are 0.

    Parameters
    ----------
    network : Network
        A network with k inputs.
    wider : Network
        A network with the same layers and more inputs, the first k of them the same; it provides
        the weights of the new ones.
    """

    def fitted(old: Array, new: Array) -> Array:
        if old.shape == new.shape:
            return old
        return new.at[: old.shape[0]].set(old)

    widened: Network = jax.tree.map(fitted, network, wider)
    return widened


def soften_logits(network: Network, plan: Plan) -> Network:
    """Return a generator with the logits of levels scaled down.

    Where a generator is certain of a level, its softmax has no gradient towards the others.
    """
    units = jnp.arange(plan.width) >= plan.number_width
    share = jnp.where(units, _SOFTENED, 1.0)
    last = network.last
    assert last.bias is not None
    changed: Network = eqx.tree_at(
        lambda n: (n.last.weight, n.last.bias), network, (last.weight * share, last.bias * share)
    )
    return changed


@eqx.filter_jit
def _draw(
    plan: Plan,
    size: tuple[int, int],
    distribution: Latent,
    network: Network,
    condition: DeviceCondition,
    words: UInt32[Array, " words"],
) -> tuple[Float[Array, "rows numbers"], Int[Array, "rows levels"]]:
    latent, within = jax.random.split(key_of(words, "threefry2x32"))
    z = noise(latent, size, distribution)
    raw = network(jnp.concatenate([z, condition.vector()], axis=1))
    uniform = uniforms(within, (size[0], len(plan.levels)))
    return plan.harden(constrain(plan, raw, condition), uniform)
