"""Checks of declared rules: they hold on ordinary, conditional and completed rows."""

from __future__ import annotations

import warnings

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lookalike._core.errors import DataError, LookalikeWarning
from lookalike.rules import check_rules
from lookalike.testing._checks import must, must_raise
from lookalike.testing._subject import Subject

__all__ = ["CHECKS"]

#: Rules that the plain table obeys once `_table` has changed it.
_RULES = (
    "city == 'Genf' -> amount >= 20",
    "member == true -> visits <= 4",
    "not (city == 'Basel' and member == true)",
    "city -> zone",
    "visits >= 6 -> amount is missing",
)
_ROWS = 300


def _table(table: pa.Table) -> pa.Table:
    """Return the plain table, changed in some cells so that it obeys the rules."""
    rows = {name: table[name].to_pylist() for name in ("amount", "visits", "city", "member")}
    for i, city in enumerate(rows["city"]):
        if city == "Genf" and rows["amount"][i] is not None:
            rows["amount"][i] += 20
        if city == "Basel" and rows["member"][i]:
            rows["member"][i] = False
        if rows["member"][i]:
            rows["visits"][i] = min(rows["visits"][i], 4)
        if rows["visits"][i] >= 6:
            rows["amount"][i] = None
    for name, cells in rows.items():
        at = table.schema.get_field_index(name)
        table = table.set_column(at, name, pa.array(cells, table.schema.field(at).type))
    return table


def declared_rules_hold_on_every_row(subject: Subject) -> None:
    """Every row obeys the declared rules: ordinary, conditional and completed ones."""
    table = _table(subject.table)
    kinds = {"visits": "integer"}
    model = subject.fit(table, rules=_RULES, kinds=kinds)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LookalikeWarning)
        made = {
            "sample": model.sample(_ROWS),
            "sample(given=...)": model.sample(20, given={"city": ["Genf", "Bern"]}),
            "sample(balance=...)": model.sample(8, balance="member"),
            "impute": model.impute(_with_holes(table)),
        }
    for name, rows in made.items():
        found = check_rules(rows, _RULES, schema=model.schema_)
        must(found.passed, f"rows of {name} break declared rules: {found}")
    must(model.schema_.rules == _RULES, "the schema of the model lacks the declared rules")
    part = model.sample(7, start=100)
    must(part.to_pydict() == made["sample"].slice(100, 7).to_pydict(), "rows depend on others")
    given = {"city": "Basel", "member": True}
    must_raise(DataError, "conditions that contradict a rule", model.sample, 3, given=given)


def _with_holes(table: pa.Table) -> pa.Table:
    """Return rows with gaps: all cells that they have obey the rules."""
    rng, columns = np.random.default_rng(1), {}
    for name in ("visits", "city", "member"):
        cells = table[name].combine_chunks().slice(0, 40)
        gone = pa.array(rng.random(40) < 0.4)
        columns[name] = pc.if_else(gone, pa.scalar(None, cells.type), cells)
    return pa.table(columns)


CHECKS = (declared_rules_hold_on_every_row,)
