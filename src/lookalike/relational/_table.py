"""The model of one table: its rows given their parents, and the parents of finished rows."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from lookalike._core.errors import ModelFileError
from lookalike._core.learned import Learned
from lookalike._core.seeds import derive_seed, generator
from lookalike.databases import ForeignKey
from lookalike.models import DiscreteVariable, Growth
from lookalike.relational._affinity import Affinity
from lookalike.relational._columns import EncodedColumns
from lookalike.relational._conditional_trees import ConditionalTrees, FamilyContext
from lookalike.relational._degrees import Degrees, pooled
from lookalike.relational._families import LONGEST, Siblings, chains_of
from lookalike.relational._new_keys import NewKey
from lookalike.relational._plan import TablePlan
from lookalike.relational._public import PublicRows
from lookalike.relational._variables import Cut, flag, gathered, ordered_levels, with_missing

__all__ = ["COUNTS", "Described", "KeyMark", "Kin", "TableModel"]

_POSITIONS, _SIZES, _PARTS = 16, 24, 24
#: The place of the size of the family among the variables of a row's place in it.
_SIZE_AT = 2
#: The greatest number of states of a number of children.
COUNTS = 8
#: The share of rows that are learned as if no sibling were before them, so that the first of a
#: chain can be drawn.
_BLIND = 0.05
_ROWS_AT_ONCE = 65_536
_REDRAWS = 8
#: The greatest number of rows that are learned.
_MOST_LEARNED = 200_000


@dataclass(frozen=True)
class Described:
    """Rows as discrete variables: their own ones, and those of their parents.

    Parameters
    ----------
    states : ndarray of int, shape (n, v)
    variables : tuple of DiscreteVariable
    """

    states: np.ndarray
    variables: tuple[DiscreteVariable, ...]

    @classmethod
    def joined(cls, parts: list[Described], rows: int) -> Described:
        """Return the variables of all parts side by side."""
        states = [np.zeros((rows, 0), np.int32), *(part.states for part in parts)]
        return cls(
            np.concatenate(states, axis=1, dtype=np.int32),
            tuple(v for part in parts for v in part.variables),
        )

    def at(self, rows: np.ndarray) -> Described:
        """Return the variables of some rows, with a state for *missing* for row -1."""
        variables = tuple(map(with_missing, self.variables))
        return Described(gathered(self.states, rows, variables), variables)


@dataclass(frozen=True)
class KeyMark:
    """A variable about a key of a row, drawn with the row and used when the key is matched.

    Parameters
    ----------
    sort : {"present", "repeated", "kin", "depth", "same", "row"}
        Whether there is a parent; whether it is that of the sibling before; whether both parents
        have the same ancestor; or the depth below rows without a parent. ``"same"`` is about no
        key: whether a level is that of the sibling before.
    key : int
        The index of the key in the plan's `matched`, or after these, in `later`; that of the
        variable for ``"same"``. ``"row"`` is the number of a row of a public table.
    states : int
    """

    sort: str
    key: int
    states: int = 2

    @property
    def variable(self) -> DiscreteVariable:
        """The discrete variable."""
        return ordered_levels(self.states) if self.sort == "depth" else flag(self.states)


@dataclass(frozen=True)
class _FamilyBlock:
    """Families that are drawn at once.

    Parameters
    ----------
    rows : slice
        Their rows in the table.
    sizes : ndarray of int, shape (f,)
        The number of rows of each.
    known : ndarray of int, shape (f,)
        The size that rows know of: 0 for a row without a parent.
    parents : ndarray of int, shape (f, p), or None
        The variables of the parent of each.
    """

    rows: slice
    sizes: np.ndarray
    known: np.ndarray
    parents: np.ndarray | None


@dataclass(frozen=True)
class Kin:
    """The ancestor that the parents of two keys of a row often share.

    Parameters
    ----------
    above : ForeignKey or None
        From the parent of the family to the ancestor; None if it is the ancestor.
    beside : ForeignKey or None
        From the parent of the matched key to the ancestor.
    """

    above: ForeignKey | None
    beside: ForeignKey | None


@dataclass
class TableModel:
    """The fitted model of a table.

    Parameters
    ----------
    plan : TablePlan
    rows : int
        The number of training rows, or of those without a parent where rows are made by families.
    columns : EncodedColumns or None
        None where there is nothing to encode.
    counts : dict of ForeignKey to Cut
        The division of numbers of children, for each key that refers to this table.
    degrees : dict of ForeignKey to Degrees
    summaries : dict of int to (int, int)
        For the variables of summaries: the index of the key in `counts`, and the state of rows that
        have no children by it; -1 if all have some.
    marks : tuple of KeyMark
    kin : dict of int to Kin
        By the index of a matched key.
    size : Cut
        The division of sizes of families.
    follows : bool
        Whether rows depend on the sibling before.
    trees : ConditionalTrees
    affinities : dict of ForeignKey to Affinity
    new : tuple of NewKey
    arranged : str
        The order of rows: ``"families"``, ``"random"``, or ``"by "`` and a column that sorts them.
    ranked : str or None
        The column that sorts siblings.
    public : PublicRows or None
        The rows of a public table, which has neither trees nor affinities.
    """

    plan: TablePlan
    rows: int
    columns: EncodedColumns | None
    counts: dict[ForeignKey, Cut]
    degrees: dict[ForeignKey, Degrees]
    summaries: dict[int, tuple[int, int]] = field(default_factory=dict)
    marks: tuple[KeyMark, ...] = ()
    kin: dict[int, Kin] = field(default_factory=dict)
    size: Cut = field(default_factory=lambda: Cut(np.zeros(0, np.int64)))
    follows: bool = False
    trees: ConditionalTrees | None = None
    affinities: dict[ForeignKey, Affinity] = field(default_factory=dict)
    new: tuple[NewKey, ...] = ()
    arranged: str = "families"
    ranked: str | None = None
    public: PublicRows | None = None

    # --- variables -------------------------------------------------------------------------------

    @property
    def variables(self) -> tuple[DiscreteVariable, ...]:
        """The own variables: those of columns, then marks, then numbers of children."""
        own = () if self.columns is None else self.columns.variables
        counts = (cut.variable for cut in self.counts.values())
        return (*own, *(mark.variable for mark in self.marks), *counts)

    def may_repeat_keys(self, public: Collection[str]) -> bool:
        """Return whether the primary key of a row may be that of a row of another block.

        Columns that refer to another row, or are made by a pattern, differ between blocks; but all
        blocks refer to the same rows of the `public` tables.
        """
        if self.public is not None:
            return False
        plan = self.plan
        shared = {c for k in (*plan.parents, *plan.later) if k.parent in public for c in k.columns}
        own = {c for k in (*plan.parents, *plan.later) if k.parent not in public for c in k.columns}
        numbered = {new.column for new in self.new if new.maker is None}
        repeating = {*plan.attributes, *numbered, *shared} - own
        return bool(plan.primary) and set(plan.primary) <= repeating

    @property
    def free_key(self) -> tuple[str, ...]:
        """The learned columns of the primary key that no other column is related to."""
        if self.columns is None:
            return ()
        related = {
            name for d in self.columns.encoder.schema_.dependencies for name in (d.column, *d.on)
        }
        return tuple(name for name in self.plan.learned_key if name not in related)

    @property
    def numeric_columns(self) -> frozenset[str]:
        """The learned columns of numbers, dates and times."""
        if self.columns is None:
            return frozenset()
        schema = self.columns.encoder.schema_
        return frozenset(name for name in self.columns.attributes if schema[name].kind.is_numeric)

    @property
    def _first_mark(self) -> int:
        return 0 if self.columns is None else len(self.columns.variables)

    def known_summaries(self, degrees: Mapping[ForeignKey, np.ndarray]) -> dict[int, np.ndarray]:
        """Return the states of summaries of rows without children, -1 of other rows."""
        of_key = list(degrees.values())
        return {v: np.where(of_key[k] == 0, state, -1) for v, (k, state) in self.summaries.items()}

    @property
    def stages(self) -> list[int]:
        """When own variables are drawn: attributes and marks, numbers of children, summaries."""
        own = [] if self.columns is None else self.columns.of_attributes
        of_columns = [0 if v in own else 2 for v in range(self._first_mark)]
        return [*of_columns, *[0] * len(self.marks), *[1] * len(self.counts)]

    @property
    def _sibling_variables(self) -> list[int]:
        """The own variables in which siblings follow each other: no summaries, no marks."""
        if not self.follows or self.columns is None:
            return []
        return self.columns.of_attributes

    def context(self, parents: tuple[DiscreteVariable, ...]) -> tuple[DiscreteVariable, ...]:
        """Return the variables of the context of a row, given those of its family's parent."""
        if self.plan.family is None:
            return ()
        before = [with_missing(self.variables[v]) for v in self._sibling_variables]
        place = (ordered_levels(_POSITIONS + 1), ordered_levels(_PARTS), self.size.variable)
        return (*parents, *place, *before)

    def copies(self, given: int) -> dict[int, tuple[int, int]]:
        """Return, for variables that may be the same as in the sibling before, where that is told.

        Parameters
        ----------
        given : int
            The number of variables of the context, the last of which are those of the sibling.

        Returns
        -------
        dict of int to (int, int)
            For each variable, the indices of its mark and of the sibling's variable among all.
        """
        picked = self._sibling_variables
        first = self._first_mark
        return {
            given + mark.key: (given + first + i, given - len(picked) + picked.index(mark.key))
            for i, mark in enumerate(self.marks)
            if mark.sort == "same"
        }

    def _placed(
        self, parents: np.ndarray, position: np.ndarray, size: np.ndarray, before: np.ndarray
    ) -> np.ndarray:
        """Return the states of contexts; `before` has those of the sibling before."""
        place = np.minimum(position, _POSITIONS)
        part = position * _PARTS // np.maximum(size, 1)
        numbers = np.stack([place, part, self.size.of(size)], axis=1)
        return np.concatenate([parents, numbers, before], axis=1, dtype=np.int32)

    # --- fit -------------------------------------------------------------------------------------

    def fit_trees(
        self,
        own: np.ndarray,
        parents: Described | None,
        rows: np.ndarray | None,
        siblings: Siblings | None,
        summaries: Mapping[int, list[int]] | None,
        degrees: Mapping[ForeignKey, np.ndarray],
        growth: Growth,
        seed: int,
    ) -> None:
        """Learn the own variables of rows.

        Parameters
        ----------
        own : ndarray of int, shape (n, v)
        parents : Described or None
            The rows of the family's parent table.
        rows : ndarray of int, shape (n,), or None
            The parent of each row, -1 for none.
        siblings : Siblings or None
        summaries : mapping of int to list of int, or None
            For own variables, those of the parent that summarise each; None where samples have the
            same parents.
        degrees : mapping of ForeignKey to ndarray of int, shape (n,)
            The numbers of children, by the keys of `counts`.
        growth : Growth
        seed : int
        """
        some = np.sort(generator(seed, "some").permutation(len(own))[:_MOST_LEARNED])
        context = np.zeros((len(some), 0), np.int32)
        variables: tuple[DiscreteVariable, ...] = ()
        of_family = None
        if parents is not None and siblings is not None and rows is not None:
            heads = (siblings.position == 0) & (siblings.size > 0)
            sizes = pooled(siblings.size[heads])
            self.size = Cut.fit(np.repeat(sizes, sizes), _SIZES)
            picked = self._sibling_variables
            of_siblings = tuple(with_missing(self.variables[v]) for v in picked)
            blind = generator(seed, "blind").random(len(some)) < _BLIND
            before = np.where(blind, -1, siblings.before[some])
            of_parents = parents.at(rows[some])
            context = self._placed(
                of_parents.states,
                siblings.position[some],
                siblings.size[some],
                gathered(own[:, picked], before, of_siblings),
            )
            variables = self.context(of_parents.variables)
            above = len(of_parents.variables)
            if summaries is not None:
                # All that a row knows but what its whole family shares.
                others = [
                    *range(above, above + _SIZE_AT),
                    *range(above + _SIZE_AT + 1, len(variables)),
                ]
                general = {
                    len(variables) + v: [*summaries.get(v, ()), *others]
                    for v in range(own.shape[1])
                }
                of_family = FamilyContext(rows[some], general)
        self.trees = ConditionalTrees.fit(
            context,
            own[some],
            (*variables, *self.variables),
            self.stages,
            self.copies(len(variables)),
            growth,
            seed,
            self.known_summaries({key: degree[some] for key, degree in degrees.items()}),
            of_family,
        )

    # --- sample ----------------------------------------------------------------------------------

    def drawn(
        self,
        sizes: np.ndarray,
        parents: Described | None,
        alone: np.ndarray,
        seed: int,
        report: Callable[[int], None],
    ) -> tuple[np.ndarray, dict[ForeignKey, np.ndarray]]:
        """Draw the own variables of all rows, family after family, and their numbers of children.

        Numbers of children are put right among all rows, which keeps their order; summaries of
        children are drawn given these, so that none is without them that has children.

        Parameters
        ----------
        sizes : ndarray of int, shape (f,)
            The size of each family.
        parents : Described or None
            The parents of each family.
        alone : ndarray of bool, shape (f,)
            True for a row without a parent, which is a family of its own.
        seed : int
        report : callable
            Takes the number of rows done.
        """
        known = np.where(alone, 0, sizes)
        own = np.zeros((int(sizes.sum()), len(self.variables)), np.int32)
        starts = np.append(0, np.cumsum(sizes))
        blocks = [
            _FamilyBlock(
                slice(starts[a], starts[b]),
                sizes[a:b],
                known[a:b],
                None if parents is None else parents.states[a:b],
            )
            for a, b in _blocks(sizes)
        ]
        for number, block in enumerate(blocks):
            rng = generator(seed, "rows", number)
            own[block.rows] = self._drawn_block(block, rng)
            report(int(block.rows.stop))
        degrees = self._put_right(own, blocks, seed)
        for number, block in enumerate(blocks if 2 in self.stages else ()):
            assert self.trees is not None
            rng = generator(seed, "summaries", number)
            of_rows = {key: degree[block.rows] for key, degree in degrees.items()}
            own[block.rows] = self.trees.completed(
                self._context_of(own[block.rows], block),
                own[block.rows],
                rng,
                self.known_summaries(of_rows),
            )
        return own, degrees

    def _put_right(
        self, own: np.ndarray, blocks: list[_FamilyBlock], seed: int
    ) -> dict[ForeignKey, np.ndarray]:
        """Give rows the learned numbers of children, in place, and return them.

        Of rows with the same state, those get more children of which more are expected, by chance
        in proportion to it.
        """
        assert self.trees is not None
        first, degrees = self._first_mark + len(self.marks), {}
        expected = np.zeros((len(own), len(self.counts)))
        for block in blocks if self.counts else ():
            rows, context = own[block.rows], self._context_of(own[block.rows], block)
            for k in range(len(self.counts)):
                expected[block.rows, k] = self.trees.expected(context, rows, first + k)
        for k, (key, cut) in enumerate(self.counts.items()):
            rng = generator(seed, "degrees", k)
            chance = np.log(expected[:, k] + 1e-9) + rng.gumbel(size=len(own))
            degrees[key] = self.degrees[key].drawn(own[:, first + k], chance, rng)
            own[:, first + k] = cut.of(degrees[key])
        return degrees

    def _context_of(self, own: np.ndarray, block: _FamilyBlock) -> np.ndarray:
        """Return the context of the finished rows of a block."""
        if block.parents is None:
            return np.zeros((len(own), 0), np.int32)
        sizes = block.sizes
        family = np.repeat(np.arange(len(sizes)), sizes)
        position = np.arange(len(own)) - (np.cumsum(sizes) - sizes)[family]
        picked = self._sibling_variables
        before = np.where(position % LONGEST > 0, np.arange(len(own)) - 1, -1)
        of_siblings = tuple(with_missing(self.variables[v]) for v in picked)
        siblings = gathered(own[:, picked], before, of_siblings)
        return self._placed(block.parents[family], position, block.known[family], siblings)

    def _drawn_block(self, block: _FamilyBlock, rng: np.random.Generator) -> np.ndarray:
        sizes, known, parents = block.sizes, block.known, block.parents
        result = np.zeros((int(sizes.sum()), len(self.variables)), np.int32)
        if parents is None:
            result[:] = self._possible(np.zeros((len(result), 0), np.int32), rng)
            return result
        chains, picked = chains_of(sizes), self._sibling_variables
        missing = np.array([with_missing(self.variables[v]).states - 1 for v in picked], np.int32)
        before = np.broadcast_to(missing, (len(chains.length), len(picked)))
        for step in range(int(chains.length.max(initial=0))):
            # Chains are in order of length: those that go on are the first ones.
            active = int(np.searchsorted(-chains.length, -step, side="left"))
            at, rows = chains.parent[:active], chains.start[:active] + step
            context = self._placed(
                parents[at], chains.first[:active] + step, known[at], before[:active]
            )
            result[rows] = self._possible(context, rng)
            before = result[rows][:, picked]
        return result

    def _possible(self, context: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Draw rows, again where they have a structural zero."""
        assert self.trees is not None
        conflicts = {} if self.columns is None else self.columns.conflicts
        drawn = self.trees.drawn(context, rng, conflicts)
        if self.columns is None or not self.columns.has_zeros:
            return drawn
        width = len(self.columns.variables)
        wrong = np.flatnonzero(self.columns.is_impossible(drawn[:, :width]))
        for _ in range(_REDRAWS):
            if not len(wrong):
                break
            drawn[wrong] = self.trees.drawn(context[wrong], rng, conflicts)
            wrong = wrong[self.columns.is_impossible(drawn[wrong, :width])]
        return drawn

    def cells(self, own: np.ndarray, seed: int) -> pa.Table | None:
        """Return the canonical cells of attributes and summaries."""
        if self.columns is None:
            return None
        width = len(self.columns.variables)
        return self.columns.decoded(own[:, :width], derive_seed(seed, "cells"))

    def marks_of(self, own: np.ndarray, key: int) -> dict[str, np.ndarray]:
        """Return the marks of a key, by their sort."""
        first = self._first_mark
        return {
            mark.sort: own[:, first + i]
            for i, mark in enumerate(self.marks)
            if mark.key == key and mark.sort not in ("same", "row")
        }

    # --- file ------------------------------------------------------------------------------------

    def state(self) -> Learned:
        """Return the learned state."""
        keys = list(self.counts)
        values = {
            "rows": self.rows,
            "summaries": [[v, *of_key] for v, of_key in self.summaries.items()],
            "marks": [[mark.sort, mark.key, mark.states] for mark in self.marks],
            "follows": self.follows,
            "arranged": self.arranged,
            "ranked": self.ranked,
            "encoded": self.columns is not None,
            "new": len(self.new),
        }
        parts = {"size": self.size.state()}
        if self.public is not None:
            parts["public"] = self.public.state()
        if self.trees is not None:
            parts["trees"] = self.trees.state()
        if self.columns is not None:
            parts["columns"] = self.columns.state()
        parts |= {f"degrees {k}": self.degrees[key].state() for k, key in enumerate(keys)}
        parts |= {f"count {k}": cut.state() for k, cut in enumerate(self.counts.values())}
        parts |= {f"new {k}": key.state() for k, key in enumerate(self.new)}
        for k, key in enumerate((*self.plan.matched, *self.plan.later)):
            if key in self.affinities:
                parts[f"affinity {k}"] = self.affinities[key].state()
        return Learned.joined(values, parts)

    @classmethod
    def from_state(
        cls, state: Learned, plan: TablePlan, referring: list[ForeignKey], kin: Mapping[int, Kin]
    ) -> TableModel:
        """Restore all but trees and affinities, which need the variables of other tables."""
        values, parts = state.values, state.parts()
        if not isinstance(values["rows"], int):
            raise ModelFileError(f"The keys of table {plan.name!r} are damaged.")
        columns = EncodedColumns.from_state(parts["columns"]) if values["encoded"] else None
        keys = len(plan.matched) + len(plan.later)
        marks = tuple(KeyMark(str(sort), int(key), int(n)) for sort, key, n in values["marks"])
        copied = set() if columns is None else set(columns.of_attributes)
        fits = (
            m.key in copied and values["follows"]
            if m.sort == "same"
            else 0 <= m.key < keys or (m.sort == "row" and "public" in parts)
            for m in marks
        )
        if not all(fits) or not all(1 <= m.states <= 2**16 for m in marks):
            raise ModelFileError(f"The marks of table {plan.name!r} are damaged.")
        if columns is not None:
            columns.proof()
        summaries = {int(v): (int(k), int(state)) for v, k, state in values["summaries"]}
        own = () if columns is None else columns.variables
        late = {v for v in range(len(own)) if v not in copied}
        fits = (
            v in late and 0 <= k < len(referring) and -1 <= state < own[v].states
            for v, (k, state) in summaries.items()
        )
        if not all(fits):
            raise ModelFileError(f"The summaries of table {plan.name!r} are damaged.")
        return cls(
            plan,
            values["rows"],
            columns,
            {k: Cut.from_state(parts[f"count {i}"]) for i, k in enumerate(referring)},
            {k: Degrees.from_state(parts[f"degrees {i}"]) for i, k in enumerate(referring)},
            summaries,
            marks,
            dict(kin),
            Cut.from_state(parts["size"]),
            bool(values["follows"]),
            new=tuple(NewKey.from_state(parts[f"new {k}"]) for k in range(int(values["new"]))),
            arranged=str(values["arranged"]),
            ranked=None if values["ranked"] is None else str(values["ranked"]),
        )


def _blocks(sizes: np.ndarray) -> list[tuple[int, int]]:
    """Return ranges of families with about as many rows as are drawn at once."""
    if not len(sizes):
        return []
    part = (np.cumsum(sizes) - sizes) // _ROWS_AT_ONCE
    starts = np.flatnonzero(np.concatenate([[True], part[1:] != part[:-1]]))
    return list(zip(starts.tolist(), [*starts[1:].tolist(), len(sizes)], strict=True))
