"""The origin of generated values: may a column be shared?"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Literal, NamedTuple

from lookalike.encoding._columns import EncodedColumn
from lookalike.encoding._fixed import ConstantEncoding
from lookalike.encoding._identifier import Identifier
from lookalike.relations import Relation, describe
from lookalike.tables import Kind, Schema

__all__ = ["OriginWord", "ValueOrigin", "columns_by_origin", "value_origins"]

OriginWord = Literal["new", "pooled", "repeated verbatim", "computed", "absent", "noisy"]
#: The greatest number of columns that are named for one origin.
_MOST_NAMES = 8
_UNSHARED = "no value is shared by enough rows"


class ValueOrigin(NamedTuple):
    """The origin of the values that a model generates in one column.

    Parameters
    ----------
    column : str
        Its name.
    word : str
        ``"new"``, ``"pooled"`` (means of several training rows), ``"repeated verbatim"`` (values
        of the training table), ``"computed"`` (from other columns), ``"absent"``, or ``"noisy"``
        (of a differentially private model).
    words : str
        The same in a clause.
    """

    column: str
    word: OriginWord
    words: str


def columns_by_origin(columns: Iterable[tuple[str, str]]) -> str:
    """Return the names of columns by the origin of their values, in one line.

    Parameters
    ----------
    columns : iterable of (str, str)
        The name of each column and its word, as of `ValueOrigin`.

    Returns
    -------
    str
        Such as ``"pooled: age; new: name"``; of one origin, the first eight names.

    Examples
    --------
    >>> columns_by_origin([("age", "pooled"), ("name", "new"), ("rent", "pooled")])
    'pooled: age, rent; new: name'
    """
    groups: dict[str, list[str]] = {}
    for name, word in columns:
        groups.setdefault(word, []).append(name)
    parts = []
    for word, names in groups.items():
        more = len(names) - _MOST_NAMES
        listed = ", ".join(names[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
        parts.append(f"{word}: {listed}")
    return "; ".join(parts)


def value_origins(
    schema: Schema,
    parts: Iterable[EncodedColumn],
    relations: Iterable[Relation],
    least: int,
    keep: Collection[str],
) -> list[ValueOrigin]:
    """Return the origin of the values of each column, in the table's order.

    Parameters
    ----------
    schema : Schema
    parts : iterable of EncodedColumn
        The columns that are encoded, or a residual in their place.
    relations : iterable of Relation
        The relations by which the others follow.
    least : int
        The least number of rows that share a value which is kept.
    keep : collection of str
        The columns whose categories are all kept.
    """
    found = {part.name: _origin(part, schema, least, keep) for part in parts}
    for made in relations:
        words = f"follows from other columns: {describe(made.spec)}"
        found[made.spec.column] = ValueOrigin(made.spec.column, "computed", words)
    return [found[name] for name in schema.names]


def _origin(part: EncodedColumn, schema: Schema, least: int, keep: Collection[str]) -> ValueOrigin:
    name, encoding, column = part.name, part.encoding, schema[part.name]
    if isinstance(encoding, Identifier):
        return ValueOrigin(name, "new", "identifiers are made anew")
    if isinstance(encoding, ConstantEncoding):
        if column.kind is Kind.TEXT:
            return ValueOrigin(name, "absent", "free text is not generated")
        if encoding.is_missing:
            # Either there is no value, or those that there are may not be shown.
            words = _UNSHARED if column.distinct else "every cell is missing"
            return ValueOrigin(name, "absent", words)
        return ValueOrigin(name, "repeated verbatim", "the one value of all rows")
    kept = encoding.kept_values
    shared = f"shared by {least} rows or more" if least > 1 else "also those of a single row"
    if kept is None:
        words = "numbers between means of several rows" if least > 1 else "numbers between knots"
        return ValueOrigin(name, "pooled", f"{words}; frequent ones as they are ({shared})")
    if name in keep:
        shared = "all of the target, however rare"
    rarer = max(column.distinct - kept, 0)
    pooled = f"; {rarer:,} rarer {'one is' if rarer == 1 else 'ones are'} not" if rarer else ""
    if not kept:
        return ValueOrigin(name, "absent", _UNSHARED)
    return ValueOrigin(name, "repeated verbatim", f"{kept:,} values, {shared}{pooled}")
