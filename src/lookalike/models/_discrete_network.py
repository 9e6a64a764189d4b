"""A Bayesian network of discrete variables: sampling, and sampling given evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float, Int

from lookalike._core.errors import ModelFileError
from lookalike._core.seeds import generator
from lookalike.encoding import Learned
from lookalike.models._chosen_draws import chosen_draws
from lookalike.models._conditional_table import ConditionalTable, grains_of
from lookalike.models._parents import choose_parents, order_of
from lookalike.models._states import States, StateWeights

__all__ = ["DiscreteNetwork"]

#: The number of rows whose evidence is handled together, and of draws from which each is chosen.
_TOGETHER, _DRAWS = 256, 32
#: The number of rows whose probabilities are computed together.
_AT_ONCE = 8192
#: The least probability of evidence that is distinguished from 0.
_LEAST = 1e-300


@dataclass(frozen=True)
class DiscreteNetwork:
    """Discrete variables, each with a distribution given some of those before it in an order.

    Parameters
    ----------
    order : ndarray of int, shape (variables,)
    tables : tuple of ConditionalTable
        The distribution of each variable, by its index.
    grains : tuple of tuple of ndarray
        For each variable, the partitions of its states in which others see it.
    """

    order: Int[np.ndarray, " variables"]
    tables: tuple[ConditionalTable, ...]
    grains: tuple[tuple[np.ndarray, ...], ...]

    @classmethod
    def fit(
        cls,
        states: Int[np.ndarray, "rows variables"],
        variables: States,
        parents: int,
        fewest: int,
        known: Mapping[int, tuple[int, ...]] | None = None,
    ) -> DiscreteNetwork:
        """Choose the structure and count.

        Parameters
        ----------
        states : ndarray of int, shape (rows, variables)
            In random order.
        variables : States
        parents : int
            The greatest number of parents of a variable.
        fewest : int
            The least number of rows of a combination of parents.
        known : mapping of int to tuple of int, optional
            The parents of each variable where they are known, in an order in which parents come
            first.
        """
        grains = tuple(map(grains_of, variables.variables))
        order, information = order_of(states, grains)
        if known is not None:
            order = np.array(list(known), order.dtype)
        links = choose_parents(states, order, information, grains, parents, fewest, known)
        tables = (
            ConditionalTable.fit(states, v, link, grains, fewest) for v, link in enumerate(links)
        )
        return cls(order, tuple(tables), grains)

    def counted(self, states: Int[np.ndarray, "rows variables"], fewest: int) -> DiscreteNetwork:
        """Return a network of the same structure with the counts of other rows."""
        tables = (
            ConditionalTable.fit(states, v, table.links, self.grains, fewest)
            for v, table in enumerate(self.tables)
        )
        return DiscreteNetwork(self.order, tuple(tables), self.grains)

    def log_probabilities(
        self, states: Int[np.ndarray, "rows variables"]
    ) -> Float[np.ndarray, "rows variables"]:
        """Return the logarithm of the probability of each state given those of its parents."""
        result = np.empty(states.shape)
        for first in range(0, len(states), _AT_ONCE):
            some = states[first : first + _AT_ONCE]
            for v, table in enumerate(self.tables):
                chances = table.probabilities(some, self.grains)
                own = chances[np.arange(len(some)), some[:, v]]
                result[first : first + len(some), v] = np.log(own)
        return result

    def drawn(self, rows: int, rng: np.random.Generator) -> Int[np.ndarray, "rows variables"]:
        """Draw rows of states."""
        states = np.zeros((rows, len(self.tables)), np.int64)
        for v in self.order:
            states[:, v] = self.tables[v].drawn(states, self.grains, rng.random((rows, 2)))
        return states

    def drawn_within(
        self, evidence: StateWeights, rows: int, seed: int, block: int
    ) -> Int[np.ndarray, "rows variables"]:
        """Draw rows of states given evidence; row i depends on its evidence, the seed and i alone.

        Variables are drawn in order, each by its probability times that of the evidence on those
        behind it, in the tree of first parents (belief propagation, Pearl 1988). That is exact
        where no variable involved has more than one parent. Otherwise, one of `_DRAWS` such draws
        is chosen by its importance weight: exact in the limit of many.

        Parameters
        ----------
        evidence : mapping of int to ndarray, shape (rows or 1, states)
            The weight of each state, by the variable.
        rows : int
        seed, block : int
        """
        result = np.empty((rows, len(self.tables)), np.int64)
        for first in range(0, rows, _TOGETHER):
            part = slice(first, min(first + _TOGETHER, rows))
            some = {v: w if len(w) == 1 else w[part] for v, w in evidence.items()}
            rng = generator(seed, "conditions", block, first)
            result[part] = self._given(some, part.stop - first, rng)
        return result

    def _given(
        self, evidence: StateWeights, rows: int, rng: np.random.Generator
    ) -> Int[np.ndarray, "rows variables"]:
        ahead, messages = self._messages(evidence)
        involved = self._with_parents(set(ahead))
        alone = all(len(self.tables[v].parents) <= 1 for v in involved)
        draws = 1 if alone else _DRAWS
        states = np.zeros((rows * draws, len(self.tables)), np.int64)
        logs, row = np.zeros(rows * draws), np.repeat(np.arange(rows), draws)
        # Each variable has a random stream of its own, so that a row does not depend on other rows.
        choice, *streams = rng.spawn(1 + len(self.tables))
        for v in self.order:
            if v not in involved:
                continue
            random = streams[v].random((rows * draws, 2))
            if v not in ahead:
                states[:, v] = self.tables[v].drawn(states, self.grains, random)
                continue
            chances = self.tables[v].probabilities(states, self.grains)
            chances *= ahead[v][row if len(ahead[v]) > 1 else np.zeros_like(row)]
            reached = np.cumsum(chances, axis=1)
            wanted = random[:, 1] * reached[:, -1]
            found = (reached[:, :-1] <= wanted[:, None]).sum(axis=1)
            states[:, v] = found
            # The weight: the probability of the evidence, over that which the tree expected.
            logs += np.log(np.maximum(reached[:, -1], _LEAST))
            if v in messages:
                message = messages[v]
                expected = message[
                    row if len(message) > 1 else 0, states[:, self.tables[v].parents[0]]
                ]
                logs -= np.log(np.maximum(expected, _LEAST))
        chosen = chosen_draws(logs.reshape(rows, draws), choice.random(rows))
        states = states[np.arange(rows) * draws + chosen]
        for v in self.order:
            if v not in involved:
                random = streams[v].random((rows, 2))
                states[:, v] = self.tables[v].drawn(states, self.grains, random)
        return np.asarray(states)

    def _messages(self, evidence: StateWeights) -> tuple[StateWeights, StateWeights]:
        """Return what evidence says in the tree of first parents, in arbitrary units for each row.

        Returns
        -------
        ahead : mapping of int to ndarray, shape (rows or 1, states)
            For each state of a variable, the weight of the evidence on it and behind it.
        messages : mapping of int to ndarray, shape (rows or 1, states of its first parent)
            For each state of its first parent, the expectation of that weight.
        """
        ahead, messages = dict(evidence), {}
        for v in self.order[::-1]:
            if v not in ahead:
                continue
            weights = ahead[v] / np.maximum(ahead[v].max(axis=1, keepdims=True), _LEAST)
            # Evidence that no state fulfils says nothing.
            ahead[v] = weights = np.where(weights.any(axis=1, keepdims=True), weights, 1.0)
            if self.tables[v].parents:
                parent = self.tables[v].parents[0]
                # Unlike those of BLAS, these sums do not depend on the number of rows.
                messages[v] = np.einsum("rs,ps->rp", weights, self._of_first_parent[v])
                ahead[parent] = ahead.get(parent, 1.0) * messages[v]
        return ahead, messages

    @cached_property
    def _of_first_parent(self) -> Mapping[int, Float[np.ndarray, "parents states"]]:
        """The probabilities of each variable's states given those of its first parent alone."""
        found = {}
        for v, table in enumerate(self.tables):
            if table.parents:
                parent = table.parents[0]
                states = np.zeros((len(self.grains[parent][-1]), len(self.tables)), np.int64)
                states[:, parent] = np.arange(len(states))
                alone = sum(len(context.parents) == 1 for context in table.contexts)
                found[v] = table.probabilities(states, self.grains, alone)
        return found

    def _with_parents(self, variables: set[int]) -> set[int]:
        """Return variables with all that they depend on."""
        found = set(variables)
        for v in self.order[::-1]:
            if v in found:
                found.update(self.tables[v].parents)
        return found

    def state(self) -> Learned:
        """Return the network as plain values and arrays."""
        parts = {str(v): table.state() for v, table in enumerate(self.tables)}
        order = {"order": self.order.astype(np.int32)}
        tables = Learned.joined({}, parts)
        return Learned(tables.values, {**tables.arrays, **order})

    @classmethod
    def from_state(cls, state: Learned, variables: States) -> DiscreteNetwork:
        """Restore the network from its `state`.

        Raises
        ------
        ModelFileError
            If it does not fit the variables.
        """
        grains = tuple(map(grains_of, variables.variables))
        order, parts = np.asarray(state.arrays["order"]), state.parts()
        tables = tuple(
            ConditionalTable.from_state(parts[str(v)], grains, v) for v in range(len(grains))
        )
        if not _is_ordered(order, tables):
            raise ModelFileError(
                "The parents of each variable of a Bayesian network must come before it, but they "
                "do not: the file is damaged."
            )
        return cls(order.astype(np.int64), tables, grains)


def _is_ordered(order: np.ndarray, tables: Sequence[ConditionalTable]) -> bool:
    if not np.array_equal(np.sort(order), np.arange(len(tables))):
        return False
    rank = np.argsort(order)
    return all(rank[p] < rank[v] for v, table in enumerate(tables) for p in table.parents)
