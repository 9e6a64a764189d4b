"""``lookalike info``: the contents of a table or a model file."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lookalike._core.errors import LookalikeWarning, ParameterError
from lookalike.cli._databases import is_database, show_database, show_model
from lookalike.cli._images import image_facts, show_images
from lookalike.cli._options import KindOption, parse_kinds
from lookalike.cli._print import printable, show, show_prose, show_table
from lookalike.cli._sequences import sequence_facts, show_sequences

if TYPE_CHECKING:
    from lookalike.encoding import TableEncoder
    from lookalike.models import Synthesizer
    from lookalike.tables import Column, Schema

__all__ = ["info", "is_model"]

_TABLES = (".csv", ".csv.gz", ".parquet")
_ZIP = b"PK\x03\x04"
#: The heading of dependencies, by whether a residual is learned.
_GROUPS = {
    "Derived from other columns, not learned:": False,
    "Derived from other columns and a residual, which is learned:": True,
}
_NEVER = "Never together, although often expected by chance:"
_HOLDS = "this file holds training rows: treat it as the table itself"
_MOST_LINES = 20
#: The number of rows by which a large table is described.
_GLANCED = 200_000

#: What is shown of models that are not of tables.
_OTHER_MODELS: dict[
    str, tuple[Callable[[Any], dict[str, Any]], Callable[[dict[str, Any]], None]]
] = {
    "Sequences": (sequence_facts, show_sequences),
    "Images": (image_facts, show_images),
}


def info(
    model_or_data: Annotated[
        str | None,
        typer.Argument(metavar="MODEL_OR_DATA", help="A model file, a table, or a database."),
    ] = None,
    presets: Annotated[
        bool, typer.Option("--presets", help="List the published systems that fit knows.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="JSON instead of words.")] = False,
    kind: KindOption = None,
) -> None:
    """Show the contents of a table, a database or a model file.

    For a database: the schema as a tree, with the reasons of inferred keys.
    For a table: the kind of each column with its reason, the relations between columns, and
    combinations that never occur.
    """
    kinds = parse_kinds(kind)
    if presets == (model_or_data is not None):
        raise ParameterError("Name a model file or a table, or give --presets.")
    if model_or_data is None:
        _show_presets(as_json)
        return
    if is_model(model_or_data):
        if kinds:
            raise ParameterError("--kind is for tables: a model file has its kinds already.")
        _show_file(model_or_data, as_json=as_json)
        return
    if is_database(model_or_data):
        if kinds:
            raise ParameterError("--kind is for single tables here: leave it out for a database.")
        show_database(model_or_data, as_json=as_json)
        return

    _show_table(model_or_data, kinds, as_json=as_json)


def _show_file(path: str, *, as_json: bool) -> None:
    """Show what a model file holds."""
    from lookalike.models import load

    model = load(path)
    if type(model).__name__ == "Relational":
        show_model(model, as_json=as_json)
        return
    facts_of, show_facts = _OTHER_MODELS.get(type(model).__name__, (_facts, _show_model))
    facts = facts_of(model)
    if as_json:
        _show_json(facts)
        return
    show_facts(facts)
    if facts_of is _facts:
        _show_relations(model.schema_)
        _show_lines(_NEVER, facts["never_together"])
        _show_origins(facts["value_origins"])


def _show_table(path: str, kinds: dict[str, str], *, as_json: bool) -> None:
    """Show what is inferred of a table."""
    from lookalike.relations import infer_schema
    from lookalike.tables import cautions

    table, words = _first_rows(path)
    inferred = infer_schema(table, kinds)
    for caution in cautions(table, inferred):
        warnings.warn(caution, LookalikeWarning, stacklevel=2)
    encoder = _encoder(table, inferred)
    schema, never = encoder.schema_, encoder.never_together()
    if as_json:
        _show_json({**schema.to_dict(), "never_together": never})
    else:
        if words:
            show_prose(words)
            show()
        _show_schema(schema)
        _show_lines(_NEVER, never)


def _first_rows(path: str) -> tuple[Any, str]:
    """Return a table; of a large one, some rows and what they are."""
    from lookalike.tables import TablePieces, is_large, read_table

    if is_large(path):
        return TablePieces(path).glance(_GLANCED)
    return read_table(path), ""


def _show_presets(as_json: bool) -> None:
    from lookalike.images import IMAGE_PRESETS
    from lookalike.models.presets import PRESETS
    from lookalike.sequences import WINDOW_PRESETS

    every = {"tables": PRESETS, "series": WINDOW_PRESETS, "images": IMAGE_PRESETS}
    presets = [(data, preset) for data, group in every.items() for preset in group.values()]
    if as_json:
        _show_json({preset.name: {**asdict(preset), "data": data} for data, preset in presets})
        return
    rows = [(p.name, data, p.summary, p.source) for data, p in presets]
    show_table(("preset", "for", "what it is", "source"), rows)


def is_model(path: str) -> bool:
    """Return whether a path is a model file, by its suffix or by its first bytes."""
    if path == "-" or path.endswith(_TABLES):
        return False
    if path.endswith(".lookalike"):
        return True
    try:
        with Path(path).open("rb") as file:
            return file.read(4) == _ZIP
    except OSError:
        return False  # the reader of tables reports the error


def _show_json(values: dict[str, Any]) -> None:
    show(json.dumps(values, ensure_ascii=False, indent=1))


# --- tables ---------------------------------------------------------------------------------------


def _show_schema(schema: Schema) -> None:
    show(f"{schema.rows:,} rows, {len(schema.columns)} columns")
    show()
    headers = ("column", "kind", "missing", "distinct", "why")
    rows = [
        (c.name, c.kind.value, _share(c, schema.rows), f"{c.distinct:,}", c.why)
        for c in schema.columns
    ]
    show_table(headers, rows, numbers=("missing", "distinct"))
    _show_relations(schema)


def _show_relations(schema: Schema) -> None:
    from lookalike.relations import describe, relation

    _show_lines("Declared rules, which hold on every generated row:", list(schema.rules))
    for title, learned in _GROUPS.items():
        found = [d for d in schema.dependencies if relation(d).learns_residual is learned]
        _show_lines(title, [describe(d) for d in found])
    lines = [f"{describe(d)}: {d.against}" for d in schema.rejected]
    _show_lines("Found, but not used:", lines)


def _show_lines(title: str, lines: list[str]) -> None:
    if not lines:
        return
    show()
    show(title)
    for line in lines[:_MOST_LINES]:
        show(f"  {printable(line)}")
    if len(lines) > _MOST_LINES:
        show(f"  and {len(lines) - _MOST_LINES:,} more: see --json")


def _share(column: Column, rows: int) -> str:
    return f"{column.missing:,} ({column.missing / rows:.1%})" if column.missing else "0"


def _encoder(table: Any, schema: Schema) -> TableEncoder:
    """Return an encoder with the relations and structural zeros that a fit would find."""
    import numpy as np

    from lookalike.encoding import TableEncoder
    from lookalike.tables import conform, to_arrow

    cells = conform(to_arrow(table)[0], schema)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LookalikeWarning)  # of free text: nothing is fitted here
        return TableEncoder().fit(cells, schema, np.random.default_rng(0))


# --- models ---------------------------------------------------------------------------------------


def _facts(model: Synthesizer) -> dict[str, Any]:
    return {
        "class": type(model).__name__,
        "parameters": model.get_params(),
        "rows": model.n_rows_,
        "holds_rows": model.HOLDS_ROWS,
        "seed": model.seed_,
        "target": model.target_,
        "schema": model.schema_.to_dict(),
        "history": model.history_.to_dict(),
        "privacy": _privacy(model),
        "never_together": model.encoder_.never_together(),
        "value_origins": [one._asdict() for one in model.value_origins()],
    }


def _show_origins(found: list[dict[str, str]]) -> None:
    """Answer, column by column, whether its values may be shared."""
    show()
    show("May I share this? The values that it generates, by column:")
    heads = ("column", "values are", "how")
    show_table(heads, [(one["column"], one["word"], one["words"]) for one in found])


def _privacy(model: Synthesizer) -> dict[str, Any] | None:
    """Return the privacy ledger of a model that has one."""
    ledger = getattr(model, "ledger_", None)
    return None if ledger is None else {"guarantee": str(ledger), **ledger.to_dict()}


def _show_model(facts: dict[str, Any]) -> None:
    columns = facts["schema"]["columns"]
    rows = [
        ("class", facts["class"]),
        *((f"  {name}", value) for name, value in facts["parameters"].items()),
        ("seed", facts["seed"]),
        ("rows learned", f"{facts['rows']:,}"),
        *((("WARNING", _HOLDS),) if facts["holds_rows"] else ()),
        *_ledger_rows(facts["privacy"]),
        ("target", facts["target"] or "none"),
        ("columns", f"{len(columns)}"),
        *((f"  {column['name']}", column["kind"]) for column in columns),
    ]
    history = facts["history"]
    if history["rows"]:
        rows.append(("training", history["stopped"]))
        rows += [(f"  {name}", _short(value)) for name, value in history["rows"][-1].items()]
    show_table(("", ""), rows)


def _ledger_rows(privacy: dict[str, Any] | None) -> list[tuple[str, Any]]:
    """Return a privacy ledger as lines: the guarantee, and the share of each step."""
    if privacy is None:
        return []
    steps = privacy["entries"]
    return [
        ("differential privacy", privacy["guarantee"]),
        *((f"  {step}", f"{rho / privacy['rho']:.1%} of the budget") for step, rho, _ in steps),
    ]


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
