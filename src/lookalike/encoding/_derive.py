"""Which columns are derived, in which order, and how."""

from __future__ import annotations

from lookalike._core.errors import SchemaError, nearest
from lookalike.encoding._derivation import Derivation, Least
from lookalike.encoding._linear import Linear
from lookalike.encoding._lookup import Lookup
from lookalike.tables import Dependency, Schema

__all__ = ["derivation", "in_order"]

#: Every form of a dependency.
_FORMS: dict[str, type[Derivation]] = {form.form: form for form in (Lookup, Linear)}


def derivation(dependency: Dependency, least: Least | None = None) -> Derivation:
    """Return the derivation, not yet fitted, of a dependency's form.

    Raises
    ------
    SchemaError
        If there is no such form.
    """
    if dependency.form not in _FORMS:
        raise SchemaError(
            f"The form of a dependency must be one of {', '.join(_FORMS)}; that of "
            f"{dependency.column!r} is {dependency.form!r}.{nearest(dependency.form, _FORMS)}"
        )
    return _FORMS[dependency.form](dependency, least)


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
        ready = [d for d in waiting.values() if not any(name in waiting for name in d.on)]
        if not ready:
            raise SchemaError(
                "No column may be derived from itself, but these are derived from each other: "
                f"{', '.join(map(repr, waiting))}. Drop one of the dependencies."
            )
        ordered += ready
        for dependency in ready:
            del waiting[dependency.column]
    return tuple(ordered)
