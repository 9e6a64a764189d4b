"""``lookalike sample``: generate rows from a model file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from lookalike._core.errors import ParameterError
from lookalike.cli._options import CountOption, SeedOption, check_outputs, parse_conditions
from lookalike.cli._print import say
from lookalike.cli._sequences import sample_sequences

__all__ = ["sample"]


def sample(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="A model file.")],
    output: Annotated[
        str, typer.Option("-o", "--output", metavar="OUT", help="The file to write the rows to.")
    ],
    rows: Annotated[int | None, CountOption] = None,
    where: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COND",
            help="A condition on every row: COL=VALUE, COL=A|B, COL=LO..HI, or COL= for missing; "
            "a backslash makes a special character ordinary.",
        ),
    ] = None,
    balance: Annotated[
        str | None, typer.Option(metavar="COL", help="Generate each category equally often.")
    ] = None,
    length: Annotated[
        int | None,
        typer.Option(metavar="N", help="The number of events of a series, or of a future."),
    ] = None,
    windows: Annotated[
        int | None, typer.Option(metavar="N", help="The number of windows of a series.")
    ] = None,
    window: Annotated[
        int | None, typer.Option(metavar="N", help="The number of events of a window (24).")
    ] = None,
    past: Annotated[
        str | None,
        typer.Option(
            "--continue", metavar="FILE", help="Continue this past: -n futures of --length events."
        ),
    ] = None,
    complete: Annotated[
        str | None,
        typer.Option(metavar="DATA", help="Complete the missing cells of these rows instead."),
    ] = None,
    safe_csv: Annotated[
        bool,
        typer.Option(
            "--safe-csv", help="Put a quote before text that a spreadsheet takes for a formula."
        ),
    ] = False,
    seed: Annotated[int | None, SeedOption] = None,
) -> None:
    """Generate rows from a model file, in constant memory.

    Without --seed the model's own seed is used, so that the same rows come each time.
    """
    if (rows is None) == (complete is None) and length is None and windows is None:
        raise ParameterError(
            "Give the number of rows (-n N), or rows to complete (--complete DATA); of a series "
            "--length N or --windows N."
        )
    if complete is not None and (where or balance is not None):
        raise ParameterError(
            "Rows to complete are conditions themselves: leave out --where and --balance."
        )
    check_outputs([output], [model, complete, past])

    from lookalike.models import load
    from lookalike.tables import check_output, check_safe_csv

    check_output(output)
    check_safe_csv(output, safe_csv)
    given: Any = parse_conditions(where) if complete is None else complete
    loaded, sizes = load(model), {"length": length, "windows": windows, "window": window}
    if hasattr(loaded, "continue_to"):
        if complete is not None or balance is not None:
            raise ParameterError("--complete and --balance are for models of tables: omit them.")
        written = sample_sequences(
            loaded, output, rows, sizes, past, given, seed=seed, safe_csv=safe_csv
        )
        if output != "-":
            say(f"wrote {output}: {written:,} events")
        return
    _check_options({**sizes, "continue": past})
    written = loaded.sample_to(
        output, rows, given=given, balance=balance, random_state=seed, safe_csv=safe_csv
    )
    if output != "-":
        say(f"wrote {output}: {written:,} rows")


def _check_options(others: Mapping[str, Any]) -> None:
    """Raise an error for options that a model of independent rows does not have."""
    for name, value in others.items():
        if value is not None:
            raise ParameterError(
                f"--{name} is for models of histories or series, which are learned by lookalike "
                "fit with --entity or --time."
            )
