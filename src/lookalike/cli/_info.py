"""``lookalike info``: what a table or a model file holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lookalike._core.errors import ParameterError
from lookalike.cli._options import KindOption, parse_kinds
from lookalike.cli._print import printable, show, show_table

if TYPE_CHECKING:
    from lookalike.models import Synthesizer
    from lookalike.tables import Column, Dependency, Schema

__all__ = ["info"]

_TABLES = (".csv", ".csv.gz", ".parquet")
_ZIP = b"PK\x03\x04"


def info(
    model_or_data: Annotated[
        str, typer.Argument(metavar="MODEL_OR_DATA", help="A model file, or a table.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="JSON instead of words.")] = False,
    kind: KindOption = None,
) -> None:
    """Show what a table or a model file holds.

    For a table: what each column is taken for and why, and which columns depend on others.
    """
    kinds = parse_kinds(kind)
    if _is_model(model_or_data):
        if kinds:
            raise ParameterError("--kind is for tables: a model file has its kinds already.")
        from lookalike.models import load

        facts = _facts(load(model_or_data))
        if as_json:
            _show_json(facts)
        else:
            _show_model(facts)
        return

    from lookalike.tables import infer_schema, read_table

    schema = infer_schema(read_table(model_or_data), kinds)
    if as_json:
        _show_json(schema.to_dict())
    else:
        _show_schema(schema)


def _is_model(path: str) -> bool:
    """Say whether a path is to be read as a model, by its suffix or by how its content begins."""
    if path == "-" or path.endswith(_TABLES):
        return False
    if path.endswith(".lookalike"):
        return True
    try:
        with Path(path).open("rb") as file:
            return file.read(4) == _ZIP
    except OSError:
        return False  # the reader of tables says what is wrong with it


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
    if schema.dependencies:
        show()
        show("Derived from other columns, not learned:")
        for dependency in schema.dependencies:
            show(f"  {printable(_in_words(dependency))}")


def _share(column: Column, rows: int) -> str:
    return f"{column.missing:,} ({column.missing / rows:.1%})" if column.missing else "0"


def _in_words(dependency: Dependency) -> str:
    if dependency.form == "lookup":
        return f"{dependency.column} is fixed by {' and '.join(dependency.on)}"
    terms = [
        name if factor == 1 else f"{factor:g} × {name}"
        for factor, name in zip(dependency.coefficients, dependency.on, strict=True)
    ]
    if dependency.constant:
        terms.append(f"{dependency.constant:g}")
    return f"{dependency.column} = {' + '.join(terms)}".replace("+ -", "- ")


# --- models ---------------------------------------------------------------------------------------


def _facts(model: Synthesizer) -> dict[str, Any]:
    return {
        "class": type(model).__name__,
        "parameters": model.get_params(),
        "rows": model.n_rows_,
        "seed": model.seed_,
        "target": model.target_,
        "schema": model.schema_.to_dict(),
        "history": model.history_.to_dict(),
    }


def _show_model(facts: dict[str, Any]) -> None:
    columns = facts["schema"]["columns"]
    rows = [
        ("class", facts["class"]),
        *((f"  {name}", value) for name, value in facts["parameters"].items()),
        ("seed", facts["seed"]),
        ("rows learned", f"{facts['rows']:,}"),
        ("target", facts["target"] or "none"),
        ("columns", f"{len(columns)}"),
        *((f"  {column['name']}", column["kind"]) for column in columns),
    ]
    history = facts["history"]
    if history["rows"]:
        rows.append(("training", history["stopped"]))
        rows += [(f"  {name}", _short(value)) for name, value in history["rows"][-1].items()]
    show_table(("", ""), rows)


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
