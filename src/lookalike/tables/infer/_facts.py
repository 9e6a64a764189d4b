"""The facts for inference: the cells of a column, counted, and their meaning."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from lookalike._core.errors import DataError
from lookalike.tables._numbers import as_measure
from lookalike.tables._schema import TextForm
from lookalike.tables._storage import check_storage, is_number, is_text, plain_column
from lookalike.tables.infer._names import hints_at_date
from lookalike.tables.infer._tally import Tally
from lookalike.tables.text._calendar_codes import find_code, read_codes
from lookalike.tables.text._form import Family, infinite_values, read_text
from lookalike.tables.text._numbers import read_numbers

__all__ = ["Facts", "as_dates", "as_numbers", "gather"]


@dataclass(frozen=True)
class Facts:
    """The facts on one column.

    Parameters
    ----------
    name : str
        The column's name.
    storage : pyarrow.DataType
        Its type in the caller's table.
    family : {"numbers", "booleans", "dates", "words"}
        The family of its cells.
    meant : Tally
        The parsed values: int64 or float64, bool, date32, timestamp, time64[us], duration[us]; the
        cells themselves for words.
    cells : Tally
        The cells as written, without missing ones and their markers.
    form : TextForm or None
        The text format, for text.
    same : float
        The share of `cells` that writing `meant` in `form` reproduces.
    note : str
        A remark from reading the cells; may be ``""``.
    categories : tuple or None
        The categories that a category type declares.
    odd : tuple of str
        A few cells that keep the others from being numbers or dates.
    """

    name: str
    storage: pa.DataType
    family: Family
    meant: Tally
    cells: Tally
    form: TextForm | None = None
    same: float = 1.0
    note: str = ""
    categories: tuple[Any, ...] | None = None
    odd: tuple[str, ...] = ()

    @property
    def is_text(self) -> bool:
        """True where the cells are stored as text."""
        return is_text(self.cells.values.type)


def gather(name: str, column: pa.ChunkedArray) -> Facts:
    """Count a column's cells and parse their meaning.

    Parameters
    ----------
    name : str
        Its name.
    column : pyarrow.ChunkedArray, shape (n,)
        Its cells, n >= 1.

    Returns
    -------
    Facts
        The facts on the column.

    Raises
    ------
    DataError
        If it holds infinite numbers, or values that no canonical type can hold.
    """
    check_storage(name, column.type)
    cells = Tally.of(plain_column(column))
    plain, storage = cells.values.type, column.type
    if is_text(plain):
        cells = Tally(cells.values.cast(pa.string()), cells.counts, cells.missing)
        if pt.is_dictionary(storage):
            return Facts(name, storage, "words", cells, cells, categories=_categories(column))
        read = read_text(name, cells)
        return Facts(
            name,
            storage,
            read.family,
            read.meant,
            read.cells,
            read.form,
            read.same,
            read.note,
            odd=read.odd,
        )
    declared = _categories(column) if pt.is_dictionary(storage) else None
    if is_number(plain):
        return _numbers(name, storage, cells, declared)
    if pt.is_boolean(plain):
        return Facts(name, storage, "booleans", cells, cells, categories=declared)
    if pt.is_null(plain):
        return Facts(name, storage, "words", cells, cells)
    dates = Tally(_canonical_dates(name, cells.values), cells.counts, cells.missing)
    return Facts(name, storage, "dates", dates, cells)


def as_dates(facts: Facts, *, proven: bool = True) -> Facts | None:
    """Return the facts on whole numbers as dates or times, if they are such codes.

    Parameters
    ----------
    facts : Facts
        The facts on a column.
    proven : bool
        Whether they must be unlikely to be ordinary numbers.

    Returns
    -------
    Facts or None
        The facts; None where they are no such codes.
    """
    form, meant = facts.form or TextForm(), facts.meant
    if facts.family != "numbers" or not pt.is_integer(meant.values.type):
        return None
    if form.prefix or form.suffix or form.thousands or form.plus or form.units or form.exponent:
        return None
    hinted = hints_at_date(facts.name)
    pattern = find_code(meant.values, hinted)
    if pattern is None and not proven:
        pattern = find_code(meant.values, hinted, proven=False)
    if pattern is None:
        return None
    dates = meant.read_as(read_codes(meant.values, pattern))
    form = replace(form, pattern=pattern, as_number=True)
    return replace(facts, family="dates", meant=dates, form=form)


def as_numbers(facts: Facts) -> Facts | None:
    """Return the facts on dates written in digits alone as numbers, if they are such.

    Parameters
    ----------
    facts : Facts
        The facts on a column.

    Returns
    -------
    Facts or None
        The facts; None where they are no numbers.
    """
    cells = facts.cells
    numbers = read_numbers(cells.values, cells.counts) if facts.is_text else ""
    if isinstance(numbers, str):
        return None
    missing = facts.form.missing if facts.form else None
    return replace(
        facts,
        family="numbers",
        meant=cells.read_as(numbers.values),
        form=replace(numbers.form, missing=missing),
        same=numbers.same,
    )


def _numbers(
    name: str, storage: pa.DataType, cells: Tally, declared: tuple[Any, ...] | None
) -> Facts:
    if pt.is_floating(cells.values.type):
        floats = pc.cast(cells.values, pa.float64()).to_numpy(zero_copy_only=False)
        infinite = int(cells.counts[np.isinf(floats)].sum())
        if infinite:
            raise infinite_values(name, infinite)
    measure = as_measure(cells.values)
    if measure is None:
        note = "numbers of more digits than a measure can hold"
        return Facts(name, storage, "words", cells, cells, note=note, categories=declared)
    meant = Tally(measure, cells.counts, cells.missing)
    return Facts(name, storage, "numbers", meant, cells, categories=declared)


def _categories(column: pa.ChunkedArray) -> tuple[Any, ...] | None:
    """Return the categories that a dictionary type declares, in order, if JSON can hold them."""
    dictionaries = [chunk.dictionary for chunk in column.unify_dictionaries().chunks]
    if not dictionaries:
        return None
    levels = pc.unique(dictionaries[-1].drop_null())
    if not (is_text(levels.type) or pt.is_integer(levels.type) or pt.is_boolean(levels.type)):
        return None
    return tuple(levels.to_pylist())


def _canonical_dates(name: str, values: pa.Array) -> pa.Array:
    """Return dates, times or durations in their canonical types."""
    kind = values.type
    if pt.is_date64(kind):
        target = pa.date32()
    elif pt.is_time(kind):
        target = pa.time64("us")
    elif pt.is_duration(kind):
        target = pa.duration("us")
    else:
        return values
    try:
        return pc.cast(values, target)
    except pa.ArrowInvalid as error:
        raise DataError(
            f"Times and durations are stored in microseconds, but column {name!r} of type "
            f"{kind} has values that do not fit: round them, or leave the column out."
        ) from error
