"""The way back: tables are generated in order, parents first, and keys lead to generated rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lookalike._core.seeds import derive_seed, generator
from lookalike.databases import ForeignKey, distinct_rows
from lookalike.relational._distinct_keys import with_distinct_keys
from lookalike.relational._fit import is_distinct
from lookalike.relational._marks import ancestors
from lookalike.relational._matching import Seekers, matched
from lookalike.relational._plan import TablePlan
from lookalike.relational._public import PublicRows
from lookalike.relational._table import TableModel
from lookalike.relational._world import World

__all__ = ["SampleBlock", "TableForm", "sample_database"]


@dataclass(frozen=True)
class TableForm:
    """The form of a training table.

    Parameters
    ----------
    types : dict of str to pyarrow.DataType
        The type of each column.
    nullable : frozenset of ForeignKey
        Keys that may be missing.
    """

    types: Mapping[str, pa.DataType]
    nullable: frozenset[ForeignKey]


@dataclass
class _Sampling:
    """The state of a sample."""

    models: Mapping[str, TableModel]
    forms: Mapping[str, TableForm]
    block: SampleBlock
    seed: int
    world: World
    degrees: dict[ForeignKey, np.ndarray] = field(default_factory=dict)
    tables: dict[str, pa.Table] = field(default_factory=dict)


@dataclass(frozen=True)
class SampleBlock:
    """A part of a sample, in which keys lead to rows of the same part.

    Parameters
    ----------
    number : int
    begin, end : float
        The part of the whole scale: 0 and the scale if there is one block.
    before : mapping of str to int
        The number of rows of each table in earlier blocks.
    """

    number: int
    begin: float
    end: float
    before: Mapping[str, int] = field(default_factory=dict)

    def share(self, rows: int) -> int:
        """Return the part of a number of training rows that belongs to the block."""
        return round(rows * self.end) - round(rows * self.begin)

    def seed(self, seed: int) -> int:
        """Return the seed of the block, which is that of the sample for the first one."""
        return derive_seed(seed, "block", self.number) if self.number else seed


def sample_database(
    models: Mapping[str, TableModel],
    forms: Mapping[str, TableForm],
    block: SampleBlock,
    seed: int,
    report: Callable[[str, int], None],
) -> dict[str, pa.Table]:
    """Generate all tables, or a block of each.

    Parameters
    ----------
    models : mapping of str to TableModel
        Parents first.
    forms : mapping of str to TableForm
    block : SampleBlock
    seed : int
        The seed of the whole sample.
    report : callable
        Takes a table's name and the number of its rows done so far.

    Returns
    -------
    dict of str to pyarrow.Table
        In the types of the training tables.
    """
    plans = {name: model.plan for name, model in models.items()}
    variables = {name: model.variables for name, model in models.items()}
    state = _Sampling(models, forms, block, seed, World(plans, variables))
    for name in models:
        _make(state, name, report)
    for name, model in models.items():
        for key in model.plan.later if model.public is None else ():
            _match_later(state, name, key)
    return {name: state.tables[name].select(list(plans[name].columns)) for name in models}


def _make(state: _Sampling, name: str, report: Callable[[str, int], None]) -> None:
    """Generate the rows of a table and match their parents."""
    model, world = state.models[name], state.world
    seed = derive_seed(state.block.seed(state.seed), "table", name)
    plan = model.plan
    if model.public is not None:
        _keep_public(state, name, model.public)
        report(name, 0 if state.block.number else len(model.public.states))
        return
    of_family = _families(state, model)
    parents = None
    if plan.family is not None:
        parents = world.for_children(plan.family.parent).at(of_family.parent)
    own, degrees = model.drawn(
        of_family.sizes, parents, of_family.parent < 0, seed, lambda done: report(name, done)
    )
    world.states[name] = own
    state.degrees |= degrees
    if plan.family is not None:
        world.rows[plan.family] = np.repeat(of_family.parent, of_family.sizes)
    kept = np.ones(len(own), bool)
    for k, key in enumerate(plan.matched):
        world.rows[key] = _match(state, model, k, key, derive_seed(seed, "match", k))
        if key not in state.forms[name].nullable:
            kept &= world.rows[key] >= 0
    _keep(state, plan, np.flatnonzero(kept))
    cells = _arranged(state, model, seed)
    state.tables[name] = _assembled(state, model, cells)
    if model.free_key:
        rng = generator(seed, "distinct keys")
        state.tables[name] = with_distinct_keys(
            state.tables[name], plan.primary, model.free_key, model.numeric_columns, rng
        )
    _drop_repeated(state, plan)
    rows = len(world.states[name])
    if rows < len(own):  # those that are left have all children
        for k, key in enumerate(model.counts):
            rng = generator(seed, "degrees of the rest", k)
            chance = rng.random(rows)
            state.degrees[key] = model.degrees[key].drawn(state.degrees[key], chance, rng)
    report(name, rows)


def _keep_public(state: _Sampling, name: str, public: PublicRows) -> None:
    """Take the rows of a public table, with numbers of children for this block."""
    state.world.states[name] = public.states
    state.world.rows |= public.rows
    state.tables[name] = public.table
    for k, key in enumerate(public.degrees):
        rng = generator(derive_seed(state.seed, "table", name), "public", k)
        state.degrees[key] = public.children(key, state.block.begin, state.block.end, rng)


@dataclass(frozen=True)
class _Families:
    """The parent of each family, -1 for a row without one, and its size."""

    parent: np.ndarray
    sizes: np.ndarray


def _families(state: _Sampling, model: TableModel) -> _Families:
    key, alone = model.plan.family, state.block.share(model.rows)
    if key is None:
        alone = max(alone, 1)
        return _Families(np.full(alone, -1), np.ones(alone, np.int64))
    degrees = state.degrees[key]
    return _Families(
        np.concatenate([np.arange(len(degrees)), np.full(alone, -1)]),
        np.concatenate([degrees, np.ones(alone, np.int64)]),
    )


def _keep(state: _Sampling, plan: TablePlan, rows: np.ndarray) -> None:
    """Keep some rows of a table, in the given order."""
    world = state.world
    for key in state.models[plan.name].counts:
        state.degrees[key] = state.degrees[key][rows]
    world.states[plan.name] = world.states[plan.name][rows]
    for key in plan.parents:
        world.rows[key] = world.rows[key][rows]


# --- keys -----------------------------------------------------------------------------------------


def _match(state: _Sampling, model: TableModel, k: int, key: ForeignKey, seed: int) -> np.ndarray:
    """Return a row of the parent table for each finished row."""
    world, plan = state.world, model.plan
    rng = generator(seed, "match")
    own = world.states[plan.name]
    marks = model.marks_of(own, k)
    result = np.full(len(own), -1, np.int64)
    seeking = np.ones(len(own), bool)
    if "present" in marks:
        seeking &= marks["present"] == 1
    family = world.rows[plan.family] if plan.family is not None else None
    heads, leader = _heads(seeking, marks.get("repeated"), family)
    rows = np.flatnonzero(heads)
    if not len(rows) or not len(world.states[key.parent]):
        return result
    demand = np.bincount(leader[leader >= 0], minlength=len(own))[rows]
    child, parents = world.for_matching(plan.name).states, world.states[key.parent]
    capacity = state.degrees[key].copy()
    groups = _group_pairs(state, model, k, key, rows, marks)
    binding = len(groups) == 1
    distinct = family[rows] if family is not None and is_distinct(plan, key) else None
    for chosen, of_child, of_parent in groups:
        some = rows[chosen & (result[rows] < 0)]
        if not len(some):
            continue
        place = np.searchsorted(rows, some)
        result[some] = matched(
            Seekers(
                child[some],
                demand[place],
                None if of_child is None else of_child[place],
                None if distinct is None else distinct[place],
                binding,
            ),
            parents,
            capacity,
            model.affinities[key],
            rng,
            of_parent,
        )
    return np.where(leader >= 0, result[np.maximum(leader, 0)], -1)


def _heads(
    seeking: np.ndarray, repeated: np.ndarray | None, family: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows that choose a parent, and for each row the one whose choice it shares."""
    n = len(seeking)
    heads = seeking.copy()
    if repeated is not None and family is not None:
        follows = np.concatenate([[False], (family[1:] == family[:-1]) & (family[1:] >= 0)])[:n]
        follows &= np.concatenate([[False], seeking[:-1]])[:n] & seeking
        heads &= ~(follows & (repeated == 1))
    leader = np.maximum.accumulate(np.where(heads, np.arange(n), -1)) if n else np.zeros(0, int)
    return heads, np.where(seeking, leader, -1)


