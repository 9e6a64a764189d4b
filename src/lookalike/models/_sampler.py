"""From a trained generator to drawn rows, block by block."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PRNGKeyArray

from lookalike.encoding import Drawn
from lookalike.nn import Plan, ResidualMLP

__all__ = ["Calibration", "Sampler"]


@dataclass(frozen=True)
class Calibration:
    """Corrections that make the generator's marginals those of the training table.

    Parameters
    ----------
    bias : ndarray, shape (width of all levels,)
        Added to the logits, in the plan's order.
    own, due : ndarray, shape (numbers, knots)
        Each number is mapped monotonically from `own` to `due`.
    """

    bias: np.ndarray
    own: np.ndarray
    due: np.ndarray

    @classmethod
    def none(cls, plan: Plan) -> Calibration:
        """Return the calibration that changes nothing."""
        no_knots = np.zeros((plan.number_width, 0), np.float32)
        return cls(np.zeros(plan.width - plan.number_width, np.float32), no_knots, no_knots)

    def apply(self, numbers: np.ndarray) -> np.ndarray:
        """Return numbers mapped from `own` to `due`, zeros (missing) kept."""
        if not self.own.shape[1]:
            return numbers
        mapped = np.empty_like(numbers)
        for k in range(numbers.shape[1]):
            mapped[:, k] = np.interp(numbers[:, k], self.own[k], self.due[k])
        mapped[numbers == 0] = 0
        return mapped


@dataclass(frozen=True)
class Sampler:
    """Draws blocks of rows; block b depends on the networks, the seed and b alone.

    Parameters
    ----------
    plan : Plan
    generator : ResidualMLP
    calibration : Calibration
    latent_size, rows : int
        The width of the generator's input, and the rows of one block.
    """

    plan: Plan
    generator: ResidualMLP
    calibration: Calibration
    latent_size: int
    rows: int

    def block(self, seed: int, number: int) -> Drawn:
        """Return block `number` of the sample of a seed."""
        numbers, levels = _draw(
            self.plan,
            (self.rows, self.latent_size),
            self.generator,
            jnp.asarray(self.calibration.bias),
            _key(seed, number),
        )
        return Drawn(self.calibration.apply(np.asarray(numbers)), np.asarray(levels))

    def mean_levels(self, seed: int, blocks: int) -> np.ndarray:
        """Return the mean probability of every level over some blocks, shape (level width,)."""
        bias = jnp.asarray(self.calibration.bias)
        size = (self.rows, self.latent_size)
        sums = [
            _probabilities(self.plan, size, self.generator, bias, _key(seed, number))
            for number in range(blocks)
        ]
        return np.asarray(sum(sums), float) / blocks

    def numbers(self, seed: int, blocks: int) -> Iterator[np.ndarray]:
        """Yield the numbers of some blocks."""
        for number in range(blocks):
            yield self.block(seed, number).numbers


def _key(seed: int, number: int) -> PRNGKeyArray:
    # Threefry gives the same stream on every kind of device.
    key = jax.random.key(seed % 2**32, impl="threefry2x32")
    return jax.random.fold_in(jax.random.fold_in(key, seed // 2**32), number)


@partial(eqx.filter_jit)
def _draw(
    plan: Plan,
    size: tuple[int, int],
    generator: ResidualMLP,
    bias: Float[Array, " levels"],
    key: PRNGKeyArray,
) -> tuple[Float[Array, "rows numbers"], Int[Array, "rows levels"]]:
    latent, levels = jax.random.split(key)
    raw = generator(jax.random.normal(latent, size))
    return plan.harden(raw.at[:, plan.number_width :].add(bias), levels)


@partial(eqx.filter_jit)
def _probabilities(
    plan: Plan,
    size: tuple[int, int],
    generator: ResidualMLP,
    bias: Float[Array, " levels"],
    key: PRNGKeyArray,
) -> Float[Array, " levels"]:
    latent, _ = jax.random.split(key)
    raw = generator(jax.random.normal(latent, size))
    return plan.level_probabilities(raw.at[:, plan.number_width :].add(bias)).mean(axis=0)
