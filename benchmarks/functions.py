"""Let the default of ``lookalike function`` learn every built-in function, several seeds.

    functions.py LINES [--seeds 3] [--names NAME ...] [--set NAME=VALUE ...]

Every run is one JSON line in LINES, and what is there is not run again; a Markdown table of all is
printed. Seconds are of training, wall clock and processor, compilation included for the first
function of each shape.
"""

from __future__ import annotations

import json
import statistics
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from _games import runs

COLUMNS = ("error", "nearest", "nearest_95", "vertical", "vertical_95", "coverage")


def main() -> None:
    """Run what is missing and print the table."""
    from lookalike.datasets.functions import FUNCTIONS

    made = runs.parser(__doc__, seeds=3)
    made.add_argument("--names", nargs="+", default=tuple(FUNCTIONS))
    made.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    given = runs.parsed(made)
    method = json.dumps(_settings(given.set))
    tasks = [(name, method, seed) for seed in range(given.seeds) for name in given.names]
    print(table(runs.each(given.lines, tasks, run)))


def run(name: str, method: str, seed: int) -> dict[str, Any]:
    """Learn one function and say how close it came."""
    from lookalike import GAN
    from lookalike.datasets.functions import FUNCTIONS
    from lookalike.experiments import FUNCTION_RECIPE, learn_function

    model = GAN().set_params(**{**FUNCTION_RECIPE, **json.loads(method)})
    found = learn_function(FUNCTIONS[name], synthesizer=model, random_state=seed)
    return {
        "reached": found.reached,
        **{column: getattr(found.accuracy, column) for column in COLUMNS},
        "training_seconds": found.seconds,
        "remedies": sum(event.kind == "remedy" for event in found.model.history_.events),
    }


def table(lines: list[dict[str, Any]]) -> str:
    """Return a Markdown table: a row for each function, means over seeds and the worst error."""
    groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in lines:
        groups[line["data"] + _suffix(json.loads(line["method"]))].append(line)
    head = [
        *("function", "target reached", "error, %", "worst", "distance, %", "95th", "value, %"),
        *("95th", "coverage, %", "seconds", "processor"),
    ]
    return runs.table(head, [_row(name, found) for name, found in groups.items()])


def _row(name: str, found: list[dict[str, Any]]) -> Sequence[str]:
    def mean(column: str) -> float:
        return statistics.fmean(line[column] for line in found)

    def share(column: str) -> str:
        return "" if found[0][column] is None else f"{100 * mean(column):.2f}"

    return [
        name,
        f"{sum(line['reached'] for line in found)} of {len(found)}",
        share("error"),
        f"{100 * max(line['error'] for line in found):.2f}",
        *map(share, ("nearest", "nearest_95", "vertical", "vertical_95")),
        f"{100 * min(line['coverage'] for line in found):.0f}",
        f"{mean('training_seconds'):.0f}",
        f"{mean('cpu_seconds'):.0f}",
    ]


def _suffix(settings: dict[str, Any]) -> str:
    return "".join(f", {name}={value}" for name, value in settings.items())


def _settings(pairs: list[str]) -> dict[str, Any]:
    """Turn NAME=VALUE pairs into parameters; values are JSON, or else text."""
    settings = {}
    for pair in pairs:
        name, _, text = pair.partition("=")
        try:
            settings[name] = json.loads(text)
        except json.JSONDecodeError:
            settings[name] = text
    return settings


if __name__ == "__main__":
    main()
