"""The fit of a whole database: tables are encoded with their summaries, then learned in order."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from lookalike._core.errors import DataError, LookalikeError, LookalikeWarning
from lookalike._core.seeds import derive_seed
from lookalike.databases import Database, ForeignKey
from lookalike.models import Growth
from lookalike.relational._affinity import Affinity
from lookalike.relational._columns import AttributeCells, EncodedColumns
from lookalike.relational._degrees import Degrees, pooled
from lookalike.relational._families import Siblings
from lookalike.relational._marks import kin_of, marks_of, same_as_before
from lookalike.relational._new_keys import NewKey
from lookalike.relational._plan import TablePlan, plans_of
from lookalike.relational._public import PublicRows
from lookalike.relational._summaries import counts_of, summaries_of
from lookalike.relational._table import COUNTS, KeyMark, TableModel
from lookalike.relational._variables import Cut
from lookalike.relational._world import World
from lookalike.tables import Column, Kind

__all__ = ["fit_database"]

#: The mean size of families from which on siblings are learned, and the share of neighbours in
#: order by which a table is sorted.
_SIBLINGS, _SORTED = 1.05, 0.995
#: The greatest number of rows of a public table that children tell apart one by one.
_MOST_PUBLIC = 256


def fit_database(
    db: Database,
    kinds: Mapping[str, Mapping[str, Kind | str]],
    growth: Growth,
    options: Mapping[str, Any],
    public: frozenset[str],
    seed: int,
    report: Callable[[str, int], None],
) -> dict[str, TableModel]:
    """Learn a database.

    Parameters
    ----------
    db : Database
    kinds : mapping of str to mapping
        Declared kinds of columns, by table.
    growth : Growth
        How trees grow.
    options : mapping
        Parameters of `TableEncoder`.
    public : frozenset of str
        Tables that are kept as they are.
    seed : int
    report : callable
        Takes a table's name and its number of rows, when it is learned.

    Returns
    -------
    dict of str to TableModel
        Parents first.
    """
    empty = frozenset(name for name in db.names if not len(db.arrow(name)))
    if len(empty) == len(db):
        raise DataError("A database to learn must have rows, but no table has any.")
    if empty:
        warnings.warn(
            f"Tables without rows stay empty at any scale: {', '.join(map(repr, sorted(empty)))}.",
            LookalikeWarning,
            stacklevel=3,
        )
    # The rows of an empty table are all known.
    fitting = _Fitting(db, kinds, growth, options, public | empty, seed)
    fitting.encode()
    for name in fitting.plans:
        fitting.learn(name)
        report(name, len(db.arrow(name)))
    return fitting.models


@dataclass
class _Fitting:
    """The state of a fit."""

    db: Database
    kinds: Mapping[str, Mapping[str, Kind | str]]
    growth: Growth
    options: Mapping[str, Any]
    public: frozenset[str]
    seed: int
    plans: dict[str, TablePlan] = field(default_factory=dict)
    models: dict[str, TableModel] = field(default_factory=dict)
    siblings: dict[str, Siblings] = field(default_factory=dict)
    attributes: dict[str, AttributeCells | None] = field(default_factory=dict)
    summarised: dict[str, dict[str, tuple[ForeignKey, str]]] = field(default_factory=dict)

    def encode(self) -> None:
        """Encode all tables, with summaries of their children, and add marks."""
        self.plans = plans_of(self.db, self.kinds)
        rows = {key: self.db.rows_of(key) for key in self.db.foreign_keys}
        self.world = World(self.plans, {}, {}, rows)
        for name, plan in self.plans.items():
            self.attributes[name] = self._attributes(name, plan)
        self._warn_of_text()
        self._warn_of_repeated_keys()
        variables = {}
        for name, plan in self.plans.items():
            model, states, numbers = self._encoded(name, plan)
            self.models[name] = model
            self._place(name, model)
            kin, of_kin = kin_of(plan, self.plans, rows)
            marks, marked = marks_of(
                len(states), plan, rows, self.siblings.get(name), of_kin, self._distinct(plan)
            )
            if model.follows and model.columns is not None:
                levels = [
                    v
                    for v in model.columns.of_attributes
                    if model.columns.variables[v].edges is None
                ]
                more, same = same_as_before(states, levels, self.siblings[name])
                marks, marked = (*marks, *more), np.concatenate([marked, same], axis=1)
            if name in self.public:
                marks, marked = _row_mark(len(states))
            model.marks = marks
            model.kin = {
                k: v for k, v in kin.items() if any(m.sort == "kin" and m.key == k for m in marks)
            }
            self.world.states[name] = np.concatenate(
                [states, marked, *(n[:, None] for n in numbers)], axis=1, dtype=np.int32
            )
            variables[name] = model.variables
        self.world.variables = variables

    def _attributes(self, name: str, plan: TablePlan) -> AttributeCells | None:
        if not plan.attributes or not len(self.db.arrow(name)):
            return None
        table = self.db.arrow(name).select(list(plan.attributes))
        kinds = {c: k for c, k in self.kinds.get(name, {}).items() if c in plan.attributes}
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", LookalikeWarning)
                return AttributeCells.of(table, kinds)
        except LookalikeError as error:
            raise type(error)(f"Table {name!r}: {error}") from error

    def _warn_of_text(self) -> None:
        texts = [
            f"{name}.{column}"
            for name, found in self.attributes.items()
            if found is not None and name not in self.public
            for column in found.schema.of(Kind.TEXT)
        ]
        if texts:
            placeholder = self.options.get("text_placeholder")
            outcome = "missing" if placeholder is None else repr(placeholder)
            warnings.warn(
                f"Free text is not learned: every cell of {', '.join(texts)} will be {outcome}, "
                "or '-' where a database requires a value.",
                LookalikeWarning,
                stacklevel=5,
            )

    def _warn_of_repeated_keys(self) -> None:
        for name, plan in self.plans.items():
            if plan.learned_key and name not in self.public:
                warnings.warn(
                    f"The primary key of {name!r} has learned values, none of which makes a row "
                    f"unique ({', '.join(map(repr, plan.learned_key))}): generated rows that "
                    "repeat a key get another value near it. Where none is free, they are left "
                    "out, so a larger sample may have fewer rows.",
                    LookalikeWarning,
                    stacklevel=5,
                )

    def _encoded(
        self, name: str, plan: TablePlan
    ) -> tuple[TableModel, np.ndarray, list[np.ndarray]]:
        """Return the model of a table with its columns and degrees, and the states of its rows.

        Those of numbers of children are apart.
        """
        parents = len(self.db.arrow(name))
        cells: dict[str, pa.Array] = {}
        columns: list[Column] = []
        counts, degrees, numbers = {}, {}, []
        keys_of: dict[str, int] = {}
        childless: list[np.ndarray] = []
        for number, key in enumerate(k for k in self.db.foreign_keys if k.parent == name):
            rows = self.world.rows[key]
            own = _unused(f"children {number}", plan.columns)
            degree = counts_of(rows, parents)
            if name in self.public:
                # All that is learned of public rows is stored with each: no small number is exact.
                few = degree < max(self._fewest, self.growth.leaf)
                rows = np.where((rows >= 0) & few[rows], -1, rows) if len(few) else rows
                degree = np.rint(PublicRows.pooled(degree, self._fewest)).astype(np.int64)
            counts[key], degrees[key] = Cut.fit(pooled(degree), COUNTS), Degrees.fit(degree)
            numbers.append(counts[key].of(degree))
            childless.append(degree == 0)
            child = self.attributes[key.table]
            # Children of a marked row are learned by the row itself, not by what is typical of it.
            if child is None or (name in self.public and _is_marked(parents)):
                continue
            if key not in self.plans[key.table].later:
                more, described, about = summaries_of(
                    child.cells, child.schema, rows, parents, _unused(f"{own} ", plan.columns)
                )
                keys_of |= dict.fromkeys(more, number)
                of_columns = {summary: (key, column) for summary, column in about.items()}
                self.summarised[name] = self.summarised.get(name, {}) | of_columns
                cells |= more
                columns += described
        attributes = self.attributes[name]
        encoded, states = None, np.zeros((parents, 0), np.int32)
        if attributes is not None or cells:
            options = dict(self.options)
            if options.get("text_placeholder") is None and self._requires_text(name):
                options["text_placeholder"] = "-"
            encoded, states = EncodedColumns.fit(
                attributes, cells, columns, options, derive_seed(self.seed, "encode", name)
            )
        alone = parents
        if plan.family is not None:
            alone = int((self.world.rows[plan.family] < 0).sum())
        model = TableModel(plan, alone, encoded, counts, degrees)
        if encoded is not None and name not in self.public:
            model.summaries = _summary_variables(encoded, states, keys_of, childless)
        return model, states, numbers

    @property
    def _fewest(self) -> int:
        return int(self.options["min_category_count"])

    def _requires_text(self, name: str) -> bool:
        """Return whether the database does not let a column of text be missing."""
        attributes, declared = self.attributes[name], self.db.declared.get(name, {})
        texts = () if attributes is None else attributes.schema.of(Kind.TEXT)
        return any(column in declared and not declared[column].nullable for column in texts)

    def _place(self, name: str, model: TableModel) -> None:
        """Set the order of siblings and of all rows."""
        plan, table = model.plan, self.attributes[name]
        n = len(self.db.arrow(name))
        ranked = np.arange(n)
        times = () if table is None else table.schema.of(Kind.DATETIME, Kind.DATE)
        if plan.family is not None:
            rows = self.world.rows[plan.family]
            if times and table is not None and not table.cells[times[0]].null_count:
                ranked, model.ranked = _numbers(table.cells[times[0]]), times[0]
            self.siblings[name] = Siblings.of(rows, ranked)
            families = max(len(np.unique(rows[rows >= 0])), 1)
            model.follows = (rows >= 0).sum() / families >= _SIBLINGS
        model.arranged = self._arranged(name, plan)

    def _arranged(self, name: str, plan: TablePlan) -> str:
        """Return the order of rows in the table."""
        table = self.attributes[name]
        if plan.family is not None and _is_sorted(self.world.rows[plan.family]):
            return "families"
        for column in () if table is None else table.schema.columns:
            if column.kind.is_numeric and not table.cells[column.name].null_count:  # type: ignore[union-attr]
                numbers = _numbers(table.cells[column.name])  # type: ignore[union-attr]
                if _is_sorted(numbers):
                    return f"by {column.name}"
        return "families" if plan.family is None else "random"

    def _distinct(self, plan: TablePlan) -> set[ForeignKey]:
        """Return matched keys that have no parent twice within a family."""
        return {key for key in plan.matched if is_distinct(plan, key)}

    def learn(self, name: str) -> None:
        """Learn the trees of a table, the affinities of its keys, and its new keys."""
        model, plan, world = self.models[name], self.plans[name], self.world
        if name in self.public:
            model.public = self._public_rows(model)
            return
        seed = derive_seed(self.seed, "table", name)
        parents = rows = None
        if plan.family is not None:
            parents, rows = world.for_children(plan.family.parent), world.rows[plan.family]
        model.fit_trees(
            world.states[name],
            parents,
            rows,
            self.siblings.get(name),
            # Rows of a public table are the same in every sample: they may be told from each other.
            None
            if plan.family and plan.family.parent in self.public
            else self._own_summaries(name),
            {key: counts_of(world.rows[key], len(world.states[name])) for key in model.counts},
            self.growth,
            seed,
        )
        child = world.for_matching(name)
        for k, key in enumerate((*plan.matched, *plan.later)):
            there = world.rows[key] >= 0
            parent = world.own(key.parent)
            model.affinities[key] = Affinity.fit(
                child.states[there],
                child.variables,
                parent.states,
                parent.variables,
                world.rows[key][there],
                derive_seed(seed, "affinity", k),
            )
        table = self.db.arrow(name)
        model.new = tuple(
            NewKey.fit(
                table,
                column,
                [c for c in plan.primary if c != column] if column in plan.primary else [],
            )
            for column in plan.new
        )

    def _own_summaries(self, name: str) -> dict[int, list[int]]:
        """Return the variables of the family's parent that summarise each own variable."""
        key, columns = self.plans[name].family, self.models[name].columns
        above = None if key is None else self.models[key.parent].columns
        if key is None or columns is None or above is None:
            return {}
        summarised = self.summarised.get(key.parent, {})
        found: dict[str, list[int]] = {}
        for v, column in enumerate(above.columns_of_variables):
            if column in summarised and summarised[column][0] == key:
                found.setdefault(summarised[column][1], []).append(v)
        return {v: found.get(column, []) for v, column in enumerate(columns.columns_of_variables)}

    def _public_rows(self, model: TableModel) -> PublicRows:
        name, world = model.plan.name, self.world
        table = self.db.arrow(name)
        cells = {c: table[c] for c in table.column_names}
        for column, own in cells.items():
            if pa.types.is_dictionary(own.type):
                cells[column] = own.cast(own.type.value_type)
        return PublicRows(
            pa.table(cells),
            world.states[name],
            {key: world.rows[key] for key in self.db.foreign_keys if key.table == name},
            {
                key: PublicRows.pooled(counts_of(world.rows[key], len(table)), self._fewest)
                for key in model.counts
            },
        )


