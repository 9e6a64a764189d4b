"""The commands for whole databases; `fit`, `sample`, `evaluate` and `info` call these."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from lookalike._core.errors import FileFormatError, ParameterError
from lookalike._core.places import is_address, shown_path
from lookalike.cli._options import check_outputs, parse_kinds, parse_settings
from lookalike.cli._print import printable, say, show, show_prose, show_table, write_result

if TYPE_CHECKING:
    from lookalike.databases import Database
    from lookalike.relational import Relational

__all__ = [
    "check_database",
    "check_source",
    "check_unused",
    "database_facts",
    "evaluate_databases",
    "fit_database",
    "is_database",
    "sample_database",
    "show_database",
    "show_model",
]


def is_database(source: str) -> bool:
    """Return whether an argument is a folder of tables or the address of a database."""
    if source == "-" or source.endswith((".csv", ".csv.gz", ".parquet", ".lookalike")):
        return False
    from lookalike.databases import is_database as found

    return found(source)


def check_source(source: str) -> None:
    """Raise an error for a name that is neither a file nor a folder, and names no sort of file."""
    path = Path(source)
    if source != "-" and not is_address(source) and not path.suffix and not path.exists():
        raise FileFormatError(
            f"There is no folder or file {source!r}. A table is a .csv or .parquet file; a "
            "database is a folder of them, or an address such as sqlite:///file.db."
        )


def check_unused(options: Mapping[str, object], what: str) -> None:
    """Raise an error for the first option that is given but has no meaning for a database."""
    for name, value in options.items():
        if value:
            raise ParameterError(f"{name} is an option for single tables: leave it out for {what}.")


def fit_database(
    source: str,
    output: str,
    *,
    kind: Iterable[str] | None,
    seed: int | None,
    setting: Iterable[str] | None,
    orphans: str,
    rules: list[str],
    broken: str,
    public: list[str],
    quiet: bool,
) -> None:
    """Learn a database and write a model file."""
    check_outputs([output], [])
    kinds = _kinds(kind)

    from lookalike.databases import Database
    from lookalike.relational import Relational

    model = Relational(random_state=seed, progress=not quiet)
    model.set_params(**parse_settings(setting, list(model.get_params())))
    db = Database.read(source, orphans=orphans)
    if not quiet and db.why:
        for key in db.foreign_keys:
            say(f"key {key}: {db.why.get(str(key), 'declared')}")
    model.fit(db, kinds=kinds, rules=rules, broken=broken, public=public)
    model.save(output)
    if not quiet:
        total = sum(model.tables_.values())
        tables = len(model.tables_)
        place = shown_path(output)
        say(f"wrote {place}: {tables} tables, {total:,} rows learned, seed {model.seed_}")


def check_database(source: str, rules: list[str], kind: Iterable[str] | None) -> bool:
    """Check a database against rules, show the result, and return whether they hold."""
    from lookalike.databases import Database
    from lookalike.relational import check_database_rules

    found = check_database_rules(Database.read(source), rules, kinds=_kinds(kind))
    show(str(found))
    return found.passed


def _kinds(pairs: Iterable[str] | None) -> dict[str, dict[str, str]]:
    """Turn ``TABLE.COL=KIND`` pairs into kinds by table."""
    kinds: dict[str, dict[str, str]] = {}
    for name, kind in parse_kinds(pairs).items():
        table, dot, column = name.partition(".")
        if not dot or not column:
            raise ParameterError(
                f"Of a database, --kind takes TABLE.COL=KIND, such as shops.zip=categorical; got "
                f"{name}={kind}."
            )
        kinds.setdefault(table, {})[column] = kind
    return kinds


def sample_database(
    model: Relational, output: str, *, scale: float, seed: int | None, overwrite: bool
) -> None:
    """Generate a database from a model and write it."""
    from lookalike.databases import without_password

    if output == "-":
        raise ParameterError("A database is written to a folder or an address, not to -.")
    model.progress = True
    rows = model.sample_to(output, scale, random_state=seed, overwrite=overwrite)
    say(f"wrote {without_password(output)}: {len(rows)} tables, {sum(rows.values()):,} rows")


def evaluate_databases(
    real: str,
    synthetic: str,
    json_file: str | None,
    html_file: str | None,
    fail_under: Iterable[str],
    seed: int,
) -> None:
    """Score a synthetic database, write the result, and exit with 1 below a least score."""
    check_outputs([json_file, html_file], [])
    least = _limits(fail_under)

    from lookalike.databases import Database
    from lookalike.reports import evaluate_databases as score

    evaluation = score(Database.read(real), Database.read_tables(synthetic), random_state=seed)
    failures = evaluation.failures(least)
    write_result(evaluation, json_file, html_file)
    if "-" not in (json_file, html_file):
        rows = [
            (s.name, *map(_number, (s.value, s.ceiling, s.floor)), s.title)
            for s in evaluation.scores.values()
        ]
        headers = ("score", "synthetic", "real", "chance", "what it measures")
        show_table(headers, rows, numbers=headers[1:4])
        show()
        show_prose(evaluation.verdict)
    if failures:
        say(f"failed: {'; '.join(failures)}")
        raise typer.Exit(1)


def _limits(texts: Iterable[str]) -> dict[str, float]:
    """Turn ``SCORE=V`` into least values."""
    limits = {}
    for text in texts:
        name, _, value = text.partition("=")
        try:
            limits[name] = float(value)
        except ValueError as error:
            raise ParameterError(
                f"--fail-under takes SCORE=V, such as hop_1=0.9; got {text!r}."
            ) from error
    return limits


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def database_facts(model: Relational) -> dict[str, Any]:
    """Return what a model file of a database holds, as JSON-ready values."""
    return {
        "class": "Relational",
        "parameters": model.get_params(),
        "seed": model.seed_,
        "tables": model.tables_,
        "primary_keys": {name: list(key) for name, key in model.primary_keys.items()},
        "foreign_keys": [str(key) for key in model.foreign_keys],
        "public_tables": list(model.public_tables),
        "rules": list(model.rules_),
    }


def show_model(model: Relational, *, as_json: bool) -> None:
    """Show a model file of a database: parameters, and the schema as text."""
    facts = database_facts(model)
    if as_json:
        show(json.dumps(facts, ensure_ascii=False, indent=1))
        return
    rows = [
        ("class", "Relational"),
        *((f"  {name}", value) for name, value in facts["parameters"].items()),
        ("seed", facts["seed"]),
        ("rows learned", f"{sum(facts['tables'].values()):,}"),
        ("tables", f"{len(facts['tables'])}"),
    ]
    show_table(("", ""), rows)
    show()
    from lookalike.databases import draw

    show(draw(model.tables_, model.primary_keys, model.foreign_keys))
    if model.public_tables:
        show()
        names = ", ".join(map(printable, model.public_tables))
        show_prose(f"Public tables, whose rows this file holds and every sample repeats: {names}.")
    if model.rules_:
        show()
        show("Declared rules, which hold on every generated row:")
        for rule in model.rules_:
            show(f"  {printable(rule)}")


def show_database(source: str, *, as_json: bool) -> None:
    """Show the tables and keys of a database, with the reasons of inferred keys."""
    from lookalike.databases import Database

    db: Database = Database.read(source)
    if as_json:
        facts = {
            "tables": {name: len(db.arrow(name)) for name in db.names},
            "primary_keys": {name: list(key) for name, key in db.primary_keys.items()},
            "foreign_keys": [str(key) for key in db.foreign_keys],
            "why": db.why,
        }
        show(json.dumps(facts, ensure_ascii=False, indent=1))
        return
    show(str(db))
    if db.why:
        show()
        show_table(("key", "why"), list(db.why.items()))
