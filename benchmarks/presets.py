"""Every preset in full, as published and with remedies: how its training ends, and what it makes.

    presets.py LINES [--table FILE] [--seeds 1] [--presets NAME ...]

Presets of tables learn FILE, or the bundled penguins; ``reddy`` and ``wgan-gp`` its numbers,
``univariate`` the first of them; those of functions a parabola and a saddle. Every run is one JSON
line in LINES, and what is there is not run again; a Markdown table of all is printed. Scores
compare as many made rows as were learned with these.
"""

from __future__ import annotations

import statistics
import warnings
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pyarrow as pa

from _games import runs

_WAYS: Mapping[str, bool] = MappingProxyType({"as published": False, "with remedies": True})
#: What presets of functions learn, and how many points of it.
_FUNCTIONS: Mapping[str, str] = MappingProxyType({"joshi-2d": "parabola", "joshi-3d": "saddle"})
_POINTS = 1_000
_SCORES = ("coverage", "shape", "correlation_difference")


def main() -> None:
    """Run what is missing and print a table."""
    from lookalike.models.presets import PRESETS

    made = runs.parser(__doc__, seeds=1)
    made.add_argument("--table", type=Path)
    made.add_argument("--presets", nargs="+", default=tuple(PRESETS), choices=tuple(PRESETS))
    given = runs.parsed(made)
    seeds = range(given.seeds)
    tasks = [(name, way, seed) for seed in seeds for name in given.presets for way in _WAYS]
    print(report(runs.each(given.lines, tasks, lambda *task: run(given.table, *task))))


def run(file: Path | None, name: str, way: str, seed: int) -> dict[str, Any]:
    """Train a preset in full and say how it ended."""
    from lookalike import GAN, evaluate
    from lookalike.errors import TrainingError
    from lookalike.reports import curves, judge

    table = learned(file, name)
    model = GAN.preset(name, remedies=_WAYS[way], random_state=seed)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.fit(table)
    except TrainingError as error:
        return {"verdict": "given up", "why": str(error)}
    history = model.history_
    scores = evaluate(table, model.sample(len(table)), metrics=list(_SCORES)).scores
    return {
        "verdict": judge(curves(history)).word,
        "remedies": sum(event.kind == "remedy" for event in history.events),
        "monitor_share": history.monitor_share,
        "rows": len(table),
        **{name: score.raw for name, score in scores.items()},
    }


@cache
def learned(file: Path | None, name: str) -> pa.Table:
    """Return what a preset learns."""
    from lookalike import datasets
    from lookalike.datasets.functions import FUNCTIONS
    from lookalike.tables import read_table

    if name in _FUNCTIONS:
        return FUNCTIONS[_FUNCTIONS[name]].draw(_POINTS, 0)
    if file is None:
        whole = pa.Table.from_pandas(datasets.load("penguins"), preserve_index=False)
    else:
        whole = read_table(file)
    if name not in ("univariate", "wgan-gp", "reddy"):
        return whole
    is_number = (pa.types.is_floating, pa.types.is_integer)
    numbers = [f.name for f in whole.schema if any(is_one(f.type) for is_one in is_number)]
    return whole.select(numbers[:1] if name == "univariate" else numbers).drop_null()


def report(found: list[dict[str, Any]]) -> str:
    """Return a row for each preset and way: means over seeds."""
    rows = []
    for name in dict.fromkeys(line["data"] for line in found):
        for way in _WAYS:
            own = [x for x in found if (x["data"], x["method"]) == (name, way)]
            words = [x["verdict"] for x in own]
            verdict = ", ".join(f"{w} ({words.count(w)})" for w in dict.fromkeys(words))
            told = ("remedies", *_SCORES, "monitor_share", "seconds")
            rows.append([name, way, verdict, *(_mean(own, what) for what in told)])
    head = ["preset", "", "verdict", "remedies", "coverage", "shape", "correlations off by"]
    return runs.table([*head, "of the time, monitors", "seconds, compilation included"], rows)


def _mean(lines: list[dict[str, Any]], what: str) -> str:
    values = [line[what] for line in lines if line.get(what) is not None]
    return f"{statistics.fmean(values):.3g}" if values else "–"


if __name__ == "__main__":
    main()
