"""The map between encoded rows and discrete variables, one for each column, for discrete models."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy.special import ndtri

from lookalike._core.errors import ModelFileError
from lookalike.encoding import (
    Z_MAX,
    Block,
    EncodedRows,
    Layout,
    Learned,
    RowCondition,
    SampledRows,
)

__all__ = ["DiscreteVariable", "StateWeights", "States"]

#: The weight that conditions give each state of a variable, by the variable; shape (rows or 1,
#: states) each.
StateWeights = dict[int, np.ndarray]
#: The most cells (rows × levels) that are handled at once.
_AT_ONCE = 2**22
#: The least share of a level, and the greatest number below 1.
_LEAST, _BELOW_ONE = 1e-12, 1 - 2**-53


@dataclass(frozen=True)
class DiscreteVariable:
    """A discrete variable: a block of levels, or a number in bins and perhaps *missing*.

    Parameters
    ----------
    block : int
        The index of the block of levels or of the number.
    gate : int or None
        The index of the *missing* block of a number, which is then its last state.
    edges : ndarray, shape (bins + 1,), or None
        The cumulative probabilities between which the bins of a number lie, from 0 to 1.
    groups : ndarray of int, shape (levels,), or None
        The state of each level: most have one of their own, and the rarest may share the last one.
    shares : ndarray, shape (levels,), or None
        The share of each level among the rows of its state.
    """

    block: int
    gate: int | None = None
    edges: np.ndarray | None = None
    groups: np.ndarray | None = None
    shares: np.ndarray | None = None

    @property
    def states(self) -> int:
        """The number of states."""
        if self.edges is not None:
            return len(self.edges) - 1 + (self.gate is not None)
        assert self.groups is not None
        return int(self.groups.max()) + 1


@dataclass(frozen=True)
class States:
    """A map between encoded rows and discrete variables.

    A number is divided into bins of about equal numbers of rows, between which no value is split;
    within a bin it is uniform in cumulative probability, so that the marginal distribution of a
    column depends on the shares of its bins alone.

    Parameters
    ----------
    layout : Layout
        A layout whose blocks are levels, or numbers that are drawn within intervals.
    variables : tuple of DiscreteVariable
        In order of their blocks. Together they make up the layout.
    """

    layout: Layout
    variables: tuple[DiscreteVariable, ...]

    @classmethod
    def fit(cls, rows: EncodedRows, layout: Layout, bins: int, levels: int) -> States:
        """Divide numbers into bins and group the rarest levels.

        Parameters
        ----------
        rows : EncodedRows
        layout : Layout
        bins : int
            The greatest number of bins of a number.
        levels : int
            The greatest number of states of a column of levels.
        """
        variables = []
        for i, gate in _parts(layout):
            if layout.blocks[i].head != "softmax":
                variables.append(
                    DiscreteVariable(i, gate, _edges(_intervals(rows, layout, i), bins))
                )
                continue
            codes = rows.codes[_is_present(rows, layout, i), layout.blocks[i].source_start]
            counts = np.bincount(codes, minlength=layout.blocks[i].width)
            variables.append(DiscreteVariable(i, None, None, *_groups(counts, levels)))
        return cls(layout, tuple(variables))

    @property
    def discrete_layout(self) -> Layout:
        """The layout of rows that have the states of variables in place of values: levels only."""
        blocks, start = [], 0
        for v, variable in enumerate(self.variables):
            column = self.layout.blocks[variable.block].column
            blocks.append(Block(column, f"state {v}", "code", v, start, variable.states, "softmax"))
            start += variable.states
        return Layout(tuple(blocks), 0, len(blocks))

    def of_rows(self, rows: EncodedRows) -> Int[np.ndarray, "rows variables"]:
        """Return the state of each variable in each row."""
        states = np.empty((len(rows.codes), len(self.variables)), np.int32)
        for v, variable in enumerate(self.variables):
            start = self.layout.blocks[variable.block].source_start
            if variable.edges is None:
                assert variable.groups is not None
                states[:, v] = variable.groups[rows.codes[:, start]]
                continue
            middle = rows.floats[:, start : start + 2].mean(axis=1)
            states[:, v] = _bin(middle, variable.edges)
            if variable.gate is not None:
                gate = self.layout.blocks[variable.gate].source_start
                states[rows.codes[:, gate] == 1, v] = variable.states - 1
        return states

    def to_rows(
        self,
        states: Int[np.ndarray, "rows variables"],
        uniforms: Float[np.ndarray, "rows variables"],
        condition: RowCondition | None = None,
    ) -> SampledRows:
        """Return rows with given states, which fulfil a condition where their states allow it.

        Parameters
        ----------
        states : ndarray of int, shape (n, variables)
        uniforms : ndarray, shape (n, variables)
            Numbers in [0, 1) that choose values within states.
        condition : RowCondition, optional
            A condition of n rows, or one for all of them.
        """
        starts = self.layout.drawn_starts
        numbers = np.zeros((len(states), self.layout.numbers), np.float32)
        levels = np.zeros((len(states), self.layout.softmaxes), np.int32)
        bounds = {} if condition is None else condition.bounds
        allowed = {} if condition is None else condition.allowed
        for v, variable in enumerate(self.variables):
            i, state, u = variable.block, states[:, v], uniforms[:, v]
            if variable.edges is None:
                levels[:, starts[i]] = _level(variable, state, u, allowed.get(i))
                continue
            present = state < len(variable.edges) - 1
            if variable.gate is not None:
                levels[:, starts[variable.gate]] = ~present
            at = np.minimum(state, len(variable.edges) - 2)
            low, high = variable.edges[at], variable.edges[at + 1]
            if i in bounds:
                least, most = np.clip(bounds[i], 0.0, 1.0).T
                low, high = np.clip(least, low, high), np.clip(most, low, high)
            z = np.clip(ndtri(low + (high - low) * u), -Z_MAX, Z_MAX)
            numbers[:, starts[i]] = np.where(present, z, 0.0)
        for block, start in zip(self.layout.blocks, starts, strict=True):
            if block.masked_by is not None:
                masked = levels[:, starts[block.masked_by]] == 1
                numbers[masked, start : start + block.width] = 0.0
        return SampledRows(numbers, levels)

    def evidence(self, condition: RowCondition) -> StateWeights:
        """Return the share of each state that fulfils a condition, by the variables it restricts.

        Of a number that has to have one certain value, it is the density at that value.
        """
        return dict(self._evidence(condition))

    def _evidence(self, condition: RowCondition) -> Iterator[tuple[int, np.ndarray]]:
        for v, variable in enumerate(self.variables):
            allowed = condition.allowed.get(variable.block)
            if variable.edges is None:
                if allowed is not None:
                    yield v, _grouped(allowed, variable)
                continue
            bounds = condition.bounds.get(variable.block)
            gate = None if variable.gate is None else condition.allowed.get(variable.gate)
            if bounds is None and gate is None:
                continue
            weights = np.ones((1, variable.states))
            if bounds is not None:
                inside = _overlap(variable.edges, np.clip(bounds, 0.0, 1.0))
                missing = np.ones((len(inside), variable.states - inside.shape[1]))
                weights = np.concatenate([inside, missing], axis=1)
            if gate is not None:
                of_state = np.repeat([0, 1], [variable.states - 1, 1])
                weights = weights * gate[:, of_state]
            yield v, weights

    def log_within(self, rows: EncodedRows) -> Float[np.ndarray, " rows"]:
        """Return the logarithm of the density of rows within their states.

        It is with respect to the cumulative probability of numbers, and to the counts of levels.
        """
        states, log = self.of_rows(rows), np.zeros(len(rows.codes))
        for v, variable in enumerate(self.variables):
            if variable.edges is None:
                assert variable.shares is not None
                codes = rows.codes[:, self.layout.blocks[variable.block].source_start]
                log += np.log(variable.shares[codes])
            else:
                missing = np.zeros(variable.states - len(variable.edges) + 1)
                density = np.concatenate([-np.log(np.diff(variable.edges)), missing])
                log += density[states[:, v]]
        return log

    def state(self) -> Learned:
        """Return the learned arrays."""
        arrays = {}
        for v, variable in enumerate(self.variables):
            for name in ("edges", "groups", "shares"):
                array = getattr(variable, name)
                if array is not None:
                    arrays[f"{name} {v}"] = array
        return Learned({}, arrays)

    @classmethod
    def from_state(cls, state: Learned, layout: Layout) -> States:
        """Restore the map from its `state`.

        Raises
        ------
        ModelFileError
            If it does not fit the layout.
        """
        arrays, variables = state.arrays, []
        for v, (i, gate) in enumerate(_parts(layout)):
            block = layout.blocks[i]
            if block.head != "softmax":
                variables.append(DiscreteVariable(i, gate, arrays.get(f"edges {v}")))
                _check_edges(variables[-1], block.column)
            else:
                groups, shares = (arrays.get(f"{k} {v}") for k in ("groups", "shares"))
                variables.append(DiscreteVariable(i, None, None, groups, shares))
                _check_groups(variables[-1], block.width, block.column)
        return cls(layout, tuple(variables))


def _parts(layout: Layout) -> Iterator[tuple[int, int | None]]:
    """Yield the block of each variable and, if it has one, its gate.

    A gate of several blocks is a variable of its own.
    """
    masks = Counter(block.masked_by for block in layout.blocks)
    for i, block in enumerate(layout.blocks):
        if block.head != "softmax":
            yield i, block.masked_by if masks[block.masked_by] == 1 else None
        elif masks[i] != 1:
            yield i, None


def _intervals(rows: EncodedRows, layout: Layout, index: int) -> np.ndarray:
    """Return the cumulative probabilities between which present numbers lie, shape (n, 2)."""
    start = layout.blocks[index].source_start
    return rows.floats[_is_present(rows, layout, index), start : start + 2].astype(float)


def _is_present(rows: EncodedRows, layout: Layout, index: int) -> np.ndarray:
    gate = layout.blocks[index].masked_by
    if gate is None:
        return np.ones(len(rows.codes), bool)
    return np.asarray(rows.codes[:, layout.blocks[gate].source_start] == 0)


def _edges(intervals: np.ndarray, bins: int) -> np.ndarray:
    """Return edges of bins near multiples of 1 / bins, none of them within a value's interval."""
    ends = np.unique(np.concatenate([[0.0, 1.0], np.clip(intervals, 0.0, 1.0).reshape(-1)]))
    wanted = np.linspace(0.0, 1.0, bins + 1)
    after = np.clip(np.searchsorted(ends, wanted), 1, len(ends) - 1)
    nearer = wanted - ends[after - 1] < ends[after] - wanted
    return np.unique(np.where(nearer, ends[after - 1], ends[after]))


