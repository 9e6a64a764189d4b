"""Numbers with suffixes for thousands, millions and more: 1.2k, €3.4B."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lookalike.tables._numbers import as_whole
from lookalike.tables._schema import TextForm

__all__ = ["parse_scaled", "scaled_form", "write_scaled"]

#: The powers of ten by their suffix.
_POWERS = {
    **dict.fromkeys(("k", "K", "Tsd.", "thousand"), 3),
    **dict.fromkeys(("m", "M", "mn", "Mn", "mio", "Mio", "Mio.", "million", "mln"), 6),
    **dict.fromkeys(("b", "B", "G", "bn", "Bn", "Mrd", "Mrd.", "billion", "mld"), 9),
    **dict.fromkeys(("T", "tn", "trillion"), 12),
    **dict.fromkeys(("L", "lakh"), 5),
    **dict.fromkeys(("Cr", "crore"), 7),
}
#: Suffixes with another meaning before a unit of measure: mg is not a million grams.
_ALONE = ("m", "b", "L", "T")
_TAIL = re.compile(r"[0-9.,](?P<suffix>[^0-9.,)]*)\)?$")
_DECIMALS = r"\.(?P<decimals>[0-9]*)"
_FIRST = 1000


def scaled_form(words: pa.Array, prefix: str) -> TextForm | None:
    """Return the form of numbers with suffixes for powers of ten, or None.

    Parameters
    ----------
    words : pyarrow.Array of string, shape (n,)
        The distinct words.
    prefix : str
        The prefix of the numbers.

    Returns
    -------
    TextForm or None
        The form with `units`, and the common end of all words as its suffix.

    Examples
    --------
    >>> scaled_form(pa.array(["€1.5M", "€80K", "€0"]), "€").units
    (('', 0), ('K', 0), ('M', 1))
    """
    tails = [_TAIL.search(word) for word in words[:_FIRST].to_pylist()]
    found = {tail["suffix"] for tail in tails if tail}
    shortest = min(found, key=len)
    for cut in range(len(shortest) + 1):
        rest = shortest[cut:]
        units = {suffix[: len(suffix) - len(rest)] for suffix in found if suffix.endswith(rest)}
        bare = {unit.strip() for unit in units}
        # 12 and 1.8m are metres, if anything.
        lonely = len(bare - {""}) == 1 and not bare.isdisjoint(_ALONE)
        several = len(bare) == len(units) > 1 and not lonely
        if several and all(_is_unit(unit, rest) for unit in units):
            units_of = [(unit, _most_decimals(words, unit + rest)) for unit in units]
            units_of.sort(key=lambda u: power_of(u[0]))
            return TextForm(prefix=prefix, suffix=rest, units=tuple(units_of))
    return None


def power_of(unit: str) -> int:
    """Return the power of ten of a unit."""
    return _POWERS.get(unit.strip(), 0)


def _is_unit(unit: str, rest: str) -> bool:
    bare = unit.strip()
    return bare == "" or (bare in _POWERS and not (rest.strip() and bare in _ALONE))


def _most_decimals(words: pa.Array, suffix: str) -> int:
    found = pc.extract_regex(words, _DECIMALS + re.escape(suffix) + r"\)?$")
    lengths = pc.utf8_length(pc.struct_field(found, "decimals"))
    return min(pc.max(lengths).as_py() or 0, 15)


def parse_scaled(
    words: pa.Array, form: TextForm, parse: Callable[[pa.Array, TextForm], pa.Array | None]
) -> pa.Array | None:
    """Parse words with units, shape (n,); null where a word has another form.

    Parameters
    ----------
    words : pyarrow.Array of string, shape (n,)
        The words.
    form : TextForm
        A form with units.
    parse : callable
        The parser of words of a form without units.

    Returns
    -------
    pyarrow.Array or None
        As `lookalike.tables.text._numbers.parse_numbers` returns.
    """
    values = np.full(len(words), np.nan)
    for unit, most in form.units:
        own = replace(form, units=(), suffix=unit + form.suffix, fixed=None)
        read = parse(words, own)
        if read is None:
            return None
        power = power_of(unit)
        numbers = pc.cast(read, pa.float64(), safe=False).to_numpy(zero_copy_only=False)
        # 1.2 million is exactly 1,200,000.
        with np.errstate(over="ignore", invalid="ignore"):
            scaled = np.round(numbers * 10.0**power, max(most - power, 0))
        values = np.where(np.isnan(values), scaled, values)
    missing = np.isnan(values)
    if np.isinf(values).any():
        return None
    whole = as_whole(pa.array(np.where(missing, 0.0, values)))
    return pc.if_else(pa.array(missing), pa.scalar(None, whole.type), whole)


def write_scaled(
    values: pa.Array, form: TextForm, write: Callable[[pa.Array, TextForm], pa.Array]
) -> tuple[pa.Array, pa.Array]:
    """Write numbers in the largest unit that does not exceed them.

    Parameters
    ----------
    values : pyarrow.Array of int64 or float64, shape (n,)
        The numbers; nulls stay null.
    form : TextForm
        A form with units.
    write : callable
        The writer of plain numbers of a form without units.

    Returns
    -------
    words, units : pyarrow.Array of string, shape (n,)
        The plain numbers, and the unit of each.
    """
    floats = pc.cast(values, pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    which = np.zeros(len(floats), np.int64)
    for i, (unit, _) in enumerate(form.units[1:], 1):
        # A number that would round up to one of this unit is written in it.
        below, most = form.units[i - 1]
        rounded = np.round(np.abs(floats) / 10.0 ** power_of(below), most)
        which[rounded >= 10.0 ** (power_of(unit) - power_of(below))] = i
    words = pa.nulls(len(values), pa.string())
    for i, (unit, most) in enumerate(form.units):
        here = pa.array((which == i) & ~np.isnan(floats))
        scaled = np.round(floats / 10.0 ** power_of(unit), most)
        own = replace(form, units=(), fixed=most)
        written = write(pa.array(scaled, from_pandas=True), own)
        if form.fixed is None and most:
            written = pc.replace_substring_regex(written, r"\.?0+$", "")
        words = pc.if_else(here, written, words)
    units = pa.array([unit for unit, _ in form.units]).take(pa.array(which))
    return words, units
