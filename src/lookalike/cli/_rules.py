"""``lookalike rules`` and ``lookalike check``: rules proposed, and tables checked against them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lookalike._core.errors import ParameterError
from lookalike.cli._databases import check_database, is_database
from lookalike.cli._options import KindOption, parse_kinds
from lookalike.cli._print import show

__all__ = ["BrokenOption", "RuleOption", "RulesOption", "check", "read_rules", "rules"]

RuleOption = Annotated[
    list[str] | None,
    typer.Option("--rule", metavar="RULE", help="A rule that every row obeys, as in start <= end."),
]
RulesOption = Annotated[
    str | None, typer.Option("--rules", metavar="FILE", help="A file with one rule on each line.")
]

BrokenOption = Annotated[
    str,
    typer.Option(
        "--broken",
        metavar="POLICY",
        help="What becomes of rows that break a rule: refuse (the default), drop, repair or keep.",
    ),
]


def read_rules(rule: list[str] | None, file: str | None) -> list[str]:
    """Return the rules of options and of a file.

    Raises
    ------
    ParameterError
        If the file cannot be read.
    """
    from lookalike.rules import split_rules

    listed = list(rule or ())
    if file is not None:
        try:
            listed += split_rules(Path(file).read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise ParameterError(
                f"--rules names a text file with one rule on each line; {file!r} cannot be read: "
                f"{error}."
            ) from None
    return listed


def rules(
    data: Annotated[str, typer.Argument(metavar="DATA", help="The table.")],
    kind: KindOption = None,
) -> None:
    """Propose rules that a table obeys, as text that --rules reads.

    They are found in two thirds of the rows and proven on the others, where up to 1 % of the rows
    may be exceptions. Read them before you use them.
    """
    if is_database(data):
        raise ParameterError(
            f"Rules are proposed for a single table, but {data!r} is a database: give a .csv or "
            ".parquet file of one table, and write its columns as table.column in the rules of "
            "the database."
        )
    from lookalike.rules import propose_rules
    from lookalike.tables import read_table

    for proposed in propose_rules(read_table(data), kinds=parse_kinds(kind)):
        show(str(proposed))


def check(
    data: Annotated[str, typer.Argument(metavar="DATA", help="The table, or a database.")],
    rule: RuleOption = None,
    rules_file: RulesOption = None,
    kind: KindOption = None,
) -> None:
    """Check that every row of a table or database obeys rules; the exit code is 1 if not.

    In a database, columns are written table.column, and rules may cross tables.
    """
    listed = read_rules(rule, rules_file)
    if not listed:
        raise ParameterError("Give the rules to check: --rules FILE, or --rule once for each.")
    if is_database(data):
        if not check_database(data, listed, kind):
            raise typer.Exit(1)
        return
    from lookalike.rules import check_rules
    from lookalike.tables import read_table

    found = check_rules(read_table(data), listed, kinds=parse_kinds(kind))
    show(str(found))
    if not found.passed:
        raise typer.Exit(1)
