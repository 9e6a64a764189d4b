"""The rows of all tables as discrete variables, real ones or generated ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from lookalike.databases import ForeignKey
from lookalike.models import DiscreteVariable
from lookalike.relational._plan import TablePlan
from lookalike.relational._table import Described

__all__ = ["World"]

#: The number of steps from a row to its ancestors that its children know of, and the number of
#: variables beyond which they know of fewer.
_STEPS, _MOST_VARIABLES = 2, 150


@dataclass
class World:
    """The own variables of rows, and the rows that keys lead to.

    Parameters
    ----------
    plans : mapping of str to TablePlan
    variables : mapping of str to tuple of DiscreteVariable
        The own variables of each table.
    states : dict of str to ndarray of int, shape (n, v)
    rows : dict of ForeignKey to ndarray of int, shape (n,)
        The parent rows; -1 for none.
    """

    plans: Mapping[str, TablePlan]
    variables: Mapping[str, tuple[DiscreteVariable, ...]]
    states: dict[str, np.ndarray] = field(default_factory=dict)
    rows: dict[ForeignKey, np.ndarray] = field(default_factory=dict)

    def own(self, name: str) -> Described:
        """Return the own variables of a table."""
        return Described(self.states[name], self.variables[name])

    def for_children(self, name: str) -> Described:
        """Return what the children of a table's rows know: the rows and their ancestors."""
        steps = _STEPS
        while steps and self._width(name, steps) > _MOST_VARIABLES:
            steps -= 1
        return self._described(name, steps)

    def for_matching(self, name: str) -> Described:
        """Return what is known of rows that seek a parent: themselves, and those they come from."""
        family = self.plans[name].family
        parts = [self.own(name)]
        if family is not None:
            parts.append(self.own(family.parent).at(self.rows[family]))
        return Described.joined(parts, len(self.states[name]))

    def described_at_nothing(self, name: str) -> tuple[DiscreteVariable, ...]:
        """Return the variables of `for_children` at rows of children, without any rows."""
        return self._empty().for_children(name).at(np.zeros(0, np.int64)).variables

    def variables_for_matching(self, name: str) -> tuple[DiscreteVariable, ...]:
        """Return the variables of `for_matching` without any rows."""
        return self._empty().for_matching(name).variables

    def _empty(self) -> World:
        states = {name: np.zeros((0, len(own)), np.int32) for name, own in self.variables.items()}
        rows = {key: np.zeros(0, np.int64) for plan in self.plans.values() for key in plan.parents}
        return World(self.plans, self.variables, states, rows)

    def _width(self, name: str, steps: int) -> int:
        above = self.plans[name].parents if steps else ()
        return len(self.variables[name]) + sum(self._width(k.parent, steps - 1) for k in above)

    def _described(self, name: str, steps: int) -> Described:
        parts = [self.own(name)]
        for key in self.plans[name].parents if steps else ():
            parts.append(self._described(key.parent, steps - 1).at(self.rows[key]))
        return Described.joined(parts, len(self.states[name]))
