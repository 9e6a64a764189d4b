"""Trees that draw the variables of a row, given those of its context."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from lookalike._core.errors import ModelFileError
from lookalike._core.learned import Learned
from lookalike._core.seeds import generator
from lookalike._core.workers import in_parallel
from lookalike.models import ColumnTrees, DiscreteVariable, Growth, grains_of, order_of

__all__ = ["ConditionalTrees"]

#: The greatest number of variables by which the trees of a variable are split.
_MOST_INPUTS = 24


@dataclass(frozen=True)
class ConditionalTrees:
    """The distribution of a row's own variables given its context, one variable after another.

    The method is that of `lookalike.Forest`; variables of the context come first and are given.

    Parameters
    ----------
    given : int
        The number of variables of the context.
    order : tuple of int
        The order of the own variables, by their index among all.
    columns : tuple of ColumnTrees
        The trees of each own variable, in the order of variables.
    copies : mapping of int to (int, int)
        For some variables, the indices of a mark and of the variable that they equal where the mark
        is 1. Their trees are about the other rows.
    """

    given: int
    order: tuple[int, ...]
    columns: tuple[ColumnTrees, ...]
    copies: Mapping[int, tuple[int, int]] = field(default_factory=dict)

    @classmethod
    def fit(
        cls,
        context: np.ndarray,
        own: np.ndarray,
        variables: Sequence[DiscreteVariable],
        copies: Mapping[int, tuple[int, int]],
        growth: Growth,
        seed: int,
    ) -> ConditionalTrees:
        """Learn rows.

        Parameters
        ----------
        context : ndarray of int, shape (n, c)
        own : ndarray of int, shape (n, v)
        variables : sequence of DiscreteVariable
            Those of the context, then the own ones.
        copies : mapping of int to (int, int)
        growth : Growth
        seed : int
        """
        if not own.shape[1]:
            return cls(context.shape[1], (), (), copies)
        rows = generator(seed, "order").permutation(len(own))
        states = np.concatenate([context[rows], own[rows]], axis=1)
        grains = tuple(map(grains_of, variables))
        _, information = order_of(states, grains)
        given = context.shape[1]
        order = _order(information, given, copies)
        sizes = [variable.states for variable in variables]
        is_ordered = [variable.edges is not None for variable in variables]
        before: dict[int, list[int]] = {}
        for k, v in enumerate(order):
            known = np.array([*range(given), *order[:k]], np.int64)
            near = known[np.argsort(-information[v, known], kind="stable")]
            # A variable that tells nothing about another one can only be split by chance.
            before[v] = [int(i) for i in near[:_MOST_INPUTS] if information[v, i] > 0]

        def grow(v: int) -> ColumnTrees:
            rng = generator(seed, "trees", v)
            rows = states if v not in copies else states[states[:, copies[v][0]] == 0]
            return ColumnTrees.fit(rows, v, before[v], sizes, is_ordered, growth, rng)

        work = (partial(grow, given + v) for v in range(own.shape[1]))
        columns = tuple(in_parallel(work, ignore=UserWarning))
        return cls(given, tuple(order), columns, copies)

    def drawn(self, context: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Draw the own variables of rows, shape (n, v), given their context, shape (n, c)."""
        states = np.zeros((len(context), self.given + len(self.columns)), np.int32)
        states[:, : self.given] = context
        for v in self.order:
            uniforms = rng.random((len(states), 3))
            states[:, v] = self.columns[v - self.given].drawn(states, uniforms)
            if v in self.copies:
                mark, source = self.copies[v]
                # A sibling that is missing has a state of its own, which the row cannot have.
                there = states[:, source] < len(self.columns[v - self.given].marginal)
                same = (states[:, mark] == 1) & there
                states[same, v] = states[same, source]
        return states[:, self.given :]

    def state(self) -> Learned:
        """Return the learned state."""
        parts = {f"variable {v}": column.state() for v, column in enumerate(self.columns)}
        return Learned.joined({"given": self.given, "order": list(self.order)}, parts)

    @classmethod
    def from_state(
        cls,
        state: Learned,
        variables: Sequence[DiscreteVariable],
        given: int,
        copies: Mapping[int, tuple[int, int]],
    ) -> ConditionalTrees:
        """Restore trees from their `state`, for the same variables."""
        order, sizes = [int(v) for v in state.values["order"]], [v.states for v in variables]
        if state.values["given"] != given or sorted(order) != list(range(given, len(sizes))):
            raise ModelFileError("The order of the variables of a table is damaged.")
        parts, columns = state.parts(), []
        for v in range(given, len(sizes)):
            before = [*range(given), *order[: order.index(v)]]
            part = parts[f"variable {v - given}"]
            columns.append(ColumnTrees.from_state(part, v, sizes, before))
        return cls(given, tuple(order), tuple(columns), copies)


def _order(information: np.ndarray, given: int, copies: Mapping[int, tuple[int, int]]) -> list[int]:
    """Return own variables, each next one with the most information about one before it.

    Marks come before the variables that they are about.
    """
    count = len(information)
    order: list[int] = []
    left = set(range(given, count))
    if not given and left:
        first = int(information.sum(axis=1).argmax())
        order.append(first)
        left.remove(first)
    while left:
        known = [*range(given), *order]
        ready = sorted(v for v in left if v not in copies or copies[v][0] not in left)
        best = max(ready, key=lambda v: information[v, known].max())
        order.append(best)
        left.remove(best)
    return order
