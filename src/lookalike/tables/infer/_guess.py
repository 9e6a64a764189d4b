"""The inference of a column's kind, with its reason in words."""

from __future__ import annotations

from typing import NamedTuple

import pyarrow.compute as pc
import pyarrow.types as pt

from lookalike._core.errors import DataError
from lookalike.tables._schema import Kind
from lookalike.tables.infer._facts import Facts, as_dates
from lookalike.tables.infer._names import hints_at_code, hints_at_date, hints_at_key
from lookalike.tables.infer._tally import Tally
from lookalike.tables.text._calendar_words import are_calendar_names, mostly_dates
from lookalike.tables.text._date_patterns import split_days
from lookalike.tables.text._shapes import regularity

__all__ = ["Guess", "fallbacks", "guess"]

#: The greatest number of distinct numbers that are categories, and their least mean count.
_FEW_LEVELS = 10
_ROWS_PER_LEVEL = 20
#: The greatest share of unique values among categories, which must repeat to be learned.
_ALONE = 0.5
#: The least number of distinct cells for a pattern or a sequence without a name that hints at it.
_EVIDENCE = 20
#: The number of time zones named.
_SHOWN = 5
#: The share of cells in one format from which all count as written one way.
_UNIFORM = 0.98


class Guess(NamedTuple):
    """A kind and the reason for it."""

    kind: Kind
    why: str


def guess(facts: Facts) -> Guess:
    """Infer the kind of a column.

    Parameters
    ----------
    facts : Facts
        The facts on the column.

    Returns
    -------
    Guess
        The kind and the reason.

    Raises
    ------
    DataError
        If its numbers can be neither measures nor categories nor identifiers.
    """
    cells = facts.cells
    if cells.distinct == 0:
        return Guess(Kind.CONSTANT, "every cell is missing")
    if cells.distinct == 1 and cells.missing == 0:
        return Guess(Kind.CONSTANT, "every cell is the same")
    if cells.distinct == 1 and facts.family != "booleans":
        why = "one value and missing cells: which cells are missing can be learned"
        return Guess(Kind.CATEGORICAL, why)
    if facts.categories is not None and not _tells_rows_apart(cells):
        return Guess(Kind.CATEGORICAL, f"declared as categories, {cells.distinct:,} of them in use")
    by_family = {
        "numbers": _numbers,
        "booleans": _booleans,
        "dates": _dates,
        "words": _words,
    }
    kind, why = by_family[facts.family](facts)
    return Guess(kind, f"{why}; {facts.note}" if facts.note else why)


def fallbacks(facts: Facts) -> tuple[Guess, ...]:
    """Return the alternatives if the first guess does not fit all cells; the last always fits.

    Parameters
    ----------
    facts : Facts
        The facts on the column.

    Returns
    -------
    tuple of Guess
        Numbers where cells are numbers, then categories or text.
    """
    found = []
    if facts.family == "numbers":
        whole = pt.is_integer(facts.meant.values.type)
        counted = f"{facts.meant.distinct:,} distinct numbers in {facts.meant.present:,} rows"
        found.append(Guess(Kind.INTEGER if whole else Kind.CONTINUOUS, counted + _as_text(facts)))
    cells = facts.cells
    counted = f"{cells.distinct:,} distinct values in {cells.present:,} rows"
    as_text = facts.is_text and cells.single_share > _ALONE
    found.append(Guess(Kind.TEXT if as_text else Kind.CATEGORICAL, counted))
    return tuple(found)


def _tells_rows_apart(cells: Tally) -> bool:
    return cells.distinct == cells.present >= _EVIDENCE


# --- numbers --------------------------------------------------------------------------------------


def _numbers(facts: Facts) -> Guess:
    meant = facts.meant
    whole = pt.is_integer(meant.values.type)
    noun = "distinct whole numbers" if whole else "distinct numbers"
    counted = f"{meant.distinct:,} {noun} in {meant.present:,} rows"
    if whole:
        if pc.min_max(meant.values).as_py() == {"min": 0, "max": 1}:
            return Guess(Kind.BOOLEAN, "only 0 and 1: no or yes")
        dates = None if _few_levels(meant) else as_dates(facts)
        if dates:
            return _dates(dates)
        identifier = _numeric_identifier(facts)
        if identifier:
            return identifier
    if _few_levels(meant):
        return Guess(Kind.CATEGORICAL, f"{counted}: categories, not a measure")
    if whole and _is_code(facts):
        return Guess(
            Kind.CATEGORICAL, f"{counted}, and the name says code: categories, not a measure"
        )
    return Guess(Kind.INTEGER if whole else Kind.CONTINUOUS, counted + _as_text(facts))


def _few_levels(meant: Tally) -> bool:
    return meant.distinct <= _FEW_LEVELS and meant.present >= _ROWS_PER_LEVEL * meant.distinct


