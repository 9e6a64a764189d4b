"""Fit of latent tree models by stepwise expectation maximisation, stopped by held-out rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float, Int
from scipy.sparse import csr_array

from lookalike.models._latent_tree import LatentTree, TreeStructure
from lookalike.models._spanning_tree import maximum_spanning_tree

__all__ = ["FittedTree", "chow_liu", "fit_latent_tree", "one_latent"]

StateRows = Int[np.ndarray, "rows variables"]

#: The rate of step k is (k + 2) to the power of minus this (Cappé and Moulines 2009: 0.5 to 1).
_DECAY = 0.6
#: The rows of a step: at most so many, at least so many, and a share of all of them.
_MOST_ROWS, _FEWEST_ROWS, _SHARE = 2_048, 64, 0.25
#: The least gain of held-out log-likelihood that counts, and the passes and steps without any that
#: end a fit.
_GAIN, _PATIENCE, _PATIENT_STEPS = 1e-3, 3, 40
#: The weight of the marginal distribution in the emissions at the start.
_START = 0.3
#: The deviation of the logarithms of transitions at the start: it breaks ties between states.
_NOISE = 0.5
_LEAST = np.float32(1e-30)
#: The numbers of rows × pairs of variables from which mutual information is estimated.
_PAIRED_ROWS = 10**9


@dataclass(frozen=True)
class FittedTree:
    """A fitted latent tree model.

    Parameters
    ----------
    tree : LatentTree
    passes : int
        The number of passes over the training rows.
    log_prob : ndarray, shape (held-out rows,)
        The log-probability of the held-out rows.
    """

    tree: LatentTree
    passes: int
    log_prob: Float[np.ndarray, " rows"]


def one_latent(variables: int) -> TreeStructure:
    """Return the structure of a mixture of products."""
    return TreeStructure((-1,), (0,) * variables)


def chow_liu(states: StateRows, sizes: list[int]) -> TreeStructure:
    """Return the tree with the greatest mutual information between neighbours.

    Parameters
    ----------
    states : ndarray of int, shape (rows, variables)
    sizes : list of int
        The number of states of each variable.
    """
    order, parents = maximum_spanning_tree(_mutual_information(states, sizes))
    place = np.argsort(order)  # latents are numbered in the order of the tree
    above = tuple(-1 if parents[v] < 0 else int(place[parents[v]]) for v in order)
    return TreeStructure(above, tuple(place.tolist()))


def fit_latent_tree(
    structure: TreeStructure,
    width: int,
    states: StateRows,
    held_out: StateRows,
    sizes: list[int],
    passes: int,
    prior_rows: float,
    rng: np.random.Generator,
    report: Callable[[int, float], None] | None = None,
) -> FittedTree:
    """Fit a latent tree model by stepwise expectation maximisation.

    Parameters
    ----------
    structure : TreeStructure
    width : int
        The number of states of a latent.
    states : ndarray of int, shape (rows, variables)
    held_out : ndarray of int, shape (held-out rows, variables)
        The pass after which they are most probable is kept; without any, the last one.
    sizes : list of int
        The number of states of each variable.
    passes : int
        The greatest number of passes over the rows.
    prior_rows : float
        The weight of the marginal distribution in each distribution, as a number of rows.
    rng : numpy.random.Generator
    report : callable, optional
        Called after each pass with its number and the mean log-probability of held-out rows.
    """
    em = _Expectations.start(structure, width, states, sizes, prior_rows, rng)
    batch = min(_MOST_ROWS, max(int(len(states) * _SHARE), _FEWEST_ROWS))
    patience = max(_PATIENCE, _PATIENT_STEPS * batch // max(len(states), 1))
    best, step = FittedTree(em.tree(), 0, np.full(len(held_out), -np.inf)), 0
    for number in range(1, passes + 1):
        order = rng.permutation(len(states))
        for first in range(0, len(order), batch):
            em.update(states[order[first : first + batch]], (step + 2) ** -_DECAY)
            step += 1
        tree = em.tree()
        log_prob = tree.log_prob(held_out)
        if report is not None:
            report(number, float(log_prob.mean()) if len(held_out) else np.nan)
        if not len(held_out) or log_prob.mean() > best.log_prob.mean() + _GAIN:
            best = FittedTree(tree, number, log_prob)
        elif number - best.passes >= patience:
            break
    return best


def _mutual_information(states: StateRows, sizes: list[int]) -> np.ndarray:
    """Return the mutual information of each pair, less what chance adds (Miller 1955)."""
    count = len(sizes)
    some = states[: max(_PAIRED_ROWS // max(count * count, 1), 1_000)]
    rows = len(some)
    information = np.zeros((count, count))
    used = [np.unique(some[:, v], return_inverse=True) for v in range(count)]
    for i in range(count):
        for j in range(i):
            (left, a), (right, b) = used[i], used[j]
            both = np.bincount(a * len(right) + b, minlength=len(left) * len(right))
            joint = both.reshape(len(left), len(right)) / rows
            product = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0)
            seen = joint > 0
            bits = (joint[seen] * np.log(joint[seen] / product[seen])).sum()
            information[i, j] = bits - (len(left) - 1) * (len(right) - 1) / (2 * rows)
            information[j, i] = information[i, j]
    return information


@dataclass
class _Expectations:
    """Expected counts of the states of latents and variables, and the probabilities from them.

    Arrays are those of `LatentTree`, but `emissions`, in which the variables of a latent follow
    each other.
    """

    structure: TreeStructure
    sizes: list[int]
    rows: int
    prior_rows: float
    marginals: list[np.ndarray]
    root: np.ndarray
    moves: np.ndarray
    emitted: list[np.ndarray]
    prior: np.ndarray = field(init=False)
    transitions: np.ndarray = field(init=False)
    emissions: list[np.ndarray] = field(init=False)

    @classmethod
    def start(
        cls,
        structure: TreeStructure,
        width: int,
        states: StateRows,
        sizes: list[int],
        prior_rows: float,
        rng: np.random.Generator,
    ) -> _Expectations:
        """Return the counts at the start.

        A latent of one variable copies it, several of its states together or one of them divided; a
        latent of several variables has the states of some rows.
        """
        rows, latents = len(states), len(structure.parents)
        shares = [
            (np.bincount(states[:, v], minlength=n) + 0.5) / (rows + 0.5 * n)
            for v, n in enumerate(sizes)
        ]
        hidden, emitted, marginals = np.zeros((rows, latents), np.int32), [], []
        for t, own in enumerate(structure.variables):
            marginal = np.concatenate([shares[v] for v in own])[:, None].astype(np.float32)
            if len(own) == 1 and latents > 1:
                hidden[:, t] = _copied(states[:, own[0]], shares[own[0]], width, rng)
                counts = (_one_hot(states, own, sizes).T @ _hot(hidden[:, t], width)).toarray()
            else:
                hidden[:, t] = rng.integers(0, width, rows)
                seeds = states[rng.integers(0, rows, width)]
                counts = _one_hot(seeds, own, sizes).toarray().T * (rows / width)
            emitted.append(
                (1 - _START) * counts + _START * counts.sum(axis=0) / len(own) * marginal
            )
            marginals.append(marginal)
        moves = np.zeros((latents, width, width), np.float32)
        for t, parent in enumerate(structure.parents):
            if parent >= 0:
                counts = (_hot(hidden[:, parent], width).T @ _hot(hidden[:, t], width)).toarray()
                shared = counts.sum(axis=1, keepdims=True) * counts.sum(axis=0) / rows
                mixed = (1 - _START) * counts + _START * shared
                moves[t] = mixed * np.exp(_NOISE * rng.standard_normal(mixed.shape))
        root = np.bincount(hidden[:, 0], minlength=width).astype(np.float32)
        em = cls(structure, sizes, rows, prior_rows, marginals, root, moves, emitted)
        em._normalise()
        return em

    def update(self, states: StateRows, rate: float) -> None:
        """Move the counts towards those expected of some rows, and the probabilities with them."""
        parents, scale = self.structure.parents, rate * self.rows / len(states)
        hot = [_one_hot(states, own, self.sizes) for own in self.structure.variables]
        beliefs, messages = self._up(states, hot)
        above: list[np.ndarray] = [np.broadcast_to(self.prior, beliefs[0].shape)] * len(parents)
        for t, parent in enumerate(parents):
            posterior = above[t] * beliefs[t]
            posterior /= np.maximum(posterior.sum(axis=1, keepdims=True), _LEAST)
            if parent < 0:
                self.root += scale * posterior.sum(axis=0) - rate * self.root
            self.emitted[t] += scale * (hot[t].T @ posterior) - rate * self.emitted[t]
            for c in self.structure.children[t]:
                # What this latent is believed to be without the evidence below its child.
                rest = posterior / np.maximum(messages[c], _LEAST)
                expected = (rest.T @ beliefs[c]) * self.transitions[c]
                self.moves[c] += scale * expected - rate * self.moves[c]
                above[c] = rest @ self.transitions[c]
        self._normalise()

    def _up(
        self, states: StateRows, hot: list[csr_array]
    ) -> tuple[list[np.ndarray], dict[int, np.ndarray]]:
        """Return the likelihoods of latents' states, scaled, and the messages to their parents."""
        parents, messages = self.structure.parents, {}
        beliefs: list[np.ndarray] = []
        for t, own in enumerate(self.structure.variables):
            if len(own) == 1:
                beliefs.append(self.emissions[t][states[:, own[0]]])
            else:
                logs = hot[t] @ np.log(self.emissions[t])
                beliefs.append(np.exp(logs - logs.max(axis=1, keepdims=True)))
        for t in range(len(parents) - 1, 0, -1):
            messages[t] = beliefs[t] @ self.transitions[t].T
            product = beliefs[parents[t]] * messages[t]
            # Only ratios matter: with its maximum at 1 no product of many messages vanishes.
            product /= np.maximum(product.max(axis=1, keepdims=True), _LEAST)
            beliefs[parents[t]] = product
        return beliefs, messages

    def _normalise(self) -> None:
        """Set the probabilities to those of the counts, with the marginals as a prior."""
        self.prior = (self.root + 0.1) / (self.root + 0.1).sum()
        shares = self.moves.sum(axis=1, keepdims=True) + 1e-3
        shares = shares / shares.sum(axis=2, keepdims=True)
        moves = self.moves + self.prior_rows * shares
        self.transitions = moves / moves.sum(axis=2, keepdims=True)
        self.emissions = []
        for t, own in enumerate(self.structure.variables):
            counts = np.maximum(self.emitted[t], 0) + self.prior_rows * self.marginals[t]
            starts = np.cumsum([0, *(self.sizes[v] for v in own)])[:-1]
            totals = np.add.reduceat(counts, starts, axis=0)
            self.emissions.append(counts / np.repeat(totals, [self.sizes[v] for v in own], axis=0))

    def tree(self) -> LatentTree:
        """Return the model with the present probabilities."""
        emissions: dict[int, np.ndarray] = {}
        for t, own in enumerate(self.structure.variables):
            cuts = np.cumsum([self.sizes[v] for v in own])[:-1]
            emissions |= dict(
                zip(own, np.split(self.emissions[t].astype(float), cuts), strict=True)
            )
        exact = [emissions[v] / emissions[v].sum(axis=0) for v in range(len(self.sizes))]
        prior, transitions = self.prior.astype(float), self.transitions.astype(float)
        transitions = transitions / transitions.sum(axis=2, keepdims=True)
        return LatentTree(self.structure, prior / prior.sum(), transitions, exact)