def _is_marked(rows: int) -> bool:
    """Return whether a public table has few enough rows for a mark of each."""
    return 2 <= rows <= _MOST_PUBLIC


def _row_mark(rows: int) -> tuple[tuple[KeyMark, ...], np.ndarray]:
    """Return the mark of a row itself, by which children of a public table's rows are learned."""
    if not _is_marked(rows):
        return (), np.zeros((rows, 0), np.int32)
    return (KeyMark("row", 0, rows),), np.arange(rows, dtype=np.int32)[:, None]


def _summary_variables(
    columns: EncodedColumns,
    states: np.ndarray,
    keys_of: Mapping[str, int],
    childless: Sequence[np.ndarray],
) -> dict[int, tuple[int, int]]:
    """Return the key of each variable of a summary, and its state where there are no children."""
    found = {}
    for v, variable in enumerate(columns.variables):
        key = keys_of.get(columns.states.layout.blocks[variable.block].column)
        if key is not None:
            rows = np.flatnonzero(childless[key])
            found[v] = (key, int(states[rows[0], v]) if len(rows) else -1)
    return found


def is_distinct(plan: TablePlan, key: ForeignKey) -> bool:
    """Return whether a key and that of the family are the primary key together."""
    if plan.family is None or not plan.primary:
        return False
    return set(plan.primary) <= {*plan.family.columns, *key.columns} and not set(
        plan.primary
    ) <= set(plan.family.columns)


def _unused(name: str, taken: tuple[str, ...]) -> str:
    """Return a name that no column begins with."""
    while any(column.startswith(name) for column in taken):
        name = f"_{name}"
    return name


def _numbers(cells: pa.ChunkedArray) -> np.ndarray:
    column = cells.combine_chunks()
    if pa.types.is_date32(column.type) or pa.types.is_time32(column.type):
        column = column.cast(pa.int32())
    elif pa.types.is_temporal(column.type):
        column = column.cast(pa.int64())
    return np.asarray(column)


def _is_sorted(numbers: np.ndarray) -> bool:
    if len(numbers) < 3 or len(np.unique(numbers)) < 3:
        return False
    return bool((numbers[1:] >= numbers[:-1]).mean() >= _SORTED)
