"""A Markov network of columns: exact marginals by elimination, fitted to noisy tables.

Estimation is that of Private-PGM (McKenna, Sheldon and Miklau 2019, arXiv 1901.09136): of all
distributions that are closest to the noisy tables, the one of the greatest entropy, by mirror
descent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Self

import numpy as np

from lookalike._core.numerics import Floats

__all__ = ["Elimination", "MarkovNetwork", "NoisyTable", "eliminated", "margin"]

#: Steps of mirror descent; the least part of a probability that a noisy table leaves; a tiny one.
_FIRST_STEP, _LEAST_STEP = 1.0, 1e-4
_LEAST_SHARE, _TINY = 1e-3, 1e-12


@dataclass(frozen=True)
class NoisyTable:
    """The measured table of a few columns.

    Parameters
    ----------
    columns : tuple of int
        In ascending order.
    shares : ndarray of float
        An axis for each column; noisy, so that some may be negative.
    weight : float
        The inverse variance of a cell, relative to those of other tables.
    """

    columns: tuple[int, ...]
    shares: Floats
    weight: float


@dataclass(frozen=True)
class Elimination:
    """The order in which columns are summed out, and the columns that each is then tied to.

    Parameters
    ----------
    order : tuple of int
    scopes : dict of int to tuple of int
        For each column, those that it depends on (ascending), and itself as the last one.
    cells : int
        The number of cells of all scopes.
    """

    order: tuple[int, ...]
    scopes: dict[int, tuple[int, ...]]
    cells: int

    def home(self, columns: Iterable[int]) -> int:
        """Return the column whose scope holds these columns: the first of them to go."""
        among = set(columns)
        return next(one for one in self.order if one in among)


def eliminated(sizes: Sequence[int], sets: Iterable[tuple[int, ...]]) -> Elimination:
    """Return an order of elimination, that of the smallest scope first.

    Parameters
    ----------
    sizes : sequence of int
        The numbers of states.
    sets : iterable of tuple of int
        Columns that belong together.
    """
    near: dict[int, set[int]] = {one: set() for one in range(len(sizes))}
    for group in sets:
        for one in group:
            near[one] |= set(group) - {one}
    costs = {one: (prod(sizes[k] for k in own) * sizes[one], one) for one, own in near.items()}
    order, scopes, cells = [], {}, 0
    while near:
        chosen = min(near, key=costs.__getitem__)
        tied = near.pop(chosen)
        for one in tied:
            near[one] = (near[one] | tied) - {one, chosen}
            costs[one] = (prod(sizes[k] for k in near[one]) * sizes[one], one)
        order.append(chosen)
        scopes[chosen] = (*sorted(tied), chosen)
        cells += prod(sizes[k] for k in scopes[chosen])
    return Elimination(tuple(order), scopes, cells)


def margin(table: Floats, scope: tuple[int, ...], columns: tuple[int, ...]) -> Floats:
    """Return the sums of a table over all columns but some, in their order."""
    dropped = tuple(axis for axis, one in enumerate(scope) if one not in columns)
    left = [one for one in scope if one in columns]
    return np.asarray(table.sum(axis=dropped).transpose([left.index(one) for one in columns]))


def _spread(table: Floats, columns: tuple[int, ...], scope: tuple[int, ...]) -> Floats:
    """Return a table of some columns with the axes of a scope."""
    inside = [columns.index(one) for one in scope if one in columns]
    shape = [table.shape[columns.index(one)] if one in columns else 1 for one in scope]
    return np.asarray(table.transpose(inside).reshape(shape))


class MarkovNetwork:
    """A distribution of columns as a product of factors.

    Parameters
    ----------
    sizes : sequence of int
        The numbers of states.
    factors : mapping of tuple of int to ndarray
        For sets of columns (ascending) the logarithm of a factor, with an axis for each column.
        Every column is in one of them.
    """

    def __init__(self, sizes: Sequence[int], factors: Mapping[tuple[int, ...], Floats]) -> None:
        self.sizes, self.factors = tuple(sizes), dict(factors)
        self.elimination = eliminated(self.sizes, self.factors)
        self.conditionals: dict[int, Floats] = {}
        self.joints: dict[int, Floats] = {}
        self._propagate()

    @classmethod
    def of(cls, shares: Sequence[Floats]) -> Self:
        """Return the network of independent columns."""
        factors: dict[tuple[int, ...], Floats] = {
            (one,): np.log(np.maximum(own, _TINY)) for one, own in enumerate(shares)
        }
        return cls([len(own) for own in shares], factors)

    def moved(self, table: NoisyTable) -> MarkovNetwork:
        """Return the network whose margin is a noisy table's: a step of proportional fitting."""
        flat = {table.columns: np.zeros([self.sizes[k] for k in table.columns])}
        here = MarkovNetwork(self.sizes, {**flat, **self.factors})
        own = here.marginal(table.columns)
        # No cell is ruled out, whatever the noise has made of it.
        wanted = np.maximum(table.shares, 0) + _LEAST_SHARE * own + _TINY
        return here._changed({table.columns: np.log(wanted) - np.log(own + _TINY)})

    def fitted(self, tables: Sequence[NoisyTable], steps: int) -> MarkovNetwork:
        """Return the network after steps of mirror descent towards noisy tables.

        Parameters
        ----------
        tables : sequence of NoisyTable
            Their columns are those of factors.
        steps : int
        """
        best, step = self, _FIRST_STEP
        loss, slopes = best._loss(tables)
        for _ in range(steps):
            tried = best._changed({names: -step * slope for names, slope in slopes.items()})
            new, steeper = tried._loss(tables)
            if new <= loss:
                best, loss, slopes, step = tried, new, steeper, step * 1.25
            else:
                step *= 0.5
            if step < _LEAST_STEP:
                break
        return best

    def marginal(self, columns: tuple[int, ...]) -> Floats:
        """Return the probabilities of columns that one scope holds."""
        home = self.elimination.home(columns)
        return margin(self.joints[home], self.elimination.scopes[home], columns)

    def _changed(self, logs: Mapping[tuple[int, ...], Floats]) -> MarkovNetwork:
        factors = {
            names: own + logs[names] if names in logs else own
            for names, own in self.factors.items()
        }
        return MarkovNetwork(self.sizes, factors)

    def _loss(self, tables: Sequence[NoisyTable]) -> tuple[float, dict[tuple[int, ...], Floats]]:
        loss = 0.0
        slopes: dict[tuple[int, ...], Floats] = {}
        for table in tables:
            gap = self.marginal(table.columns) - table.shares
            loss += 0.5 * table.weight * float((gap**2).sum())
            slope = table.weight * gap
            earlier = slopes.get(table.columns)
            slopes[table.columns] = slope if earlier is None else earlier + slope
        return loss, slopes

    def _propagate(self) -> None:
        """Compute the conditional of each column and the joint of each scope."""
        scopes, order, home = self.elimination.scopes, self.elimination.order, self.elimination.home
        messages: dict[int, list[tuple[tuple[int, ...], Floats]]] = {one: [] for one in order}
        for names, logs in self.factors.items():
            messages[home(names)].append((names, logs))
        for one in order:
            sum_of_logs = np.zeros([self.sizes[k] for k in scopes[one]])
            for names, logs in messages[one]:
                sum_of_logs += _spread(logs, names, scopes[one])
            top = sum_of_logs.max(axis=-1, keepdims=True)
            plain = np.exp(sum_of_logs - top)
            total = plain.sum(axis=-1, keepdims=True)
            self.conditionals[one] = plain / total
            others = scopes[one][:-1]
            if others:
                messages[home(others)].append((others, (np.log(total) + top)[..., 0]))
        for one in reversed(order):
            others = scopes[one][:-1]
            self.joints[one] = self.conditionals[one]
            if others:
                above = margin(self.joints[home(others)], scopes[home(others)], others)
                self.joints[one] = above[..., None] * self.conditionals[one]
