"""Trees that draw the variables of a row, given those of its context."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from lookalike._core.errors import ModelFileError
from lookalike._core.learned import Learned
from lookalike._core.seeds import generator
from lookalike._core.workers import in_parallel
from lookalike.models import ColumnTrees, DiscreteVariable, Growth, grains_of, order_of
from lookalike.relational._ordinal_regression import OrdinalRegression

__all__ = ["ConditionalTrees"]

#: The greatest number of variables by which the trees of a variable are split.
_MOST_INPUTS = 24
#: The factors of the least number of rows of a leaf that are tried for numbers of children, and the
#: gain, in nats of a row, for which a later one is taken.
_LEAVES, _GAIN = (8, 1), 0.02
#: The number of leaves that rows should suffice for.
_LEAVES_AT_LEAST = 10
#: The least and the greatest number of rows by which trees are compared with a regression, and the
#: parts of them that are held out in turn.
_FEWEST_COMPARED, _MOST_COMPARED, _FOLDS = 16, 8_192, 4


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
    columns : tuple of ColumnTrees or OrdinalRegression
        The trees of each own variable, in the order of variables, or a regression where that makes
        rows more likely that took no part: of few rows, trees learn little.
    copies : mapping of int to (int, int)
        For some variables, the indices of a mark and of the variable that they equal where the mark
        is 1. Their trees are about the other rows.
    late : int
        The number of variables, the last ones in the order, that `completed` draws.
    """

    given: int
    order: tuple[int, ...]
    columns: tuple[ColumnTrees | OrdinalRegression, ...]
    copies: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    late: int = 0

    @classmethod
    def fit(
        cls,
        context: np.ndarray,
        own: np.ndarray,
        variables: Sequence[DiscreteVariable],
        stages: Sequence[int],
        copies: Mapping[int, tuple[int, int]],
        growth: Growth,
        seed: int,
        known: Mapping[int, np.ndarray] | None = None,
    ) -> ConditionalTrees:
        """Learn rows.

        Parameters
        ----------
        context : ndarray of int, shape (n, c)
        own : ndarray of int, shape (n, v)
        variables : sequence of DiscreteVariable
            Those of the context, then the own ones.
        stages : sequence of int
            For each own variable, 0 or 1 if it comes early, and 2 if it is drawn by `completed`.
        copies : mapping of int to (int, int)
        growth : Growth
        seed : int
        known : mapping of int to ndarray of int, shape (n,), optional
            For some own variables, the states of rows that need no trees; -1 of the other rows.
        """
        late = sum(stage == 2 for stage in stages)
        if not own.shape[1]:
            return cls(context.shape[1], (), (), copies)
        rows = generator(seed, "order").permutation(len(own))
        states = np.concatenate([context[rows], own[rows]], axis=1)
        grains = tuple(map(grains_of, variables))
        _, information = order_of(states, grains)
        given = context.shape[1]
        unknown = {given + v: own_states[rows] < 0 for v, own_states in (known or {}).items()}
        order = _order(information, given, stages, copies)
        sizes = [variable.states for variable in variables]
        is_ordered = [variable.edges is not None for variable in variables]
        before: dict[int, list[int]] = {}
        known_before: dict[int, list[int]] = {}
        for k, v in enumerate(order):
            earlier = np.array([*range(given), *order[:k]], np.int64)
            known_before[v] = earlier.tolist()
            near = earlier[np.argsort(-information[v, earlier], kind="stable")]
            # A variable that tells nothing about another one can only be split by chance.
            before[v] = [int(i) for i in near[:_MOST_INPUTS] if information[v, i] > 0]

        def grow(v: int) -> ColumnTrees | OrdinalRegression:
            rng = generator(seed, "trees", v)
            rows = states if v not in copies else states[states[:, copies[v][0]] == 0]
            if v in unknown:
                rows = states[unknown[v]]
            best = growth
            if stages[v - given] == 1:
                best = _best(rows, v, before[v], sizes, is_ordered, growth, seed)
            gated = is_ordered[v] and variables[v].gate is not None
            regression = partial(
                OrdinalRegression.fit,
                variable=v,
                inputs=known_before[v],
                sizes=sizes,
                ordered=is_ordered,
                gated=gated,
                fewest=growth.leaf,
            )
            trees = partial(
                ColumnTrees.fit,
                variable=v,
                inputs=before[v],
                sizes=sizes,
                ordered=is_ordered,
                growth=best,
                rng=rng,
            )
            return _better(rows, v, trees, regression)

        work = (partial(grow, given + v) for v in range(own.shape[1]))
        columns = tuple(in_parallel(work, ignore=UserWarning))
        return cls(given, tuple(order), columns, copies, late)

    def drawn(self, context: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Draw the own variables of rows, shape (n, v), given their context, shape (n, c).

        Those that `completed` draws are 0.
        """
        own = np.zeros((len(context), len(self.columns)), np.int32)
        return self._drawn(context, own, self.order[: len(self.order) - self.late], rng)

    def completed(
        self,
        context: np.ndarray,
        own: np.ndarray,
        rng: np.random.Generator,
        known: Mapping[int, np.ndarray],
    ) -> np.ndarray:
        """Return rows with those variables that were left, given the context and the others.

        Of some variables, the states of rows are known, as in `fit`.
        """
        return self._drawn(context, own, self.order[len(self.order) - self.late :], rng, known)

    def expected(self, context: np.ndarray, own: np.ndarray, variable: int) -> np.ndarray:
        """Return the mean state of an own variable, given the context and the variables before."""
        states: np.ndarray = np.concatenate([context, own], axis=1, dtype=np.int32)
        return self.columns[variable].expected(states)

    def _drawn(
        self,
        context: np.ndarray,
        own: np.ndarray,
        order: Sequence[int],
        rng: np.random.Generator,
        known: Mapping[int, np.ndarray] | None = None,
    ) -> np.ndarray:
        states: np.ndarray = np.concatenate([context, own], axis=1, dtype=np.int32)
        for v in order:
            column = self.columns[v - self.given]
            given = (known or {}).get(v - self.given)
            if given is None:
                states[:, v] = column.balanced(states, rng)
            else:
                states[:, v] = given
                asked = np.flatnonzero(given < 0)
                states[asked, v] = column.balanced(states[asked], rng)
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
        lines = [v for v, c in enumerate(self.columns) if isinstance(c, OrdinalRegression)]
        values = {"given": self.given, "order": list(self.order), "regressions": lines}
        return Learned.joined(values, parts)

    @classmethod
    def from_state(
        cls,
        state: Learned,
        variables: Sequence[DiscreteVariable],
        given: int,
        stages: Sequence[int],
        copies: Mapping[int, tuple[int, int]],
    ) -> ConditionalTrees:
        """Restore trees from their `state`, for the same variables."""
        order, sizes = [int(v) for v in state.values["order"]], [v.states for v in variables]
        if state.values["given"] != given or sorted(order) != list(range(given, len(sizes))):
            raise ModelFileError("The order of the variables of a table is damaged.")
        of_order = [stages[v - given] for v in order]
        if of_order != sorted(of_order):
            raise ModelFileError("The order of the variables of a table is damaged.")
        parts, columns = state.parts(), list[ColumnTrees | OrdinalRegression]()
        lines = set(state.values["regressions"])
        for v in range(given, len(sizes)):
            before = [*range(given), *order[: order.index(v)]]
            part = parts[f"variable {v - given}"]
            kind = OrdinalRegression if v - given in lines else ColumnTrees
            columns.append(kind.from_state(part, v, sizes, before))
        return cls(given, tuple(order), tuple(columns), copies, of_order.count(2))


def _better(
    states: np.ndarray,
    variable: int,
    trees: Callable[[np.ndarray], ColumnTrees],
    regression: Callable[[np.ndarray], OrdinalRegression | None],
) -> ColumnTrees | OrdinalRegression:
    """Return trees, or the regression where it makes rows held out more likely."""
    if _FEWEST_COMPARED <= len(states) <= _MOST_COMPARED:
        gain, folds = 0.0, np.arange(len(states)) % _FOLDS
        for k in range(_FOLDS if len(states) < _MOST_COMPARED // _FOLDS else 1):
            known, asked = states[folds != k], states[folds == k]
            line = regression(known)
            if line is None:
                break
            by_trees = trees(known).log_probabilities(known, asked, variable)
            gain += float((line.log_probabilities(known, asked, variable) - by_trees).sum())
        line = regression(states) if gain > 0 else None
        if line is not None:
            return line
    return trees(states)


def _best(
    states: np.ndarray,
    variable: int,
    inputs: Sequence[int],
    sizes: Sequence[int],
    is_ordered: Sequence[bool],
    growth: Growth,
    seed: int,
) -> Growth:
    """Return the growth with the size of leaves that makes rows held out most likely.

    Numbers of children depend little on much: trees with small leaves learn chance alone, and the
    weight that they then give to the nodes above hides what there is.
    """
    cut = len(states) // 4
    asked, known = states[:cut], states[cut:]
    if not cut or not inputs:
        return growth
    found, most = growth, -np.inf
    for factor in _LEAVES:
        leaf = max(min(growth.leaf * factor, len(known) // _LEAVES_AT_LEAST), growth.leaf)
        tried = replace(growth, leaf=leaf)
        rng = generator(seed, "leaves", variable)
        trees = ColumnTrees.fit(known, variable, inputs, sizes, is_ordered, tried, rng)
        likely = float(trees.log_probabilities(known, asked, variable).mean())
        if likely > most + _GAIN:
            found, most = tried, likely
    return found


def _order(
    information: np.ndarray,
    given: int,
    stages: Sequence[int],
    copies: Mapping[int, tuple[int, int]],
) -> list[int]:
    """Return own variables, each next one with the most information about one before it.

    Variables of earlier stages come first, and marks before the variables that they are about.
    """
    order: list[int] = []
    left = set(range(given, len(information)))
    while left:
        known = [*range(given), *order] or list(range(len(information)))
        stage = min(stages[v - given] for v in left)
        ready = sorted(
            v
            for v in left
            if stages[v - given] == stage and (v not in copies or copies[v][0] not in left)
        )
        together = np.max if given or order else np.sum  # the first one: about all others
        best = max(ready, key=lambda v: together(information[v, known]))
        order.append(best)
        left.remove(best)
    return order
