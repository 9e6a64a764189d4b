"""Model files of databases: written and read as those of single tables are.

``manifest.json`` has the parameters, the form of the database and the part of each table and key;
``encoding.json`` the plain values of all tables' models; ``weights.safetensors`` their arrays.
"""

from __future__ import annotations

import os
from importlib.metadata import version
from typing import Any, Protocol

import numpy as np

from lookalike._core.bounds import whole
from lookalike._core.errors import ModelFileError
from lookalike._core.learned import Learned
from lookalike._core.seeds import as_seed
from lookalike.databases import ForeignKey
from lookalike.models import FORMAT, ArchiveParts, DiscreteVariable, write_parts
from lookalike.relational._affinity import Affinity
from lookalike.relational._conditional_trees import ConditionalTrees
from lookalike.relational._form import DatabaseForm
from lookalike.relational._plan import TablePlan
from lookalike.relational._public import PublicRows
from lookalike.relational._settled_rules import DatabaseRules
from lookalike.relational._table import Kin, TableModel
from lookalike.relational._world import World

__all__ = ["SavedModel", "restore_fitted", "save_database_model"]

_MOST_TABLES = 4_096


class SavedModel(Protocol):
    """What a fitted model of a database has that its file holds: see `Relational`."""

    seed_: int
    tables_: dict[str, int]
    _fitted_with: dict[str, Any]
    _form: DatabaseForm
    _models: dict[str, TableModel]
    _rules: DatabaseRules


def save_database_model(model: SavedModel, path: str | os.PathLike[str]) -> None:
    """Write a fitted model to one file, which is either whole or absent."""
    foreign = model._form.foreign
    # Numbers, since names of tables may be anything.
    states = {f"table {k}": m.state() for k, m in enumerate(model._models.values())}
    if model._rules.rules:
        states["rules"] = model._rules.state()
    joined = Learned.joined({}, states)
    manifest = {
        "format": FORMAT,
        "lookalike": version("lookalike"),
        "synthesizer": "Relational",
        "parameters": model._fitted_with,
        "seed": model.seed_,
        "database": model._form.to_dict(),
        "rows": model.tables_,
        "plans": [_plan_values(m, foreign) for m in model._models.values()],
    }
    arrays = {name: np.asarray(array, order="C") for name, array in joined.arrays.items()}
    write_parts(ArchiveParts(manifest, joined.values, arrays), path)


def _plan_values(model: TableModel, foreign: tuple[ForeignKey, ...]) -> dict[str, Any]:
    plan, number = model.plan, foreign.index
    return {
        "name": plan.name,
        "attributes": list(plan.attributes),
        "family": None if plan.family is None else number(plan.family),
        "matched": [number(key) for key in plan.matched],
        "later": [number(key) for key in plan.later],
        "new": list(plan.new),
        "kin": {
            str(k): [None if key is None else number(key) for key in (kin.above, kin.beside)]
            for k, kin in model.kin.items()
        },
    }


def restore_fitted(model: SavedModel, parts: ArchiveParts) -> None:
    """Give an unfitted model what the parts of a file hold, whose values are checked.

    Parameters
    ----------
    model : Relational
        With the parameters of the file.
    parts : ArchiveParts
        The content of the file.
    """
    manifest = parts.manifest
    model._fitted_with = dict(manifest["parameters"])
    model.seed_ = as_seed(manifest["seed"])
    whole(len(manifest["plans"]), 1, _MOST_TABLES, "the count of tables")
    form = DatabaseForm.from_dict(manifest["database"])
    plans = {str(v["name"]): _plan(v, form) for v in manifest["plans"]}
    if set(plans) != set(form.names) or set(manifest["rows"]) != set(plans):
        raise ModelFileError("its tables do not fit together.")
    model.tables_ = {name: whole(manifest["rows"][name], 0, 2**63, "rows") for name in plans}
    made: list[str] = []
    for plan in plans.values():
        if not {key.parent for key in plan.parents} <= set(made):
            raise ModelFileError("a table stands before one that it refers to.")
        made.append(plan.name)
    states = Learned(parts.encoding, parts.arrays).parts()
    models = {}
    for k, (values, plan) in enumerate(zip(manifest["plans"], plans.values(), strict=True)):
        referring = [key for key in form.foreign if key.parent == plan.name]
        models[plan.name] = TableModel.from_state(
            states[f"table {k}"], plan, referring, _kin(values, plan, plans, form)
        )
    world = World(plans, {name: m.variables for name, m in models.items()})
    for k, table in enumerate(models.values()):
        _restore_trees(table, states[f"table {k}"], world, form)
    _check_public(models)
    model._form, model._models = form, models
    model._rules = DatabaseRules()
    if "rules" in states:
        columns = {name: tuple(form.tables[name].types) for name in form.names}
        model._rules = DatabaseRules.from_state(states["rules"], columns, form.foreign)


