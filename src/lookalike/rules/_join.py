"""A schema with declared rules."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import replace

import pyarrow as pa

from lookalike._core.errors import InputError, ParameterError
from lookalike.rules._read import read_rule
from lookalike.tables import Kind, Schema, infer_columns

__all__ = ["check_texts", "computed_with", "number_kinds", "with_rules"]

_CALLED = ("unique", "one_hot")


def check_texts(texts: object) -> tuple[str, ...]:
    """Return rules as texts, without repetition.

    Parameters
    ----------
    texts : iterable of str
        The rules.

    Returns
    -------
    tuple of str
        In their order.

    Raises
    ------
    ParameterError
        If they are not texts of rules.
    """
    if isinstance(texts, str):
        raise ParameterError(f"rules must be a list of rules; got one text. Write [{texts!r}].")
    try:
        listed = list(texts)  # type: ignore[call-overload]
    except TypeError:
        raise ParameterError(
            f"rules must be a list of texts such as 'start <= end'; got {texts!r}."
        ) from None
    return tuple(dict.fromkeys(read_rule(text).text for text in listed))


def number_kinds(table: pa.Table, schema: Schema, rules: Sequence[str]) -> dict[str, Kind]:
    """Return the kinds of columns that look like categories, but that rules compute with.

    Parameters
    ----------
    table : pyarrow.Table, shape (rows, columns)
        As it was read.
    schema : Schema
        As it was inferred.
    rules : sequence of str
        Declared rules.

    Returns
    -------
    dict of str to Kind
        The kind of each such column.
    """
    kinds = {}
    for name in sorted({name for text in rules for name in computed_with(text)}):
        if name in schema.names and schema[name].kind.is_discrete:
            for kind in (Kind.INTEGER, Kind.CONTINUOUS):
                try:
                    infer_columns(table.select([name]), {name: kind})
                except InputError:
                    continue
                kinds[name] = kind
                break
    return kinds


def computed_with(text: str) -> set[str]:
    """Return the columns of a rule that are summed, or compared with other columns.

    Parameters
    ----------
    text : str
        The rule.

    Returns
    -------
    set of str
    """
    read = read_rule(text)
    found: set[str] = set()
    for tree in (read.tree, read.then):
        for node in () if tree is None else ast.walk(tree):
            match node:
                case ast.BinOp():
                    parts: list[ast.AST] = [node]
                case ast.Call(func=ast.Name(id=name)) if name not in _CALLED:
                    parts = list(node.args)
                case ast.Compare(left=left, comparators=others):
                    parts = [left, *others]
                    if sum(map(_has_names, parts)) < 2:
                        continue
                case _:
                    continue
            names = {n.id for part in parts for n in ast.walk(part) if isinstance(n, ast.Name)}
            found |= {read.quoted.get(name, name) for name in names}
    return found


def _has_names(tree: ast.AST) -> bool:
    return any(isinstance(node, ast.Name) for node in ast.walk(tree))


def with_rules(schema: Schema, rules: Sequence[str]) -> Schema:
    """Return a schema with rules besides its own.

    Parameters
    ----------
    schema : Schema
        A schema, perhaps with rules.
    rules : sequence of str
        Declared rules.

    Returns
    -------
    Schema
        Each rule once.
    """
    return replace(schema, rules=tuple(dict.fromkeys((*schema.rules, *rules))))
