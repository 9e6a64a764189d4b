"""A column's description for a kind, guessed or chosen, or why it cannot be of that kind."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from lookalike._core.errors import SchemaError
from lookalike.tables._arrow_types import to_json
from lookalike.tables._numbers import decimals_of
from lookalike.tables._schema import Column, Kind, TextForm
from lookalike.tables.infer._facts import Facts, as_dates, as_numbers
from lookalike.tables.infer._tally import Tally
from lookalike.tables.text._date_patterns import finest_unit, split_days
from lookalike.tables.text._dates import likely_dates
from lookalike.tables.text._numbers import parse_numbers, plain_numbers, write_numbers
from lookalike.tables.text._shapes import regularity

__all__ = ["describe"]

_EXACT = 2**53
#: The bits of an index with room for any number of keys.
_ROOM = 32
_MEASURES = (Kind.CONTINUOUS, Kind.INTEGER)
_DATES = (Kind.DATE, Kind.DATETIME, Kind.TIME)


def describe(facts: Facts, kind: Kind, why: str) -> Column:
    """Describe a column as one of a kind.

    Parameters
    ----------
    facts : Facts
        The facts on the column.
    kind : Kind
        The kind of the description.
    why : str
        The reason for the kind.

    Returns
    -------
    Column
        The description.

    Raises
    ------
    SchemaError
        If a value cannot be of that kind; the message names it.
    """
    facts = _read_for(facts, kind)
    reason = _obstacle(facts, kind)
    if reason:
        raise SchemaError(f"Column {facts.name!r} cannot be {kind.value}: {reason}.")
    details = _details(facts, kind)
    tally = facts.cells if not kind.is_numeric else facts.meant
    return Column(
        name=facts.name,
        kind=kind,
        storage=str(_storage(facts, kind)),
        nullable=tally.missing > 0,
        why=why,
        missing=tally.missing,
        distinct=tally.distinct,
        **details,
    )


def _storage(facts: Facts, kind: Kind) -> pa.DataType:
    """Return the storage type of a column, with room for more keys."""
    storage = facts.storage
    if kind is not Kind.IDENTIFIER or not pt.is_dictionary(storage):
        return storage
    if storage.index_type.bit_width >= _ROOM:
        return storage
    return pa.dictionary(pa.int32(), storage.value_type, storage.ordered)


def _read_for(facts: Facts, kind: Kind) -> Facts:
    """Return the facts read for a kind, where cells can be read in two ways."""
    if kind in _DATES and facts.family == "numbers":
        dates = as_dates(facts, proven=False)
        return facts if dates is None or _no_date(dates, kind) else dates
    if kind in _MEASURES and facts.family == "dates":
        return as_numbers(facts) or facts
    return facts


# --- details --------------------------------------------------------------------------------------


def _details(facts: Facts, kind: Kind) -> dict[str, Any]:
    if kind in _MEASURES:
        return {"decimals": _decimals(facts), "form": facts.form}
    if kind is Kind.BOOLEAN:
        return {"form": _boolean_form(facts)}
    if kind.is_numeric:
        unit = finest_unit(facts.meant.values) if kind is not Kind.DATE else "D"
        return {"unit": unit, "form": facts.form}
    words = {"form": _marker_only(facts.form)}
    if kind is Kind.CATEGORICAL:
        return words | _levels(facts)
    if kind is Kind.IDENTIFIER:
        pattern = regularity(facts.cells.values, lenient=True)
        return words | {"example": pattern.example if pattern else None}
    if kind is Kind.CONSTANT:
        return words | {"example": json.dumps(to_json(_plain(facts.cells))[:1])[1:-1] or "null"}
    return words


def _boolean_form(facts: Facts) -> TextForm | None:
    """Return the words for yes and no; for numbers, the most common spellings of 1 and 0."""
    form = facts.form
    if form is None or facts.family != "numbers":
        return form
    trimmed = pc.utf8_trim_whitespace(facts.cells.values)
    read = parse_numbers(trimmed, form)
    meant = np.zeros(0) if read is None else read.to_numpy(zero_copy_only=False)
    words = {}
    for value in (0, 1):
        found = np.flatnonzero(meant == value)
        usual = found[np.argmax(facts.cells.counts[found])] if len(found) else None
        plain = write_numbers(pa.array([value]), form)
        words[value] = (plain[0] if usual is None else trimmed[int(usual)]).as_py()
    return TextForm(missing=form.missing, true=words[1], false=words[0])


def _plain(cells: Tally) -> pa.Array:
    narrow = pt.is_float16(cells.values.type)
    return pc.cast(cells.values, pa.float32()) if narrow else cells.values


def _marker_only(form: TextForm | None) -> TextForm | None:
    return None if form is None or form.missing is None else TextForm(missing=form.missing)


def _decimals(facts: Facts) -> int | None:
    plain = facts.cells.values.type
    return decimals_of(facts.meant.values, pt.is_float32(plain) or pt.is_float16(plain))


def _levels(facts: Facts) -> dict[str, Any]:
    """Return the details of categories: their order, and whether text means numbers."""
    if facts.categories is not None:
        return {"categories": facts.categories, "ordered": bool(facts.storage.ordered)}
    if facts.is_text and facts.family == "numbers" and facts.same == 1.0:
        decimals = decimals_of(facts.meant.values)
        return {} if decimals is None else {"decimals": decimals, "form": facts.form}
    return {}


# --- obstacles ------------------------------------------------------------------------------------


def _obstacle(facts: Facts, kind: Kind) -> str:
    """Return what keeps a column from being of a kind, ``""`` if nothing does."""
    if kind is Kind.CONSTANT:
        return _second_value(facts)
    if kind in (Kind.CATEGORICAL, Kind.TEXT):
        return "" if facts.cells.distinct or kind is Kind.TEXT else "every cell is missing"
    if facts.cells.distinct == 0:
        return "every cell is missing"
    if kind is Kind.IDENTIFIER:
        return _no_identifier(facts)
    if kind in _MEASURES:
        return _no_measure(facts, kind)
    if kind is Kind.BOOLEAN:
        return _no_boolean(facts)
    return _no_date(facts, kind)


def _second_value(facts: Facts) -> str:
    if facts.cells.distinct + (facts.cells.missing > 0) <= 1:
        return ""
    if facts.cells.distinct < 2:
        return "some cells are missing, others are not"
    first, second = (value.as_py() for value in facts.cells.values[:2])
    return f"it has more than one value, such as {first!r} and {second!r}"


def _no_identifier(facts: Facts) -> str:
    if facts.is_text or pt.is_integer(facts.cells.values.type):
        return ""
    if facts.family == "numbers" and pt.is_integer(facts.meant.values.type):
        return ""
    return f"identifiers are text or whole numbers, not {facts.storage}"


def _no_measure(facts: Facts, kind: Kind) -> str:
    if facts.family != "numbers":
        return _not_of("numbers", facts, plain_numbers)
    values = facts.meant.values
    if kind is Kind.INTEGER and pt.is_floating(values.type):
        floats = values.to_numpy(zero_copy_only=False)
        odd = floats[(floats != np.rint(floats)) | (np.abs(floats) >= _EXACT)]
        if len(odd):
            return f"it has the value {float(odd[0])!r}"
    if kind is Kind.CONTINUOUS and pt.is_integer(values.type):
        limits = pc.min_max(values).as_py()
        widest = max(limits.values(), key=abs)
        if abs(widest) > _EXACT:
            return f"a float cannot hold {widest} exactly"
    return ""


def _no_boolean(facts: Facts) -> str:
    if facts.family == "booleans":
        return ""
    if facts.family != "numbers":
        return "its values are not a pair such as yes and no, true and false, 1 and 0"
    values = facts.meant.values
    others = values.filter(pc.invert(pc.is_in(values, pa.array([0, 1], values.type))))
    return f"it has the value {others[0].as_py()!r}, neither 0 nor 1" if len(others) else ""


def _no_date(facts: Facts, kind: Kind) -> str:
    if facts.family != "dates":
        return _not_of("dates or times", facts, likely_dates)
    values = facts.meant.values
    kind_of = values.type
    if kind is Kind.TIME or pt.is_time(kind_of):
        return "" if kind is Kind.TIME and pt.is_time(kind_of) else f"it holds {kind_of}"
    if kind is Kind.DURATION or pt.is_duration(kind_of):
        same = kind is Kind.DURATION and pt.is_duration(kind_of)
        return "" if same else f"it holds {kind_of}"
    if kind is Kind.DATE and pt.is_timestamp(kind_of):
        late = np.flatnonzero(split_days(values)[1])
        if len(late):
            return f"it has the time {values[int(late[0])].as_py()}"
    return ""


def _not_of(noun: str, facts: Facts, find: Any) -> str:
    """Return a message that cells are not of a noun, quoting one."""
    if not facts.is_text:
        return f"it holds {facts.storage}, not {noun}"
    others = np.flatnonzero(~find(facts.cells.values))
    example = facts.cells.values[int(others[0]) if len(others) else 0].as_py()
    note = f" ({facts.note})" if facts.note else ""
    return f"its cells are not all {noun}, such as {example!r}{note}"
