"""The affinity of a child row and a parent row: how much likelier they belong together than two
drawn at random."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from lookalike._core.errors import ModelFileError
from lookalike._core.learned import Learned
from lookalike._core.seeds import generator
from lookalike.models import DiscreteVariable, grains_of, order_of

__all__ = ["Affinity"]

#: The most groups of a variable, the most pairs of variables, and the information that a pair has
#: at least, in nats.
_GROUPS, _PAIRS, _LEAST = 24, 16, 0.002
#: The most rows, and the number of random parents of each.
_MOST_ROWS, _OTHERS = 20_000, 2
#: The greatest log-ratio of a pair of groups.
_GREATEST = 12.0


@dataclass(frozen=True)
class Affinity:
    """A log-linear model of the ratio p(child, parent) / (p(child) p(parent)).

    The ratio is learned by telling real pairs from pairs with a random parent (Gutmann and
    Hyvärinen 2010), from the joint groups of those pairs of variables that share the most
    information.

    Parameters
    ----------
    pairs : ndarray of int, shape (k, 2)
        A variable of children and one of parents each.
    groups : tuple of (ndarray, ndarray)
        For each pair, the group of each state of both.
    tables : tuple of ndarray, shape (groups, groups)
        For each pair, its terms of the log-ratio.
    """

    pairs: np.ndarray
    groups: tuple[tuple[np.ndarray, np.ndarray], ...] = ()
    tables: tuple[np.ndarray, ...] = ()

    @classmethod
    def fit(
        cls,
        child: np.ndarray,
        child_variables: Sequence[DiscreteVariable],
        parent: np.ndarray,
        parent_variables: Sequence[DiscreteVariable],
        rows: np.ndarray,
        seed: int,
    ) -> Affinity:
        """Learn which rows belong together.

        Parameters
        ----------
        child : ndarray of int, shape (n, c)
        child_variables : sequence of DiscreteVariable
        parent : ndarray of int, shape (m, p)
        parent_variables : sequence of DiscreteVariable
        rows : ndarray of int, shape (n,)
            The parent row of each child row.
        seed : int
        """
        none = cls(np.zeros((0, 2), np.int64))
        rng = generator(seed, "affinity")
        some = rng.permutation(len(child))[:_MOST_ROWS]
        if len(some) < 20 or not child.shape[1] or not parent.shape[1] or len(parent) < 2:
            return none
        own, other = child[some], parent[rows[some]]
        grains = [grains_of(v) for v in (*child_variables, *parent_variables)]
        _, information = order_of(np.concatenate([own, other], axis=1), grains)
        between = information[: own.shape[1], own.shape[1] :]
        best = np.argsort(-between, axis=None, kind="stable")[:_PAIRS]
        pairs = np.stack(np.unravel_index(best, between.shape), axis=1)
        pairs = pairs[between[pairs[:, 0], pairs[:, 1]] > _LEAST]
        if not len(pairs):
            return none
        groups = tuple(
            (_groups(own[:, c], child_variables[c]), _groups(other[:, p], parent_variables[p]))
            for c, p in pairs
        )
        shapes = [(a.max() + 1, b.max() + 1) for a, b in groups]
        blank = cls(pairs, groups, tuple(np.zeros(shape) for shape in shapes))
        return blank._learned(own, other, rng) or none

    def _learned(
        self, own: np.ndarray, other: np.ndarray, rng: np.random.Generator
    ) -> Affinity | None:
        """Return the model with terms, or None where it is of no use for rows held out."""
        from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - slow to import

        n = len(own)
        shuffled = [other[rng.permutation(n)] for _ in range(_OTHERS)]
        cells = np.concatenate([self._cells(own, part) for part in (other, *shuffled)])
        labels = np.repeat([1, *[0] * _OTHERS], n)
        weights = np.where(labels == 1, 1.0, 1.0 / _OTHERS)
        width = sum(table.size for table in self.tables)
        starts = np.arange(len(cells) + 1) * len(self.pairs)
        inputs = csr_array((np.ones(cells.size), cells.ravel(), starts), (len(cells), width))
        held = np.tile(np.arange(n) % 4 == 0, _OTHERS + 1)
        model = LogisticRegression(C=1.0, max_iter=200)
        model.fit(inputs[~held], labels[~held], sample_weight=weights[~held])
        gain = np.where(labels == 1, 1, -1) * model.decision_function(inputs)
        if (np.logaddexp(0, -gain[held]) * weights[held]).mean() >= np.log(2) * weights[
            held
        ].mean():
            return None
        terms = np.clip(model.coef_[0], -_GREATEST, _GREATEST)
        ends = np.cumsum([table.size for table in self.tables])[:-1]
        tables = [
            part.reshape(table.shape)
            for part, table in zip(np.split(terms, ends), self.tables, strict=True)
        ]
        return Affinity(self.pairs, self.groups, tuple(tables))

    def _cells(self, own: np.ndarray, other: np.ndarray) -> np.ndarray:
        """Return the number of the joint group of each pair of variables, over all tables."""
        start, cells = 0, []
        for (c, p), (a, b), table in zip(self.pairs, self.groups, self.tables, strict=True):
            cells.append(start + a[own[:, c]] * table.shape[1] + b[other[:, p]])
            start += table.size
        return np.stack(cells, axis=1)

    def log_ratios(self, child: np.ndarray, parent: np.ndarray, at: np.ndarray) -> np.ndarray:
        """Return the logarithm of the ratio, up to a constant, of candidates.

        Parameters
        ----------
        child : ndarray of int, shape (n, c)
        parent : ndarray of int, shape (m, p)
        at : ndarray of int, shape (n, k)
            Rows of parents.

        Returns
        -------
        ndarray of float, shape (n, k)
        """
        result = np.zeros(at.shape)
        for (c, p), (a, b), table in zip(self.pairs, self.groups, self.tables, strict=True):
            result += table[a[child[:, c]][:, None], b[parent[:, p]][at]]
        return result

    def state(self) -> Learned:
        """Return the learned state."""
        arrays = {"pairs": self.pairs.astype(np.int64)}
        for k, ((a, b), table) in enumerate(zip(self.groups, self.tables, strict=True)):
            arrays |= {f"child {k}": a, f"parent {k}": b, f"table {k}": table}
        return Learned({}, arrays)

    @classmethod
    def from_state(
        cls,
        state: Learned,
        child_variables: Sequence[DiscreteVariable],
        parent_variables: Sequence[DiscreteVariable],
    ) -> Affinity:
        """Restore an affinity from its `state`."""
        pairs, arrays = np.asarray(state.arrays["pairs"], np.int64).reshape(-1, 2), state.arrays
        groups, tables = [], []
        for k, (c, p) in enumerate(pairs.tolist()):
            a, b, table = (
                np.asarray(arrays[f"{name} {k}"]) for name in ("child", "parent", "table")
            )
            fits = (
                0 <= c < len(child_variables)
                and 0 <= p < len(parent_variables)
                and a.shape == (child_variables[c].states,)
                and b.shape == (parent_variables[p].states,)
                and table.shape == (a.max() + 1, b.max() + 1)
                and min(a.min(), b.min()) >= 0
                and np.isfinite(table).all()
            )
            if not fits:
                raise ModelFileError("The affinity of a key is damaged.")
            groups.append((a, b))
            tables.append(table)
        return cls(pairs, tuple(groups), tuple(tables))


def _groups(states: np.ndarray, variable: DiscreteVariable) -> np.ndarray:
    """Return a group for each state: neighbours of a number, or the most frequent levels."""
    count = variable.states
    if count <= _GROUPS:
        return np.arange(count, dtype=np.int32)
    if variable.edges is not None:
        bins = len(variable.edges) - 1
        groups = np.minimum(np.arange(count), bins - 1) * (_GROUPS - 1) // bins
        groups[bins:] = _GROUPS - 1
        return groups.astype(np.int32)
    groups = np.full(count, _GROUPS - 1, np.int32)
    common = np.argsort(-np.bincount(states, minlength=count), kind="stable")[: _GROUPS - 1]
    groups[common] = np.arange(len(common))
    return groups
