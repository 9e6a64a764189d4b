"""What the cells of a text column mean, and how they are written."""

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
#: From this share of cells on it is worth saying that most, but not all, are numbers or dates.
_MIXED = 0.5
#: So many distinct cells are looked at first; with a smaller share of them the others are not.
_FIRST = 2000
_HINTED = 0.1
#: So many of the other cells are named.
_NAMED = 3


@dataclass(frozen=True)
class Reading:
    """What the cells of a column mean.

    Parameters
    ----------
    family : {"numbers", "booleans", "dates", "words"}
        What they are; ``"dates"`` are dates, dates with times, or times, as the type says.
    meant : Tally
        The values that are meant.
    cells : Tally
        The same cells as they stand, those that are missing left out.
    form : TextForm or None
        How they are written; None for a null where cells are missing and as they are else.
    same : float
        The share of cells that writing what is meant gives back as they stand.
    note : str
        What is to be said about it, as the end of a sentence; may be ``""``.
    odd : tuple of str
        A few cells that are in the way of taking the others for numbers or dates.
    """

    family: Family
    meant: Tally
    cells: Tally
    form: TextForm | None = None
    same: float = 1.0
    note: str = ""
    odd: tuple[str, ...] = ()


def read_text(name: str, words: Tally) -> Reading:
    """Find out what the cells of a text column mean.

    Parameters
    ----------
    name : str
        The column's name: it may hint at dates.
    words : Tally of string
        The distinct cells.

    Returns
    -------
    Reading
        What they mean; family ``"words"`` where nothing else fits all of them.

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
    rest = words.without(markers)
    if rest.distinct:
        read = _read_rest(name, rest)
        if isinstance(read, Reading):
            form = read.form or TextForm()
            if markers.any() or form.missing is None:
                form = replace(form, missing=_usual_marker(words, markers))
            return replace(read, form=form)
        return _as_words(words, read)
    return _as_words(words, "")


def _read_rest(name: str, rest: Tally) -> Reading | str:
    """Read cells that are not missing, or say why they are left as words; spaces may surround."""
    read = _read_as_it_stands(name, rest)
    if isinstance(read, Reading):
        return read
    trimmed = pc.utf8_trim_whitespace(rest.values)
    if trimmed.equals(rest.values):
        return read
    closer = _read_as_it_stands(name, rest.read_as(trimmed))
    if isinstance(closer, Reading):
        return replace(closer, cells=rest, same=0.0, note=closer.note or "some with spaces around")
    return read


def _read_as_it_stands(name: str, rest: Tally) -> Reading | str:
    pair = boolean_words(rest.values) if rest.distinct == 2 else None
    if pair:
        true, false = pair
        meant = rest.read_as(pc.equal(rest.values, true))
        return Reading("booleans", meant, rest, TextForm(true=true, false=false))
    dates = _read_dates(name, rest)
    if dates:
        return dates
    lengths = read_durations(rest.values)
    if lengths:
        form = TextForm(pattern=lengths.pattern)
        return Reading("dates", rest.read_as(lengths.values), rest, form)
    numbers = read_numbers(rest.values, rest.counts)
    if not isinstance(numbers, str):
        meant = rest.read_as(numbers.values)
        return Reading("numbers", meant, rest, numbers.form, numbers.same)
    _refuse_infinity(name, rest)
    return numbers


def _read_dates(name: str, rest: Tally) -> Reading | None:
    """Read dates; those of zeros alone are missing, and so are a few days that there are not."""
    zeros = is_no_date(rest.values)
    real = rest.without(zeros)
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
        note = f"{share} are days that there are not, taken as missing"
        real = real.without(odd)
        dates = replace(possible, values=possible.values.drop_null())
    if dates is None:
        return None
    form = TextForm(
        missing=_usual_marker(rest, zeros), pattern=dates.pattern, impossible=possible is not None
    )
    if dates.pattern.endswith("%z"):
        form = replace(form, zones=zone_shares(real.values, dates, real.counts))
    meant = real.read_as(dates.values)
    return Reading("dates", meant, real, form, dates.same, note, tuple(days))


def _refuse_infinity(name: str, rest: Tally) -> None:
    infinite = is_infinity(rest.values)
    finite = rest.without(infinite)
    if not infinite.any() or not finite.distinct:
        return
    if not isinstance(read_numbers(finite.values, finite.counts), str):
        raise infinite_values(name, int(rest.counts[infinite].sum()))


def infinite_values(name: str, count: int) -> DataError:
    """Return the error for a column with infinite values."""
    return DataError(
        f"Numbers must be finite: column {name!r} has {count:,} infinite "
        f"value{'s' if count > 1 else ''}. Replace them, by missing cells for example."
    )


def _usual_marker(words: Tally, markers: np.ndarray) -> str | None:
    """Return the commonest marker of missing cells, None for a null."""
    if not markers.any():
        return None
    counts = words.counts[markers]
    if words.missing >= counts.max():
        return None
    marker: str = words.values.filter(pa.array(markers))[int(counts.argmax())].as_py()
    return marker


def _as_words(words: Tally, reason: str) -> Reading:
    """Leave cells as they are but for a marker, if missing cells have just that one marker.

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
    """Say that most cells are numbers or dates, but not all, if that is so, and name some others.

    The words are kept with the schema, so they say of a cell no more than its shape.
    """
    if words.present == 0:
        return "", ()
    for noun, find in (("numbers", likely_numbers), ("dates", likely_dates)):
        if find(words.values[:_FIRST]).mean() < _HINTED:
            continue
        found = find(words.values)
        cells = int(words.counts[found].sum())
        if _MIXED * words.present <= cells < words.present:
            others = words.values.filter(pa.array(~found))[:_NAMED].to_pylist()
            shape = shape_of(others[0][:30])
            # a cell of signs alone would be quoted by its shape
            shown = f" ({shape})" if shape != others[0] else ""
            said = f"{cells:,} of {words.present:,} cells are {noun}, others not{shown}"
            return said, tuple(others)
    return "", ()
