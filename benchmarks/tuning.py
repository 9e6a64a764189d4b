"""Compare given settings with those that `lookalike.tune` chooses, on rows that took no part.

    tuning.py LINES FILE... [--models Forest Mixture BayesianNetwork] [--trials 12] [--seeds 2]

Models are searched without correction, which takes most of the time. Every run is one JSON line;
printed is a table with a row for each file and model: the mean of the given settings' c2st on the
reporting rows, the mean gain there of the chosen ones, the mean of what the choosing rows promised
too much, and how often the settings were changed.
"""

from __future__ import annotations

import statistics
import sys
from pathlib import Path

import lookalike as la
from _games import runs
from lookalike.models import find_synthesizer

_PLAIN = {"correct": False}


def main() -> None:
    """Tune every model on every file and print the table."""
    parser = runs.parser(__doc__, seeds=2)
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--models", nargs="+", default=["Forest", "Mixture", "BayesianNetwork"])
    parser.add_argument("--trials", type=int, default=12)
    given = runs.parsed(parser)
    files = {path.stem: path for path in given.files}

    def run(data: str, method: str, seed: int) -> runs.Line:
        model = find_synthesizer(method)(refine=_PLAIN)
        found = la.tune(model, files[data], trials=given.trials, random_state=seed)
        assert found.given is not None
        assert found.winner is not None
        changed = {k: v for k, v in found.winner.settings.items() if k != "refine"}
        return {
            "given": found.given.report,
            "gain": found.gain,
            "optimism": found.optimism,
            "best_choose": max(t.choose or 0.0 for t in found.trials if not t.reason),
            "given_choose": found.given.choose,
            "settings": changed,
        }

    seeds = range(given.seeds)
    tasks = [(data, name, seed) for data in files for name in given.models for seed in seeds]
    lines = runs.each(given.lines, tasks, run)
    rows = []
    for data in files:
        for name in given.models:
            some = [one for one in lines if (one["data"], one["method"]) == (data, name)]
            means = [statistics.fmean(one[k] or 0.0 for one in some) for k in _SHOWN]
            changed = sum(bool(one["settings"]) for one in some)
            seconds = statistics.fmean(one["cpu_seconds"] for one in some)
            shown = [f"{value:.3f}" for value in means]
            rows.append([data, name, *shown, f"{changed} of {len(some)}", f"{seconds:.0f}"])
    head = ["table", "model", *_SHOWN, "changed", "CPU seconds"]
    sys.stdout.write(runs.table(head, rows) + "\n")


_SHOWN = ("given", "gain", "optimism")

if __name__ == "__main__":
    main()