def _group_pairs(
    state: _Sampling,
    model: TableModel,
    k: int,
    key: ForeignKey,
    rows: np.ndarray,
    marks: Mapping[str, np.ndarray],
) -> list[tuple[np.ndarray, np.ndarray | None, np.ndarray | None]]:
    """Return rounds of matching: the rows of each, and groups of children and of parents.

    Columns that keys share are a rule: rows can only have parents with the same value. Ancestors
    are shared where the mark says so, and where there is such a parent.
    """
    world, plan = state.world, model.plan
    everyone = np.ones(len(rows), bool)
    rule = _shared_columns(state, plan, key, rows)
    if rule is not None:
        return [(everyone, *rule)]
    if k in model.kin and "kin" in marks and plan.family is not None:
        count = len(world.states[key.parent])
        of_child, of_parent = ancestors(
            model.kin[k], world.rows[plan.family][rows], np.arange(count), world.rows
        )
        # A row without an ancestor has none to share.
        is_kin = (marks["kin"][rows] == 1) & (of_child >= 0)
        return [(is_kin, of_child, of_parent), (everyone, None, None)]
    return [(everyone, None, None)]


def _shared_columns(
    state: _Sampling, plan: TablePlan, key: ForeignKey, rows: np.ndarray
) -> tuple[np.ndarray, np.ndarray] | None:
    """Return the groups of children and parents by columns that earlier keys have set."""
    set_by: dict[str, tuple[ForeignKey, str]] = {}
    for earlier in plan.parents[: plan.parents.index(key)]:
        for own, other in zip(earlier.columns, earlier.parent_columns, strict=True):
            set_by.setdefault(own, (earlier, other))
    shared = [c for c in key.columns if c in set_by]
    if not shared:
        return None
    children, parents = [], []
    for column in shared:
        earlier, other = set_by[column]
        to = pa.array(state.world.rows[earlier][rows], mask=state.world.rows[earlier][rows] < 0)
        children.append(_one(state.tables[earlier.parent][other]).take(to))
        mine = key.parent_columns[key.columns.index(column)]
        parents.append(_one(state.tables[key.parent][mine]).cast(children[-1].type))
    numbers = distinct_rows(
        [pa.concat_arrays([a, b]) for a, b in zip(children, parents, strict=True)]
    )
    return numbers[: len(rows)], numbers[len(rows) :]


