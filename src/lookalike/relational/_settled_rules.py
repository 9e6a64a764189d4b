"""Rules of a database that have been learned, and their hold on generated rows.

All rules on linked columns of one table are settled together, as those of a single table are, with
what they reach in other tables as cells that are known; tables whose cells others reach come first.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from lookalike._core.errors import DataError, LookalikeError, LookalikeWarning
from lookalike._core.learned import Learned
from lookalike._core.rows import Rows
from lookalike._core.seeds import derive_seed, generator
from lookalike.databases import Database, ForeignKey
from lookalike.encoding import ONE_BLOCK, TableEncoder
from lookalike.relational._joined import joined, joined_schema
from lookalike.relational._rule_scope import Reached, ScopedRule, scope_rule
from lookalike.relations import cells_of
from lookalike.rules import check_texts
from lookalike.tables import Dependency, Schema, render

__all__ = ["DatabaseRules", "with_tables"]


@dataclass(frozen=True)
class _Group:
    """Rules that are settled together.

    Parameters
    ----------
    home : str
    rules : tuple of ScopedRule
    columns : tuple of str
        Those of the home table: of the rules, and those that depend on these.
    reached : tuple of Reached
    schemas : mapping of str to Schema
    encoder : TableEncoder
        Of these columns.
    """

    home: str
    rules: tuple[ScopedRule, ...]
    columns: tuple[str, ...]
    reached: tuple[Reached, ...]
    schemas: Mapping[str, Schema]
    encoder: TableEncoder

    def settled(self, db: Database, seed: int) -> pa.Table:
        """Return the home table with cells that obey the rules."""
        table = db.arrow(self.home)
        if not len(table):
            return table
        cells = cells_of(joined(db, self.home, self.columns, self.reached, self.schemas))
        graph = self.encoder.graph_
        residuals = {name: made.residual(cells) for name, made in graph.residuals.items()}
        computed = {made.spec.column for made in graph.relations}
        own = set(self.columns)
        made = graph.compute(
            {name: array for name, array in cells.items() if name not in computed},
            residuals,
            Rows(0, seed),
            fixed={n: pa.nulls(len(a), a.type) if n in own else a for n, a in cells.items()},
        )
        self._check(made)
        for name in self.columns:
            if not made[name].equals(cells[name]):
                one = Schema((self.schemas[self.home][name],))
                new = render(pa.table({name: made[name]}), one)[name]
                at = table.column_names.index(name)
                kind = table.schema.field(at).type
                table = table.set_column(at, name, new if new.type == kind else new.cast(kind))
        return table

    def _check(self, cells: Mapping[str, pa.Array]) -> None:
        """Raise an error if what rows reach in other tables leaves their rules no room."""
        settling = self.encoder.graph_.settling
        found = {} if settling is None else settling.broken(cells)
        texts = {rule.local: rule.text for rule in self.rules}
        broken = {texts.get(local, local): rows for local, rows in found.items() if rows.any()}
        if broken:
            count = int(np.logical_or.reduce(list(broken.values())).sum())
            raise DataError(
                f"{' and '.join(map(repr, broken))} leave no room in {count:,} generated rows of "
                f"{self.home!r}, given the rows of other tables that these reach. Declare also "
                "what they imply between those tables: a <= b and b <= c imply a <= c."
            )


@dataclass(frozen=True)
class DatabaseRules:
    """The rules of a database, learned: groups in the order in which they are settled.

    Parameters
    ----------
    rules : tuple of ScopedRule
    groups : tuple of _Group
    """

    rules: tuple[ScopedRule, ...] = ()
    groups: tuple[_Group, ...] = ()

    @classmethod
    def fit(
        cls,
        db: Database,
        rules: Sequence[ScopedRule],
        schemas: Mapping[str, Schema],
        min_count: int,
        seed: int,
    ) -> DatabaseRules:
        """Learn the distances and values by which rules are settled.

        Parameters
        ----------
        db : Database
            Whose rows obey the rules.
        rules : sequence of ScopedRule
        schemas : mapping of str to Schema
            The columns of tables, and the relations that hold within each.
        min_count : int
            The least number of rows that share a stored value.
        seed : int

        Raises
        ------
        DataError
            If rules contradict each other, or each of two groups changes what the other reaches.
        """
        groups = []
        for number, (home, some, columns) in enumerate(_in_order(rules, schemas)):
            reached = tuple(dict.fromkeys(r for rule in some for r in rule.reached))
            schema = replace(
                joined_schema(home, columns, reached, schemas),
                rules=tuple(rule.local for rule in some),
                rows=len(db.arrow(home)),
                dependencies=tuple(d for d in schemas[home].dependencies if d.column in columns),
            )
            encoder = TableEncoder(**{**ONE_BLOCK, "min_category_count": min_count})  # type: ignore[arg-type]
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", LookalikeWarning)
                    rng = generator(derive_seed(seed, "rules", number), "encode")
                    encoder.fit(joined(db, home, columns, reached, schemas), schema, rng)
            except LookalikeError as error:
                raise type(error)(f"Table {home!r}: {error}") from error
            of_rules = _plain_schemas(home, columns, reached, schemas)
            groups.append(_Group(home, some, columns, reached, of_rules, encoder))
        return cls(tuple(rules), tuple(groups))

    def enforced(self, db: Database, seed: int) -> Database:
        """Return a database whose rows obey all rules.

        Raises
        ------
        DataError
            If rules on some rows contradict each other, given the rows that they reach.
        """
        for number, group in enumerate(self.groups):
            table = group.settled(db, derive_seed(seed, "settle", number))
            if table is not db.arrow(group.home):
                tables = {name: db.arrow(name) for name in db.names}
                db = with_tables(db, {**tables, group.home: table})
        return db

    # --- storage ----------------------------------------------------------------------------------

    def state(self) -> Learned:
        """Return what was learned."""
        values = {
            "rules": [rule.text for rule in self.rules],
            "groups": [
                {
                    "rules": [self.rules.index(rule) for rule in group.rules],
                    "columns": list(group.columns),
                    "schema": group.encoder.schema_.to_dict(),
                    "schemas": {name: s.to_dict() for name, s in group.schemas.items()},
                }
                for group in self.groups
            ],
        }
        parts = {f"group {k}": group.encoder.state() for k, group in enumerate(self.groups)}
        return Learned.joined(values, parts)

    @classmethod
    def from_state(
        cls, state: Learned, columns: Mapping[str, Sequence[str]], keys: Sequence[ForeignKey]
    ) -> DatabaseRules:
        """Restore rules from their `state`, which comes from a file."""
        parts, values = state.parts(), state.values
        rules = tuple(scope_rule(text, columns, keys) for text in check_texts(values["rules"]))
        groups = []
        for k, stored in enumerate(values["groups"]):
            some = tuple(rules[number] for number in stored["rules"])
            home, own = some[0].home, tuple(map(str, stored["columns"]))
            reached = tuple(dict.fromkeys(r for rule in some for r in rule.reached))
            schema = Schema.from_dict(stored["schema"])
            schemas = {str(t): Schema.from_dict(s) for t, s in stored["schemas"].items()}
            names = (*own, *(r.name for r in reached))
            fits = schema.names == names and {rule.home for rule in some} == {home}
            if not fits or not set(own) <= set(columns[home]):
                raise ValueError("the rules of a database do not fit its tables")
            joined_schema(home, own, reached, schemas)
            encoder = TableEncoder.from_state(parts[f"group {k}"], schema)
            groups.append(_Group(home, some, own, reached, schemas, encoder))
        return cls(rules, tuple(groups))


def _plain_schemas(
    home: str, columns: Sequence[str], reached: Sequence[Reached], schemas: Mapping[str, Schema]
) -> dict[str, Schema]:
    """Return the columns that are used of each table, without relations."""
    used = {home: list(columns)}
    for one in reached:
        used.setdefault(one.table, [])
        if one.column and one.column not in used[one.table]:
            used[one.table].append(one.column)
    return {name: Schema(tuple(schemas[name][c] for c in own)) for name, own in used.items() if own}


def _in_order(
    rules: Sequence[ScopedRule], schemas: Mapping[str, Schema]
) -> list[tuple[str, tuple[ScopedRule, ...], tuple[str, ...]]]:
    """Return groups of rules on linked columns of one table, those that others reach first.

    Each with its table, its rules and all linked columns.
    """
    groups: list[tuple[str, tuple[ScopedRule, ...], tuple[str, ...]]] = []
    for rule in rules:
        own = _linked(rule.columns, schemas[rule.home].dependencies)
        linked = [g for g in groups if g[0] == rule.home and set(g[2]) & set(own)]
        merged = tuple(r for g in linked for r in g[1])
        names = tuple(dict.fromkeys((*(c for g in linked for c in g[2]), *own)))
        groups = [*(g for g in groups if g not in linked), (rule.home, (*merged, rule), names)]
    ordered: list[tuple[str, tuple[ScopedRule, ...], tuple[str, ...]]] = []
    while groups:
        changed = {(home, column) for home, _, own in groups for column in own}
        free = [
            g
            for g in groups
            if not {(r.table, r.column) for rule in g[1] for r in rule.reached} & changed
        ]
        if not free:
            texts = " and ".join(repr(r.text) for _, some, _ in groups for r in some)
            raise DataError(
                f"Rules between tables must have an order in which they are met, but each of "
                f"{texts} changes what another one reaches. Leave one out."
            )
        ordered += free
        groups = [g for g in groups if g not in free]
    return ordered


def _linked(columns: Sequence[str], dependencies: Sequence[Dependency]) -> tuple[str, ...]:
    """Return columns and those that depend on them, directly or through others."""
    found = dict.fromkeys(columns)
    while True:
        more = [
            name
            for d in dependencies
            if {d.column, *d.on} & found.keys()
            for name in (d.column, *d.on)
            if name not in found
        ]
        if not more:
            return tuple(found)
        found |= dict.fromkeys(more)


def with_tables(db: Database, tables: Mapping[str, pa.Table], orphans: str = "refuse") -> Database:
    """Return a database with other rows, and the same keys and declarations."""
    origins = {name: db.origin(name) for name in db.names}
    return Database.assembled(
        tables,
        db.primary_keys,
        db.foreign_keys,
        origins=origins,
        declared=db.declared,
        why=db.why,
        orphans=orphans,
    )
