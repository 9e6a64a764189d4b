"""Numbers written as text: detection of their format, parsing and formatting."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lookalike.tables._numbers import as_whole
from lookalike.tables._schema import TextForm
from lookalike.tables.text._scaled import parse_scaled, scaled_form, write_scaled
from lookalike.tables.text._shapes import shape_of, shapes

__all__ = [
    "Numbers",
    "is_infinity",
    "likely_numbers",
    "parse_numbers",
    "plain_numbers",
    "read_numbers",
    "write_numbers",
]

_PLAIN = TextForm()
_POINTS = TextForm(thousands=".", decimal=",")
#: (thousands, decimal) in the order in which they are tried.
_STYLES = (
    ("", "."),
    (",", "."),
    ("", ","),
    (".", ","),
    (" ", "."),
    (" ", ","),
    ("\u00a0", "."),
    ("\u00a0", ","),
    ("\u202f", "."),
    ("\u202f", ","),
    ("'", "."),
    ("\u2019", "."),
)
_PARTS = re.compile(
    r"(?P<open>\(?)(?P<minus>[+-]?)(?P<prefix>[^\d(),.'+\-]*)(?P<inside>[+-]?)"
    r"(?P<body>[\d.](?:[\d.,' \u00a0\u202f\u2019]*\d)?)(?P<suffix>[^\d(),'+\-:;/]*)(?P<close>\)?)"
)
_LONGEST_SUFFIX = 12
_CURRENCIES = frozenset(
    re.findall(
        r"\S+",
        "AUD BRL CAD CHF CNY CZK DKK EUR GBP HKD HUF INR JPY KRW MXN NOK NZD PLN RUB SEK SGD TRY "
        "USD ZAR Fr Fr. Rs Rs. Rp Rp. IDR kr kr. R",
    )
)
_INFINITY = r"^[+-]?(?i:inf|infinity)$"
#: The least share of amounts such as 250,000 that end in 000; three-decimal numbers hardly do.
_ROUND_SHARE = 0.2
#: The least number of distinct words for a proof.
_FEW = 5
#: The number of words split to find the text around numbers.
_FIRST = 1000
#: Telephone numbers, rather than numbers with a sign.
_CALLED = r"^\+[0-9 ]{7,}$"
#: The number of words tried to describe a mixture.
_TRIED = 5
#: The typographic minus sign.
_LONG_MINUS = "\u2212"
#: The number of words on which formats are compared.
_SAMPLE = 5000
#: The greatest number of decimals that is kept.
_MOST_FIXED = 15
_MOST_BEFORE_EXPONENT = 16
#: A float64 holds every integer below this.
_EXACT = 2**53


@dataclass(frozen=True)
class Numbers:
    """Numbers parsed from text.

    Parameters
    ----------
    values : pyarrow.Array of int64 or float64, shape (n,)
        The parsed values.
    form : TextForm
        The text format.
    same : float
        The share of cells, among the first thousands, that `write_numbers` reproduces.
    """

    values: pa.Array
    form: TextForm
    same: float


def is_infinity(words: pa.Array) -> np.ndarray:
    """Return a mask of words that mean *infinite*, shape (n,)."""
    return _mask(pc.match_substring_regex(words, _INFINITY))


def plain_numbers(words: pa.Array) -> np.ndarray:
    """Return a mask of words that are plain numbers, shape (n,)."""
    return _mask(pc.match_substring_regex(words, _regex(_PLAIN)))


def likely_numbers(words: pa.Array) -> np.ndarray:
    """Return a mask of words that are numbers of the most common form, shape (n,)."""
    forms = [replace(_PLAIN, plus="+"), replace(_PLAIN, thousands=",", plus="+")]
    for i in range(min(len(words), _TRIED)):
        form = _guess_form(words[i : i + 1])
        if isinstance(form, TextForm):
            forms.append(form)
    return max((_mask(pc.match_substring_regex(words, _regex(f))) for f in forms), key=np.sum)


def read_numbers(words: pa.Array, counts: np.ndarray) -> Numbers | str:
    """Parse a column of numbers in one format.

    Parameters
    ----------
    words : pyarrow.Array of string, shape (n,)
        The distinct words, without nulls or markers of missing cells.
    counts : ndarray of int64, shape (n,)
        The count of each.

    Returns
    -------
    Numbers or str
        The numbers, or the reason why the words are not numbers (``""`` where nothing hints at it).

    Examples
    --------
    >>> read_numbers(pa.array(["$1,250.50", "$8.00"]), np.array([1, 1])).values.to_pylist()
    [1250.5, 8.0]
    >>> read_numbers(pa.array(["02139", "10001"]), np.array([1, 1]))
    'some are written with leading zeros (99999): codes, not numbers'
    """
    long = pc.match_substring(words[:_SAMPLE], _LONG_MINUS)
    if pc.any(long).as_py():
        short = read_numbers(pc.replace_substring(words, _LONG_MINUS, "-"), counts)
        if isinstance(short, str):
            return short
        return replace(short, form=replace(short.form, minus=_LONG_MINUS))
    reason = _codes(words)
    if reason:
        return reason
    form = _guess_form(words)
    if not isinstance(form, TextForm):
        return form
    values = parse_numbers(words, form)
    if values is None or values.null_count:
        return ""
    return _with_decimals(words, counts, values, form)


def parse_numbers(words: pa.Array, form: TextForm) -> pa.Array | None:
    """Parse words, shape (n,); null where a word is not a number of this form.

    The result is int64 if all numbers are whole, written without decimals and fit; otherwise
    float64. None where a number is too large for a float64.
    """
    if form.minus != "-":
        words = pc.replace_substring(words, form.minus, "-")
    if form.units:
        return parse_scaled(words, form, lambda part, own: parse_numbers(part, own))
    good = pc.match_substring_regex(words, _regex(form))
    plain = pc.if_else(good, words, pa.scalar(None, words.type))
    if form != replace(_PLAIN, fixed=form.fixed, least=form.least):
        plain = _undecorated(plain, form)
    if _all_whole(plain[:_FIRST]) and _all_whole(plain):
        try:
            return pc.cast(plain, pa.int64())
        except pa.ArrowInvalid:
            return None  # beyond int64: too long for an amount
    floats = pc.cast(plain, pa.float64())
    return floats if pc.all(pc.is_finite(floats)).as_py() is not False else None


def write_numbers(values: pa.Array, form: TextForm) -> pa.Array:
    """Write numbers in a form.

    Parameters
    ----------
    values : pyarrow.Array of int64 or float64, shape (n,)
        The numbers; nulls stay null.
    form : TextForm
        The form.

    Returns
    -------
    pyarrow.Array of string, shape (n,)
        The words.

    Examples
    --------
    >>> euro = TextForm(suffix=" €", thousands=".", decimal=",", fixed=2)
    >>> write_numbers(pa.array([1234.5, -3.0]), euro).to_pylist()
    ['1.234,50 €', '-3,00 €']
    """
    if form.units:
        words, units = write_scaled(values, form, _write_plain)
    else:
        words, units = _write_plain(values, form), pa.scalar("")
    if form.thousands or form.decimal != ".":
        words = _separated(words, form)
    if not (form.prefix or form.suffix or form.units or form.plus or form.negative == "($1)"):
        return words if form.minus == "-" else pc.replace_substring_regex(words, "^-", form.minus)
    return _decorated(words, units, form)


def _write_plain(values: pa.Array, form: TextForm) -> pa.Array:
    """Write numbers with a sign and a decimal point where needed, without anything else."""
    if form.exponent:
        return _write_scientific(values, form)
    whole = pa.types.is_integer(values.type)
    return _write_whole(values, form) if whole else _write_floats(values, form)


def _decorated(words: pa.Array, units: pa.Array | pa.Scalar, form: TextForm) -> pa.Array:
    """Put signs, a prefix, units and a suffix around plain numbers."""
    negative = pc.starts_with(words, "-")
    body = pc.replace_substring_regex(words, "^-", "")
    sign = pc.if_else(negative, "-" if form.minus == "-" else form.minus, "")
    if form.plus:
        zero = pc.invert(pc.match_substring_regex(body, "^[^eE]*[1-9]"))
        bare = pc.or_(negative, zero) if form.plus == "+" else negative
        sign = pc.if_else(bare, sign, "+")
    begin, inside, end = sign, pa.scalar(""), pa.scalar("")
    if form.negative == "$-1":
        begin, inside = inside, sign
    elif form.negative == "($1)":
        begin, end = pc.if_else(negative, "(", sign), pc.if_else(negative, ")", "")
    return pc.binary_join_element_wise(
        begin, form.prefix, inside, body, units, form.suffix, end, ""
    )


# --- reading --------------------------------------------------------------------------------------


def _mask(values: pa.Array) -> np.ndarray:
    return np.asarray(values.to_numpy(zero_copy_only=False), bool)


def _number(thousands: str, decimal: str, lakhs: bool = False) -> str:
    """Return the regular expression of an unsigned number."""
    point = re.escape(decimal)
    whole = "(?:0|[1-9][0-9]*)"
    if lakhs:
        whole = "(?:0|[1-9][0-9]{0,2}|[1-9][0-9]?(?:,[0-9]{2})*,[0-9]{3})"
    elif thousands:
        whole = f"(?:0|[1-9][0-9]{{0,2}}(?:{re.escape(thousands)}[0-9]{{3}})*)"
    exponent = "(?:[eE][+-]?[0-9]{1,3})?" if (thousands, decimal) == ("", ".") else ""
    return f"(?:{whole}(?:{point}[0-9]*)?|{point}[0-9]+){exponent}"


def _regex(form: TextForm) -> str:
    number = _number(form.thousands, form.decimal, form.lakhs)
    prefix, suffix = re.escape(form.prefix), re.escape(form.suffix)
    if form.negative == "($1)":
        plus = "\\+?" if form.plus else ""
        return f"^(?:{plus}{prefix}{number}{suffix}|\\({prefix}{number}{suffix}\\))$"
    sign = "[+-]?" if form.plus else "-?"
    if form.negative == "$-1":
        return f"^{prefix}{sign}{number}{suffix}$"
    return f"^{sign}{prefix}{number}{suffix}$"


def _all_whole(words: pa.Array) -> bool:
    """Return whether all plain numbers are written without decimals, and may fit an int64."""
    found = pc.match_substring_regex(words, r"^(?:0|-?[1-9][0-9]{0,18})$")
    return pc.all(found).as_py() is not False


def _undecorated(words: pa.Array, form: TextForm) -> pa.Array:
    """Return words of the form as plain numbers."""
    prefix = re.escape(form.prefix)
    negative = pc.match_substring_regex(words, rf"^(?:\(|-|{prefix}-)")
    body = pc.replace_substring_regex(words, r"^[(+-]+|\)$", "")
    body = pc.replace_substring_regex(body, f"^{prefix}[+-]?", "")
    body = pc.replace_substring_regex(body, re.escape(form.suffix) + "$", "")
    if form.thousands:
        body = pc.replace_substring(body, form.thousands, "")
    if form.decimal != ".":
        body = pc.replace_substring(body, form.decimal, ".")
    return pc.binary_join_element_wise(pc.if_else(negative, "-", ""), body, "")


def _codes(words: pa.Array) -> str:
    """Return the reason why words of digits alone are codes, if they are."""
    if not _all(words, r"^-?[0-9]+$"):
        return ""
    zeros = _mask(pc.match_substring_regex(words, r"^-?0[0-9]+$"))
    if zeros.any():
        first = shape_of(words[int(zeros.argmax())].as_py())
        return f"some are written with leading zeros ({first}): codes, not numbers"
    try:
        pc.cast(words, pa.int64())
    except pa.ArrowInvalid:
        return "some have more digits than an integer can hold: codes, not numbers"
    return ""


def _guess_form(words: pa.Array) -> TextForm | str:
    """Return the form that all words share, apart from decimals, or why there is none."""
    if _all(words, _regex(_PLAIN)):
        return _POINTS if _is_point_of_thousands(words) else _PLAIN
    parts = [_PARTS.fullmatch(word) for word in words[:_FIRST].to_pylist()]
    if not parts or not all(parts):
        return ""
    matches = [part for part in parts if part is not None]
    prefixes, suffixes = {p["prefix"] for p in matches}, {p["suffix"] for p in matches}
    if len(prefixes) > 1:
        return ""
    prefix, suffix = prefixes.pop(), min(suffixes)
    scaled = scaled_form(words, prefix) if len(suffixes) > 1 else TextForm()
    if scaled is None:
        return ""
    form = scaled if scaled.units else TextForm(prefix=prefix, suffix=suffix)
    if not (_is_prefix(prefix) and _is_suffix(form.suffix)):
        return ""
    if any(p["open"] for p in matches):
        form = replace(form, negative="($1)")
    elif any(p["inside"] for p in matches) and form.prefix:
        form = replace(form, negative="$-1")
    if _mask(pc.match_substring(words, "+")).any():
        if _all(words, _CALLED):
            return "all with a plus and many digits: codes, not numbers"
        form = replace(form, plus="+")
    if form.units:
        values = parse_numbers(words, form)
        return "" if values is None or values.null_count else form
    styles = [replace(form, thousands=t, decimal=d) for t, d in _STYLES]
    styles.append(replace(form, thousands=",", lakhs=True))
    fitting = [style for style in styles if _all(words, _regex(style))]
    if not fitting:
        return ""
    return _unambiguous(words, fitting)


def _is_point_of_thousands(words: pa.Array, suffix: str = "") -> bool:
    """Return whether every point is followed by three digits, some ending in 0 if optional."""
    end = re.escape(suffix) + "$"
    if not _all(words, rf"[1-9][0-9]{{0,2}}\.[0-9]{{3}}{end}|^[^.]*$"):
        return False
    pointed = pc.match_substring(words, ".")
    both = pc.any(pointed).as_py() and not pc.all(pointed).as_py()
    return both and pc.any(pc.match_substring_regex(words, rf"\.[0-9]{{2}}0{end}")).as_py()


def _all(words: pa.Array, regex: str) -> bool:
    """Return whether all words match; a few are tried first."""
    parts = (words[:100], words)
    return all(pc.all(pc.match_substring_regex(part, regex)).as_py() for part in parts)


def _is_prefix(prefix: str) -> bool:
    """Return whether a prefix is blank or a currency: other letters before digits make a code."""
    word = prefix.strip()
    return not word or word in _CURRENCIES or any(unicodedata.category(c) == "Sc" for c in word)


def _is_suffix(suffix: str) -> bool:
    """Return whether a suffix can be a unit."""
    return len(suffix) <= _LONGEST_SUFFIX and not any(c in '[]{}<>=&|*#@!?"\\_' for c in suffix)


def _unambiguous(words: pa.Array, fitting: list[TextForm]) -> TextForm | str:
    """Return the only plausible form, or the reason why it is ambiguous."""
    first = fitting[0]
    money = bool(first.prefix.strip()) or any(unicodedata.category(c) == "Sc" for c in first.suffix)
    round_sums = _mask(pc.ends_with(words, "000" + first.suffix)).mean() > _ROUND_SHARE
    if first.thousands == "" and first.decimal == ".":
        grouped = replace(first, thousands=".", decimal=",")
        usual = money and round_sums and grouped in fitting
        return grouped if usual or _is_point_of_thousands(words, first.suffix) else first
    if _are_digit_groups(words, first.thousands):
        example = shape_of(words[0].as_py())
        return f"groups of digits of one length ({example}): codes, not numbers"
    if first.thousands != "," or len(fitting) == 1 or fitting[1].decimal != ",":
        return first
    # Every comma is followed by three digits: thousands or decimals?
    without = _mask(pc.invert(pc.match_substring(words, ",")))
    if money or round_sums or len(words) >= _FEW:
        return first
    example = shape_of(words[int(np.argmin(without))].as_py())
    return f"a comma may separate thousands or decimals ({example}): not read as numbers"


def _are_digit_groups(words: pa.Array, separator: str) -> bool:
    """Return whether separators repeat at the same positions, as in telephone numbers."""
    if separator in ("", ",") or len(words) < _FEW:
        return False
    if pc.count_distinct(shapes(words)).as_py() > 1:
        return False
    return bool(pc.count_substring(words[:1], separator)[0].as_py() > 1)


def _with_decimals(
    words: pa.Array, counts: np.ndarray, values: pa.Array, form: TextForm
) -> Numbers:
    """Detect the format of decimals: a fixed number, at least one, or only where needed."""
    forms = [form]
    few, weights = words[:_SAMPLE], counts[:_SAMPLE]
    if pa.types.is_floating(values.type):
        values = as_whole(values)
    if form.units:
        forms = [form, replace(form, fixed=max(most for _, most in form.units))]
    elif (exponent := _exponent(few)) is not None:
        forms += [
            replace(form, exponent=style, fixed=fixed, most=most)
            for style in exponent
            for fixed, most in _mantissas(few, form)
        ]
    elif pa.types.is_floating(values.type) or pc.any(pc.match_substring(few, form.decimal)).as_py():
        forms = [replace(form, fixed=k) for k in _usual_decimals(few, weights, form)]
        forms += [form, replace(form, least=1)]
    if form.plus:
        forms += [replace(f, plus="+0") for f in forms]
    best, most_alike = form, -1.0
    for candidate in forms:
        same = _mask(pc.equal(write_numbers(values[:_SAMPLE], candidate), few))
        share = float(weights[same].sum() / weights.sum())
        if share > most_alike:
            best, most_alike = candidate, share
    return Numbers(values, best, most_alike)


def _exponent(words: pa.Array) -> list[str] | None:
    """Return the possible exponent formats of scientific notation, if all words have one.

    Examples
    --------
    >>> _exponent(pa.array(["1.5E-04", "2.5E+11"]))
    ['E+00', 'E00']
    """
    found = pc.extract_regex(words, r"[0-9](?P<letter>[eE])(?P<sign>[+-]?)(?P<digits>[0-9]+)\D*$")
    if found.null_count:
        return None
    letter = found.field("letter")[0].as_py()
    least = pc.min(pc.utf8_length(found.field("digits"))).as_py()
    return [f"{letter}{sign}{'0' * min(least, 3)}" for sign in ("+", "")]


def _mantissas(words: pa.Array, form: TextForm) -> list[tuple[int | None, int | None]]:
    """Return the numbers of decimals before an exponent, as (fixed, greatest)."""
    tail = re.escape(form.decimal) + r"(?P<decimals>[0-9]*)[eE]"
    decimals = pc.extract_regex(words, tail)
    digits = pc.utf8_length(pc.struct_field(decimals, "decimals")).fill_null(0)
    most = min(pc.max(digits).as_py(), _MOST_BEFORE_EXPONENT)
    return [(most, None), (None, most)]


def _usual_decimals(words: pa.Array, counts: np.ndarray, form: TextForm) -> list[int]:
    """Return the most common number of written decimals if most words have it, else nothing."""
    tail = re.escape(form.suffix) + r"\)?$"
    decimals = pc.extract_regex(words, re.escape(form.decimal) + r"(?P<decimals>[0-9]*)" + tail)
    digits = pc.utf8_length(pc.struct_field(decimals, "decimals")).fill_null(0).to_numpy()
    weights = np.bincount(digits, counts)
    usual = int(weights.argmax())
    return [usual] if 0 < usual <= _MOST_FIXED and weights[usual] > counts.sum() / 2 else []


# --- writing --------------------------------------------------------------------------------------


def _write_whole(values: pa.Array, form: TextForm) -> pa.Array:
    words = pc.cast(values, pa.string())
    decimals = form.least if form.fixed is None else form.fixed
    if decimals == 0:
        return words
    return pc.binary_join_element_wise(words, "." + "0" * decimals, "")


def _write_scientific(values: pa.Array, form: TextForm) -> pa.Array:
    decimals = form.fixed if form.fixed is not None else form.most or 0
    letter, plus, width = form.exponent[0], "+" in form.exponent, form.exponent.count("0")

    def written(value: float) -> str:
        mantissa, exponent = f"{value:.{decimals}e}".split("e")
        if form.fixed is None and "." in mantissa:
            mantissa = mantissa.rstrip("0").rstrip(".")
        sign = "-" if exponent[0] == "-" else "+" * plus
        return f"{mantissa}{letter}{sign}{exponent[1:].lstrip('0').zfill(width)}"

    return pa.array([None if x is None else written(x) for x in values.to_pylist()], pa.string())


def _write_floats(values: pa.Array, form: TextForm) -> pa.Array:
    if form.fixed is not None:
        return _write_fixed(values, form.fixed)
    words = pc.cast(values, pa.string())
    size = pc.abs(values)
    # Where Python, and so most CSV files, use another notation than Arrow.
    odd = pc.or_(
        pc.greater_equal(size, 1e15), pc.and_(pc.less(size, 1e-4), pc.not_equal(size, 0.0))
    )
    if pc.any(odd).as_py():
        odd = odd.fill_null(False)
        fitting = [_shortest(x) for x in values.filter(odd).to_pylist()]
        words = pc.replace_with_mask(words, odd, pa.array(fitting, pa.string()))
    if form.least:
        bare = pc.match_substring_regex(words, "^-?[0-9]+$")
        words = pc.if_else(bare, pc.binary_join_element_wise(words, ".0", ""), words)
    return words


def _shortest(value: float) -> str:
    return repr(value).removesuffix(".0")


def _write_fixed(values: pa.Array, decimals: int) -> pa.Array:
    floats = values.to_numpy(zero_copy_only=False)
    with np.errstate(invalid="ignore", over="ignore"):
        scaled = np.abs(floats) * 10.0**decimals
    if np.nanmax(scaled, initial=0.0) >= _EXACT:
        written = [None if x is None else f"{x:.{decimals}f}" for x in values.to_pylist()]
        return pa.array(written, pa.string())
    present = ~np.isnan(floats)
    units = np.rint(np.where(present, scaled, 0.0)).astype(np.int64)
    digits = pc.utf8_lpad(pc.cast(pa.array(units), pa.string()), decimals + 1, "0")
    if decimals:
        split = pc.utf8_slice_codeunits(digits, 0, -decimals)
        digits = pc.binary_join_element_wise(split, pc.utf8_slice_codeunits(digits, -decimals), ".")
    sign = pc.if_else(pa.array(np.signbit(floats)), "-", "")
    words = pc.binary_join_element_wise(sign, digits, "")
    return pc.if_else(pa.array(present), words, pa.scalar(None, pa.string()))


def _separated(words: pa.Array, form: TextForm) -> pa.Array:
    """Return plain numbers with the form's separators of thousands and decimals."""
    if form.decimal != ".":
        words = pc.replace_substring(words, ".", form.decimal)
    longest = pc.max(pc.utf8_length(words)).as_py() or 0
    separator = form.thousands.replace("\\", r"\\")
    for i in range(longest // 2 if form.thousands else 0):
        group = 2 if form.lakhs and i else 3
        words = pc.replace_substring_regex(
            words, f"^(-?[0-9]+)([0-9]{{{group}}})", rf"\1{separator}\2"
        )
    return words
