"""Conditional distributions of discrete variables, each smoothed by one of fewer parents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float, Int

from lookalike._core.errors import ModelFileError
from lookalike.encoding import Learned
from lookalike.models._states import DiscreteVariable

__all__ = ["MOST_KEYS", "ConditionalTable", "Link", "Parent", "ParentCounts", "grains_of"]

#: The numbers of groups of bins in which a number is a parent, beside that of its bins.
_GROUPS = (4, 12)
#: The weight of a state without any row, in rows, so that conditions on it can be met.
_LEAST = 1e-6
#: The greatest number of combinations of parents' groups, so that keys are exact.
MOST_KEYS = 2**62

#: A variable that others depend on: its index, and the index of the grain in which it is seen.
Parent = tuple[int, int]
#: The parents of a context, and its strength.
Link = tuple[tuple[Parent, ...], float]


def grains_of(variable: DiscreteVariable) -> tuple[Int[np.ndarray, " states"], ...]:
    """Return the partitions of a variable's states into groups, from coarse to fine.

    Levels have no order: they are only seen as they are. Bins of a number are also seen in groups
    of neighbours.

    Parameters
    ----------
    variable : DiscreteVariable
        The variable.

    Returns
    -------
    tuple of ndarray of int, shape (states,)
        The group of each state, in each partition.
    """
    states = np.arange(variable.states)
    if variable.edges is None:
        return (states,)
    bins, grains = len(variable.edges) - 1, []
    for groups in _GROUPS:
        if groups < bins:
            grain = np.minimum(states, bins - 1) * groups // bins
            grain[bins:] = groups  # missing
            grains.append(grain)
    return (*grains, states)


@dataclass(frozen=True)
class ParentCounts:
    """Counts of a variable's states for each combination of parents, stored sparsely.

    Parameters
    ----------
    parents : tuple of Parent
    strength : float
        The weight of the distribution with fewer parents, in rows.
    keys : ndarray of int64, shape (combinations,)
        The combinations of parents' groups that occur, ascending.
    ends : ndarray of int64, shape (combinations,)
        For each combination, the position after its last cell; cells are in order of combinations.
    states : ndarray of int32, shape (cells,)
    counts : ndarray of int32, shape (cells,)
    """

    parents: tuple[Parent, ...]
    strength: float
    keys: np.ndarray
    ends: np.ndarray
    states: np.ndarray
    counts: np.ndarray

    @classmethod
    def fit(
        cls,
        parents: tuple[Parent, ...],
        strength: float,
        keys: Int[np.ndarray, " rows"],
        states: Int[np.ndarray, " rows"],
        fewest: int,
    ) -> ParentCounts:
        """Count the states of rows; combinations that fewer than `fewest` rows have are omitted."""
        found, of_row, rows = np.unique(keys, return_inverse=True, return_counts=True)
        kept = rows >= fewest
        place = np.cumsum(kept) - 1
        some = kept[of_row]
        width = int(states.max(initial=0)) + 1
        cells, counts = np.unique(place[of_row[some]] * width + states[some], return_counts=True)
        ends = np.searchsorted(cells, (np.arange(kept.sum()) + 1) * width)
        return cls(
            parents,
            strength,
            found[kept].astype(np.int64),
            ends.astype(np.int64),
            (cells % width).astype(np.int32),
            counts.astype(np.int32),
        )

    def found(self, keys: Int[np.ndarray, " rows"]) -> tuple[np.ndarray, np.ndarray]:
        """Return the combination of each row, and whether it is known."""
        if not len(self.keys):
            return np.zeros(len(keys), np.int64), np.zeros(len(keys), bool)
        at = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return at, self.keys[at] == keys

    @cached_property
    def totals(self) -> np.ndarray:
        """The number of rows before each combination, and that of all rows; one more than keys."""
        reached = np.concatenate([[0], self.reached])
        return np.asarray(reached[np.concatenate([[0], self.ends])])

    @cached_property
    def reached(self) -> np.ndarray:
        """The number of rows up to and including each cell."""
        return np.cumsum(self.counts, dtype=np.int64)


@dataclass(frozen=True)
class ConditionalTable:
    """The distribution of a variable given its parents, as a chain from few to many of them.

    With n rows in a combination of parents, the share n / (n + strength) of the probability is that
    of its counts, and the rest is the distribution given the parents of the context before it, in
    the end that of no parents (as the interpolation of n-grams: Jelinek and Mercer 1980; MacKay
    and Peto 1995). Combinations that never occurred are therefore no special case.

    Parameters
    ----------
    marginal : ndarray, shape (states,)
        Positive, with the sum 1.
    contexts : tuple of ParentCounts
        From few and coarse parents to many and fine ones, each a refinement of the one before.
    """

    marginal: Float[np.ndarray, " states"]
    contexts: tuple[ParentCounts, ...] = ()

    @classmethod
    def fit(
        cls,
        states: Int[np.ndarray, "rows variables"],
        variable: int,
        links: Sequence[Link],
        grains: Sequence[tuple[np.ndarray, ...]],
        fewest: int,
    ) -> ConditionalTable:
        """Count the states of rows.

        Parameters
        ----------
        states : ndarray of int, shape (rows, variables)
        variable : int
            The index of the variable.
        links : sequence of Link
            The parents and the strength of each context.
        grains : sequence of tuple of ndarray
            For each variable, its partitions.
        fewest : int
            The least number of rows of a combination.
        """
        own = states[:, variable]
        marginal = np.bincount(own, minlength=len(grains[variable][-1])) + _LEAST
        contexts = tuple(
            ParentCounts.fit(parents, strength, keys_of(states, parents, grains), own, fewest)
            for parents, strength in links
        )
        return cls(marginal / marginal.sum(), contexts)

    @cached_property
    def parents(self) -> tuple[int, ...]:
        """The indices of the parents, in the order in which they were chosen."""
        return tuple(v for v, _ in self.contexts[-1].parents) if self.contexts else ()

    @property
    def links(self) -> list[Link]:
        """The parents and the strength of each context."""
        return [(context.parents, context.strength) for context in self.contexts]

    def drawn(
        self,
        states: Int[np.ndarray, "rows variables"],
        grains: Sequence[tuple[np.ndarray, ...]],
        uniforms: Float[np.ndarray, "rows 2"],
    ) -> Int[np.ndarray, " rows"]:
        """Draw the state of each row, given those of its parents.

        Parameters
        ----------
        states : ndarray of int, shape (rows, variables)
        grains : sequence of tuple of ndarray
        uniforms : ndarray, shape (rows, 2)
            Numbers in [0, 1): the first chooses a context, the second a state.
        """
        which, at = uniforms.T.copy()
        reached = np.cumsum(self.marginal)
        result = np.searchsorted(reached[:-1], at * reached[-1], side="right")
        open_rows = np.arange(len(states))
        for context in reversed(self.contexts):
            where, known = context.found(keys_of(states[open_rows], context.parents, grains))
            totals = context.totals
            rows = np.where(known, totals[where + 1] - totals[where], 0) if len(known) else known
            share = rows / (rows + context.strength)
            # A row that does not stay here has a fresh uniform number above the share.
            stays = which[open_rows] < share
            chosen, begin = open_rows[stays], where[stays]
            wanted = totals[begin] + at[chosen] * rows[stays]
            cell = np.searchsorted(context.reached, wanted, side="right")
            result[chosen] = context.states[np.minimum(cell, context.ends[begin] - 1)]
            left = ~stays
            which[open_rows[left]] = (which[open_rows[left]] - share[left]) / (1 - share[left])
            open_rows = open_rows[left]
        return np.asarray(result)

    def probabilities(
        self,
        states: Int[np.ndarray, "rows variables"],
        grains: Sequence[tuple[np.ndarray, ...]],
        contexts: int | None = None,
    ) -> Float[np.ndarray, "rows states"]:
        """Return the probability of each state given the parents' states, perhaps of few contexts.

        Parameters
        ----------
        states : ndarray of int, shape (rows, variables)
        grains : sequence of tuple of ndarray
        contexts : int, optional
            The number of contexts, from the first on; None for all.
        """
        chances = np.tile(self.marginal, (len(states), 1))
        for context in self.contexts[:contexts]:
            where, known = context.found(keys_of(states, context.parents, grains))
            rows = np.flatnonzero(known)
            if not len(rows):
                continue
            # The cells of all rows, one row after another.
            begin = np.concatenate([[0], context.ends])[where[rows]]
            lengths = context.ends[where[rows]] - begin
            first = np.cumsum(lengths) - lengths
            cells = np.arange(lengths.sum()) + np.repeat(begin - first, lengths)
            of_row = np.repeat(rows, lengths)
            totals = context.totals
            total = (totals[where + 1] - totals[where])[rows] + context.strength
            chances[rows] *= (context.strength / total)[:, None]
            chances[of_row, context.states[cells]] += context.counts[cells] / np.repeat(
                total, lengths
            )
        return chances

    def state(self) -> Learned:
        """Return the table as plain arrays."""
        arrays = {"marginal": self.marginal}
        for k, context in enumerate(self.contexts):
            arrays[f"parents {k}"] = np.array(context.parents, np.int32)
            for name in ("keys", "ends", "states", "counts"):
                arrays[f"{name} {k}"] = getattr(context, name)
        strengths = [context.strength for context in self.contexts]
        return Learned({}, {**arrays, "strengths": np.array(strengths, float)})

    @classmethod
    def from_state(
        cls, state: Learned, grains: Sequence[tuple[np.ndarray, ...]], variable: int
    ) -> ConditionalTable:
        """Restore the table of a variable from its `state`.

        Raises
        ------
        ModelFileError
            If it does not fit the variables.
        """
        count, contexts = len(grains[variable][-1]), []
        marginal = np.asarray(state.arrays["marginal"], float)
        strengths = np.asarray(state.arrays["strengths"], float)
        positive = marginal.shape == (count,) and (marginal > 0).all()
        if not positive or not np.isclose(marginal.sum(), 1.0) or not (strengths > 0).all():
            raise _damaged()
        for k, strength in enumerate(strengths):
            parents = state.arrays[f"parents {k}"]
            names = ("keys", "ends", "states", "counts")
            arrays = [np.asarray(state.arrays[f"{name} {k}"]) for name in names]
            _check(parents, arrays, count, grains)
            pairs = tuple((int(v), int(g)) for v, g in parents)
            contexts.append(ParentCounts(pairs, float(strength), *arrays))
        return cls(marginal, tuple(contexts))


def keys_of(
    states: Int[np.ndarray, "rows variables"],
    parents: Sequence[Parent],
    grains: Sequence[tuple[np.ndarray, ...]],
) -> Int[np.ndarray, " rows"]:
    """Return a number for each row's combination of parents' groups."""
    keys = np.zeros(len(states), np.int64)
    for v, g in parents:
        grain = grains[v][g]
        keys = keys * (int(grain.max()) + 1) + grain[states[:, v]]
    return keys


def _check(
    parents: np.ndarray,
    arrays: Sequence[np.ndarray],
    count: int,
    grains: Sequence[tuple[np.ndarray, ...]],
) -> None:
    """Refuse arrays of a context that do not fit together."""
    keys, ends, states, counts = arrays
    whole = parents.ndim == 2 and parents.shape[1] == 2 and len(parents) > 0
    whole = whole and all(
        0 <= v < len(grains) and 0 <= g < len(grains[v]) for v, g in parents.tolist()
    )
    if not whole or any(a.ndim != 1 or a.dtype.kind != "i" for a in arrays):
        raise _damaged()
    most = np.prod([float(grains[v][g].max() + 1) for v, g in parents])
    fits = (
        most < MOST_KEYS
        and len(keys) == len(ends)
        and len(states) == len(counts)
        and (np.diff(keys, prepend=-1) > 0).all()
        and (keys[-1:] < most).all()
        and (np.diff(ends, prepend=0) > 0).all()
        and (ends[-1:] == len(states)).all()
        and (len(keys) > 0 or len(states) == 0)
        and (counts > 0).all()
        and ((states >= 0) & (states < count)).all()
    )
    if not fits:
        raise _damaged()


def _damaged() -> ModelFileError:
    return ModelFileError(
        "The conditional tables of a Bayesian network must fit its variables, but they do not: the "
        "file is damaged."
    )