def _bin(probabilities: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Return the bin of each cumulative probability."""
    return np.searchsorted(edges[1:-1], probabilities, side="right")


def _groups(counts: np.ndarray, states: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the state of each level, the rarest in the last one, and its share of the state."""
    groups = np.arange(len(counts), dtype=np.int32)
    if len(counts) > states:
        common = np.sort(np.argsort(-counts, kind="stable")[: states - 1])
        groups[:] = states - 1
        groups[common] = np.arange(states - 1)
    # A level without any row has a small share of its state, so that conditions on it can be met.
    weights = np.maximum(counts, _LEAST)
    total = np.bincount(groups, weights)
    return groups, weights / total[groups]


def _grouped(weights: np.ndarray, variable: DiscreteVariable) -> np.ndarray:
    """Return the shares of each state whose levels are allowed, shape (rows, states)."""
    groups, shares = variable.groups, variable.shares
    assert groups is not None
    assert shares is not None
    order = np.argsort(groups, kind="stable")
    first = np.searchsorted(groups[order], np.arange(variable.states))
    sums = np.empty((len(weights), variable.states))
    step = max(_AT_ONCE // len(groups), 1)
    for begin in range(0, len(weights), step):
        some = slice(begin, begin + step)
        sums[some] = np.add.reduceat((weights[some] * shares)[:, order], first, axis=1)
    return sums


def _level(
    variable: DiscreteVariable, state: np.ndarray, u: np.ndarray, allowed: np.ndarray | None
) -> np.ndarray:
    """Draw a level of each state by its share."""
    groups, shares = variable.groups, variable.shares
    assert groups is not None
    assert shares is not None
    order = np.argsort(groups, kind="stable")
    if len(order) == variable.states:
        return np.asarray(order[state])
    if allowed is not None and len(allowed) > 1:
        # Each row has levels of its own: those that share a state are drawn row by row.
        drawn = _level(variable, state, u, None)
        wrong = np.flatnonzero(~allowed[np.arange(len(state)), drawn])
        for row in wrong:
            drawn[row] = _level(variable, state[[row]], u[[row]], allowed[[row]])[0]
        return drawn
    weights = shares if allowed is None else shares * allowed[0]
    total = np.bincount(groups, weights)
    weights = np.where(total[groups] > 0, weights / np.maximum(total, _LEAST)[groups], shares)
    # A running total in which state k goes from k to k + 1.
    reached = np.cumsum(weights[order])
    at = np.searchsorted(reached, state + np.minimum(u, _BELOW_ONE), side="right")
    at = np.minimum(at, len(order) - 1)
    # Rounding of the total must not lead into the next state.
    first = np.searchsorted(groups[order], state)
    last = np.searchsorted(groups[order], state, side="right") - 1
    return np.asarray(order[np.clip(at, first, last)])


def _overlap(edges: np.ndarray, bounds: np.ndarray) -> np.ndarray:
    """Return the share of each bin within bounds; where these are one point, the density there."""
    width = np.diff(edges)
    least, most = bounds[:, :1], bounds[:, 1:]
    shared = np.minimum(most, edges[1:]) - np.maximum(least, edges[:-1])
    shares = np.maximum(shared, 0.0) / width
    point = np.flatnonzero(bounds[:, 0] == bounds[:, 1])
    at = _bin(bounds[point, 0], edges)
    shares[point, at] = 1.0 / width[at]
    return np.asarray(shares)


def _check_edges(variable: DiscreteVariable, column: str) -> None:
    edges = variable.edges
    rises = edges is not None and edges.ndim == 1 and len(edges) > 1 and (np.diff(edges) > 0).all()
    if edges is None or not rises or edges[0] != 0 or edges[-1] != 1:
        raise ModelFileError(f"The bins of {column!r} are damaged.")


def _check_groups(variable: DiscreteVariable, levels: int, column: str) -> None:
    groups, shares = variable.groups, variable.shares
    whole = (
        groups is not None
        and shares is not None
        and groups.shape == shares.shape == (levels,)
        and np.array_equal(np.unique(groups), np.arange(groups.max() + 1))
        and (shares > 0).all()
        and np.allclose(np.bincount(groups, shares), 1.0)
    )
    if not whole:
        raise ModelFileError(f"The levels of {column!r} are damaged.")
