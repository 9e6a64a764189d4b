"""``lookalike pipeline``: training rows that are refined in cycles."""

from __future__ import annotations

from typing import Annotated

import typer

from lookalike._core.errors import ParameterError, TrainingError
from lookalike._core.places import shown_path
from lookalike.cli._options import check_outputs
from lookalike.cli._print import say, show, show_prose, show_table, write_result

__all__ = ["pipeline"]


def pipeline(
    spec: Annotated[
        str, typer.Argument(metavar="SPEC.toml", help="Data, target, and the parts of each step.")
    ],
    output: Annotated[
        str | None,
        typer.Option("-o", "--output", metavar="OUT", help="Write the final training rows here."),
    ] = None,
    folder: Annotated[
        str | None,
        typer.Option(metavar="DIR", help="Keep finished steps here, and go on from them."),
    ] = None,
    json_file: Annotated[
        str | None, typer.Option("--json", metavar="FILE", help="Write the report as JSON.")
    ] = None,
    html_file: Annotated[
        str | None, typer.Option("--html", metavar="FILE", help="Write a page.")
    ] = None,
) -> None:
    """Generate, preprocess, split, evaluate and refine, in cycles that have to prove themselves.

    In each cycle, what was weak on validation rows decides which synthetic rows are tried. Real
    rows that no cycle has seen say in the end what it gained.
    """
    if not spec.endswith(".toml"):
        raise ParameterError(f"A pipeline is read from a TOML file; got {spec!r}.")

    from lookalike.experiments import pipeline as run
    from lookalike.experiments import spec_arguments
    from lookalike.tables import check_output, to_arrow, write_table

    check_outputs([output, json_file, html_file], [spec])
    arguments = spec_arguments(spec)
    check_outputs([output, json_file, html_file], [arguments["data"]])
    if output is not None:
        check_output(output)
    found = run(**arguments, folder=folder, progress=True)
    write_result(found, json_file, html_file)
    if output is not None:
        if found.data is None:
            raise TrainingError("The model cannot generate the final rows.")
        write_table(to_arrow(found.data)[0], output)
        say(f"wrote {shown_path(output)}")
    if "-" not in (json_file, html_file, output):
        show_table(found.heads, found.table, numbers=("validation", "report"))
        show()
        for text in (*found.notes, found.answer):
            show_prose(text)
