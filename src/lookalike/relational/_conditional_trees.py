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

__all__ = ["ConditionalTrees", "FamilyContext"]

#: The greatest number of variables by which the trees of a variable are split.
_MOST_INPUTS = 24
#: The factors of the least number of rows of a leaf that are tried for numbers of children, and the
#: gain, in nats of a row, for which a later one is taken.
_LEAVES, _GAIN = (8, 1), 0.02
#: The number of leaves that rows should suffice for.
_LEAVES_AT_LEAST = 10
#: The least number of rows by which learners are compared, the greatest for which a regression is
#: one of them, and the greatest number that compares them.
_FEWEST_COMPARED, _MOST_COMPARED, _MOST_JUDGED = 16, 8_192, 16_384
#: The parts of rows that are held out in turn, and the number of rows from which on one part is.
_FOLDS, _MANY = 4, 1_000
#: The gain, in nats of a row, that takes another learner than trees: these alone learn sharp
#: borders, which are worth more than a few likelier states.
_PROVEN = 0.1
#: The mean number of rows of a family from which on families are held out as a whole.
_LARGE = 8
#: The number of times that a conflicting state is drawn again by the trees.
_REDRAWS = 4
#: Learns a variable from rows; None where there is nothing to learn.
_Learner = Callable[[np.ndarray], "ColumnTrees | OrdinalRegression | None"]


@dataclass(frozen=True)
class FamilyContext:
    """Rows that belong together, so large that what tells one family from others is learned.

    Parameters
    ----------
    of_rows : ndarray of int, shape (n,)
        The family of each row; -1 for none.
    general : mapping of int to list of int
        For own variables, the variables of the context by which few families can be told from each
        other: all but those that all rows of a family share, with the summaries of the variable.
    """

    of_rows: np.ndarray
    general: Mapping[int, list[int]]

    @property
    def are_large(self) -> bool:
        """Return whether a leaf may hold rows of a single family."""
        there = self.of_rows[self.of_rows >= 0]
        return len(there) >= _LARGE * max(len(np.unique(there)), 1)


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
        families: FamilyContext | None = None,
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
        families : FamilyContext, optional
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
        earlier = {v: [*range(given), *order[:k]] for k, v in enumerate(order)}
        large = families if families is not None and families.are_large else None
        folds = np.arange(len(rows)) % _FOLDS if large is None else _apart(large.of_rows[rows])

        def near(v: int, some: Sequence[int]) -> list[int]:
            best = sorted(some, key=lambda i: -information[v, i])[:_MOST_INPUTS]
            # A variable that tells nothing about another one can only be split by chance.
            return [i for i in best if information[v, i] > 0]

        def grow(v: int) -> ColumnTrees | OrdinalRegression:
            there = np.ones(len(states), bool) if v not in copies else states[:, copies[v][0]] == 0
            there = unknown.get(v, there)
            some, fold = states[there], folds[there]
            inputs, best = near(v, earlier[v]), growth
            if stages[v - given] == 1:
                best = _best(some, v, inputs, sizes, is_ordered, growth, seed)

            def trees(inputs: list[int]) -> _Learner:
                return lambda known: ColumnTrees.fit(
                    known, v, inputs, sizes, is_ordered, best, generator(seed, "trees", v)
                )

            gated = is_ordered[v] and variables[v].gate is not None
            learners: list[_Learner] = [trees(inputs)]
            if len(some) <= _MOST_COMPARED:
                learners.append(
                    lambda known: OrdinalRegression.fit(
                        known, v, earlier[v], sizes, is_ordered, gated, growth.leaf
                    )
                )
            if large is not None:
                kept = {*large.general[v], *range(given, len(variables))}
                general = near(v, [i for i in earlier[v] if i in kept])
                if set(general) != set(inputs):
                    learners.append(trees(general))
            return _likeliest(some, v, fold, learners)

        work = (partial(grow, given + v) for v in range(own.shape[1]))
        columns = tuple(in_parallel(work, ignore=UserWarning))
        return cls(given, tuple(order), columns, copies, late)

    def drawn(
        self,
        context: np.ndarray,
        rng: np.random.Generator,
        conflicts: Mapping[tuple[int, int], np.ndarray],
    ) -> np.ndarray:
        """Draw the own variables of rows, shape (n, v), given their context, shape (n, c).

        Those that `completed` draws are 0. Of a pair of variables that conflict, the later one is
        drawn again: to draw the whole row again would make its first states rarer.
        """
        own = np.zeros((len(context), len(self.columns)), np.int32)
        order = self.order[: len(self.order) - self.late]
        return self._drawn(context, own, order, rng, conflicts=conflicts)

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
        conflicts: Mapping[tuple[int, int], np.ndarray] | None = None,
    ) -> np.ndarray:
        states: np.ndarray = np.concatenate([context, own], axis=1, dtype=np.int32)
        done: list[int] = []
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
            before = [w for w in done if (conflicts or {}).get((w, v - self.given)) is not None]
            if conflicts and before:
                tables = [(w + self.given, conflicts[w, v - self.given]) for w in before]
                _settle(states, v, column, tables, rng)
            done.append(v - self.given)
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


