"""Parsing of text columns: the meaning of their cells, and their text format."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lookalike._core.errors import DataError
from lookalike.tables._schema import TextForm
from lookalike.tables.infer._names import hints_at_date
from lookalike.tables.infer._tally import Tally
from lookalike.tables.text._dates import likely_dates, read_dates, read_possible, zone_shares
from lookalike.tables.text._durations import read_durations
from lookalike.tables.text._numbers import is_infinity, likely_numbers, read_numbers
from lookalike.tables.text._shapes import shape_of
from lookalike.tables.text._words import boolean_words, is_marker, is_no_date, is_sure_marker

__all__ = ["Family", "Reading", "read_text"]

Family = Literal["numbers", "booleans", "dates", "words"]
#: The share of cells from which a note says that most, but not all, are numbers or dates.
_MIXED = 0.5
#: The number of distinct cells tried first, and the least share of matches to try the others.
_FIRST = 2000
_HINTED = 0.1
#: The number of other cells quoted.
_NAMED = 3


@dataclass(frozen=True)
class Reading:
    """The parsed cells of a text column.

    Parameters
    ----------
    family : {"numbers", "booleans", "dates", "words"}
        The family of the cells; ``"dates"`` are dates, dates with times, or times, by their type.
    meant : Tally
        The parsed values.
    cells : Tally
        The same cells as written, without missing ones.
    form : TextForm or None
        The text format; None where missing cells are nulls and others are kept as written.
    same : float
        The share of cells that formatting the values reproduces.
    note : str
        A remark, as the end of a sentence; may be ``""``.
    odd : tuple of str
        A few cells that keep the others from being numbers or dates.
    """

    family: Family
    meant: Tally
    cells: Tally
    form: TextForm | None = None
    same: float = 1.0
    note: str = ""
    odd: tuple[str, ...] = ()


def read_text(name: str, words: Tally) -> Reading:
    """Parse the cells of a text column.

    Parameters
    ----------
    name : str
        The column's name, which may hint at dates.
    words : Tally of string
        The distinct cells.

    Returns
    -------
    Reading
        The parsed cells; family ``"words"`` where nothing else fits all of them.

    Raises
    ------
    DataError
        If the cells are numbers, some of them infinite.

    Examples
    --------
    >>> read_text("bmi", Tally.of(pa.array(["36.6", "N/A", "24.0"]))).meant.values.to_pylist()
    [36.6, 24.0]
    """
    markers = is_marker(words.values)
    present = words.without(markers)
    if present.distinct:
        read = _read_present(name, present)
        if isinstance(read, Reading):
            form = read.form or TextForm()
            if markers.any() or form.missing is None:
                form = replace(form, missing=_usual_marker(words, markers))
            return replace(read, form=form)
        return _as_words(words, read)
    return _as_words(words, "")


def _read_present(name: str, present: Tally) -> Reading | str:
    """Parse present cells, trimmed where needed, or return the reason to keep them as words."""
    read = _read_as_it_stands(name, present)
    if isinstance(read, Reading):
        return read
    trimmed = pc.utf8_trim_whitespace(present.values)
    if trimmed.equals(present.values):
        return read
    closer = _read_as_it_stands(name, present.read_as(trimmed))
    if isinstance(closer, Reading):
        return replace(
            closer, cells=present, same=0.0, note=closer.note or "some surrounded by spaces"
        )
    return read


def _read_as_it_stands(name: str, present: Tally) -> Reading | str:
    pair = boolean_words(present.values) if present.distinct == 2 else None
    if pair:
        true, false = pair
        meant = present.read_as(pc.equal(present.values, true))
        return Reading("booleans", meant, present, TextForm(true=true, false=false))
    dates = _read_dates(name, present)
    if dates:
        return dates
    lengths = read_durations(present.values)
    if lengths:
        form = TextForm(pattern=lengths.pattern)
        return Reading("dates", present.read_as(lengths.values), present, form)
    numbers = read_numbers(present.values, present.counts)
    if not isinstance(numbers, str):
        meant = present.read_as(numbers.values)
        return Reading("numbers", meant, present, numbers.form, numbers.same)
    _refuse_infinity(name, present)
    return numbers


def _read_dates(name: str, present: Tally) -> Reading | None:
    """Parse dates; those of zeros alone and a few impossible days are missing."""
    zeros = is_no_date(present.values)
    real = present.without(zeros)
    if real.distinct == 0:
        return None
    dates = read_dates(real.values, hints_at_date(name))
    days: list[str] = []
    possible = None if dates else read_possible(real.values, real.counts)
    note = dates.note if dates else ""
    if possible:
        odd = possible.values.is_null().to_numpy(zero_copy_only=False)
        days = real.values.filter(pa.array(odd))[:_NAMED].to_pylist()
        share = f"{int(real.counts[odd].sum()):,} of {real.present:,} cells"
        note = f"{share} are impossible days, read as missing"
        real = real.without(odd)
        dates = replace(possible, values=possible.values.drop_null())
    if dates is None:
        return None
    form = TextForm(
        missing=_usual_marker(present, zeros),
        pattern=dates.pattern,
        impossible=possible is not None,
    )
    if dates.pattern.endswith("%z"):
        form = replace(form, zones=zone_shares(real.values, dates, real.counts))
    meant = real.read_as(dates.values)
    return Reading("dates", meant, real, form, dates.same, note, tuple(days))


def _refuse_infinity(name: str, present: Tally) -> None:
    infinite = is_infinity(present.values)
    finite = present.without(infinite)
    if not infinite.any() or not finite.distinct:
        return
    if not isinstance(read_numbers(finite.values, finite.counts), str):
        raise infinite_values(name, int(present.counts[infinite].sum()))


def infinite_values(name: str, count: int) -> DataError:
    """Return the error for a column with infinite values."""
    return DataError(
        f"Numbers must be finite: column {name!r} has {count:,} infinite "
        f"value{'s' if count > 1 else ''}. Replace them, by missing cells for example."
    )


def _usual_marker(words: Tally, markers: np.ndarray) -> str | None:
    """Return the most common marker of missing cells, None for a null."""
    if not markers.any():
        return None
    counts = words.counts[markers]
    if words.missing >= counts.max():
        return None
    marker: str = words.values.filter(pa.array(markers))[int(counts.argmax())].as_py()
    return marker


def _as_words(words: Tally, reason: str) -> Reading:
    """Keep cells as words, except for a marker if it is the only one of missing cells.

    With two ways of being missing (a null and a "?"), the difference would be lost: then the
    words stay.
    """
    markers = is_sure_marker(words.values)
    form = None
    if markers.sum() == 1 and words.missing == 0:
        form = TextForm(missing=words.values.filter(pa.array(markers))[0].as_py())
        words = words.without(markers)
    note, odd = (reason, ()) if reason else _mixture(words)
    return Reading("words", words, words, form, note=note, odd=odd)


def _mixture(words: Tally) -> tuple[str, tuple[str, ...]]:
    """Describe cells of which most are numbers or dates, but not all, and quote some others.

    The description is stored in the schema, so it reveals only the shape of a cell.
    """
    if words.present == 0:
        return "", ()
    for noun, find in (("numbers", likely_numbers), ("dates", likely_dates)):
        if find(words.values[:_FIRST]).mean() < _HINTED:
            continue
        fits = find(words.values)
        cells = int(words.counts[fits].sum())
        if _MIXED * words.present <= cells < words.present:
            others = words.values.filter(pa.array(~fits))[:_NAMED].to_pylist()
            shape = shape_of(others[0][:30])
            # The shape of a cell of signs alone would quote it.
            shown = f" ({shape})" if shape != others[0] else ""
            note = f"{cells:,} of {words.present:,} cells are {noun}, others not{shown}"
            return note, tuple(others)
    return "", ()