def _match_later(state: _Sampling, name: str, key: ForeignKey) -> None:
    """Match a key to the own table, or to one that was made later."""
    model, world = state.models[name], state.world
    plan = model.plan
    k = len(plan.matched) + plan.later.index(key)
    marks = model.marks_of(world.states[name], k)
    rng = generator(state.block.seed(state.seed), "later", name, k)
    child, parents = world.for_matching(name).states, world.states[key.parent]
    result = np.full(len(child), -1, np.int64)
    capacity = state.degrees[key].copy()
    seeking = marks["present"] == 1 if "present" in marks else np.ones(len(child), bool)
    of_child = of_parent = None
    if "depth" in marks:
        depth = marks["depth"].astype(np.int64)
        if len(depth) and depth.min() > 0:
            # Few rows are at the top, and by chance none was drawn: the one with most children is.
            top = np.flatnonzero(depth == depth.min())
            depth[top[capacity[top].argmax()]] = 0
        # A depth without rows is left out, so that each row has some above it.
        depth = np.searchsorted(np.unique(depth), depth)
        seeking = depth > 0
        of_child, of_parent = depth - 1, depth
    rows = np.flatnonzero(seeking)
    if len(rows) and len(parents):
        result[rows] = matched(
            Seekers(
                child[rows],
                np.ones(len(rows), np.int64),
                None if of_child is None else of_child[rows],
                binding=True,
            ),
            parents,
            capacity,
            model.affinities[key],
            rng,
            of_parent,
        )
    world.rows[key] = result
    table = state.tables[name]
    taken = {c for other in plan.parents for c in other.columns}
    for own, other in zip(key.columns, key.parent_columns, strict=True):
        if own not in taken and own not in plan.new:
            cells = _taken(state.tables[key.parent][other], result, state.forms[name].types[own])
            table = table.set_column(table.column_names.index(own), own, cells)
    state.tables[name] = table


