"""Options that several commands share, and checks that run before any long work."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from lookalike._core.errors import OutputError, ParameterError, nearest
from lookalike._core.files import check_writable, is_stream

if TYPE_CHECKING:
    from lookalike._core.refitted import Refitted

__all__ = [
    "CountOption",
    "KindOption",
    "MaxRowsOption",
    "SeedOption",
    "check_outputs",
    "parse_conditions",
    "parse_kinds",
    "parse_mapping",
    "parse_settings",
    "set_up",
]

_Model = TypeVar("_Model", bound="Refitted")

KindOption = Annotated[
    list[str] | None,
    typer.Option(
        "--kind", metavar="COL=KIND", help="The kind of a column, instead of the inferred one."
    ),
]


def _count(text: str) -> int:
    try:
        value = int(text)
    except ValueError:
        value = -1
    if value < 0:
        raise typer.BadParameter(f"it must be a whole number, 0 or more; got {text}.")
    return value


MaxRowsOption = Annotated[
    int | None,
    typer.Option(
        "--max-rows",
        metavar="N",
        min=1,
        help="The most rows of a table to hold in memory, drawn at random.",
    ),
]
# Parsed here and not by typer, whose message would not show the value that arrived.
CountOption = typer.Option("-n", "--rows", metavar="N", parser=_count, help="The number of rows.")
SeedOption = typer.Option(
    "--seed", metavar="N", parser=_count, help="The seed: the same seed gives the same result."
)
#: The characters of a condition that a backslash makes ordinary.
_SIGNS = "=|.\\"
_WORDS = {"none": None, "true": True, "false": False}


def parse_kinds(pairs: Iterable[str] | None) -> dict[str, str]:
    """Turn ``COL=KIND`` pairs into a mapping; the name may hold an equals sign itself.

    Raises
    ------
    ParameterError
        If a pair has no equals sign, no name or an unknown kind.
    """
    from lookalike.tables import Kind

    kinds = {}
    for pair in pairs or ():
        name, equals, kind = pair.rpartition("=")
        if not equals or not name:
            raise ParameterError(f"--kind takes COL=KIND, such as zip=categorical; got {pair!r}.")
        if kind not in list(Kind):
            known = ", ".join(Kind)
            raise ParameterError(
                f"There is no kind {kind!r}.{nearest(kind, Kind)} The kinds are: {known}."
            )
        kinds[name] = kind
    return kinds


def parse_mapping(pairs: Iterable[str] | None) -> dict[str, str]:
    """Turn ``OLD=NEW`` pairs into a mapping of new names to old ones.

    Raises
    ------
    ParameterError
        If a pair has no equals sign, a name is missing, or a new name comes twice.

    Examples
    --------
    >>> parse_mapping(["bill_length_mm=bill"])
    {'bill': 'bill_length_mm'}
    """
    names: dict[str, str] = {}
    for pair in pairs or ():
        old, _, new = pair.partition("=")
        if not old or not new:
            raise ParameterError(
                f"--mapping takes OLD=NEW, such as bill_length_mm=bill; got {pair!r}."
            )
        if new in names:
            raise ParameterError(f"--mapping takes a new name once, but {new!r} comes twice.")
        names[new] = old
    return names


def parse_settings(pairs: Iterable[str] | None, known: Sequence[str]) -> dict[str, Any]:
    """Turn ``NAME=VALUE`` pairs into parameters: numbers, true, false, none, or text.

    Raises
    ------
    ParameterError
        If a pair has no equals sign or names a parameter that is not one of `known`.

    Examples
    --------
    >>> parse_settings(["steps=500", "rate=1e-3"], ["steps", "rate"])
    {'steps': 500, 'rate': 0.001}
    """
    settings = {}
    for pair in pairs or ():
        name, equals, text = pair.partition("=")
        if not equals:
            raise ParameterError(f"--set takes NAME=VALUE, such as steps=500; got {pair!r}.")
        if name not in known:
            hint = nearest(name, known) or f" The parameters are: {', '.join(known)}."
            raise ParameterError(f"There is no parameter {name!r}.{hint}")
        settings[name] = _value(text)
    return settings


def set_up(model: _Model, seed: int | None, settings: list[str] | None, *, quiet: bool) -> _Model:
    """Set the parameters of an unfitted model; those that ``--set`` names come last.

    Parameters
    ----------
    model : estimator
        Unfitted.
    seed : int or None
        The seed of ``--seed``.
    settings : list of str or None
        ``NAME=VALUE`` pairs.
    quiet : bool
        Whether to show no progress.

    Returns
    -------
    estimator
        The model itself.

    Raises
    ------
    ParameterError
        If a pair cannot be read, or there is no such parameter.
    """
    known = list(model.get_params())
    model.set_params(random_state=seed)
    if "progress" in known:
        model.set_params(progress=not quiet)
    model.set_params(**parse_settings(settings, known))
    return model


def parse_conditions(texts: Iterable[str] | None) -> dict[str, Any]:
    r"""Turn ``COL=VALUE``, ``COL=A|B``, ``COL=LO..HI`` and ``COL=`` (missing) into conditions.

    A limit that is left out leaves its side open. Values stay text: the schema converts them.
    After a backslash, ``=``, ``|``, ``.`` and a backslash are themselves.

    Raises
    ------
    ParameterError
        If a condition has no equals sign, or a column has two.

    Examples
    --------
    >>> parse_conditions(["age=30..40", "fare=..9.5", "cabin=", r"a\=b=x\..y"])
    {'age': ('30', '40'), 'fare': (None, '9.5'), 'cabin': None, 'a=b': 'x..y'}
    >>> sorted(parse_conditions([r"size=S\|M|L"])["size"])
    ['L', 'S|M']
    """
    conditions: dict[str, Any] = {}
    for text in texts or ():
        covered_name, equals, covered = _covered(text).partition("=")
        name = _bare(covered_name)
        if not equals or not name:
            raise ParameterError(
                f"--where takes COL=VALUE, such as age=30..40; got {text!r}. An equals sign within "
                r"a name is written \=."
            )
        if name in conditions:
            raise ParameterError(
                f"--where takes a column once, but {name!r} comes twice. Several values: COL=A|B."
            )
        low, dots, high = covered.partition("..")
        if dots:
            conditions[name] = (_bare(low) or None, _bare(high) or None)
        elif "|" in covered:
            conditions[name] = {_bare(part) for part in covered.split("|")}
        else:
            conditions[name] = _bare(covered) or None
    return conditions


def _covered(text: str) -> str:
    """Return a text in which characters after a backslash are no signs: NUL is in no argument."""
    return re.sub(r"\\([=|.\\])", lambda found: f"\0{_SIGNS.index(found[1])}", text)


def _bare(text: str) -> str:
    """Return a text with the characters that `_covered` has covered."""
    return re.sub("\0([0-3])", lambda found: _SIGNS[int(found[1])], text)


def _value(text: str) -> Any:
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return text


def check_outputs(outputs: Iterable[str | None], inputs: Iterable[str | None]) -> None:
    """Check that every output can be written, and that none would overwrite an input or another.

    Parameters
    ----------
    outputs, inputs : iterable of str or None
        Paths; None is an option that was not given, ``"-"`` a standard stream.

    Raises
    ------
    OutputError
        If an output cannot be written.
    ParameterError
        If a file or a stream is named twice.
    """
    reads, writes = ([p for p in paths if p is not None] for paths in (inputs, outputs))
    if reads.count("-") > 1:
        raise ParameterError("Standard input can be read once only: give - for one file.")
    if writes.count("-") > 1:
        raise ParameterError("Standard output can be written once only: give - for one file.")
    taken = {_same(path): f"the input {path!r}" for path in reads if path != "-"}
    for path in writes:
        if path == "-":
            continue
        check_writable(path)
        if is_stream(path):
            continue
        if _same(path) in taken:
            raise OutputError(
                f"An output must not overwrite {taken[_same(path)]}: choose another name."
            )
        taken[_same(path)] = f"the output {path!r}"


def _same(path: str) -> str:
    try:
        return os.path.realpath(path)
    except OSError:  # in a folder that has been deleted: opening it reports the error
        return path
