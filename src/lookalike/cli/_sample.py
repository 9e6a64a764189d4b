"""``lookalike sample``: generate rows from a model file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from lookalike._core.errors import ParameterError
from lookalike._core.places import shown_path
from lookalike.cli._databases import check_unused, sample_database
from lookalike.cli._images import sample_images
from lookalike.cli._options import CountOption, SeedOption, check_outputs, parse_conditions
from lookalike.cli._parts import is_folder, sample_to_parts
from lookalike.cli._print import say
from lookalike.cli._sequences import sample_sequences

__all__ = ["sample"]


def sample(
    model: Annotated[
        str,
        typer.Argument(metavar="MODEL", help="A model file, or the spec.toml of a procedural one."),
    ],
    output: Annotated[
        str,
        typer.Option(
            "-o",
            "--output",
            metavar="OUT",
            help="The file to write the rows to, or FOLDER/ for parts that many processes write; "
            "of a database, a folder or an address; of images, a folder, a .png file for a "
            "contact sheet, or an .npz file.",
        ),
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
    start: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=0,
            help="The number of the first row or image: go on after N others.",
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
    scale: Annotated[
        float | None,
        typer.Option(metavar="X", help="Of a database: the factor of the numbers of rows (1)."),
    ] = None,
    overwrite: Annotated[
        bool,
        typer.Option("--overwrite", help="Replace tables or parts that are there already."),
    ] = False,
    part_rows: Annotated[
        int | None, typer.Option(metavar="N", help="The rows of a part of a folder (1,000,000).")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(metavar="N", help="The parts that are written at a time (cores).")
    ] = None,
    engine: Annotated[
        str | None, typer.Option(metavar="NAME", help="What writes parts: processes, or ray.")
    ] = None,
    address: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Of a Ray cluster that is running.")
    ] = None,
    watermark: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="The key of a mark that the rows carry in their choice."),
    ] = None,
    seed: Annotated[int | None, SeedOption] = None,
) -> None:
    """Generate rows from a model file or a spec, in constant memory; or a whole database.

    Without --seed the model's own seed is used, so that the same rows come each time.
    """
    cluster = {"part_rows": part_rows, "workers": workers, "engine": engine, "address": address}
    spec = _procedural(model)
    database = None if spec is not None else _model_of(model, "Relational")
    if database is not None:
        check_unused(
            {"--rows": rows is not None, "--where": where, "--balance": balance, "--start": start}
            | {"--complete": complete, "--safe-csv": safe_csv, "--continue": past}
            | {"--length": length, "--windows": windows, "--window": window}
            | {"--watermark": watermark},
            "the model of a database, whose size --scale sets",
        )
        sample_database(
            database, output, scale=1.0 if scale is None else scale, seed=seed, overwrite=overwrite
        )
        return
    if spec is None and (images := _model_of(model, "Images")) is not None:
        of_tables: dict[str, Any] = {"balance": balance, "complete": complete, "safe-csv": safe_csv}
        of_tables |= {"length": length, "windows": windows, "window": window, "continue": past}
        others = {**of_tables, "scale": scale, "overwrite": overwrite, "watermark": watermark}
        sample_images(
            *(images, model, output, rows, parse_conditions(where), seed, start or 0),
            {**others, **cluster},
        )
        return
    if scale is not None:
        raise ParameterError("--scale is for models of databases; give -n N.")
    if is_folder(output):
        check_unused(
            {"--complete": complete, "--continue": past, "--length": length, "--start": start}
            | {"--windows": windows, "--window": window},
            "a folder of parts",
        )
        sample_to_parts(
            *(model if spec is None else spec, output, rows, cluster, parse_conditions(where)),
            balance=balance,
            seed=seed,
            safe_csv=safe_csv,
            overwrite=overwrite,
            watermark=watermark,
        )
        return
    _check_absent(
        {**cluster, "overwrite": overwrite or None},
        "is for a database, or for a folder of parts: end the output in /",
    )
    if (rows is None) == (complete is None) and length is None and windows is None:
        raise ParameterError(
            "Give the number of rows (-n N), or rows to complete (--complete DATA); of a series "
            "--length N or --windows N."
        )
    if complete is not None and start is not None:
        raise ParameterError("Rows to complete have their own numbers: leave out --start.")
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
    loaded: Any = load(model) if spec is None else spec
    sizes = {"length": length, "windows": windows, "window": window}
    if hasattr(loaded, "continue_to"):
        if complete is not None or balance is not None or watermark is not None:
            raise ParameterError(
                "--complete, --balance and --watermark are for models of tables: omit them."
            )
        _check_absent({"start": start}, "is for models of tables: omit it")
        written = sample_sequences(
            loaded, output, rows, sizes, past, given, seed=seed, safe_csv=safe_csv
        )
        if output != "-":
            say(f"wrote {shown_path(output)}: {written:,} events")
        return
    _check_absent(
        {**sizes, "continue": past},
        "is for models of histories or series, which are learned by lookalike fit with --entity or "
        "--time",
    )
    if type(loaded).__name__ == "Procedural":
        if complete is not None or balance is not None or watermark is not None:
            raise ParameterError(
                "--complete, --balance and --watermark are for learned models: omit them."
            )
        options: dict[str, Any] = {"given": given, "random_state": seed, "safe_csv": safe_csv}
        written = loaded.sample_to(output, rows, start=start or 0, **options)
        if output != "-":
            say(f"wrote {shown_path(output)}: {written:,} rows")
        return
    written = loaded.sample_to(
        output,
        rows,
        given=given,
        balance=balance,
        random_state=seed,
        start=start or 0,
        safe_csv=safe_csv,
        watermark=watermark,
    )
    if output != "-":
        say(f"wrote {shown_path(output)}: {written:,} rows")


def _check_absent(options: Mapping[str, Any], what: str) -> None:
    """Raise an error for options that have no meaning here."""
    for name, value in options.items():
        if value is not None:
            raise ParameterError(f"--{name.replace('_', '-')} {what}.")


def _procedural(path: str) -> Any:
    """Return the model of a spec in TOML; None for a model file."""
    if not path.lower().endswith(".toml"):
        return None
    from lookalike.simulate import Procedural

    return Procedural(path)


def _model_of(path: str, name: str) -> Any:
    """Return the model of a file if it is of a class; None for another."""
    from lookalike.models import is_of

    if not is_of(path, name):
        return None
    from lookalike.models import load

    return load(path)