# --- tables ---------------------------------------------------------------------------------------


def _arranged(state: _Sampling, model: TableModel, seed: int) -> pa.Table | None:
    """Put rows into the order that the training table has, and return their cells."""
    world, plan = state.world, model.plan
    own = world.states[plan.name]
    if model.arranged == "random":
        _keep(state, plan, generator(seed, "order").permutation(len(own)))
    cells = model.cells(world.states[plan.name], seed)
    column = model.arranged.removeprefix("by ") if model.arranged.startswith("by ") else None
    if model.arranged == "families" and plan.family is not None:
        column = model.ranked
    if column is None or cells is None or column not in cells.column_names:
        return cells
    ranks = np.asarray(pc.rank(_one(cells[column]), tiebreaker="first"))
    if model.arranged == "families" and plan.family is not None:
        order = np.lexsort((ranks, world.rows[plan.family]))
    else:
        order = np.argsort(ranks)
    _keep(state, plan, order)
    # Not those of sorted states: identifiers are by the number of the row.
    return cells.take(pa.array(order))


def _assembled(state: _Sampling, model: TableModel, cells: pa.Table | None) -> pa.Table:
    """Return the finished table; keys to later tables are missing."""
    plan, types, n = (
        model.plan,
        state.forms[model.plan.name].types,
        len(state.world.states[model.plan.name]),
    )
    found: dict[str, pa.Array | pa.ChunkedArray] = {}
    if model.columns is not None and cells is not None and model.columns.attributes:
        rendered = model.columns.rendered(cells)
        found |= {name: rendered[name] for name in rendered.column_names}
    for key in plan.parents:
        rows = state.world.rows[key]
        for own, other in zip(key.columns, key.parent_columns, strict=True):
            if own not in found:
                found[own] = _taken(state.tables[key.parent][other], rows, types[own])
    for new in model.new:
        others = [found[c] for c in plan.primary if c != new.column and c in found]
        families = distinct_rows(others) if others and n else None
        # Of all blocks together no key occurs twice: they go on where the last one ended.
        seed = derive_seed(derive_seed(state.seed, "table", plan.name), "key", new.column)
        start = state.block.before.get(plan.name, 0)
        found[new.column] = new.made(n, families, seed, start)
    for column in plan.columns:
        if column not in found:
            found[column] = pa.nulls(n, types[column])
    return pa.table({column: _cast(found[column], types[column]) for column in plan.columns})


def _drop_repeated(state: _Sampling, plan: TablePlan) -> None:
    """Leave out rows whose primary key, which consists of other keys, occurs before."""
    table = state.tables[plan.name]
    if (
        not plan.primary
        or not len(table)
        or (set(plan.primary) & set(plan.new) and len(plan.primary) == 1)
    ):
        return
    numbers = distinct_rows([table[column] for column in plan.primary])
    first = np.sort(np.unique(numbers, return_index=True)[1])
    if len(first) < len(numbers):
        state.tables[plan.name] = table.take(pa.array(first))
        _keep(state, plan, first)


def _taken(cells: pa.ChunkedArray, rows: np.ndarray, kind: pa.DataType) -> pa.Array:
    """Return the cells of rows; missing for row -1."""
    return _cast(_one(cells).take(pa.array(rows, mask=rows < 0)), kind)


def _cast(cells: pa.Array | pa.ChunkedArray, kind: pa.DataType) -> pa.Array:
    whole = _one(cells) if isinstance(cells, pa.ChunkedArray) else cells
    if whole.type == kind:
        return whole
    if pa.types.is_dictionary(whole.type):
        whole = whole.cast(whole.type.value_type)
    if pa.types.is_dictionary(kind):
        return whole.cast(kind.value_type).dictionary_encode().cast(kind)
    return whole.cast(kind)


def _one(cells: pa.ChunkedArray) -> pa.Array:
    whole = cells.combine_chunks()
    if isinstance(whole, pa.Array):
        return whole
    return pa.concat_arrays(whole.chunks or [pa.array([], whole.type)])
