"""Which columns are derived, in which order, and how."""

from __future__ import annotations

from lookalike._core.errors import SchemaError, nearest
from lookalike.relations._derivation import Derivation, Least
from lookalike.relations._rest import Rest
from lookalike.relations.approximate_lookup import ApproximateLookup
from lookalike.relations.equal import Equal
from lookalike.relations.linear import Linear
from lookalike.relations.lookup import Lookup
from lookalike.relations.offset import Offset, Ratio
from lookalike.tables import Dependency, Schema

__all__ = ["in_order", "relation"]

#: Every form of a dependency: those that are derived, and those of which a rest is learned.
_DERIVED: dict[str, type[Derivation]] = {
    form.form: form for form in (Lookup, Linear, ApproximateLookup)
}
_RESTS: dict[str, type[Rest]] = {form.form: form for form in (Offset, Ratio, Equal)}


def relation(dependency: Dependency, least: Least | None = None) -> Derivation | Rest:
    """Return the relation, not yet fitted, of a dependency's form.

    Raises
    ------
    SchemaError
        If there is no such form.
    """
    if dependency.form in _RESTS:
        return _RESTS[dependency.form](dependency, least)
    if dependency.form in _DERIVED:
        return _DERIVED[dependency.form](dependency, least)
    known = (*_DERIVED, *_RESTS)
    raise SchemaError(
        f"The form of a dependency must be one of {', '.join(known)}; that of "
        f"{dependency.column!r} is {dependency.form!r}.{nearest(dependency.form, known)}"
    )


def in_order(schema: Schema) -> tuple[Dependency, ...]:
    """Return the dependencies so that each comes after those it builds on.

    Raises
    ------
    SchemaError
        If columns are derived from each other in a circle.
    """
    waiting = {dependency.column: dependency for dependency in schema.dependencies}
    ordered: list[Dependency] = []
    while waiting:
        ready = [d for d in waiting.values() if not any(name in waiting for name in d.needs)]
        if not ready:
            raise SchemaError(
                "No column may be derived from itself, but these are derived from each other: "
                f"{', '.join(map(repr, waiting))}. Drop one of the dependencies."
            )
        ordered += ready
        for dependency in ready:
            del waiting[dependency.column]
    return tuple(ordered)
