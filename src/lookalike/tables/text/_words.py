"""Words with a fixed meaning in tables: markers of missing cells, yes and no."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["boolean_words", "is_marker", "is_no_date", "is_sure_marker", "truth"]

#: Words that are never a category of their own.
_SURE = ("", "?", "NaN", "nan", "NULL", "null", "<NA>", "#N/A")
#: Words that mean *missing* among numbers and dates, but may be a category among words.
_UNSURE = (
    *("NA", "N/A", "n/a", "na", "Null", "None", "none", "NONE", "NaT", "nil", "Nan", "NAN"),
    *("-", "--", "---", ".", "..", "...", "#NA", "#VALUE!", "missing", "Missing", "unknown"),
    *("Unknown", "not available", "Not Available"),
)
_PAIRS = (("yes", "no"), ("y", "n"), ("true", "false"), ("t", "f"), ("on", "off"), ("1", "0"))
#: (true, false) in every spelling; "1" and "0" occur once.
_BOOLEANS = tuple(
    dict.fromkeys(
        (style(true), style(false))
        for true, false in _PAIRS
        for style in (str.lower, str.upper, str.capitalize)
    )
)
_NO_DATE = (
    r"^(?:0000([-/. ]?)00([-/. ]?)00|00([-/. ])00([-/. ])0000)(?:[T ]00:00(?::00(?:\.0+)?)?Z?)?$"
)
#: Decimals without meaning: many programs write 1 and 0 as 1.0 and 0.0 where a cell is missing.
_NO_DECIMALS = r"^([01])[.,]0+$"


def is_sure_marker(words: pa.Array) -> np.ndarray:
    """Return a mask of words that mean *missing* in any column, shape (n,)."""
    return _among(words, _SURE)


def is_marker(words: pa.Array) -> np.ndarray:
    """Return a mask of words that mean *missing* among numbers and dates, shape (n,)."""
    return _among(words, _SURE + _UNSURE)


def is_no_date(words: pa.Array) -> np.ndarray:
    """Return a mask of dates of zeros alone, which mean *missing* among dates.

    Examples
    --------
    >>> is_no_date(pa.array(["0000-00-00", "00.00.0000", "2000-01-01"])).tolist()
    [True, True, False]
    """
    found = pc.match_substring_regex(words, _NO_DATE).fill_null(False)
    return np.asarray(found.to_numpy(zero_copy_only=False))


def _among(words: pa.Array, known: tuple[str, ...]) -> np.ndarray:
    found = pc.is_in(pc.utf8_trim_whitespace(words), pa.array(known))
    return np.asarray(found.to_numpy(zero_copy_only=False))


def boolean_words(words: pa.Array) -> tuple[str, str] | None:
    """Return the (true, false) pair to which one or two distinct words belong, or None.

    Examples
    --------
    >>> boolean_words(pa.array(["No", "Yes"]))
    ('Yes', 'No')
    """
    if not 0 < len(words) <= 2:
        return None
    seen = set(words.to_pylist())
    return next((pair for pair in _BOOLEANS if seen <= set(pair)), None)


def truth(words: pa.Array) -> pa.Array | None:
    """Parse words of any boolean pair, shape (n,); None if a word is of none.

    Examples
    --------
    >>> truth(pa.array(["TRUE", "no", "1.0"])).to_pylist()
    [True, False, True]
    """
    true = pa.array([pair[0] for pair in _BOOLEANS])
    false = pa.array([pair[1] for pair in _BOOLEANS])
    bare = pc.replace_substring_regex(words, _NO_DECIMALS, r"\1")  # 1.0 is 1
    yes, no = pc.is_in(bare, true), pc.is_in(bare, false)
    if not pc.all(pc.or_(yes, no)).as_py():
        return None
    return yes
