"""A network that knows some levels of a row and says how probable the others are."""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PRNGKeyArray

from lookalike.nn._architecture import Architecture
from lookalike.nn._marginals import Marginals
from lookalike.nn._network import Network
from lookalike.nn._plan import Plan

__all__ = ["MaskedNetwork"]

#: The standard deviations of the kernels of ordered levels, as shares of their number.
_SPREADS = (0.025, 0.1)


class MaskedNetwork(eqx.Module):
    """A network from the known levels of rows to the distributions of the others.

    Its input is one-hot, with zeros for blocks that are not known. It starts from independent
    blocks: outputs of 0 are levels with their shares in the table. Levels that are ordered share
    their weights with those near them: what is learned of one bin of a number holds, less and less,
    for its neighbours.

    Parameters
    ----------
    network : Network
    plan : Plan
        A layout of levels alone.
    ordered : tuple of int
        For each block, in layout order, the number of levels that are ordered: its first ones.
    """

    network: Network
    plan: Plan = eqx.field(static=True)
    ordered: tuple[int, ...] = eqx.field(static=True)

    @classmethod
    def begin(
        cls, plan: Plan, ordered: tuple[int, ...], architecture: Architecture, key: PRNGKeyArray
    ) -> MaskedNetwork:
        """Return an untrained network.

        Parameters
        ----------
        plan : Plan
        ordered : tuple of int
        architecture : Architecture
            With at least one hidden layer.
        key : PRNG key
        """
        network = architecture.build(plan.width, plan.width, key)
        # Of all inputs, one in each block is 1: the scale is that of so many inputs.
        first = network.hidden[0].weight * (plan.width / max(len(plan.levels), 1)) ** 0.5
        zeros = jnp.zeros_like(network.last.weight)
        network = eqx.tree_at(
            lambda n: (n.hidden[0].weight, n.last.weight), network, (first, zeros)
        )
        return cls(network, plan, ordered)

    def shared(self) -> MaskedNetwork:
        """Return the network that it stands for: with weights shared, and no order left."""
        # Without a transpose, which the compiler would fuse into a product that it cannot do.
        first = self._mixed(self.network.hidden[0].weight, 0, "pwu,wv->pvu")
        last = self._mixed(self.network.last.weight, 1, "upw,wv->upv")
        weights = first, last
        network = eqx.tree_at(lambda n: (n.hidden[0].weight, n.last.weight), self.network, weights)
        return MaskedNetwork(network, self.plan, (0,) * len(self.ordered))

    def _mixed(self, weights: Float[Array, "_ _"], axis: int, product: str) -> Float[Array, "_ _"]:
        """Multiply the weights of each block of levels, along an axis, by its kernel."""
        parts, at, shape = [], 0, weights.shape
        for width, positions in self.plan.groups:
            stop = at + width * len(positions)
            some = jax.lax.slice_in_dim(weights, at, stop, axis=axis)
            at = stop
            places = (*shape[:axis], len(positions), width, *shape[axis + 1 :])
            for ordered in sorted({self.ordered[p] for p in positions} - {0}):
                mixed = jnp.einsum(product, some.reshape(places), _kernel(width, ordered))
                own = np.repeat([self.ordered[p] == ordered for p in positions], width)
                own = own[:, None] if axis == 0 else own
                some = jnp.where(own, mixed.reshape(some.shape), some)
            parts.append(some)
        return jnp.concatenate(parts, axis=axis)

    def __call__(
        self, known: Float[Array, "rows levels"], marginals: Marginals
    ) -> Float[Array, "rows levels"]:
        """Return the logits of all levels.

        Parameters
        ----------
        known : array, shape (rows, levels)
            One-hot levels in the plan's order; 0 for those that are not known.
        marginals : Marginals
        """
        return marginals.log_shares + self.network(known)

    @property
    def nothing_known(self) -> Float[Array, " units"]:
        """The first hidden layer before its activation where nothing is known."""
        bias = self.network.hidden[0].bias
        assert bias is not None
        return bias

    def learned_of(self, levels: Int[Array, " rows"]) -> Float[Array, "rows units"]:
        """Return what a known level adds to the first hidden layer before its activation.

        Parameters
        ----------
        levels : array of int, shape (rows,)
            Positions in the plan's order.
        """
        return self.network.hidden[0].weight[levels]

    def logits_of(
        self,
        before: Float[Array, "rows units"],
        start: Int[Array, ""],
        most: int,
        marginals: Marginals,
    ) -> Float[Array, "rows most"]:
        """Return the logits of `most` levels from `start` on; beyond the last one they are -∞.

        Parameters
        ----------
        before : array, shape (rows, units)
            The first hidden layer before its activation.
        start : array of int, shape ()
        most : int
        marginals : Marginals
        """
        features, last = self.network.features(before), self.network.last
        at = start + jnp.arange(most)
        inside = jnp.minimum(at, self.plan.width - 1)
        assert last.bias is not None
        logits = features @ last.weight[:, inside] + (last.bias + marginals.log_shares)[inside]
        return jnp.where(at < self.plan.width, logits, -jnp.inf)


def _kernel(levels: int, ordered: int) -> Float[np.ndarray, "levels levels"]:
    """Return the share of each level's weight in that of every other one."""
    kernel = np.eye(levels)
    distance = np.subtract.outer(np.arange(ordered), np.arange(ordered))
    for spread in _SPREADS if ordered else ():
        near = np.exp(-0.5 * (distance / (spread * ordered)) ** 2)
        kernel[:ordered, :ordered] += near / np.linalg.norm(near, axis=1, keepdims=True)
    # Weights of independent random numbers keep their variance.
    return np.asarray(kernel / np.linalg.norm(kernel, axis=0), np.float32)
