"""The shapes of text cells: ``9`` for digits, ``A`` and ``a`` for letters, others unchanged.

A shape describes the format of cells without copying one.
"""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["Regularity", "is_hexadecimal", "regularity", "shape_of", "shapes", "skeletons"]

#: Cells are regular if this many skeletons cover this share of them.
_SKELETONS = 3
_COVERED = 0.99
#: Characters of numbers such as 555-0199, and the least share of such cells with the usual shape.
_OF_NUMBERS = frozenset("9-() +#")
_USUAL = 0.9
#: The least share of cells with both letters and digits among random codes, such as hashes.
_MIXED_SHARE = 0.8
_SHORTEST_MIXED = 6
_LONGEST = 64
_HEXADECIMAL = "^0[xX][0-9A-Fa-f]+$"
#: The greatest number of words examined.
_SAMPLE = 10_000


@dataclass(frozen=True)
class Regularity:
    """The pattern that cells follow.

    Parameters
    ----------
    example : str
        The most common shape.
    words : str
        The pattern in words.
    """

    example: str
    words: str


def shape_of(word: str) -> str:
    """Return the shape of one cell.

    Examples
    --------
    >>> shape_of("AB-1207 x")
    'AA-9999 a'
    """
    shape: str = shapes(pa.array([word]))[0].as_py()
    return shape


def shapes(words: pa.Array) -> pa.Array:
    """Return the shape of each cell, shape (n,)."""
    words = pc.replace_substring_regex(words, r"\p{N}", "9")
    words = pc.replace_substring_regex(words, r"\p{Lu}", "A")
    # Letters of scripts without capitals too, which would otherwise be copied.
    return pc.replace_substring_regex(words, r"[\p{Ll}\p{Lt}\p{Lm}\p{Lo}\p{M}]", "a")


def skeletons(words: pa.Array) -> pa.Array:
    """Return the shape of each cell with every run of digits or letters shortened to one.

    Examples
    --------
    >>> skeletons(pa.array(["AB-1207", "C-1"])).to_pylist()
    ['A-9', 'A-9']
    """
    words = pc.replace_substring_regex(words, "[0-9]+", "9")
    words = pc.replace_substring_regex(words, r"\p{Lu}+", "A")
    return pc.replace_substring_regex(words, r"\p{Ll}+", "a")


def regularity(words: pa.Array, lenient: bool = False) -> Regularity | None:
    """Return the pattern that distinct cells follow, or None if they look like words or prose.

    A pattern has letters and digits, or one shape in all cells, or is that of numbers with hyphens,
    brackets and spaces, nine tenths of which have one shape: digits of several lengths between
    signs, such as ``120/80``, or with points and commas, are measures rather than identifiers.

    Parameters
    ----------
    words : pyarrow.Array, shape (n,)
        The cells, n >= 1; those of another type as text.
    lenient : bool
        Whether digits alone or letters alone are enough, because the name says *identifier*.

    Returns
    -------
    Regularity or None
        The pattern.

    Examples
    --------
    >>> regularity(pa.array(["980-24-0087", "852-90-4418"]))
    Regularity(example='999-99-9999', words='the pattern 999-99-9999')
    """
    every = -(-len(words) // _SAMPLE)
    words = words.take(pa.array(range(0, len(words), every))).cast(pa.string())
    lengths = pc.utf8_length(words)
    if pc.max(lengths).as_py() > _LONGEST:
        return None
    if is_hexadecimal(words):
        most = pc.max(lengths).as_py() - 2
        return Regularity(f"0x{'9' * most}", f"the pattern of {most} hexadecimal digits after 0x")
    counted = sorted(
        pc.value_counts(skeletons(words)).to_pylist(), key=lambda c: c["counts"], reverse=True
    )
    top = counted[:_SKELETONS]
    covered = sum(c["counts"] for c in top) >= _COVERED * len(words)
    if covered and all(_is_code(c["values"], lenient) for c in top):
        return _described(words)
    counts = pc.value_counts(shapes(words)).field("counts")
    usual = pc.max(counts).as_py() >= _USUAL * len(words)
    if covered and usual and all(_is_number(c["values"]) for c in top):
        return _described(words)
    digits = "9" in top[0]["values"] and not {".", ","} & set(top[0]["values"])
    if len(counts) == 1 and (digits or len(top[0]["values"]) == 1):
        return _described(words)
    return _mixed(words)


def is_hexadecimal(words: pa.Array) -> bool:
    """Return whether all words are numbers such as ``0x1f``."""
    return bool(pc.all(pc.match_substring_regex(words, _HEXADECIMAL)).as_py())


def _is_code(skeleton: str, lenient: bool) -> bool:
    """Return whether a skeleton is that of a code, not of words or a measure."""
    digits = "9" in skeleton
    letters = "A" in skeleton or "a" in skeleton
    return digits and letters if not lenient else digits or len(skeleton) == 1


def _is_number(skeleton: str) -> bool:
    """Return whether a skeleton is that of a number in several parts, such as a telephone's."""
    return skeleton.count("9") > 1 and set(skeleton) <= _OF_NUMBERS


def _mixed(words: pa.Array) -> Regularity | None:
    """Return the pattern of cells such as hashes: letters and digits in any order."""
    merged = pc.replace_substring_regex(words, "[0-9A-Za-z]+", "x")
    width = pc.max(pc.utf8_length(words)).as_py()
    if pc.count_distinct(merged).as_py() > 1 or pc.min(pc.utf8_length(words)).as_py() != width:
        return None
    digits = pc.match_substring_regex(words, "[0-9]")
    both = pc.and_(digits, pc.match_substring_regex(words, "[A-Za-z]"))
    if width < _SHORTEST_MIXED or pc.sum(both).as_py() < _MIXED_SHARE * len(words):
        return None
    pattern = pc.replace_substring_regex(words[:1], "[0-9A-Za-z]", "x")[0].as_py()
    return Regularity(pattern, f"the pattern {pattern} of letters and digits")


def _described(words: pa.Array) -> Regularity:
    counted = pc.value_counts(shapes(words))
    counts = counted.field("counts")
    most = pc.index(counts, pc.max(counts)).as_py()
    example = counted.field("values")[most].as_py()
    if len(counts) == 1:
        return Regularity(example, f"the pattern {example}")
    some = "a few patterns" if len(counts) <= _SKELETONS else "patterns"
    return Regularity(example, f"{some} such as {example}")
