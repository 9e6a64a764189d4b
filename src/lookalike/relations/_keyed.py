"""The base of lookups: combinations of cells of some columns are keys to cells of another."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import Self

import numpy as np
import pyarrow as pa

from lookalike._core.learned import Learned
from lookalike._core.rows import Rows
from lookalike.relations._base import Relation
from lookalike.relations._candidates import Combinations, Feasible
from lookalike.relations._cells import Cells
from lookalike.relations._domains import Domains
from lookalike.relations._level_index import LevelIndex, joined_codes, known_rows
from lookalike.relations._reconciled import Reconciled
from lookalike.tables import Schema
from lookalike.tables.values.arrow import filled, masked

__all__ = ["KeyedRelation"]


class KeyedRelation(Relation):
    """A column that is looked up by combinations of cells of others.

    Levels and numbers of too few rows are not stored. An unseen number counts as the nearest seen
    one.
    """

    is_rigid = True

    def fit(self, cells: Cells, schema: Schema) -> Self:
        on, name = self.spec.on, self.spec.column
        self._parents = [LevelIndex.of(cells[n], schema[n], self.least) for n in on]
        self._child = LevelIndex.of(cells[name], schema[name], self.least)
        self._dictionary = pa.types.is_dictionary(cells[name].type)
        columns = [cells[n] for n in (*on, name)]
        *codes, target = known_rows((*self._parents, self._child), columns)
        self._fit_keys(
            joined_codes(self._parents, codes), codes[0], target, self.fewest(schema[name])
        )
        return self

    @abstractmethod
    def _fit_keys(
        self, keys: np.ndarray, first: np.ndarray, targets: np.ndarray, fewest: int
    ) -> None:
        """Learn the targets of keys, and of the first column's codes for unseen keys.

        Parameters
        ----------
        keys, first, targets : ndarray of int64, shape (n,)
        fewest : int
            The least count of a target that may be stored.
        """

    def _codes(self, cells: Cells) -> list[np.ndarray]:
        """Return the codes of the key columns, each of shape (n,)."""
        pairs = zip(self._parents, self.spec.on, strict=True)
        return [known.codes(cells[name])[0] for known, name in pairs]

    def state(self) -> Learned:
        known = [known.to_dict() for known in (*self._parents, self._child)]
        return Learned({"known": known, "dictionary": self._dictionary}, self._arrays())

    @abstractmethod
    def _arrays(self) -> dict[str, np.ndarray]:
        """Return the arrays to be stored."""

    def load(self, state: Learned, schema: Schema) -> Self:
        known = [LevelIndex.from_dict(stored) for stored in state.values["known"]]
        self._parents, self._child = known[:-1], known[-1]
        self._dictionary = bool(state.values["dictionary"])
        self._load_arrays(state.arrays)
        return self

    @abstractmethod
    def _load_arrays(self, arrays: dict[str, np.ndarray]) -> None:
        """Restore and check the stored arrays."""

    # --- known cells ------------------------------------------------------------------------------

    @abstractmethod
    def _entries(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the keys and their targets, or their usual targets."""

    def _combinations(self) -> Combinations:
        """Return the existing combinations of all columns."""
        keys, targets = self._entries()
        columns = [targets]
        for known in reversed(self._parents):
            columns.append(keys % (len(known.values) + 1))
            keys = keys // (len(known.values) + 1)
        names, known_cells = (*self.spec.on, self.spec.column), (*self._parents, self._child)
        return Combinations(names, known_cells, np.stack(columns[::-1], axis=1))

    def recognised(self, cells: Cells, sampled: Cells) -> Cells:
        recognised = {}
        for known, name in zip(self._parents, self.spec.on, strict=True):
            recognised[name] = cells[name]
            if cells[name] is not sampled[name]:
                unseen = known.codes(cells[name])[1]
                if unseen.any():
                    recognised[name] = filled(masked(cells[name], unseen), sampled[name])
        return recognised

    def feasible(self, cells: Cells) -> Iterator[Feasible]:
        for pattern in self._combinations().patterns(cells):
            for column in pattern.unknown:
                yield Feasible(
                    pattern.combinations.names[column],
                    pattern.rows,
                    pattern.combinations.known[column],
                    pattern.candidates(column),
                )

    def reconcile(self, draft: Reconciled, domains: Domains, rows: Rows) -> None:
        """Choose unknown cells, equal to the sampled ones where possible, or near them."""
        for pattern in self._combinations().patterns(draft.cells):
            for k, column in enumerate(pattern.unknown):
                name = pattern.combinations.names[column]
                known = pattern.combinations.known[column]
                candidates = pattern.candidates(column, pattern.unknown[:k])
                sampled, _ = known.codes(draft.now(name, pattern.rows))
                chosen = candidates.nearest(sampled)
                if not known.measured:  # no level is nearer than another: choose at random
                    uniforms = rows.of(name).uniforms(pattern.rows)
                    chosen = np.where(chosen == sampled, sampled, candidates.picked(uniforms))
                chosen = np.where(candidates.count > 0, chosen, sampled)
                pattern.codes[:, column] = chosen
                dictionary = pa.types.is_dictionary(draft.cells[name].type)
                array = known.cells(chosen, dictionary)
                draft.take(name, array, pattern.rows, chosen != sampled)
                draft.distance[pattern.rows] += chosen != sampled