def _as_text(facts: Facts) -> str:
    """Describe the format of numbers where it is not plain."""
    form = facts.form
    if form is None:
        return ""
    formats = []
    if form.prefix.strip() or form.suffix.strip():
        formats.append(f"with {(form.prefix + form.suffix).strip()!r}")
    if form.thousands:
        formats.append(f"with {form.thousands!r} between thousands")
    if form.decimal != "." and not (form.thousands and pt.is_integer(facts.meant.values.type)):
        formats.append(f"with {form.decimal!r} before decimals")
    written = f", written {' and '.join(formats)}" if formats else ""
    return written if facts.same >= _UNIFORM else f"{written}, not all written the same way"


def _is_code(facts: Facts) -> bool:
    """Return whether the name says that repeating integers are codes, without counter-evidence."""
    meant = facts.meant
    return (
        hints_at_code(facts.name)
        and meant.single_share <= _ALONE
        and meant.distinct * 2 <= meant.present
        and pc.min(meant.values).as_py() >= 0
    )


def _numeric_identifier(facts: Facts) -> Guess | None:
    meant, named = facts.meant, hints_at_key(facts.name)
    unique = meant.distinct == meant.present
    if unique and meant.distinct >= _EVIDENCE and not hints_at_date(facts.name):
        limits = pc.min_max(meant.values).as_py()
        if limits["min"] in (0, 1) and limits["max"] - limits["min"] + 1 == meant.distinct:
            return Guess(Kind.IDENTIFIER, f"numbers the rows: every number from {limits['min']} on")
    if not named or pc.min(meant.values).as_py() < 0:
        return None
    if unique:
        return Guess(Kind.IDENTIFIER, "the name says identifier, and every value differs")
    if meant.single_share > _ALONE:
        why = f"the name says identifier, and {meant.single_share:.0%} of the values occur once"
        return Guess(Kind.IDENTIFIER, why)
    why = (
        f"the name says identifier, but its {meant.distinct:,} values repeat in "
        f"{meant.present:,} rows: categories that rows share"
    )
    return Guess(Kind.CATEGORICAL, why)


# --- other families -------------------------------------------------------------------------------


def _booleans(facts: Facts) -> Guess:
    if facts.form is None:
        return Guess(Kind.BOOLEAN, "stored as true and false")
    return Guess(Kind.BOOLEAN, f"only {facts.form.false!r} and {facts.form.true!r}")


def _dates(facts: Facts) -> Guess:
    values = facts.meant.values
    if facts.form is not None and facts.form.zones:
        zones = ", ".join(zone.strip() for zone, _ in facts.form.zones[:_SHOWN])
        more = len(facts.form.zones) - _SHOWN
        zones += f" and {more} more" if more > 0 else ""
        how = f"written as {facts.form.pattern}, in time zones {zones}"
    elif facts.form is not None:
        how = f"written as {facts.form.pattern}" + " in a number" * facts.form.as_number
    else:
        how = f"stored as {facts.storage}"
    if pt.is_date32(values.type):
        return Guess(Kind.DATE, f"dates {how}")
    if pt.is_time(values.type):
        return Guess(Kind.TIME, f"times of day {how}")
    if pt.is_duration(values.type):
        return Guess(Kind.DURATION, f"durations {how}")
    if values.type.tz is None and not split_days(values)[1].any():
        return Guess(Kind.DATE, f"dates {how}, all at midnight")
    return Guess(Kind.DATETIME, f"dates with times {how}")


def _words(facts: Facts) -> Guess:
    cells = facts.cells
    if cells.single_share <= _ALONE:
        counted = f"{cells.distinct:,} distinct values in {cells.present:,} rows"
        return Guess(Kind.CATEGORICAL, counted)
    if facts.is_text and are_calendar_names(cells.values):
        return Guess(Kind.CATEGORICAL, "names of months or of days of the week")
    unique = cells.distinct == cells.present
    differ = (
        "every value differs" if unique else f"{cells.single_share:.0%} of the values occur once"
    )
    named = hints_at_key(facts.name)
    if facts.is_text and mostly_dates(cells.values):
        spelling = "" if facts.odd else "; dates or times in an unknown format"
        return Guess(Kind.TEXT, differ + spelling)
    if named or cells.distinct >= _EVIDENCE:
        found = regularity(cells.values, lenient=named)
        if found:
            verb = "follows" if unique else "follow"
            return Guess(Kind.IDENTIFIER, f"{differ} and {verb} {found.words}")
    if not facts.is_text:
        raise DataError(
            f"Column {facts.name!r} of type {facts.storage} has numbers that neither an integer of "
            "64 bits nor a float can hold exactly: round them, turn them into text, or leave the "
            "column out."
        )
    return Guess(Kind.TEXT, f"{differ} and no pattern is seen: free text")
