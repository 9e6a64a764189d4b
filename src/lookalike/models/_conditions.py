"""From what is asked of rows to what the generator is told, and rows that fulfil it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, UInt32
from scipy.special import ndtri

from lookalike.encoding import Z_MAX, Asked, EncodedRows, Layout, SampledRows
from lookalike.nn import (
    Condition,
    Latent,
    Network,
    Plan,
    constrain,
    key_of,
    noise,
    seed_words,
    uniforms,
)

__all__ = ["Completer", "Told", "told_by_cells", "unsure", "widened"]

_ROUND = 1024
#: How much of its logits a generator keeps when it is to learn conditions.
_UNSURE = 0.3


@dataclass(frozen=True)
class Told:
    """What the generator is told of each row, in the plan's order.

    Parameters
    ----------
    low, high : ndarray, shape (rows, numbers)
    forbidden : ndarray, shape (rows, width of all levels)
        As in `lookalike.nn.Condition`.
    """

    low: np.ndarray
    high: np.ndarray
    forbidden: np.ndarray

    @classmethod
    def nothing(cls, plan: Plan, rows: int) -> Told:
        """Return what asks nothing."""
        bound = np.full((rows, plan.number_width), Z_MAX, np.float32)
        return cls(-bound, bound, np.zeros((rows, plan.width - plan.number_width), np.float32))

    def ask(
        self, plan: Plan, wishes: Sequence[Asked], rows: slice, rng: np.random.Generator
    ) -> None:
        """Ask some rows to be as wished; of several options, one is taken for each by its share.

        Parameters
        ----------
        plan : Plan
        wishes : sequence of Asked
        rows : slice
            Which rows.
        rng : numpy.random.Generator
            Takes the options.
        """
        count = len(range(*rows.indices(len(self.low))))
        for wish in wishes:
            self.ask_one(plan, wish, rows, rng.random(count))

    def ask_one(
        self, plan: Plan, wish: Asked, rows: slice | np.ndarray, uniforms: np.ndarray
    ) -> None:
        """Ask some rows to be as wished; numbers in [0, 1), one for each row, take the options."""
        for block, allowed in wish.allowed.items():
            self.allow(plan, block, allowed, rows)
        reached = np.cumsum(wish.shares)[:-1]
        option = np.searchsorted(reached, uniforms, side="right")
        for block, limits in wish.limits.items():
            self.bound(plan, block, limits[option], rows)

    def bound(self, plan: Plan, block: int, limits: np.ndarray, rows: slice | np.ndarray) -> None:
        """Bound a block of one number in some rows by limits, shape (rows, 2) or (2,)."""
        at = plan.starts[block]
        what = plan.layout.blocks[block]
        if what.source == "interval":
            limits = ndtri(np.clip(limits, 0, 1))
        elif what.head == "tanh":
            limits = np.arctanh(np.clip(limits, -np.tanh(Z_MAX), np.tanh(Z_MAX)))
        limits = np.clip(limits, -Z_MAX, Z_MAX)
        self.low[rows, at] = np.maximum(self.low[rows, at], limits[..., 0])
        self.high[rows, at] = np.minimum(self.high[rows, at], limits[..., 1])

    def allow(self, plan: Plan, block: int, allowed: np.ndarray, rows: slice | np.ndarray) -> None:
        """Rule out what is not allowed of a block of levels, shape (rows, width) or (width,)."""
        at = plan.starts[block] - plan.number_width
        self.forbidden[rows, at : at + allowed.shape[-1]] = np.maximum(
            self.forbidden[rows, at : at + allowed.shape[-1]], ~allowed
        )


def told_by_cells(
    plan: Plan, encoded: EncodedRows, known: Mapping[int, np.ndarray], layout: Layout
) -> Told:
    """Return what the generator is told so that rows have the cells that are known.

    Parameters
    ----------
    plan : Plan
    encoded : EncodedRows
        Encoded rows; what is not known in them does not matter.
    known : mapping of int to ndarray of bool, shape (rows,)
        For the index of each block: in which rows it is known.
    layout : Layout
    """
    told = Told.nothing(plan, len(encoded.floats))
    for i, block in enumerate(layout.blocks):
        rows = np.flatnonzero(known[i])
        at = block.source_start
        if block.source == "code":
            levels = np.eye(block.width, dtype=bool)[encoded.codes[rows, at]]
            told.allow(plan, i, levels, rows)
        elif block.source == "interval":
            told.bound(plan, i, encoded.floats[rows, at : at + 2], rows)
        else:
            told.bound(plan, i, np.repeat(encoded.floats[rows, at : at + 1], 2, axis=1), rows)
    return told


@dataclass(frozen=True)
class Completer:
    """Draws rows to conditions.

    Parameters
    ----------
    plan : Plan
    network : Network
        A generator that was trained with conditions.
    latent_size : int
    latent : {"normal", "uniform"}
        The size and distribution of its random input.
    """

    plan: Plan
    network: Network
    latent_size: int
    latent: Latent

    def draw(self, told: Told, seed: int, block: int) -> SampledRows:
        """Return rows that are as they are told to be; they depend on seed and block alone."""
        rows = len(told.low)
        # A round number of rows, so that calls of many sizes share one compiled program.
        padded = [np.pad(part, [(0, -rows % _ROUND), (0, 0)]) for part in vars(told).values()]
        numbers, levels = _draw(
            self.plan,
            (len(padded[0]), self.latent_size),
            self.latent,
            self.network,
            Condition(*map(jnp.asarray, padded)),
            seed_words(seed, block),
        )
        drawn = np.array(numbers)[:rows]
        within = np.array(self.plan.is_interval, bool)
        drawn[:, within] = np.clip(drawn[:, within], -Z_MAX, Z_MAX)
        return SampledRows(drawn, np.asarray(levels)[:rows])


def widened(network: Network, wider: Network) -> Network:
    """Return a network of more inputs that answers as `network` while the new ones are 0.

    Parameters
    ----------
    network : Network
        Of k inputs.
    wider : Network
        Of the same layers and more inputs, of which the first k mean the same.
    """

    def fitted(old: Array, new: Array) -> Array:
        if old.shape == new.shape:
            return old
        return new.at[: old.shape[0]].set(old)

    made: Network = jax.tree.map(fitted, network, wider)
    return made


def unsure(network: Network, plan: Plan) -> Network:
    """Return a generator whose logits of levels are a share of what they were.

    From levels that a generator is certain of, no slope leads on to others.
    """
    units = jnp.arange(plan.width) >= plan.number_width
    share = jnp.where(units, _UNSURE, 1.0)
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
    condition: Condition,
    words: UInt32[Array, " words"],
) -> tuple[Float[Array, "rows numbers"], Int[Array, "rows levels"]]:
    latent, within = jax.random.split(key_of(words, "threefry2x32"))
    z = noise(latent, size, distribution)
    raw = network(jnp.concatenate([z, condition.vector()], axis=1))
    uniform = uniforms(within, (size[0], len(plan.levels)))
    return plan.harden(constrain(plan, raw, condition), uniform)
