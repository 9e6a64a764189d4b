"""Parsing of a text column's words to values of a known type."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from lookalike.tables._schema import TextForm
from lookalike.tables._storage import is_number
from lookalike.tables.text._calendar_codes import read_codes
from lookalike.tables.text._date_patterns import parse_dates, regex_of
from lookalike.tables.text._dates import likely_dates, read_dates
from lookalike.tables.text._durations import parse_durations, read_durations
from lookalike.tables.text._numbers import parse_numbers, plain_numbers, read_numbers
from lookalike.tables.text._words import is_marker, is_no_date, truth

__all__ = ["Misfit", "parse", "whole_days"]


class Misfit(ValueError):
    """A value does not fit; the message names it, as the object of a sentence."""

    @classmethod
    def of(cls, value: pa.Scalar) -> Misfit:
        """Return the misfit for a value."""
        plain = value.as_py()
        shown = repr(plain) if isinstance(plain, (str, int, float)) else str(plain)
        return cls(f"the value {shown if len(shown) <= 60 else shown[:59] + '…'}")


def whole_days(timestamps: pa.Array) -> pa.Array:
    """Return timestamps as date32.

    Raises
    ------
    Misfit
        If one of them is not midnight.
    """
    days = pc.cast(timestamps, pa.date32(), safe=False)
    late = pc.not_equal(pc.cast(days, timestamps.type), timestamps).fill_null(False)
    if pc.any(late).as_py():
        raise Misfit.of(timestamps.filter(late)[0])
    return days


def parse(words: pa.Array, target: pa.DataType, form: TextForm) -> pa.Array:
    """Parse words of a column of a known form; other forms are understood as well.

    Parameters
    ----------
    words : pyarrow.Array of string, shape (n,)
        The words; nulls stay null.
    target : pyarrow.DataType
        The type of the result: numbers, booleans, dates, times or durations.
    form : TextForm
        The form to try first.

    Returns
    -------
    pyarrow.Array, shape (n,)
        The values, null for every marker of a missing cell.

    Raises
    ------
    Misfit
        If a word has no such meaning.
    """
    gone = pa.array(is_marker(words))
    if pt.is_temporal(target) and not pt.is_duration(target):
        gone = pc.or_(gone, pa.array(_no_days(words, form)))
    if form.missing is not None:
        gone = pc.or_(gone, pc.equal(words, form.missing).fill_null(False))
    present = pc.if_else(gone, pa.scalar(None, words.type), words)
    values = _fit(_by_form(present, target, form), target)
    for read in (_by_form, _by_look):
        rest = pc.and_(values.is_null(), present.is_valid())
        if not pc.any(rest).as_py():
            break
        trimmed = pc.utf8_trim_whitespace(present.filter(rest))
        values = _filled(values, rest, _fit(read(trimmed, target, form), target))
    return values


def _no_days(words: pa.Array, form: TextForm) -> np.ndarray:
    """Return a mask of words that are dates of zeros or, if the form says so, impossible days."""
    none = is_no_date(words)
    if form.impossible and form.pattern:
        alike = pc.match_substring_regex(words, f"^{regex_of(form.pattern)}$").fill_null(False)
        none |= np.asarray(pc.and_(alike, parse_dates(words, form.pattern).is_null()))
    return none


def _by_form(words: pa.Array, target: pa.DataType, form: TextForm) -> pa.Array:
    """Parse words of the column's own form; others give null."""
    if pt.is_boolean(target):
        true, false = pc.equal(words, form.true or "true"), pc.equal(words, form.false or "false")
        return pc.if_else(pc.or_(true, false), true, pa.scalar(None, pa.bool_()))
    if is_number(target):
        values = parse_numbers(words, form)
        return pa.nulls(len(words), target) if values is None else values
    if form.pattern is None:
        return pa.nulls(len(words), target)
    if form.as_number:
        numbers = parse_numbers(words, form)
        try:  # codes such as 20210405.0, floats because of a missing cell
            whole = None if numbers is None else pc.cast(numbers, pa.int64())
        except pa.ArrowInvalid:
            whole = None
        return pa.nulls(len(words), target) if whole is None else read_codes(whole, form.pattern)
    parse_pattern = parse_durations if pt.is_duration(target) else parse_dates
    return parse_pattern(words, form.pattern)


def _by_look(words: pa.Array, target: pa.DataType, _: TextForm) -> pa.Array:
    """Parse words of any other form."""
    values: pa.Array | None
    if pt.is_boolean(target):
        values = truth(words)
    elif is_number(target):
        numbers = read_numbers(words, np.ones(len(words), np.int64))
        values = None if isinstance(numbers, str) else numbers.values
    elif pt.is_timestamp(target) and target.tz is not None:
        values = _instants(words, target)
    else:
        dates = read_durations(words) if pt.is_duration(target) else read_dates(words, True)
        values = dates.values if dates else None
    if values is None:
        raise Misfit.of(_odd_one(words, target))
    return values


def _odd_one(words: pa.Array, target: pa.DataType) -> pa.Scalar:
    """Return a word that cannot be parsed."""
    likely = plain_numbers(words) if is_number(target) else likely_dates(words)
    return words[int(np.argmin(likely))]


def _filled(values: pa.Array, mask: pa.Array, others: pa.Array) -> pa.Array:
    """Return values with those under a mask replaced by others, in order; of any type."""
    order = np.arange(len(values))
    order[np.asarray(mask)] = len(values) + np.arange(len(others))
    return pa.concat_arrays([values, others]).take(pa.array(order))


def _instants(words: pa.Array, target: pa.DataType) -> pa.Array | None:
    """Read timestamps that are written with their offset from UTC."""
    try:
        return pc.cast(words, target)
    except pa.ArrowInvalid:
        return None


def _fit(values: pa.Array, target: pa.DataType) -> pa.Array:
    """Return values that were read as the target type."""
    if pt.is_date32(target) and pt.is_timestamp(values.type):
        return whole_days(values)
    if pt.is_floating(target):
        return pc.cast(values, target, safe=False)
    try:
        return pc.cast(values, target)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise Misfit(f"values such as {values.drop_null()[0].as_py()}") from error