def _settle(
    states: np.ndarray,
    variable: int,
    column: ColumnTrees | OrdinalRegression,
    tables: Sequence[tuple[int, np.ndarray]],
    rng: np.random.Generator,
) -> None:
    """Draw a variable again, in place, where its state never occurs with an earlier one.

    Parameters
    ----------
    states : ndarray of int, shape (n, variables)
    variable : int
    column : ColumnTrees or OrdinalRegression
    tables : sequence of (int, ndarray of bool)
        Earlier variables, and which states of each never occur with which of the variable.
    rng : numpy.random.Generator
    """

    def conflicting(rows: np.ndarray) -> np.ndarray:
        wrong = np.zeros(len(rows), bool)
        for w, never in tables:
            wrong |= never[states[rows, w], states[rows, variable]]
        return rows[wrong]

    rows = conflicting(np.arange(len(states)))
    for _ in range(_REDRAWS):
        if not len(rows):
            return
        states[rows, variable] = column.balanced(states[rows], rng)
        rows = conflicting(rows)
    if not len(rows):
        return
    weights = np.repeat(column.marginal[None], len(rows), axis=0)
    for w, never in tables:
        weights[never[states[rows, w]]] = 0.0
    reached = np.cumsum(weights, axis=1)
    some = reached[:, -1] > 0
    drawn = (reached <= rng.random((len(rows), 1)) * reached[:, -1:]).sum(axis=1)
    states[rows[some], variable] = drawn[some]


def _apart(families: np.ndarray) -> np.ndarray:
    """Return the part of each row, in which its whole family is."""
    return np.where(families >= 0, families, np.arange(len(families))) % _FOLDS


def _likeliest(
    states: np.ndarray, variable: int, folds: np.ndarray, learners: Sequence[_Learner]
) -> ColumnTrees | OrdinalRegression:
    """Return what the learner learns that makes rows held out most likely.

    It is the first one, unless another's gain is large and more than its standard error.
    """
    first, *others = learners
    some, fold = states[:_MOST_JUDGED], folds[:_MOST_JUDGED]
    if not others or len(some) < _FEWEST_COMPARED:
        return _learned(first, states)
    gains: list[list[np.ndarray]] = [[] for _ in others]
    for k in range(_FOLDS if len(some) < _MANY else 1):
        known, asked = some[fold != k], some[fold == k]
        if not len(known) or not len(asked):
            continue
        base = _learned(first, known).log_probabilities(known, asked, variable)
        for which, learn in enumerate(others):
            found = learn(known)
            if found is None:
                gains[which].append(np.full(len(asked), -np.inf))
            else:
                gains[which].append(found.log_probabilities(known, asked, variable) - base)
    best, most = first, 0.0
    for learn, gained in zip(others, gains, strict=True):
        each = np.concatenate(gained) if gained else np.zeros(1)
        if not np.isfinite(each).all():
            continue
        if each.mean() > max(_PROVEN, each.std() / len(each) ** 0.5, most):
            best, most = learn, float(each.mean())
    found = best(states)
    return _learned(first, states) if found is None else found


def _learned(learn: _Learner, states: np.ndarray) -> ColumnTrees | OrdinalRegression:
    found = learn(states)
    if found is not None:
        return found
    raise AssertionError("Trees learn any rows.")


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
