"""From unstable to stable GANs: the path of a master's thesis.

Leitner, "Artificial Neural Networks with small Datasets. A practical Approach" (2021), goes
through six GANs, from two small dense networks to a Wasserstein GAN with gradient penalty, and
judges each by two curves side by side: the losses, and the mean probability that the discriminator
gives to real and to generated rows. This script trains all of them on one table and draws the path:

    python examples/leitner_2021_path.py titanic.csv --out path

writes ``path.png`` (all runs, one below the other), ``path.md`` (what the thesis found, what the
curves and the monitors say) and ``NAME.html`` (how each training went). Without a table it takes a
bundled one. No remedies are applied: that the first ones fail is what is shown.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lookalike as la
from lookalike.models.presets import find_preset
from lookalike.reports import Curves, curves, figures, judge, training_page
from lookalike.reports.figures import DrawnRun
from lookalike.tables import read_table

PATH = (
    "leitner-dense-1",
    "leitner-dense-3",
    "leitner-dense-3-wide",
    "leitner-dense-3-wide, 1cycle",
    "leitner-dcgan",
    "leitner-wgan",
    "leitner-wgan-gp",
)
#: What the thesis tried on the way with an architecture that it had.
CHANGED: dict[str, dict[str, Any]] = {"1cycle": {"schedule": "onecycle"}}
#: What is shown beside the curves: how it ended.
MEASURES = ("diversity", "coverage", "collapsed", "convergence")


@dataclass(frozen=True)
class Step:
    """One step of the path."""

    name: str
    claim: str
    words: tuple[str, ...]
    sentences: tuple[str, ...]
    curves: Curves | None
    ends: Mapping[str, float]

    @property
    def verdict(self) -> str:
        """The words of all seeds, the most frequent first."""
        if len(self.words) == 1:
            return self.words[0]
        counts = Counter(self.words).most_common()
        return ", ".join(f"{word} {count}" for word, count in counts)


def main(words: Sequence[str] | None = None) -> None:
    """Train every step of the path and draw them."""
    options = parse(words)
    table = read_table(options.data) if options.data else la.datasets.load("penguins")
    options.out.mkdir(parents=True, exist_ok=True)
    path = []
    for name in options.steps:
        path.append(train(name, table, options))
        print(f"{name}: {path[-1].verdict}", file=sys.stderr)
    drawn = [DrawnRun(step.name, step.verdict, step.curves) for step in path]
    figures.runs(drawn).savefig(options.out / "path.png", dpi=130, facecolor="white")
    (options.out / "path.md").write_text(markdown(path), encoding="utf-8")


def parse(words: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("data", nargs="?", help="a table: features and target together")
    parser.add_argument("--steps", nargs="+", choices=PATH, default=PATH, metavar="NAME")
    parser.add_argument("--epochs", type=int, help="40 as in the thesis, if not given")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--out", type=Path, default=Path("path"))
    return parser.parse_args(words)


def train(name: str, table: Any, options: argparse.Namespace) -> Step:
    """Train one step with every seed; the first one is drawn."""
    preset, _, change = name.partition(", ")
    changed = dict(CHANGED.get(change, {}), remedies=False)
    if options.epochs is not None:
        changed["epochs"] = options.epochs
    models = [
        la.GAN.preset(preset, random_state=seed, **changed).fit(table) for seed in options.seeds
    ]
    records = [curves(model.history_) for model in models]
    file = options.out / f"{re.sub('[^a-z0-9]+', '-', name)}.html"
    training_page(models[0].history_, file, title=name, facts={"seed": options.seeds[0]})
    return Step(
        name,
        find_preset(preset).summary,
        tuple(judge(record).word for record in records),
        judge(records[0]).sentences,
        records[0],
        {n: v for n in MEASURES if (v := last(models[0].history_[n])) is not None},
    )


def last(values: Sequence[float | None]) -> float | None:
    """Return the last value that was recorded."""
    return next((value for value in reversed(values) if value is not None), None)


def markdown(path: Sequence[Step]) -> str:
    """Return the path as a table, and what was seen as a list."""
    head = ["preset", "what it is", "verdict", *MEASURES]
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for step in path:
        ends = [f"{step.ends[name]:.2f}" if name in step.ends else "–" for name in MEASURES]
        lines.append(f"| {' | '.join([step.name, step.claim, step.verdict, *ends])} |")
    lines += ["", *(f"- {step.name}: {' '.join(step.sentences)}" for step in path)]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