def _one_hot(states: StateRows, own: tuple[int, ...], sizes: list[int]) -> csr_array:
    """Return the states of some variables as one-hot rows, side by side."""
    starts = np.cumsum([0, *(sizes[v] for v in own)])
    columns = (states[:, list(own)] + starts[:-1]).reshape(-1)
    rows = np.arange(len(states) + 1) * len(own)
    return csr_array((np.ones(len(columns), np.float32), columns, rows), (len(states), starts[-1]))


def _hot(states: np.ndarray, width: int) -> csr_array:
    return _one_hot(states[:, None], (0,), [width])


def _copied(
    states: np.ndarray, shares: np.ndarray, width: int, rng: np.random.Generator
) -> np.ndarray:
    """Return the states of a latent that copies a variable with these shares of its states."""
    if len(shares) >= width:
        groups = np.minimum((np.cumsum(shares) - shares / 2) * width, width - 1).astype(np.int32)
        return np.asarray(groups[states])
    # Common states get several states of the latent, among which their rows are divided.
    counts = np.maximum((shares * width).astype(int), 1)
    while counts.sum() > width:
        counts[counts.argmax()] -= 1
    counts[shares.argmax()] += width - counts.sum()
    first = np.cumsum(counts) - counts
    return np.asarray(first[states] + (rng.random(len(states)) * counts[states]).astype(np.int32))
