"""Let the default of ``lookalike function`` learn every built-in function, several seeds.

Usage: ``python benchmarks/functions.py LINES [--seeds N ...] [--names NAME ...] [--set N=V ...]``.
Results are appended to LINES, one JSON line for each function and seed; what is in there already is
not done again. At the end a Markdown table of all lines is printed. Seconds are of training, wall
clock and processor, compilation included for the first function of each shape.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

COLUMNS = ("error", "nearest", "nearest_95", "vertical", "vertical_95", "coverage")


def main() -> None:
    """Run what is missing and print the table."""
    arguments = _arguments()
    from lookalike.datasets.functions import FUNCTIONS

    settings = _settings(arguments.set)
    done = {_key(line) for line in read(arguments.lines)}
    for seed in arguments.seeds:
        for name in arguments.names or FUNCTIONS:
            if (name, seed, json.dumps(settings)) not in done:
                line = run(name, seed, settings)
                with arguments.lines.open("a") as file:
                    file.write(json.dumps(line) + "\n")
    print(table(read(arguments.lines)))


def run(name: str, seed: int, settings: dict[str, Any]) -> dict[str, Any]:
    """Learn one function and say how close it came."""
    from lookalike import GAN
    from lookalike.datasets.functions import FUNCTIONS
    from lookalike.experiments import FUNCTION_RECIPE, learn_function

    begin = time.process_time()
    model = GAN().set_params(**{**FUNCTION_RECIPE, **settings})
    found = learn_function(FUNCTIONS[name], synthesizer=model, random_state=seed)
    return {
        "name": name,
        "seed": seed,
        "settings": settings,
        "reached": found.reached,
        **{column: getattr(found.accuracy, column) for column in COLUMNS},
        "seconds": found.seconds,
        "processor_seconds": time.process_time() - begin,
        "remedies": sum(event.kind == "remedy" for event in found.model.history_.events),
    }


def table(lines: list[dict[str, Any]]) -> str:
    """Return a Markdown table: a row for each function, means over seeds and the worst error."""
    groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in lines:
        groups[line["name"] + _suffix(line["settings"])].append(line)
    rows = [
        "| function | target reached | error, % | worst | distance, % | 95th | value, % | 95th "
        "| coverage, % | seconds | processor |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name, found in groups.items():
        rows.append(_row(name, found))
    return "\n".join(rows)


def _row(name: str, found: list[dict[str, Any]]) -> str:
    def mean(column: str) -> float:
        return statistics.fmean(line[column] for line in found)

    def share(column: str) -> str:
        return "" if found[0][column] is None else f"{100 * mean(column):.2f}"

    cells = [
        name,
        f"{sum(line['reached'] for line in found)} of {len(found)}",
        share("error"),
        f"{100 * max(line['error'] for line in found):.2f}",
        *map(share, ("nearest", "nearest_95", "vertical", "vertical_95")),
        f"{100 * min(line['coverage'] for line in found):.0f}",
        f"{mean('seconds'):.0f}",
        f"{mean('processor_seconds'):.0f}",
    ]
    return f"| {' | '.join(cells)} |"


def _suffix(settings: dict[str, Any]) -> str:
    return "".join(f", {name}={value}" for name, value in settings.items())


def read(path: Path) -> list[dict[str, Any]]:
    """Return the lines of a file that may not exist yet."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text().splitlines()]


def _key(line: dict[str, Any]) -> tuple[str, int, str]:
    return line["name"], line["seed"], json.dumps(line["settings"])


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


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lines", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--names", nargs="+")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    return parser.parse_args()


if __name__ == "__main__":
    main()
