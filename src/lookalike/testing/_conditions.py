"""Checks of rows that fulfil conditions, and of rows that are completed."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lookalike._core.errors import LookalikeWarning, ParameterError
from lookalike.encoding import RowCondition
from lookalike.models import Request
from lookalike.tables import conform
from lookalike.testing._checks import must, must_raise
from lookalike.testing._subject import Subject

__all__ = ["CHECKS"]

#: Conditions that many rows of the plain table fulfil, and some that hardly one does.
_COMMON = {"city": ["Bern", "Genf"], "visits": (1, None)}
_RARE = {"city": "Basel", "member": None, "visits": (5, None), "amount": (30, None)}
_ROWS = 40


def _sampled(subject: Subject, **options: Any) -> pa.Table:
    """Return rows, without the warning that hardly a training row resembles them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LookalikeWarning)
        return subject.fitted.sample(**options)


def _fulfils(rows: pa.Table, given: Mapping[str, Any]) -> bool:
    right = []
    for name, value in given.items():
        cells = rows[name]
        if value is None:
            right.append(pc.is_null(cells))
        elif isinstance(value, tuple):
            right.append(pc.fill_null(pc.greater_equal(cells, value[0]), False))
        else:
            right.append(pc.is_in(cells, pa.array([value] if isinstance(value, str) else value)))
    return all(pc.all(each).as_py() for each in right)


def conditions_are_met(subject: Subject) -> None:
    """Rows fulfil conditions that many rows do, and balanced levels are equally many."""
    rows = _sampled(subject, n=_ROWS, given=_COMMON)
    must(rows.num_rows == _ROWS, f"sample({_ROWS}, given=...) gives {rows.num_rows} rows")
    must(_fulfils(rows, _COMMON), f"a row does not fulfil {_COMMON}")
    part = _sampled(subject, n=5, given=_COMMON, start=30)
    must(part.to_pydict() == rows.slice(30, 5).to_pydict(), "start=30 gives other conditional rows")
    counts = _sampled(subject, n=8, balance="city")["city"].value_counts()
    must(counts.field("counts").to_pylist() == [2] * 4, f"balance='city' gives {counts}")


def rare_conditions_are_met_or_refused(subject: Subject) -> None:
    """A model samples rows to rare conditions, or says that it cannot."""
    if not subject.fitted._takes_conditions:
        sample = subject.fitted.sample
        must_raise(ParameterError, f"sample(given={_RARE})", sample, 3, given=_RARE)
        return
    must(_fulfils(_sampled(subject, n=3, given=_RARE), _RARE), f"a row does not fulfil {_RARE}")


def conditional_rows_fulfil_their_own_condition(subject: Subject) -> None:
    """A block to conditions has a row for each of them, and each row fulfils its own."""
    model = subject.fitted
    if not model._takes_conditions:
        return
    layout = model.encoder_.layout_
    encoded = model.encoder_.encode(conform(subject.table, model.schema_))
    known = np.random.default_rng(0).random((len(layout.blocks), len(encoded.codes))) < 0.5
    condition = RowCondition.of_cells(layout, encoded, dict(enumerate(known)))
    rows = model._source(Request(3, lambda _: condition))(1)
    must(len(rows.levels) == condition.rows, f"a block to {condition.rows} conditions has others")
    share = condition.accepts(rows).mean()
    must(share == 1.0, f"only {share:.1%} of the rows to conditions fulfil their own")


def known_cells_are_kept(subject: Subject) -> None:
    """Completed rows have the known cells as they came, no gap beside them, and relations hold."""
    model, rng = subject.fitted, np.random.default_rng(0)
    columns = {}
    for name in ("amount", "city", "since", "zone"):
        gone = pa.array(rng.random(_ROWS) < 0.4)
        cells = subject.table[name].combine_chunks().slice(0, _ROWS)
        columns[name] = pc.if_else(gone, pa.scalar(None, cells.type), cells)
    given = pa.table(columns)
    # a row whose city and zone contradict each other cannot be completed; this table has none
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LookalikeWarning)
        completed, few = model.impute(given), model.impute(given.slice(0, 7))
    must(completed.column_names == subject.table.column_names, "completed rows have other columns")
    for name, cells in columns.items():
        must(completed[name].null_count == 0, f"a completed cell of {name!r} is missing")
        unchanged = pc.fill_null(pc.equal(completed[name], cells), True)
        must(pc.all(unchanged).as_py(), f"a known cell of {name!r} has changed")
    zones = dict(zip(*(subject.table[name].to_pylist() for name in ("city", "zone")), strict=True))
    right = [zones[city] for city in completed["city"].to_pylist()] == completed["zone"].to_pylist()
    must(right, "completed rows break a relation that holds in the training table")
    must(few.equals(completed.slice(0, 7)), "a completed row depends on the rows beside it")
    must(_sampled(subject, given=given).equals(completed), "sample(given=rows) is not impute(rows)")


def given_rows_say_their_number(subject: Subject) -> None:
    """Given rows fix the number of rows, and take no other conditions."""
    sample, rows = subject.fitted.sample, subject.table.slice(0, 3)
    must_raise(ParameterError, "sample(4, given=3 rows)", sample, 4, given=rows)
    must_raise(ParameterError, "balance with given rows", sample, given=rows, balance="city")
    must_raise(ParameterError, "start with given rows", sample, given=rows, start=1)
    must_raise(ParameterError, "sample(given=[...])", sample, 3, given=["city"])


CHECKS = (
    conditions_are_met,
    rare_conditions_are_met_or_refused,
    conditional_rows_fulfil_their_own_condition,
    known_cells_are_kept,
    given_rows_say_their_number,
)
