"""``lookalike demo``: the whole workflow, on real data that comes with the package."""

from __future__ import annotations

import shlex
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from lookalike._core.errors import OutputError
from lookalike.cli._options import SeedOption, check_outputs
from lookalike.cli._print import say, show
from lookalike.cli._scores import show_evaluation

__all__ = ["demo"]

_DATA = "penguins"
#: Fewer steps than the default of a fit: a first impression should not take a minute.
_STEPS = 1_500
_NEXT = """
Each score stands between two references: the score of real rows that the model has not seen, and
that of columns drawn independently of each other. The report has the details.

  {report}  the report: open it in a browser
  {rows}  the new rows
  {model}  the model, which generates more of them:

    lookalike sample {bare} -n 1000 -o more.csv

Your own table:

    lookalike info data.csv
    lookalike fit data.csv -o my.lookalike"""


def demo(
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="The folder for the results, created if needed.")
    ] = Path("lookalike-demo"),
    seed: Annotated[int, SeedOption] = 0,
) -> None:
    """Show the whole workflow on bundled data, in less than a minute.

    Real penguins are learned, new ones generated, scored against real ones, and shown in a report.
    """
    rows_file, model_file, report_file = (
        str(out / name) for name in ("synthetic.csv", "model.lookalike", "report.html")
    )
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"Cannot make the folder {str(out)!r}: {error.strerror}.") from error
    check_outputs([rows_file, model_file, report_file], [])

    from lookalike.datasets import describe, load
    from lookalike.models import GAN
    from lookalike.reports import evaluate
    from lookalike.tables import write_table
    from lookalike.workflow import split

    target = describe(_DATA).target
    train, test = split(load(_DATA, kind="pyarrow"), random_state=seed)
    say(f"1/3 learning {train.num_rows:,} rows, {train.num_columns} columns")
    model = GAN(steps=_STEPS, conditions=False, random_state=seed, progress=True)
    model.fit(train, target=target)
    model.save(model_file)
    say("2/3 generating as many new rows")
    synthetic = model.sample(train.num_rows)
    write_table(synthetic, rows_file)
    say("3/3 scoring them against real rows that the model has not seen")
    evaluation = evaluate(
        train,
        synthetic,
        holdout=test,
        model=model,
        facts={"table": f"{_DATA} (bundled)"},
        random_state=seed,
        progress=True,
    )
    evaluation.to_html(report_file, date=date.today().isoformat())
    show_evaluation(evaluation)
    width = len(model_file)
    show(
        _NEXT.format(
            report=report_file.ljust(width),
            rows=rows_file.ljust(width),
            model=model_file,
            bare=shlex.quote(model_file),
        )
    )
