"""Latent tree models of discrete variables: probabilities, and samples given evidence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float, Int

from lookalike._core.errors import ModelFileError
from lookalike.encoding import Learned
from lookalike.models._states import StateWeights

__all__ = ["LatentTree", "TreeStructure", "choose"]

#: Numbers are kept above this, so that no row is impossible and no sum is 0.
_LEAST = 1e-30
#: The most numbers of a temporary array.
_AT_ONCE = 2**23


@dataclass(frozen=True)
class TreeStructure:
    """The dependence between the latents and variables of a latent tree model.

    Parameters
    ----------
    parents : tuple of int
        The parent of each latent, which comes before it; -1 for the first one.
    latents : tuple of int
        The latent on which each variable depends.
    """

    parents: tuple[int, ...]
    latents: tuple[int, ...]

    @cached_property
    def children(self) -> tuple[tuple[int, ...], ...]:
        """The children of each latent."""
        count = len(self.parents)
        return tuple(tuple(c for c in range(count) if self.parents[c] == t) for t in range(count))

    @cached_property
    def variables(self) -> tuple[tuple[int, ...], ...]:
        """The variables of each latent."""
        count = range(len(self.parents))
        return tuple(tuple(v for v, t in enumerate(self.latents) if t == own) for own in count)


@dataclass(frozen=True)
class LatentTree:
    """A latent tree model (Zhang 2004): latents in a tree, and variables that depend on one each.

    With one latent it is a mixture of products (latent class model); with one for each variable, in
    the tree of Chow and Liu (1968), a hidden Chow-Liu tree (Liu and Van den Broeck 2021).
    All probabilities given evidence are computed exactly, in one pass up the tree and one down.

    Parameters
    ----------
    structure : TreeStructure
    prior : ndarray, shape (h,)
        The distribution of the first latent.
    transitions : ndarray, shape (latents, h, h)
        Element (t, i, j) is the probability of state j of latent t given state i of its parent;
        unused for the first one.
    emissions : sequence of ndarray, shape (states, h) each
        For each variable, the probability of its states given each state of its latent.
    """

    structure: TreeStructure
    prior: Float[np.ndarray, " h"]
    transitions: Float[np.ndarray, "latents h h"]
    emissions: Sequence[Float[np.ndarray, "states h"]]

    def log_prob(self, states: Int[np.ndarray, "rows variables"]) -> Float[np.ndarray, " rows"]:
        """Return the log-probability of rows."""
        logs = np.empty(len(states))
        for at in self._chunks(len(states)):
            emitted = [
                _scaled(np.stack([self.emissions[v][states[at, v]] for v in own]))
                for own in self.structure.variables
            ]
            logs[at] = self._up(emitted)[1]
        return logs

    def log_evidence(self, evidence: StateWeights, rows: int) -> Float[np.ndarray, " rows"]:
        """Return the log-probability of evidence.

        Parameters
        ----------
        evidence : dict of int to ndarray, shape (rows or 1, states)
            The weight of each state of a variable, by the variable.
        rows : int
        """
        logs = np.empty(rows)
        for at in self._chunks(rows):
            logs[at] = self._up(self._weighted(evidence, at))[1]
        return logs

    def sample(
        self, uniforms: Float[np.ndarray, "rows draws"], evidence: StateWeights | None = None
    ) -> Int[np.ndarray, "rows variables"]:
        """Sample rows, given evidence for some of their variables.

        Parameters
        ----------
        uniforms : ndarray, shape (n, draws)
            Numbers in [0, 1): one for each latent, then one for each variable; more are ignored.
        evidence : dict of int to ndarray, shape (n or 1, states), optional
            The weight of each state of a variable, by the variable.
        """
        states = np.empty((len(uniforms), len(self.emissions)), np.int32)
        for at in self._chunks(len(uniforms)):
            beliefs = None if not evidence else self._up(self._weighted(evidence, at))[0]
            latents = self._down(uniforms[at], beliefs)
            for v, t in enumerate(self.structure.latents):
                u, z = uniforms[at, len(self.structure.parents) + v], latents[:, t]
                if evidence and v in evidence:
                    weights = _of(evidence[v], at) * self.emissions[v][:, z].T
                    states[at, v] = choose(weights, u)
                else:
                    states[at, v] = _looked_up(self._emitted[v], z, u)
        return states

    def _down(
        self, uniforms: np.ndarray, beliefs: list[np.ndarray] | None
    ) -> Int[np.ndarray, "rows latents"]:
        """Sample latents from the first one to the leaves of the tree."""
        drawn = np.zeros((len(uniforms), len(self.structure.parents)), np.int32)
        for t, parent in enumerate(self.structure.parents):
            if beliefs is None:
                above = drawn[:, parent] if parent >= 0 else drawn[:, t]
                drawn[:, t] = _looked_up(self._moved[t], above, uniforms[:, t])
            else:
                given = self.prior if parent < 0 else self.transitions[t][drawn[:, parent]]
                drawn[:, t] = choose(given * beliefs[t], uniforms[:, t])
        return drawn

    def _up(
        self, emitted: list[tuple[np.ndarray, np.ndarray]]
    ) -> tuple[list[np.ndarray], np.ndarray]:
        """Return the likelihood of each latent's states from below, scaled, and that of all."""
        parents = self.structure.parents
        beliefs = [belief for belief, _ in emitted]
        log = np.sum([log for _, log in emitted], axis=0)
        for t in range(len(parents) - 1, 0, -1):
            # Unlike those of BLAS, these sums do not depend on the number of rows.
            message = np.einsum("nj,ij->ni", beliefs[t], self.transitions[t])
            beliefs[parents[t]], more = _scaled(np.stack([beliefs[parents[t]], message]))
            log = log + more
        total = (beliefs[0] * self.prior).sum(axis=1)
        return beliefs, log + np.log(np.maximum(total, _LEAST))

    def _weighted(self, evidence: StateWeights, at: slice) -> list[tuple[np.ndarray, np.ndarray]]:
        """Return the likelihood of evidence for each latent's states, scaled, and the scale."""
        rows, width = at.stop - at.start, len(self.prior)
        weighted = []
        for own in self.structure.variables:
            parts = [np.ones((rows, width))]
            for v in own:
                if v in evidence:
                    weights = np.einsum("ns,sh->nh", _of(evidence[v], at), self.emissions[v])
                    parts.append(np.broadcast_to(weights, (rows, width)))
            weighted.append(_scaled(np.stack(parts)))
        return weighted

    @cached_property
    def _emitted(self) -> list[np.ndarray]:
        """Tables of the states of variables given those of latents."""
        return [_table(emission.T) for emission in self.emissions]

    @cached_property
    def _moved(self) -> list[np.ndarray]:
        """Tables of the states of latents given those of their parents."""
        return [_table(self.prior[None]), *(_table(one) for one in self.transitions[1:])]

    def _chunks(self, rows: int) -> Iterator[slice]:
        """Yield slices of rows whose temporary arrays are small."""
        widest = max(len(emission) for emission in self.emissions)
        each = len(self.prior) * (len(self.structure.parents) + len(self.emissions)) + widest
        step = max(_AT_ONCE // each, 1)
        for first in range(0, rows, step):
            yield slice(first, min(first + step, rows))

    def state(self) -> Learned:
        """Return the structure and the probabilities."""
        structure = {"parents": self.structure.parents, "latents": self.structure.latents}
        arrays = {name: np.array(value, np.int32) for name, value in structure.items()}
        arrays |= {"prior": self.prior, "transitions": self.transitions}
        return Learned({}, arrays | {f"emission {v}": e for v, e in enumerate(self.emissions)})

    @classmethod
    def from_state(cls, state: Learned, sizes: Sequence[int]) -> LatentTree:
        """Restore a model from its `state`.

        Parameters
        ----------
        state : Learned
        sizes : sequence of int
            The number of states of each variable.

        Raises
        ------
        ModelFileError
            If it is none of variables of these sizes.
        """
        a = state.arrays
        try:
            structure = TreeStructure(*(tuple(a[k].tolist()) for k in ("parents", "latents")))
            tree = cls(
                structure,
                a["prior"],
                a["transitions"],
                [a[f"emission {v}"] for v in range(len(sizes))],
            )
            whole = tree._is_whole(sizes)
        except (KeyError, TypeError, ValueError, IndexError):
            whole = False
        if not whole:
            raise ModelFileError("The probabilities of a mixture are damaged.")
        return tree

    def _is_whole(self, sizes: Sequence[int]) -> bool:
        parents, latents = self.structure.parents, self.structure.latents
        count, width = len(parents), len(self.prior)
        distributions = [self.prior, *self.transitions[1:], *(e.T for e in self.emissions)]
        return (
            parents[0] == -1
            and all(0 <= parents[t] < t for t in range(1, count))
            and len(latents) == len(sizes)
            and all(0 <= t < count for t in latents)
            and self.transitions.shape == (count, width, width)
            and all(e.shape == (n, width) for e, n in zip(self.emissions, sizes, strict=True))
            and all((d >= 0).all() and np.allclose(d.sum(axis=-1), 1.0) for d in distributions)
        )


def choose(weights: np.ndarray, uniforms: np.ndarray) -> np.ndarray:
    """Draw a state for each row by its weights.

    Parameters
    ----------
    weights : ndarray, shape (n, states)
    uniforms : ndarray, shape (n,)
        Numbers in [0, 1).
    """
    reached = np.cumsum(weights, axis=1)
    drawn = (reached[:, :-1] <= uniforms[:, None] * reached[:, -1:]).sum(axis=1)
    # Rounding must not lead beyond the last state that has a weight.
    last = weights.shape[1] - 1 - (weights[:, ::-1] > 0).argmax(axis=1)
    return np.asarray(np.minimum(drawn, last))


def _table(distributions: np.ndarray) -> np.ndarray:
    """Return running totals of distributions, in which number k goes from k to k + 1."""
    reached = np.cumsum(distributions, axis=1, dtype=float)
    return np.asarray(reached / reached[:, -1:] + np.arange(len(reached))[:, None])


def _looked_up(table: np.ndarray, of_row: np.ndarray, uniforms: np.ndarray) -> np.ndarray:
    """Draw a state for each row from one of the distributions of a table."""
    at = np.searchsorted(table.reshape(-1), of_row + uniforms, side="right")
    return np.asarray(np.clip(at - of_row * table.shape[1], 0, table.shape[1] - 1))


def _of(weights: np.ndarray, at: slice) -> np.ndarray:
    """Return the weights of some rows."""
    return weights if len(weights) == 1 else weights[at]


def _scaled(factors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the product of factors, shape (k, rows, h), with maximum 1, and the log of its scale.

    Factors are multiplied one by one, so that many of them neither vanish nor lose a row.
    """
    product, log = np.ones(factors.shape[1:]), np.zeros(factors.shape[1])
    for factor in factors:
        product = product * factor
        most = np.maximum(product.max(axis=1), _LEAST)
        product /= most[:, None]
        log += np.log(most)
    return product, log
