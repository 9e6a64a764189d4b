"""Rules as text: read by a small grammar of our own, never run as code.

The text becomes one that Python's parser reads; nothing is compiled. The tree is checked node by
node when it is turned into clauses (`_translate`), and arithmetic within it is read once more by
the grammar of formulas.
"""

from __future__ import annotations

import ast
import keyword
import re
import unicodedata
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

from lookalike._core.errors import ParameterError

__all__ = ["RuleText", "read_rule", "sides", "split_rules"]

_LONGEST = 1000
#: A quoted value, a column in backquotes (a doubled quote within is one), or the rest in pieces.
_PIECES = re.compile(r"\"(?:[^\"]|\"\")*\"|'(?:[^']|'')*'|`(?:[^`]|``)*`|[^\"'`]+|.", re.DOTALL)
_WORDS = (
    (re.compile(r"\bis\s+not\s+missing\b"), "is not None"),
    (re.compile(r"\bis\s+missing\b"), "is None"),
    (re.compile(r"(?<![\w.])(\d+(?:\.\d+)?)\s+(week|day|hour|minute|second)s?\b"), r"\2s(\1)"),
    (re.compile(r"\^"), "**"),
    (re.compile(r"≤"), "<="),
    (re.compile(r"≥"), ">="),
    (re.compile(r"≠"), "!="),
)
#: Words of Python that are none of rules: columns may have such names, as ``class``.
_OF_RULES = {"and", "or", "not", "if", "is", "in", "None", "True", "False"}
_NAMES = re.compile(rf"\b({'|'.join(sorted({*keyword.kwlist} - _OF_RULES))})\b")
#: A name, perhaps with marks that are no letters, as accents of their own.
_IDENTIFIERS = re.compile(r"(?<!\w)[^\W\d](?:\w|[^\x00-\x7f\s≤≥≠])*")
#: The start of the names that stand for columns in backquotes.
_QUOTED = "quoted_column_"


@dataclass(frozen=True)
class RuleText:
    """A rule that has been read.

    Parameters
    ----------
    text : str
        The rule as it was written, without spaces around it.
    tree : ast.expr
        What must hold, or the columns that determine others.
    then : ast.expr or None
        What must hold, or the determined columns, where `tree` does.
    quoted : dict of str to str
        The columns in backquotes, by the names that stand for them in the trees.
    """

    text: str
    tree: ast.expr
    then: ast.expr | None
    quoted: dict[str, str]


def read_rule(text: str) -> RuleText:
    """Read one rule.

    Parameters
    ----------
    text : str
        Such as ``"start <= end"`` or ``"price > 0 if status in ['sold', 'reserved']"``.

    Returns
    -------
    RuleText

    Raises
    ------
    ParameterError
        If it is no rule.

    Examples
    --------
    >>> ast.unparse(read_rule("`unit price` > 0").tree)
    'quoted_column_0 > 0'
    """
    if not isinstance(text, str):
        raise ParameterError(f"A rule is a text such as 'start <= end'; got {text!r}.")
    text = "".join(map(_spaced, _PIECES.findall(text.strip())))
    if not text:
        raise ParameterError("A rule must not be empty: write one such as 'start <= end'.")
    if len(text) > _LONGEST:
        raise ParameterError(f"A rule may have {_LONGEST} characters; one has {len(text)}.")
    quoted: dict[str, str] = {}
    pieces = [_as_python(piece, quoted) for piece in _PIECES.findall(text)]
    parts = _split(pieces, "->")
    if len(parts) > 2:
        raise ParameterError(
            f"A rule has one arrow; {text!r} has {len(parts) - 1}. Write several rules."
        )
    if len(parts) == 2:
        return RuleText(text, _parsed(parts[0], text), _parsed(parts[1], text), quoted)
    parts = _split(pieces, " if ")
    if len(parts) > 2:
        raise ParameterError(f"A rule has one 'if'; {text!r} has more. Join conditions by 'and'.")
    if len(parts) == 2:
        return RuleText(text, _parsed(parts[1], text), _parsed(parts[0], text), quoted)
    return RuleText(text, _parsed(parts[0], text), None, quoted)


def split_rules(text: str) -> list[str]:
    """Return the rules of a file: one on each line, without comments (``#``).

    Parameters
    ----------
    text : str
        The content of the file.

    Returns
    -------
    list of str
        Without empty lines.

    Examples
    --------
    >>> split_rules("# dates\\nstart <= end  # in every row\\n\\n`a#b` > 0\\n")
    ['start <= end', '`a#b` > 0']
    """
    rules = []
    for line in text.removeprefix("\ufeff").splitlines():
        kept = ""
        for piece in _PIECES.findall(line):
            if piece[0] not in "\"'`" and "#" in piece:
                kept += piece.partition("#")[0]
                break
            kept += piece
        if kept.strip():
            rules.append("".join(map(_spaced, _PIECES.findall(kept.strip()))))
    return rules


def _spaced(piece: str) -> str:
    """Return a piece with single spaces, as it is where it is quoted."""
    return piece if piece[0] in "\"'`" and len(piece) > 1 else re.sub(r"\s+", " ", piece)


def sides(text: str) -> list[str]:
    """Return the sides of a rule's arrow as they are written; all of a rule that has none.

    Parameters
    ----------
    text : str
        The rule.

    Returns
    -------
    list of str

    Examples
    --------
    >>> sides("kind == 'a -> b' -> size > 0")
    ["kind == 'a -> b'", 'size > 0']
    """
    return [side.strip() for side in _split(_PIECES.findall(text), "->")]


def _as_python(piece: str, quoted: dict[str, str]) -> str:
    def stand_in(column: str) -> str:
        name = f"{_QUOTED}{len(quoted)}"
        quoted[name] = column
        return name

    if piece[0] == "`" and len(piece) > 1:
        return stand_in(piece[1:-1].replace("``", "`"))
    if piece[0] in "\"'" and len(piece) > 1:
        return repr(piece[1:-1].replace(2 * piece[0], piece[0]))
    piece = _IDENTIFIERS.sub(
        lambda found: stand_in(found[0]) if _is_folded(found[0]) else found[0], piece
    )
    piece = _NAMES.sub(lambda found: stand_in(found[0]), piece)
    for pattern, python in _WORDS:
        piece = pattern.sub(python, piece)
    return piece


def _is_folded(name: str) -> bool:
    """Return whether Python's parser would read a name as another one, as µ of two kinds."""
    folded = unicodedata.normalize("NFKC", name)
    return folded != name and folded.isidentifier()


def _split(pieces: list[str], sign: str) -> list[str]:
    """Split Python text at a sign outside quotes."""
    return ["".join(part) for part in _parts(pieces, sign)]


def _parts(pieces: list[str], sign: str) -> Iterator[list[str]]:
    part: list[str] = []
    for piece in pieces:
        if piece[0] in "\"'`":
            part.append(piece)
            continue
        first, *others = piece.split(sign)
        part.append(first)
        for other in others:
            yield part
            part = [other]
    yield part


def _parsed(python: str, text: str) -> ast.expr:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the tokeniser's, on text that is rejected anyway
            return ast.parse(python.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        hint = " Equality is written ==." if re.search(r"(?<![=<>!])=(?!=)", text) else ""
        raise ParameterError(
            f"The rule {text!r} cannot be read: write it like start <= end, with values in quotes "
            f"and unusual names of columns in backquotes.{hint}"
        ) from None
