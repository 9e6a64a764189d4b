"""Which batch sizes and capacities are stable?

Reddy, "Synthetic Data Generation Using GANs", trains one architecture with several batch sizes and
several widths, finds small and large networks unstable, and lets the learning rate grow with the
batch to mend that. This script trains every combination of rate rule, width and batch size on the
numeric columns of a table and draws the comparison:

    python examples/reddy_batches.py table.csv --out reddy

writes ``runs.csv`` (a row for each run), ``losses-RULE.png`` (a table of panels for each rule) and,
for the first combination, the document's own figures: ``losses.png``, ``heatmaps.png``,
``marginals.png``, and its table of correlations as ``correlations.png``. Without a table it takes
the numbers of a bundled one. No remedies are applied: that some runs fail is what is studied.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from typing import Any

import pyarrow as pa

import lookalike as la
from lookalike.reports import Curves, Evaluation, curves, figures, judge
from lookalike.reports.figures import DrawnRun
from lookalike.tables import infer_columns, read_table

#: How the learning rate follows the batch size; the published rate is that of batches of 64.
RULES: dict[str, Any] = {
    "linear": {"name": "batch-scaled", "rule": "linear", "reference": 64},
    "sqrt": {"name": "batch-scaled", "rule": "sqrt", "reference": 64},
    "fixed": "constant",
}


@dataclass(frozen=True)
class Setting:
    """One combination of what is studied."""

    rule: str
    width: int
    batch: int
    seed: int


@dataclass(frozen=True)
class Result:
    """What became of it."""

    setting: Setting
    word: str
    curves: Curves | None
    evaluation: Evaluation

    def row(self) -> dict[str, Any]:
        """Return it as a row of the table."""
        scores = {name: score.raw for name, score in self.evaluation.scores.items()}
        return {**asdict(self.setting), "verdict": self.word, **scores}


def main(words: Sequence[str] | None = None) -> None:
    """Train every combination and draw the comparison."""
    options = parse(words)
    table = numbers_of(options.data)
    options.out.mkdir(parents=True, exist_ok=True)
    results = []
    for combination in product(options.rules, options.widths, options.batches, options.seeds):
        results.append(train(table, Setting(*combination), options.epochs))
        row = results[-1].row()
        print(", ".join(f"{name} {value}" for name, value in row.items()), file=sys.stderr)
        write(results, options.out / "runs.csv")
    for rule in options.rules:
        compare([one for one in results if one.setting.rule == rule], options, rule)
    draw_document(results[0], options.out)


def parse(words: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("data", nargs="?", help="a table; its numeric columns are learned")
    parser.add_argument("--rules", nargs="+", choices=list(RULES), default=["linear", "fixed"])
    parser.add_argument("--widths", nargs="+", type=int, default=[128, 16, 512])
    parser.add_argument("--batches", nargs="+", type=int, default=[64, 16, 256])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--epochs", type=int, default=1000)
    parser.add_argument("--out", type=Path, default=Path("reddy"))
    return parser.parse_args(words)


def numbers_of(path: str | None) -> pa.Table:
    """Return the rows without gaps of a table's numeric columns."""
    table = read_table(path) if path else pa.Table.from_pandas(la.datasets.load("penguins"))
    kinds = {"integer", "continuous"}
    found = [one.name for one in infer_columns(table).columns if one.kind in kinds]
    return table.select(found).drop_null()


def train(table: pa.Table, setting: Setting, epochs: int) -> Result:
    """Train one combination; the document's networks have two equal layers."""
    published = la.GAN.preset("reddy")
    widths = {"widths": [setting.width, setting.width]}
    model = published.set_params(
        generator={**published.networks.generator, **widths},
        discriminator={**published.networks.discriminator, **widths},
        batch_size=setting.batch,
        schedule=RULES[setting.rule],
        epochs=epochs,
        remedies=False,
        random_state=setting.seed,
    ).fit(table)
    record = curves(model.history_)
    found = la.evaluate(
        table, model.sample(len(table)), metrics=["correlation_difference", "shape"]
    )
    return Result(setting, judge(record).word, record, found)


def write(results: Sequence[Result], path: Path) -> None:
    """Write all rows so far, so that an interrupted study is not lost."""
    rows = [one.row() for one in results]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def compare(results: Sequence[Result], options: argparse.Namespace, rule: str) -> None:
    """Draw the losses of all widths and batch sizes under one rule; of several seeds, the first."""
    cells: dict[tuple[str, str], DrawnRun] = {}
    for one in results:
        key = (f"width {one.setting.width}", f"batch {one.setting.batch}")
        same = [r.word for r in results if (r.setting.width, r.setting.batch) == pair(one)]
        words = one.word if len(same) == 1 else f"{same.count(one.word)} of {len(same)} {one.word}"
        difference = one.evaluation.scores["correlation_difference"].raw
        if difference is not None:
            words += f", correlations off by {difference:.3f}"
        cells.setdefault(key, DrawnRun(rule, words, one.curves))
    names = [f"width {w}" for w in sorted(options.widths)]
    across = [f"batch {b}" for b in sorted(options.batches)]
    save(figures.run_table(names, across, cells), options.out / f"losses-{rule}.png")


def pair(one: Result) -> tuple[int, int]:
    """Return what is laid out as rows and columns."""
    return one.setting.width, one.setting.batch


def draw_document(result: Result, folder: Path) -> None:
    """Draw the figures of the document of one result."""
    summary = result.evaluation.summary
    if result.curves is not None:
        save(figures.losses(result.curves), folder / "losses.png")
    save(figures.heatmaps(summary.associations), folder / "heatmaps.png")
    save(figures.marginals(summary.marginals), folder / "marginals.png")
    save(figures.correlation_differences(summary.columns), folder / "correlations.png")


def save(figure: Any, path: Path) -> None:
    """Write a figure as an image on white."""
    figure.savefig(path, dpi=130, facecolor="white")


if __name__ == "__main__":
    main()
