"""The contract of a step of a scenario: a table in, a changed table and every change out."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.types as pt

from lookalike._core.errors import ParameterError, SchemaError, nearest
from lookalike._core.numerics import Floats
from lookalike._core.parameters import Instance, Number
from lookalike._core.registry import Component, Registry

__all__ = [
    "COLUMN",
    "SHARE",
    "STEPS",
    "RowNumbers",
    "RowSlice",
    "ScenarioStep",
    "StepChange",
    "codes_of",
    "column_of",
    "drawn_rows",
    "is_numeric",
    "numbers_of",
    "with_cells",
]

RowNumbers = npt.NDArray[np.int64]

#: Rules that many steps share.
COLUMN = Instance((str,), "the name of a column")
SHARE = Number(0, 1)


@dataclass(frozen=True)
class StepChange:
    """A table after a step, and what the step did.

    Parameters
    ----------
    table : pyarrow.Table
        The table after the step.
    rows : ndarray of int, shape (k,)
        The changed rows of that table.
    strength : ndarray of float, shape (k,)
        How strong each change is; the step says in which unit.
    column : str or None
        The column whose cells were changed; None where rows were.
    source : ndarray of int, shape (n,), or None
        The row of the table before the step that each row comes from; None where rows stay.
    facts : dict
        Facts for the manifest, such as the true time of a drift.
    weights : ndarray, shape (n,), or None
        The importance weight of each row; None where a step leaves them as they are.
    """

    table: pa.Table
    rows: RowNumbers
    strength: Floats
    column: str | None = None
    source: RowNumbers | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    weights: Floats | None = None


@dataclass(frozen=True)
class RowSlice:
    """A part of the rows of a table.

    Parameters
    ----------
    words : str
        Its condition in words, such as ``"region = 'west'"``.
    rows : ndarray of bool, shape (n,)
        Whether each row is in it.
    """

    words: str
    rows: npt.NDArray[np.bool_]


class ScenarioStep(Component):
    """One change of a table; a frozen dataclass whose fields are its options."""

    name: ClassVar[str]
    #: The option that a dial scales.
    dial: ClassVar[str] = "share"

    def dialled(self, dial: float, table: pa.Table) -> Self | None:  # noqa: ARG002 - others need it
        """Return the step at a part of its strength.

        Parameters
        ----------
        dial : float
            From 0, which changes nothing, to 1, the step as it is.
        table : pyarrow.Table
            The rows, for steps whose strength depends on them.

        Returns
        -------
        ScenarioStep or None
            None where nothing would be changed.
        """
        if dial == 1:
            return self
        scaled = dial * getattr(self, self.dial)
        rule = self.rules[self.dial]
        if isinstance(rule, Number) and rule.integer:
            scaled = round(scaled)
        return replace(self, **{self.dial: scaled}) if scaled else None

    def brings(self, table: pa.Table) -> RowSlice | None:  # noqa: ARG002 - drifts need it
        """Return the rows that come more often at full strength; None where rows stay.

        Parameters
        ----------
        table : pyarrow.Table
            The rows as they came.
        """
        return None

    @abstractmethod
    def change(self, table: pa.Table, random: np.random.Generator) -> StepChange:
        """Change a table.

        Parameters
        ----------
        table : pyarrow.Table
            The rows, which stay as they are.
        random : numpy.random.Generator
            The source of everything that is drawn.

        Returns
        -------
        StepChange
        """


#: The steps by name; yours may join them.
STEPS: Registry[ScenarioStep] = Registry("step", ScenarioStep)


def column_of(table: pa.Table, name: str) -> pa.Array:
    """Return a column as one array, without a dictionary.

    Raises
    ------
    SchemaError
        If there is no such column; the nearest name is suggested.
    """
    if name not in table.column_names:
        raise SchemaError(
            f"A step must name a column of the table; there is no {name!r}."
            f"{nearest(name, table.column_names)}"
        )
    cells = table[name].combine_chunks()
    return cells.dictionary_decode() if pt.is_dictionary(cells.type) else cells


def is_numeric(table: pa.Table, name: str) -> bool:
    """Return whether a column holds numbers."""
    kind = table[name].type
    return bool(pt.is_integer(kind) or pt.is_floating(kind) or pt.is_decimal(kind))


def numbers_of(table: pa.Table, name: str) -> Floats:
    """Return a column of numbers, NaN where missing.

    Raises
    ------
    SchemaError
        If it holds no numbers.
    """
    cells = column_of(table, name)
    if not is_numeric(table, name):
        raise SchemaError(
            f"This step needs a column of numbers; {name!r} holds other values. Name another one."
        )
    return np.asarray(cells.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False))


def codes_of(table: pa.Table, name: str) -> tuple[list[Any], RowNumbers]:
    """Return the levels of a column, and for each row the number of its level.

    That of a missing cell is the count of levels.
    """
    coded = column_of(table, name).dictionary_encode()
    levels = coded.dictionary.to_pylist()
    return levels, np.asarray(coded.indices.fill_null(len(levels)))


def with_cells(table: pa.Table, name: str, rows: RowNumbers, values: list[Any]) -> pa.Table:
    """Return a table with other cells in some rows of a column, which keeps its type.

    Whole numbers stay whole, and within their type. A dictionary gets the new levels.
    """
    before = table[name].type
    cells = column_of(table, name)
    if pt.is_integer(cells.type):
        low, high = _limits(cells.type)
        values = [None if v is None else min(max(round(v), low), high) for v in values]
    elif pt.is_decimal(cells.type):
        unit = Decimal(1).scaleb(-cells.type.scale)
        values = [None if v is None else Decimal(str(v)).quantize(unit) for v in values]
    try:
        added = pa.array(values, cells.type)
    except (pa.ArrowInvalid, OverflowError, TypeError) as error:
        raise ParameterError(
            f"A changed cell must fit its column; {name!r} holds {cells.type}: {error}."
        ) from error
    places = np.arange(len(table))
    places[rows] = len(table) + np.arange(len(rows))
    joined = pa.concat_arrays([cells, added]).take(pa.array(places))
    if pt.is_dictionary(before):
        joined = joined.dictionary_encode()
    return table.set_column(table.column_names.index(name), name, joined)


def _limits(kind: pa.DataType) -> tuple[int, int]:
    """Return the least and the greatest number of a type of whole numbers."""
    if pt.is_signed_integer(kind):
        return -(2 ** (kind.bit_width - 1)), 2 ** (kind.bit_width - 1) - 1
    return 0, 2**kind.bit_width - 1


def drawn_rows(
    random: np.random.Generator, allowed: RowNumbers, share: float, weights: Floats | None = None
) -> RowNumbers:
    """Draw a share of rows without replacement, in order; heavier rows more often."""
    count = round(share * len(allowed))
    if weights is None:
        return np.sort(random.permutation(allowed)[:count])
    # The largest of weights times exponential races (Efraimidis & Spirakis 2006).
    keys = np.log(np.maximum(weights, 1e-300)) + random.gumbel(size=len(allowed))
    return np.sort(allowed[np.argsort(-keys, kind="stable")[:count]])
