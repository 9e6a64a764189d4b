"""``lookalike audit``: attacks on a synthetic table, with control groups."""

from __future__ import annotations

from typing import Annotated

import typer

from lookalike._core.errors import ParameterError
from lookalike.cli._options import KindOption, SeedOption, check_outputs, parse_kinds
from lookalike.cli._print import show, show_prose, show_table, write_result

__all__ = ["audit"]


def audit(
    train: Annotated[str, typer.Argument(metavar="TRAIN", help="The rows that were learned.")],
    synthetic: Annotated[str, typer.Argument(metavar="SYNTHETIC", help="The synthetic rows.")],
    control: Annotated[
        str,
        typer.Option(metavar="FILE", help="Real rows that were kept out of the fit, 60 or more."),
    ],
    model: Annotated[
        str | None,
        typer.Option(metavar="MODEL", help="The model that generated the rows; for --level 2."),
    ] = None,
    secret: Annotated[
        list[str] | None,
        typer.Option("--secret", metavar="COL", help="A column that an attacker wants to infer."),
    ] = None,
    level: Annotated[
        int, typer.Option(metavar="N", help="1 takes seconds, 2 also fits shadow models.")
    ] = 1,
    jobs: Annotated[
        int | None,
        typer.Option(metavar="N", help="Shadow models to fit at once; up to 4 if not given."),
    ] = None,
    json_file: Annotated[
        str | None, typer.Option("--json", metavar="FILE", help="Write the audit as JSON.")
    ] = None,
    html_file: Annotated[
        str | None, typer.Option("--html", metavar="FILE", help="Write a page.")
    ] = None,
    kind: KindOption = None,
    seed: Annotated[int, SeedOption] = 0,
) -> None:
    """Attack a synthetic table, with the same attacks on rows that nobody learned as control.

    Membership, singling out, linkability, and inference of --secret columns (the first twelve by
    default). It bounds the attacks that were tried; it is no proof of privacy.
    """
    check_outputs([json_file, html_file], [train, synthetic, control, model])
    kinds = parse_kinds(kind)
    if model is not None and kinds:
        raise ParameterError("Give --model or --kind, not both: a model states all kinds.")

    from lookalike.models import load
    from lookalike.privacy import audit as run
    from lookalike.tables import read_table

    found = run(
        read_table(train),
        read_table(synthetic),
        read_table(control),
        secrets=secret,
        model=None if model is None else load(model),
        level=level,
        kinds=kinds or None,
        n_jobs=jobs,
        random_state=seed,
        progress=True,
    )
    write_result(found, json_file, html_file)
    if "-" not in (json_file, html_file):
        show_table(found.heads, found.table, numbers=found.heads[1:])
        show()
        for text in (*found.findings[:1], *found.notes, found.answer):
            show_prose(text)
