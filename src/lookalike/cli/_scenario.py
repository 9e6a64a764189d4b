"""``lookalike scenario``: labelled changes of real or generated rows."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from lookalike._core.errors import ParameterError
from lookalike._core.places import shown_path
from lookalike.cli._info import is_model
from lookalike.cli._options import CountOption, SeedOption, check_outputs
from lookalike.cli._print import say, show

__all__ = ["scenario"]


def scenario(
    spec: Annotated[str, typer.Argument(metavar="SPEC.toml", help="The steps.")],
    source: Annotated[
        str,
        typer.Option("--from", metavar="MODEL_OR_DATA", help="A model file, or a table."),
    ],
    output: Annotated[
        str, typer.Option("-o", "--output", metavar="OUT", help="The file to write the rows to.")
    ],
    rows: Annotated[int | None, CountOption] = None,
    seed: Annotated[int, SeedOption] = 0,
) -> None:
    """Apply the steps of a scenario to a table, or to rows that a model generates.

    The labels of all changes are written beside the rows, as OUT.labels.csv, and the seed, the
    steps and the digests of both tables as OUT.manifest.json; of a rare event, the importance
    weights of all rows as OUT.weights.csv.
    """
    if output == "-":
        raise ParameterError("A scenario writes three files: -o must name a file, not '-'.")
    names = [f"{output}.{name}" for name in ("labels.csv", "manifest.json", "weights.csv")]
    check_outputs([output, *names], [spec, source])

    import pyarrow as pa

    from lookalike._core.files import write_text
    from lookalike.scenarios import Scenario
    from lookalike.tables import check_output, to_arrow, write_table

    check_output(output)
    steps = Scenario.from_toml(spec)
    if is_model(source):
        if rows is None:
            raise ParameterError("Give the number of rows to generate (-n N).")
        from lookalike.models import load

        model = load(source)
        table = model.sample(rows, random_state=seed)
        # A model without a likelihood generates rows, but cannot serve the steps that need one.
        model = model if hasattr(model, "log_prob") else None
    elif rows is not None:
        raise ParameterError("-n is for a model: of a table, all rows are taken.")
    else:
        table, model = source, None
    found = steps.apply(table, random_state=seed, model=model)
    write_table(to_arrow(found.data)[0], output)
    write_table(to_arrow(found.labels)[0], names[0])
    if (found.weights != 1).any():
        write_table(pa.table({"weight": found.weights}), names[2])
    else:
        names = names[:2]
    write_text(json.dumps(found.manifest, indent=1, ensure_ascii=False) + "\n", names[1])
    for step in found.manifest["steps"]:
        show(f"{step['name']}: {step['changed']:,} changes")
    for path in (output, *names):
        say(f"wrote {shown_path(path)}")
