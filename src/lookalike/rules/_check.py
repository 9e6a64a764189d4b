"""The check of any table against rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lookalike._core.errors import DataError
from lookalike.relations import cells_of
from lookalike.rules._join import check_texts, number_kinds
from lookalike.rules._ruleset import Ruleset
from lookalike.tables import Kind, Schema, conform, infer_columns, to_arrow

__all__ = ["BrokenRule", "RuleCheck", "check_rules"]

#: The greatest number of kept row numbers of each rule.
_KEPT = 1000
_SHOWN = 5


@dataclass(frozen=True)
class BrokenRule:
    """A rule that rows of a table break.

    Parameters
    ----------
    rule : str
    count : int
        The number of rows that break it.
    rows : tuple of int
        The numbers of the first of them, counted from 0; at most 1000.
    """

    rule: str
    count: int
    rows: tuple[int, ...]

    def __str__(self) -> str:
        first = ", ".join(map(str, self.rows[:_SHOWN])) + (", …" if self.count > _SHOWN else "")
        noun = "row" if self.count == 1 else "rows"
        return f"{self.rule}: broken in {self.count:,} {noun} (counted from 0: {first})"


@dataclass(frozen=True)
class RuleCheck:
    """The result of `check_rules`.

    Parameters
    ----------
    checked : int
        The number of rows of the table.
    rules : tuple of str
        All rules.
    broken : tuple of BrokenRule
        Those that rows break.
    """

    checked: int
    rules: tuple[str, ...]
    broken: tuple[BrokenRule, ...]

    @property
    def passed(self) -> bool:
        """True if no row breaks a rule."""
        return not self.broken

    def __str__(self) -> str:
        if self.passed:
            many = f"All {len(self.rules)} rules hold" if len(self.rules) > 1 else "The rule holds"
            return f"{many} in all {self.checked:,} rows."
        return "\n".join(map(str, self.broken))


def check_rules(
    data: Any,
    rules: Sequence[str],
    *,
    schema: Schema | None = None,
    kinds: Mapping[str, Kind | str] | None = None,
) -> RuleCheck:
    """Check that all rows of a table obey rules.

    A comparison with a missing cell breaks no rule.

    Parameters
    ----------
    data : pandas, polars or pyarrow table, shape (rows, columns), or path
        Any table, real or generated.
    rules : sequence of str
        Such as ``"start <= end"``; see the guide to rules.
    schema : Schema, optional
        The kinds of the columns; inferred by default.
    kinds : mapping of str to str, optional
        Kinds of single columns that override the inferred ones.

    Returns
    -------
    RuleCheck

    Raises
    ------
    ParameterError
        If a rule cannot be read, or is not on columns of the table.
    DataError
        If the table cannot be used.

    Examples
    --------
    >>> import pyarrow as pa
    >>> table = pa.table({"low": [1.5, 2.0, 7.0], "high": [2.5, 2.0, 6.0]})
    >>> print(check_rules(table, ["low <= high"]))
    low <= high: broken in 1 row (counted from 0: 2)
    """
    texts = check_texts(rules)
    table, _ = to_arrow(data)
    if schema is None:
        schema = infer_columns(table, kinds)
        numbers = number_kinds(table, schema, texts)
        if numbers := {n: kind for n, kind in numbers.items() if n not in (kinds or {})}:
            schema = infer_columns(table, {**(kinds or {}), **numbers})
    elif kinds:
        raise DataError("Give a schema or kinds, not both: a schema has all kinds.")
    cells = cells_of(conform(table, schema))
    masks = Ruleset.read(texts, schema, cells, strict=False).broken(cells)
    broken = []
    for text, wrong in masks.items():
        if wrong.any():
            rows = np.flatnonzero(wrong)
            broken.append(BrokenRule(text, len(rows), tuple(rows[:_KEPT].tolist())))
    return RuleCheck(table.num_rows, texts, tuple(broken))
