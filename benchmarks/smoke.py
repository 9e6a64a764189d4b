"""A quick look at quality: does anything score worse than it did, beyond chance?

    smoke.py [--lines LINES] [--cores 0 1]     three tables, three seeds; fails where one is worse
    smoke.py --update [--seeds 3]              measure the bands again, and keep them

`lookalike.Independent` and the default GAN, trained briefly, learn three quarters of each table;
their rows are scored against the held-out quarter. The mean of a score over seeds must lie within
its band, or above: the bands of ``results/smoke.json`` are four standard errors of a mean of three
seeds wide on either side. The exit code is 1 where a mean is worse. A mean that is better than its
band is said, and is a reason to measure the bands again. Every run is one JSON line, as in the
other benchmarks.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pyarrow as pa

import lookalike as la
from _games import runs

BANDS = Path(__file__).resolve().parent / "results" / "smoke.json"
METRICS = ("shape", "trend", "c2st")
#: Standard errors on either side of a band, and the least width on a side.
_ERRORS, _LEAST = 4.0, 0.01
_SEEDS = 3
_HELD_OUT = 4

Band = Mapping[str, float]
Bands = dict[str, dict[str, dict[str, Band]]]


def penguins() -> tuple[pa.Table, str]:
    """Return 344 rows of numbers and levels with missing cells."""
    return la.datasets.load("penguins", kind="pyarrow"), "species"


def flights() -> tuple[pa.Table, str]:
    """Return 1,500 rows of dates, levels, numbers, and what follows from other columns."""
    return la.datasets.load("flights", kind="pyarrow").take(pa.array(range(0, 6_000, 4))), "status"


def levels() -> tuple[pa.Table, str]:
    """Return 1,000 rows of three columns of levels that depend on each other."""
    table = la.datasets.make_dependent_categories(1_000)
    return table, table.column_names[-1]


TABLES: Mapping[str, Callable[[], tuple[pa.Table, str]]] = MappingProxyType(
    {"penguins": penguins, "flights": flights, "levels": levels}
)
METHODS: Mapping[str, Callable[[int], Any]] = MappingProxyType(
    {
        "independent": lambda seed: la.Independent(random_state=seed),
        "gan": lambda seed: la.GAN(steps=400, conditions=False, random_state=seed),
    }
)


def run(name: str, method: str, seed: int) -> dict[str, Any]:
    """Score one method on one table."""
    table, target = TABLES[name]()
    order = np.random.default_rng(seed).permutation(len(table))
    held = len(table) // _HELD_OUT
    test, train = (table.take(pa.array(np.sort(part))) for part in (order[:held], order[held:]))
    made = METHODS[method](seed).fit(train, target=target).sample(len(train))
    found = la.evaluate(
        train, made, holdout=test, target=target, metrics=list(METRICS), random_state=seed
    )
    scores = {metric: found.scores[metric].value for metric in METRICS}
    return {"rows": len(train), "version": la.__version__, "scores": scores}


def bands_of(lines: list[dict[str, Any]]) -> Bands:
    """Return the band of each table, method and score, as seeds show it."""
    bands: Bands = {}
    for name, method, metric, values in _values(lines):
        error = statistics.stdev(values) / _SEEDS**0.5
        half = max(_ERRORS * error, _LEAST)
        centre = statistics.fmean(values)
        band = {"low": round(centre - half, 4), "high": round(centre + half, 4)}
        bands.setdefault(name, {}).setdefault(method, {})[metric] = band
    return bands


def judged(lines: list[dict[str, Any]], bands: Bands) -> tuple[list[list[str]], bool]:
    """Return a row for each table, method and score, and whether one is worse than its band."""
    rows, worse = [], False
    for name, method, metric, values in _values(lines):
        mean = statistics.fmean(values)
        band = bands.get(name, {}).get(method, {}).get(metric)
        if band is None:
            raise SystemExit(
                f"{name}, {method}: there is no band of {metric}; measure it: --update."
            )
        word = "worse" if mean < band["low"] else "better" if mean > band["high"] else "as before"
        worse |= word == "worse"
        between = f"{band['low']:.3f} to {band['high']:.3f}"
        rows.append([name, method, metric, f"{mean:.3f}", between, word])
    return rows, worse


def _values(lines: list[dict[str, Any]]) -> list[tuple[str, str, str, list[float]]]:
    """Return the values over seeds of each table, method and score that has one."""
    found: dict[tuple[str, str, str], list[float]] = {}
    for line in lines:
        for metric, value in line["scores"].items():
            if metric not in METRICS:  # of lines that were kept from another time
                continue
            if value is None:
                raise SystemExit(f"{line['data']}, {line['method']}: there is no {metric}.")
            found.setdefault((line["data"], line["method"], metric), []).append(value)
    return [(*key, values) for key, values in found.items()]


def _kept() -> Bands:
    """Return the bands that are kept, none where there are none yet."""
    if not BANDS.exists():
        return {}
    bands: Bands = json.loads(BANDS.read_text(encoding="utf-8"))
    return bands


def main() -> int:
    """Run all, and compare with the bands or keep new ones."""
    made = runs.parser(__doc__, seeds=_SEEDS, file=False)
    made.add_argument("--lines", type=Path, help="where runs are kept; nowhere by default")
    made.add_argument("--tables", nargs="+", default=tuple(TABLES), choices=tuple(TABLES))
    made.add_argument("--update", action="store_true", help="keep what is measured as the bands")
    given = runs.parsed(made)
    tasks = [(n, m, s) for n in given.tables for m in METHODS for s in range(given.seeds)]
    with tempfile.TemporaryDirectory() as folder:
        lines = runs.each(given.lines or Path(folder) / "lines.jsonl", tasks, run)
    if given.update:
        bands = _kept() | bands_of(lines)
        BANDS.write_text(json.dumps(bands, indent=1) + "\n", encoding="utf-8")
        return 0
    rows, worse = judged(lines, _kept())
    print(runs.table(["table", "method", "score", "mean", "band", "now"], rows))
    print("A score is worse than its band." if worse else "No score is worse than its band.")
    return int(worse)


if __name__ == "__main__":
    sys.exit(main())
