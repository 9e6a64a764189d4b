"""Rows of a training table that break its declared rules: kept, repaired, dropped or refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pyarrow as pa

from lookalike._core.errors import DataError
from lookalike._core.rows import Rows
from lookalike.relations import Cells, cells_of, in_order, relation, settled_rows
from lookalike.rules._ruleset import Ruleset
from lookalike.tables import Column, Kind, Schema

__all__ = ["POLICIES", "rows_in_words", "without_broken_rows"]

#: What becomes of training rows that break a rule.
POLICIES = ("refuse", "drop", "repair", "keep")
#: The greatest number of row numbers in a message.
_SHOWN = 5


def without_broken_rows(
    table: pa.Table, schema: Schema, broken: str, least: Callable[[Column], int] | None = None
) -> tuple[pa.Table, str]:
    """Return a training table whose rows obey the rules of its schema, by a policy.

    Parameters
    ----------
    table : pyarrow.Table, shape (rows, columns)
        A canonical table.
    schema : Schema
        With its rules.
    broken : {"refuse", "drop", "repair", "keep"}
        What becomes of rows that break a rule: an error, rows left out, cells changed so that the
        rules hold, or nothing. Generated rows obey the rules in any case.
    least : callable, optional
        Returns the least count of a value of a column that may be stored.

    Returns
    -------
    pyarrow.Table
    str
        What was done, in words; empty where nothing was.

    Raises
    ------
    DataError
        If rows break a rule and are refused, or none is left.
    """
    cells = cells_of(table)
    rules = Ruleset.read(schema.rules, schema, cells, _with_constants(least))
    rules.settling(in_order(rules.with_dependencies(schema, cells).dependencies))  # conflicts
    masks = {text: rows for text, rows in rules.broken(cells).items() if rows.any()}
    if not masks:
        return table, ""
    wrong = np.logical_or.reduce(list(masks.values()))
    words = "; ".join(f"{text!r} {rows_in_words(rows)}" for text, rows in masks.items())
    if broken == "refuse":
        raise DataError(
            f"Every row must obey the declared rules, but these are broken: {words}. Correct the "
            "rows or the rule, or choose broken='drop', 'repair' or 'keep'."
        )
    count = f"{int(wrong.sum()):,} of {len(wrong):,} rows"
    if broken == "drop":
        if wrong.all():
            raise DataError(f"Every row breaks a rule, so none is left to learn: {words}.")
        return table.filter(pa.array(~wrong)), f"{count} break a rule and were left out: {words}"
    if broken == "repair":
        repaired = _repaired(rules, schema, cells, wrong, table)
        return repaired, f"{count} break a rule and were repaired: {words}"
    return table, f"{count} break a rule, and were kept: {words}"


def _with_constants(least: Callable[[Column], int] | None) -> Callable[[Column], int] | None:
    """Return least counts that let a rule see each constant, which is stored nowhere here."""
    if least is None:
        return None
    return lambda column: 1 if column.kind is Kind.CONSTANT else least(column)


def rows_in_words(rows: np.ndarray) -> str:
    """Return the number of marked rows, and the first of them, counted from 0.

    Parameters
    ----------
    rows : ndarray of bool, shape (n,)

    Returns
    -------
    str
        Such as ``"in 2 rows (counted from 0: 3, 7)"``.
    """
    at = np.flatnonzero(rows)
    first = ", ".join(str(i) for i in at[:_SHOWN]) + (", …" if len(at) > _SHOWN else "")
    noun = "row" if len(at) == 1 else "rows"
    return f"in {len(at):,} {noun} (counted from 0: {first})"


def _repaired(
    rules: Ruleset, schema: Schema, cells: Cells, wrong: np.ndarray, table: pa.Table
) -> pa.Table:
    """Return the table with cells of some rows changed so that all rules hold."""
    for rule in rules.rules:
        if rule.unique and rules.broken(cells)[rule.text].any():
            raise DataError(
                f"Rows that break {rule.text!r} cannot be repaired: which of them is right is not "
                "known. Choose broken='drop'."
            )
    good, bad = (pa.array(np.flatnonzero(rows)) for rows in (~wrong, wrong))
    if not len(good):
        raise DataError("Every row breaks a rule, so none shows how to repair it.")
    right = cells_of(table.take(good))
    joined = rules.with_dependencies(replace(schema, dependencies=()), right)
    some = cells_of(table.take(bad))
    settling = rules.settling(joined.dependencies)
    declared = [relation(d).fit(right, schema) for d in joined.dependencies if d.rule]
    declared = [made for made in declared if made.exact]
    for made in declared:
        some[made.spec.column] = made.compute(some, None, Rows())
    if settling is not None:
        some = settled_rows(settling.fit(right, 1), declared, some, {}, Rows())
    # Good rows and repaired ones, each in its place.
    names = table.column_names
    both = pa.concat_tables(
        [table.take(good), pa.table([some[name] for name in names], names=names).cast(table.schema)]
    ).unify_dictionaries()
    place = np.empty(len(wrong), np.int64)
    place[~wrong] = np.arange(len(good))
    place[wrong] = len(good) + np.arange(len(bad))
    return both.take(pa.array(place))
