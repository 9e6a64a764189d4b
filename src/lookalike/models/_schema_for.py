"""The schema of a training table: the caller's or an inferred one, adapted to the target."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pyarrow as pa

from lookalike._core.errors import LookalikeWarning, ParameterError, SchemaError
from lookalike.relations import infer_schema
from lookalike.rules import number_kinds
from lookalike.tables import Dependency, Kind, Schema, cautions

__all__ = ["schema_for"]

#: The most distinct values of an integer target that is treated as categorical.
_TARGET_LEVELS = 20


def schema_for(
    table: pa.Table,
    schema: Schema | None,
    kinds: Mapping[str, Kind | str] | None,
    target: str | None,
    rules: Sequence[str] = (),
) -> Schema:
    """Return the schema to use: the caller's or an inferred one, adapted to target and rules."""
    if schema is not None and kinds:
        raise ParameterError(
            "fit takes a schema or kinds, not both: put the kinds into the schema "
            "(Schema.infer(data, kinds=...))."
        )
    inferred = infer_schema(table, kinds) if schema is None else schema
    if rules and schema is None:
        numbers = number_kinds(table, inferred, rules)
        if numbers := {n: kind for n, kind in numbers.items() if n not in (kinds or {})}:
            kinds = {**(kinds or {}), **numbers}
            inferred = infer_schema(table, kinds)
    for caution in cautions(table, inferred) if schema is None else ():
        warnings.warn(caution, LookalikeWarning, stacklevel=4)
    if target is None:
        return inferred
    column = inferred[target]
    guessed = schema is None and target not in (kinds or {})
    if guessed and column.kind is Kind.INTEGER and column.distinct <= _TARGET_LEVELS:
        inferred = infer_schema(table, {**(kinds or {}), target: Kind.CATEGORICAL})
        column = inferred[target]
    if not column.kind.is_learned:
        raise SchemaError(
            f"A target must be a column that can be learned, but {target!r} was inferred to be "
            f"{column.kind.value} ({column.why}). Name another column, or set its kind."
        )
    return _underived(inferred, target)


def _underived(schema: Schema, target: str) -> Schema:
    """Return the schema with a target that is learned, from which other columns may be derived."""
    derived = {dependency.column for dependency in schema.dependencies}
    kept = []
    for dependency in schema.dependencies:
        if dependency.column != target:
            kept.append(dependency)
        elif _is_one_to_one(schema, dependency) and dependency.on[0] not in derived:
            kept.append(Dependency(dependency.on[0], (target,)))
    return replace(schema, dependencies=tuple(kept))


def _is_one_to_one(schema: Schema, dependency: Dependency) -> bool:
    """Return whether a lookup can be read backwards: it has as many values as keys."""
    if dependency.form != "lookup" or len(dependency.on) != 1:
        return False
    key, value = schema[dependency.on[0]], schema[dependency.column]
    return (key.distinct, key.missing) == (value.distinct, value.missing)
