"""Public tables: rows that are kept as they are, and the numbers of their children."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from lookalike._core.errors import ModelFileError, ParameterError
from lookalike._core.learned import Learned
from lookalike.databases import Database, ForeignKey
from lookalike.models import DiscreteVariable
from lookalike.relational._rule_scope import ScopedRule
from lookalike.tables.values.codec import array_from_json, array_to_json

__all__ = ["PublicRows", "check_public"]


def check_public(
    db: Database, names: Sequence[str] | None, rules: Sequence[ScopedRule]
) -> frozenset[str]:
    """Return the names of public tables.

    Raises
    ------
    ParameterError
        If there is no such table, one refers to a table that is not public, or a rule would change
        its rows.
    """
    if isinstance(names, str):
        raise ParameterError(f"public must be a list of tables, such as [{names!r}].")
    public = frozenset(names or ())
    for name in sorted(public):
        db.arrow(name)
    for key in db.foreign_keys:
        if key.table in public and key.parent not in public:
            raise ParameterError(
                f"A public table may refer only to public ones, but {key.table!r} refers to "
                f"{key.parent!r}. Name {key.parent!r} too if its rows may be known to everybody, "
                f"or leave {key.table!r} out."
            )
    for rule in rules:
        if rule.home in public:
            raise ParameterError(
                f"The rows of a public table stay as they are, but {rule.text!r} may change those "
                f"of {rule.home!r}. Leave the rule out, or the table out of public."
            )
    return public


@dataclass(frozen=True)
class PublicRows:
    """The rows of a public table.

    Parameters
    ----------
    table : pyarrow.Table
    states : ndarray of int, shape (n, v)
        Their own variables, by which their children are learned. Nothing in them is of a number of
        children that `degrees` does not tell.
    rows : mapping of ForeignKey to ndarray of int, shape (n,)
        Their parents; -1 for none.
    degrees : mapping of ForeignKey to ndarray of float, shape (n,)
        Their numbers of children, as `pooled` returns them.
    """

    table: pa.Table
    states: np.ndarray
    rows: Mapping[ForeignKey, np.ndarray]
    degrees: Mapping[ForeignKey, np.ndarray]

    @staticmethod
    def pooled(degrees: np.ndarray, fewest: int) -> np.ndarray:
        """Return numbers of children; of those below `fewest`, the mean.

        Where these rows have fewer than `fewest` children together, but not none, the rows with the
        next larger numbers share the mean, too.
        """
        order = np.argsort(degrees, kind="stable")
        reached = np.cumsum(degrees[order])
        small = int((degrees < fewest).sum())
        if small and reached[small - 1]:
            small = max(small, int(np.searchsorted(reached, fewest)) + 1)
        result = degrees.astype(float)
        if small:
            result[order[:small]] = result[order[:small]].mean()
        return result

    def children(
        self, key: ForeignKey, begin: float, end: float, rng: np.random.Generator
    ) -> np.ndarray:
        """Return numbers of children of a part of the scale, whose sum is that part of all.

        The sums of parts that follow each other add up, if the random numbers are the same.
        """
        reached, offset = np.cumsum(self.degrees[key]), rng.random()
        # Rounding goes on where the part before ended. Rows of one part are rounded in one
        # sequence that never falls: the difference of two roundings could be -1.
        offset = (offset + reached[-1:].sum() * begin) % 1
        steps = np.floor(reached * (end - begin) + offset)
        return np.asarray(np.diff(steps, prepend=0.0).astype(np.int64))

    def state(self) -> Learned:
        """Return the rows as plain values and arrays."""
        columns = {}
        for name in self.table.column_names:
            cells = self.table[name].combine_chunks()
            columns[name] = array_to_json(cells if isinstance(cells, pa.Array) else cells.chunk(0))
        arrays = {"states": self.states.astype(np.int32)}
        arrays |= {f"rows {k}": rows for k, rows in enumerate(self.rows.values())}
        arrays |= {f"degrees {k}": degrees for k, degrees in enumerate(self.degrees.values())}
        return Learned({"columns": list(columns.items())}, arrays)

    @classmethod
    def from_state(
        cls,
        state: Learned,
        types: Mapping[str, pa.DataType],
        variables: Sequence[DiscreteVariable],
        keys: Collection[ForeignKey],
        referring: Collection[ForeignKey],
    ) -> PublicRows:
        """Restore rows from their `state`.

        Parameters
        ----------
        state : Learned
        types : mapping of str to pyarrow.DataType
            The columns that the table has.
        variables : sequence of DiscreteVariable
        keys, referring : collection of ForeignKey
            The table's own keys, and those that refer to it.

        Raises
        ------
        ModelFileError
            If they do not fit the table.
        """
        columns = {str(name): array_from_json(cells) for name, cells in state.values["columns"]}
        states = np.asarray(state.arrays["states"], np.int32)
        rows = {k: np.asarray(state.arrays[f"rows {i}"], np.int64) for i, k in enumerate(keys)}
        degrees = {
            k: np.asarray(state.arrays[f"degrees {i}"], float) for i, k in enumerate(referring)
        }
        count, sizes = len(states), np.array([v.states for v in variables])
        fits = (
            {name: cells.type for name, cells in columns.items()} == dict(types)
            and all(len(cells) == count for cells in columns.values())
            and states.shape == (count, len(sizes))
            and ((states >= 0) & (states < sizes)).all()
            and all(each.shape == (count,) and each.min(initial=0) >= -1 for each in rows.values())
            and all(
                each.shape == (count,)
                and np.isfinite(each).all()
                and each.min(initial=0) >= 0
                and each.sum() < 2**53
                for each in degrees.values()
            )
        )
        if not fits:
            raise ModelFileError("The rows of a public table are damaged.")
        return cls(pa.table({name: columns[name] for name in types}), states, rows, degrees)
