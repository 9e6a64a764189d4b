"""A caller's table as the specification of a study: inputs, target, and the kind of splits.

The kind of a column (a number, a category, a date) is inferred from all rows, as a person who knows
the table would state it. Nothing else is: ranges, levels, means and dependencies come from training
rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lookalike._core.errors import DataError, ParameterError, SchemaError, nearest
from lookalike.experiments._declared import Declared
from lookalike.experiments._identity import digest
from lookalike.experiments._splits import (
    RowIndices,
    Split,
    grouped,
    plain,
    stratified,
    time_ordered,
)
from lookalike.rules import with_rules, without_broken_rows
from lookalike.tables import Kind, Schema, conform, infer_columns, to_arrow

__all__ = ["StudySpec", "specify"]


#: The most distinct values of an integer target that names classes rather than amounts.
_CLASSES_OF_INTEGERS = 20
#: The most classes of a target that is worth classifying.
_MOST_CLASSES = 100


@dataclass(frozen=True)
class StudySpec:
    """A table that is ready to be split.

    Parameters
    ----------
    table : pyarrow.Table
        Inputs and target in plain canonical values; no target is missing.
    schema : Schema
        The columns and their kinds.
    target : str
        The column to predict.
    strata : ndarray of int, shape (n,)
        The class of each row; all the same where the target is a number.
    groups, times : ndarray of int, shape (n,), or None
        The group or the moment of each row.
    library : {"pandas", "polars"}
        The library of the dataframes that pipelines get.
    notes : tuple of str
        Omissions and their reasons.
    """

    table: pa.Table
    schema: Schema
    target: str
    strata: RowIndices
    groups: RowIndices | None
    times: RowIndices | None
    library: str
    notes: tuple[str, ...]

    @property
    def classes(self) -> bool:
        """True where the target has classes."""
        return self.schema[self.target].kind.is_discrete

    @property
    def parted(self) -> str:
        """The kind of splits, in a word."""
        if self.groups is not None:
            return "grouped"
        if self.times is not None:
            return "time-ordered"
        return "stratified" if self.classes else "random"

    @property
    def partition(self) -> str | None:
        """A digest of the groups, which are no column of the table; None where there are none."""
        return None if self.groups is None else digest(self.groups.tolist())

    def taken(self, rows: RowIndices) -> StudySpec:
        """Return a study of some of the rows.

        Parameters
        ----------
        rows : ndarray of int
            Their numbers.

        Returns
        -------
        StudySpec
        """
        return replace(
            self,
            table=self.table.take(pa.array(rows)),
            strata=self.strata[rows],
            groups=None if self.groups is None else self.groups[rows],
            times=None if self.times is None else self.times[rows],
        )

    def splits(self, repeats: int, test_size: float, seed: int) -> list[Split]:
        """Split the rows repeatedly.

        Parameters
        ----------
        repeats : int
            The number of splits.
        test_size : float
            The share that is held out.
        seed : int
            The seed.

        Returns
        -------
        list of Split
            One for each repeat.
        """
        if self.groups is not None:
            return grouped(self.groups, repeats, test_size, seed)
        if self.times is not None:
            return time_ordered(self.times, repeats, test_size)
        if self.classes:
            return stratified(self.strata, repeats, test_size, seed)
        return plain(self.table.num_rows, repeats, test_size, seed)


def specify(
    data: Any,
    target: str,
    kinds: Mapping[str, Kind | str] | None,
    groups: str | None,
    time: str | None,
    declared: Declared = Declared(),  # noqa: B008 - it is immutable
) -> StudySpec:
    """Specify a study of a caller's table.

    Parameters
    ----------
    data : dataframe
        The caller's table.
    target : str
        The column to predict.
    kinds : mapping of str to str, or None
        Kinds that inference should not guess.
    groups, time : str or None
        The columns that rows are grouped or ordered by; not both.
    declared : Declared
        The rules of the rows; by default there are none.

    Returns
    -------
    StudySpec
        Rows without a target are left out, and so are identifiers, texts, constants and the column
        of groups.

    Raises
    ------
    ParameterError
        If a name is no column, or both `groups` and `time` are given.
    DataError
        If the target cannot be predicted, or rows cannot be grouped or ordered.
    """
    raw, origin = to_arrow(data)
    _check_names(raw.column_names, target, groups, time)
    schema = _schema(raw, target, declared.kinds(raw, kinds))
    table = conform(raw, schema)
    present = pc.is_valid(table[target])
    notes = []
    if missing := table.num_rows - pc.sum(present).as_py():
        notes.append(f"{missing:,} rows without a target were left out.")
    table = table.filter(present)
    learned = [c for c in schema.columns if c.kind.is_learned and c.name != groups]
    out = [c.name for c in schema.columns if not c.kind.is_learned and c.name != groups]
    if out:
        notes.append(f"Identifiers, texts and constants were left out: {', '.join(out)}.")
    if len(learned) < 2:
        raise DataError(f"There is no column to predict {target!r} from: {' '.join(notes)}")
    inputs = table.select([column.name for column in learned])
    spec = StudySpec(
        table=pa.table([_plain(column) for column in inputs.columns], inputs.column_names),
        schema=Schema(tuple(learned), (), table.num_rows),
        target=target,
        strata=_numbered(table[target])
        if schema[target].kind.is_discrete
        else np.zeros(table.num_rows, np.int64),
        groups=None if groups is None else _numbered(_present(table, groups, "groups")),
        times=None if time is None else _moments(_present(table, time, "time"), schema, time),
        library="polars" if origin.library == "polars" else "pandas",
        notes=tuple(notes),
    )
    _check_target(spec)
    if declared.rules:  # before any work, not at the first fit
        without_broken_rows(inputs, with_rules(spec.schema, declared.rules), declared.broken)
    return spec


def _check_names(names: list[str], target: str, groups: str | None, time: str | None) -> None:
    for parameter, name in (("target", target), ("groups", groups), ("time", time)):
        if name is not None and name not in names:
            raise ParameterError(
                f"{parameter} must be a column; there is no {name!r}.{nearest(name, names)}"
            )
    if groups is not None and time is not None:
        raise ParameterError("Rows are split by groups or by time, not by both: give one of them.")
    if groups == target:
        raise ParameterError(f"groups must be another column than the target {target!r}.")


def _schema(table: pa.Table, target: str, kinds: Mapping[str, Kind | str] | None) -> Schema:
    schema = infer_columns(table, kinds)
    column = schema[target]
    if (
        column.kind is Kind.INTEGER
        and target not in (kinds or {})
        and column.distinct <= _CLASSES_OF_INTEGERS
    ):
        kinds = {**(kinds or {}), target: Kind.CATEGORICAL}
        schema = infer_columns(table, kinds)
        column = schema[target]
    if not column.kind.is_learned:
        raise SchemaError(
            f"A target must be a column that can be predicted, but {target!r} is taken for "
            f"{column.kind.value} ({column.why}). Name another column, or set its kind."
        )
    return schema


def _check_target(spec: StudySpec) -> None:
    values = spec.table[spec.target]
    distinct = pc.count_distinct(values).as_py() if len(values) else 0
    if distinct < 2:
        raise DataError(f"A target must have two values at least; {spec.target!r} has {distinct}.")
    if spec.classes and distinct > _MOST_CLASSES:
        raise DataError(
            f"A target may have {_MOST_CLASSES} classes at most; {spec.target!r} has "
            f"{distinct}. If it is a number, set its kind."
        )


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column without its dictionary, which has the levels of all rows."""
    kind = column.type
    return column.cast(kind.value_type) if pa.types.is_dictionary(kind) else column


def _present(table: pa.Table, name: str, parameter: str) -> pa.ChunkedArray:
    if table[name].null_count:
        raise DataError(
            f"{parameter} must have no missing cells; {name!r} has {table[name].null_count}. "
            "Drop these rows first."
        )
    return table[name]


def _numbered(column: pa.ChunkedArray) -> RowIndices:
    """Return distinct values as numbers, in the order of their first occurrence."""
    encoded = pc.dictionary_encode(_plain(column).combine_chunks())
    return np.asarray(encoded.indices.to_numpy(zero_copy_only=False), np.int64)


def _moments(column: pa.ChunkedArray, schema: Schema, name: str) -> RowIndices:
    if not schema[name].kind.is_numeric:
        raise DataError(
            f"time must be a column of moments or numbers; {name!r} is taken for "
            f"{schema[name].kind.value}. Set its kind, or name another column."
        )
    ranks = pc.rank(column.combine_chunks(), tiebreaker="dense")
    return np.asarray(ranks.to_numpy(zero_copy_only=False), np.int64)