def _check_public(models: dict[str, TableModel]) -> None:
    """Check that keys of public rows lead to public rows."""
    for name, model in models.items():
        if model.public is None:
            continue
        for key, rows in model.public.rows.items():
            parent = models[key.parent].public
            count = 0 if parent is None else len(parent.states)
            if rows.max(initial=-1) >= count:
                raise ModelFileError(f"the keys of the public table {name!r} are damaged.")


def _plan(values: dict[str, Any], form: DatabaseForm) -> TablePlan:
    name, foreign = str(values["name"]), form.foreign

    def key(number: Any) -> ForeignKey:
        found = foreign[whole(number, 0, len(foreign) - 1, "the number of a key")]
        if found.table != name:
            raise ModelFileError(f"the key {found} is of another table.")
        return found

    numbers = [*values["matched"], *values["later"]]
    numbers += [] if values["family"] is None else [values["family"]]
    if sorted(numbers) != [k for k, each in enumerate(foreign) if each.table == name]:
        raise ModelFileError(f"the keys of table {name!r} are damaged.")
    columns = tuple(form.tables[name].types)
    own = [*map(str, values["attributes"]), *map(str, values["new"])]
    if not set(own) <= set(columns):
        raise ModelFileError(f"the columns of table {name!r} are damaged.")
    return TablePlan(
        name,
        columns,
        tuple(map(str, values["attributes"])),
        None if values["family"] is None else key(values["family"]),
        tuple(map(key, values["matched"])),
        tuple(map(key, values["later"])),
        form.primary[name],
        tuple(map(str, values["new"])),
    )


def _kin(
    values: dict[str, Any], plan: TablePlan, plans: dict[str, TablePlan], form: DatabaseForm
) -> dict[int, Kin]:
    found = {}
    for k, numbers in values["kin"].items():
        above, beside = (None if n is None else form.foreign[int(n)] for n in numbers)
        matched = plan.matched[int(k)]
        fits = plan.family is not None and all(
            key is None or key in plans[table].parents
            for key, table in ((above, plan.family.parent), (beside, matched.parent))
        )
        if not fits:
            raise ModelFileError(f"the ancestors of table {plan.name!r} are damaged.")
        found[int(k)] = Kin(above, beside)
    return found


def _restore_trees(model: TableModel, state: Learned, world: World, form: DatabaseForm) -> None:
    plan, parts = model.plan, state.parts()
    if "public" in parts:
        keys = [key for key in form.foreign if key.table == plan.name]
        types, own = form.tables[plan.name].types, model.variables
        model.public = PublicRows.from_state(parts["public"], types, own, keys, model.counts)
        return
    context: tuple[DiscreteVariable, ...] = ()
    if plan.family is not None:
        empty = world.described_at_nothing(plan.family.parent)
        context = model.context(empty)
    variables = (*context, *model.variables)
    model.trees = ConditionalTrees.from_state(
        parts["trees"], variables, len(context), model.stages, model.copies(len(context))
    )
    child = world.variables_for_matching(plan.name)
    for k, key in enumerate((*plan.matched, *plan.later)):
        model.affinities[key] = Affinity.from_state(
            parts[f"affinity {k}"], child, world.variables[key.parent]
        )
    if plan.new and {key.column for key in model.new} != set(plan.new):
        raise ModelFileError(f"the keys of table {plan.name!r} are damaged.")
