"""Rules declared for a database: the check of any one, and broken rows of a training database."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from lookalike._core.errors import DataError, LookalikeWarning, ParameterError
from lookalike.databases import Database
from lookalike.relational._joined import joined, joined_schema
from lookalike.relational._rule_scope import ScopedRule, scope_rule
from lookalike.relational._settled_rules import DatabaseRules, with_tables
from lookalike.relations import cells_of
from lookalike.rules import (
    BrokenRule,
    RuleCheck,
    Ruleset,
    backquoted,
    check_texts,
    computed_with,
    number_kinds,
    rows_in_words,
)
from lookalike.tables import Kind, Schema, infer_columns

__all__ = [
    "check_database_rules",
    "rule_kinds",
    "rule_schemas",
    "scoped_rules",
    "with_rows",
    "without_broken",
]

_KEPT = 1000


def scoped_rules(texts: object, db: Database) -> tuple[ScopedRule, ...]:
    """Return the rules of a database, each with its home table.

    Raises
    ------
    ParameterError
        If one cannot be read, or is on columns of keys.
    """
    columns = {name: db.arrow(name).column_names for name in db.names}
    rules = tuple(scope_rule(text, columns, db.foreign_keys) for text in check_texts(texts))
    for rule in rules:
        used = [(rule.home, c) for c in rule.columns]
        used += [(r.table, r.column) for r in rule.reached if r.column]
        for table, column in used:
            if column in _key_columns(db, table):
                raise ParameterError(
                    f"The rule {rule.text!r} cannot be used: {table}.{column} is a key, which is "
                    "made anew."
                )
    return rules


def _key_columns(db: Database, table: str) -> set[str]:
    keys = {*db.primary_keys[table], *(c for key in db.unique_keys(table) for c in key)}
    return keys | {c for key in db.foreign_keys if key.table == table for c in key.columns}


def rule_schemas(
    db: Database,
    rules: Sequence[ScopedRule],
    kinds: Mapping[str, Mapping[str, Kind | str]],
) -> dict[str, Schema]:
    """Return the kinds of the columns that rules need, by table; numbers where they compute."""
    found = {}
    for table in dict.fromkeys(t for rule in rules for t, _ in _columns(rule)):
        names = [
            c for c in db.arrow(table).column_names if any((table, c) in _columns(r) for r in rules)
        ]
        own = db.arrow(table).select(names)
        known = {c: k for c, k in kinds.get(table, {}).items() if c in names}
        schema = infer_columns(own, known)
        computed = [c for c in names if any((table, c) in _computed(r) for r in rules)]
        # A sum of a column says that it is a number.
        texts = [f"{backquoted(c)} + 0 <= 0" for c in computed if c not in known]
        numbers = number_kinds(own, schema, texts)
        found[table] = infer_columns(own, {**known, **numbers}) if numbers else schema
    return found


def rule_kinds(
    schemas: Mapping[str, Schema], kinds: Mapping[str, Mapping[str, Kind | str]]
) -> dict[str, dict[str, Kind | str]]:
    """Return declared kinds, and those of the columns that rules need."""
    merged: dict[str, dict[str, Kind | str]] = {t: dict(k) for t, k in kinds.items()}
    for table, schema in schemas.items():
        for column in schema.columns:
            if column.kind in (Kind.INTEGER, Kind.CONTINUOUS):
                merged.setdefault(table, {}).setdefault(column.name, column.kind)
    return merged


def _columns(rule: ScopedRule) -> set[tuple[str, str]]:
    found = {(rule.home, column) for column in rule.columns}
    return found | {(r.table, r.column) for r in rule.reached if r.column}


def _computed(rule: ScopedRule) -> set[tuple[str, str]]:
    """Return the columns that a rule sums up, or compares with others."""
    names = computed_with(rule.local)
    found = {(rule.home, column) for column in rule.columns if column in names}
    return found | {
        (r.table, r.column)
        for r in rule.reached
        if r.column and (r.name in names or r.how in ("sum", "mean"))
    }


def _rulings(db: Database, rules: Sequence[ScopedRule], schemas: Mapping[str, Schema]) -> Any:
    """Yield each rule with a mask of the rows of its home table that break it."""
    for rule in rules:
        table = joined(db, rule.home, rule.columns, rule.reached, schemas)
        schema = joined_schema(rule.home, rule.columns, rule.reached, schemas)
        cells = cells_of(table)
        (wrong,) = Ruleset.read([rule.local], schema, cells, strict=False).broken(cells).values()
        yield rule, wrong


def check_database_rules(
    db: Database | Mapping[str, Any],
    rules: Sequence[str],
    *,
    kinds: Mapping[str, Mapping[str, Kind | str]] | None = None,
) -> RuleCheck:
    """Check that a database obeys rules, also those between tables.

    Parameters
    ----------
    db : Database or mapping of str to dataframe
        Any database, real or generated.
    rules : sequence of str
        Such as ``"orders.date >= customers.since"`` or ``"orders.total == sum(lines.amount)"``; see
        the guide to databases.
    kinds : mapping of str to mapping, optional
        Declared kinds of columns by table.

    Returns
    -------
    RuleCheck
        Rows are those of the table that a rule is about.

    Raises
    ------
    ParameterError
        If a rule cannot be read, or is not on columns of the database.
    DataError
        If one reaches a column of a table without rows.

    Examples
    --------
    >>> import lookalike as la, pyarrow as pa
    >>> orders = pa.table({"id": [1, 2], "total": [3.5, 2.0]})
    >>> lines = pa.table({"order": [1, 1, 2], "amount": [1.5, 2.0, 2.5]})
    >>> db = la.Database({"orders": orders, "lines": lines}, primary_keys={"orders": "id"},
    ...                  foreign_keys=["lines.order -> orders.id"])
    >>> print(check_database_rules(db, ["orders.total == sum(lines.amount)"]))
    orders.total == sum(lines.amount), in 'orders': broken in 1 row (counted from 0: 1)
    """
    db = db if isinstance(db, Database) else Database(db)
    scoped = scoped_rules(rules, db)
    asked = [rule for rule in scoped if len(db.arrow(rule.home))]
    _check_reached(db, asked)
    schemas = rule_schemas(db, asked, kinds or {})
    broken, checked = [], {}
    for rule, wrong in _rulings(db, asked, schemas):
        checked[rule.home] = len(wrong)
        if wrong.any():
            rows = np.flatnonzero(wrong)
            words = f"{rule.text}, in {rule.home!r}"
            broken.append(BrokenRule(words, len(rows), tuple(rows[:_KEPT].tolist())))
    return RuleCheck(sum(checked.values()), tuple(r.text for r in scoped), tuple(broken))


def with_rows(db: Database, rules: Sequence[ScopedRule]) -> tuple[ScopedRule, ...]:
    """Return the rules on tables that have rows, with a warning that names the others.

    Raises
    ------
    DataError
        If one of them reaches a column of a table without rows, of which nothing is known.
    """
    kept = tuple(rule for rule in rules if len(db.arrow(rule.home)))
    idle = [f"{r.text!r} of {r.home!r}" for r in rules if r not in kept]
    if idle:
        warnings.warn(
            f"Rules on tables without rows are left out: {'; '.join(idle)}.",
            LookalikeWarning,
            stacklevel=3,
        )
    _check_reached(db, kept)
    return kept


def _check_reached(db: Database, rules: Sequence[ScopedRule]) -> None:
    for rule in rules:
        for reached in rule.reached:
            if reached.column and not len(db.arrow(reached.table)):
                raise DataError(
                    f"The rule {rule.text!r} needs rows of {reached.table!r}, but that table has "
                    "none. Leave the rule out."
                )


def without_broken(
    db: Database, rules: Sequence[ScopedRule], schemas: Mapping[str, Schema], policy: str
) -> Database:
    """Return a training database whose rows obey rules, by a policy.

    Parameters
    ----------
    db : Database
    rules : sequence of ScopedRule
    schemas : mapping of str to Schema
    policy : {"refuse", "drop", "repair", "keep"}
        With ``"drop"``, rows that lead to a dropped one are dropped, too.

    Returns
    -------
    Database

    Raises
    ------
    DataError
        If rows are refused, or none is left.
    """
    masks: dict[str, np.ndarray] = {}
    said = []
    for rule, wrong in _rulings(db, rules, schemas):
        if wrong.any():
            masks[rule.home] = masks.get(rule.home, np.zeros(len(wrong), bool)) | wrong
            said.append(f"{rule.text!r} {rows_in_words(wrong)} of {rule.home!r}")
    if not masks:
        return db
    words = "; ".join(said)
    if policy == "refuse":
        raise DataError(
            f"Every row must obey the declared rules, but these are broken: {words}. Correct the "
            "rows or the rule, or choose broken='drop', 'repair' or 'keep'."
        )
    outcome = {"drop": "left out", "repair": "repaired", "keep": "kept"}[policy]
    warnings.warn(f"Rows that break a rule are {outcome}: {words}.", LookalikeWarning, stacklevel=3)
    if policy == "keep":
        return db
    tables = {n: db.arrow(n) for n in db.names}
    tables |= {n: tables[n].filter(pa.array(~wrong)) for n, wrong in masks.items()}
    if not all(len(tables[name]) for name in masks):
        raise DataError(f"Every row breaks a rule, so none is left to learn: {words}.")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LookalikeWarning)  # of the rows that lead to dropped ones
        right = with_tables(db, tables, "drop")
    if policy == "drop":
        # Sums of rows that are left may be others.
        return without_broken(right, rules, schemas, policy)
    return DatabaseRules.fit(right, rules, schemas, 2, 0).enforced(db, 0)
