"""The registry of relations by the name of their form, and their descriptions."""

from __future__ import annotations

from lookalike._core.errors import SchemaError, nearest
from lookalike._core.registry import Registry
from lookalike.relations._base import Relation
from lookalike.relations._cells import Least
from lookalike.tables import Dependency

__all__ = ["RELATIONS", "describe", "relation"]

#: Relation classes by the name of their form; others can be registered. A schema, which may come
#: from a file, can name those that are entered here, never an entry point alone.
RELATIONS: Registry[Relation] = Registry("relation", Relation)


def relation(spec: Dependency, least: Least | None = None) -> Relation:
    """Return the relation, not yet fitted, that a dependency specifies.

    Parameters
    ----------
    spec : Dependency
        The column, the columns it depends on, and the form of the relation.
    least : callable, optional
        Returns the least count of a value of a column that may be stored; 1 if not given.

    Returns
    -------
    Relation

    Raises
    ------
    SchemaError
        If there is no relation of that form.
    """
    return _kind(spec)(spec, least)


def describe(spec: Dependency, *, why: bool = True) -> str:
    """Describe a dependency in one line.

    Parameters
    ----------
    spec : Dependency
    why : bool
        Whether to add the evidence for a relation that is not exact.

    Returns
    -------
    str

    Raises
    ------
    SchemaError
        If there is no relation of that form.

    Examples
    --------
    >>> describe(Dependency("total", ("fare", "tip"), "linear", (1.0, 1.0)))
    'total = fare + tip'
    """
    words = _kind(spec).statement(spec)
    return f"{words} ({spec.why})" if why and spec.why else words


def _kind(spec: Dependency) -> type[Relation]:
    if (kind := RELATIONS.registered(spec.form)) is not None:
        return kind
    raise SchemaError(
        f"The form of a dependency must be one of {', '.join(RELATIONS.entered)}; that of "
        f"{spec.column!r} is {spec.form!r}.{nearest(spec.form, RELATIONS)}"
    )
