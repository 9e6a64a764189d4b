"""Steps to a given quality: from scratch, and from a model of something like it.

    transfer.py LINES [--seeds 3] [--table FILE]

A GAN learns the first of a pair, then the second from where it stands; another learns the second
from scratch, under the same rules. The pairs are a parabola and a mixture of three sines a sphere
and a torus, and the first half of a table's rows and all of them (FILE, or a simulated table).
Quality is the `Collapse` monitor's coverage: the share of real rows that have a generated row as
near as their fifth neighbour (other real rows reach 0.97). Every run is one JSON line in LINES,
and what is there is not run again; a Markdown table of all is printed.
"""

from __future__ import annotations

import statistics
import warnings
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pyarrow as pa

from _games import runs

_STEPS, _POINTS, _TABLE_ROWS = 3_000, 2_000, 3_000
#: What is asked of two looks in a row.
_QUALITIES = (0.5, 0.7, 0.8, 0.9)
_ENOUGH = 2
#: Of both runs of a pair. The rate is constant: no schedule ends sooner for one of them.
_RULES: Mapping[str, Any] = MappingProxyType(
    {
        "steps": _STEPS,
        "batch_size": 256,
        "width": 64,
        "learning_rate": 1e-3,
        "schedule": "constant",
        "average": 0.99,
        "monitors": ["collapse"],
        "remedies": False,
        "conditions": False,
        "correct": False,
        "calibrate": False,
        "held_out": 0.0,
    }
)
#: And for thin curves and surfaces.
_THIN: Mapping[str, Any] = MappingProxyType(
    {
        "latent_size": 2,
        "latent": "uniform",
        "penalty": {"name": "zero-centred", "weight": 0.02},
        "encodings": {"continuous": "standard"},
    }
)
_PARABOLA, _MIXTURE = "x**2", "sin(x) + 0.5*sin(3*x) + 0.25*sin(5*x)"
_PAIRS = ("parabola → mixture of sines", "sphere → torus", "half a table → all of it")
_WAYS = ("from scratch", "transferred")


def main() -> None:
    """Run what is missing and print a table."""
    made = runs.parser(__doc__, seeds=3)
    made.add_argument("--table", type=Path)
    given = runs.parsed(made)
    tasks = [(pair, way, seed) for seed in range(given.seeds) for pair in _PAIRS for way in _WAYS]
    print(report(runs.each(given.lines, tasks, partial(run, given.table))))


def run(file: Path | None, pair: str, way: str, seed: int) -> dict[str, Any]:
    """Learn the second of a pair, and return how coverage rose."""
    from lookalike import GAN

    first, second, settings = _pair(file, pair, seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        before = None
        if way == "transferred":
            before = GAN().set_params(**settings, random_state=seed + 1_000).fit(first)
        model = GAN().set_params(**settings, random_state=seed).fit(second, warm_start=before)
    rows = model.history_.rows
    coverage = [round(row["coverage"], 4) for row in rows]
    steps = [int(row["step"]) for row in rows]
    return {"steps": steps, "coverage": coverage}


def _pair(file: Path | None, pair: str, seed: int) -> tuple[pa.Table, pa.Table, dict[str, Any]]:
    """Return what is learned first and second, and the rules."""
    if pair == "half a table → all of it":
        whole = simulated(seed) if file is None else _read(file, seed)
        return whole.slice(0, len(whole) // 2), whole, dict(_RULES)
    from lookalike.datasets.functions import FUNCTIONS, make_function

    one, other = FUNCTIONS["sphere"], FUNCTIONS["torus"]
    if pair == "parabola → mixture of sines":
        one, other = make_function(_PARABOLA), make_function(_MIXTURE)
    drawn = one.draw(_POINTS, seed), other.draw(_POINTS, seed + 1)
    return *drawn, {**_RULES, **_THIN}


def simulated(seed: int) -> pa.Table:
    """Return numbers that correlate beside levels that depend on each other."""
    from lookalike import datasets

    numbers = datasets.make_gaussian(_TABLE_ROWS, seed)
    levels = datasets.make_dependent_categories(_TABLE_ROWS, seed)
    for name in levels.column_names:
        numbers = numbers.append_column(name, levels[name])
    return numbers


def _read(file: Path, seed: int) -> pa.Table:
    from lookalike.tables import read_table

    table = read_table(file)
    order = np.random.default_rng(seed).permutation(len(table))[:_TABLE_ROWS]
    return table.take(order)


def reached(line: dict[str, Any], quality: float) -> int | None:
    """Return the first step at which two looks in a row have a quality; None if none has."""
    row = 0
    for step, value in zip(line["steps"], line["coverage"], strict=True):
        row = row + 1 if value >= quality else 0
        if row == _ENOUGH:
            return step
    return None


def report(found: list[dict[str, Any]]) -> str:
    """Return a row for each pair and quality: medians of the seeds' steps."""
    rows = []
    for pair in _PAIRS:
        for quality in _QUALITIES:
            scratch, moved = (
                [reached(x, quality) for x in found if (x["data"], x["method"]) == (pair, way)]
                for way in _WAYS
            )
            rows.append([pair, quality, _words(scratch), _words(moved), _ratio(scratch, moved)])
        last = [
            statistics.median(
                x["coverage"][-1] for x in found if (x["data"], x["method"]) == (pair, way)
            )
            for way in _WAYS
        ]
        rows.append([pair, "at the end", *(f"{value:.2f}" for value in last), ""])
    head = ["pair", "coverage", "steps from scratch", "steps transferred", "saved"]
    return runs.table(head, rows)


def _words(steps: list[int | None]) -> str:
    whole = [s for s in steps if s is not None]
    if not whole:
        return "never"
    most = f"{statistics.median(whole):,.0f}"
    return most if len(whole) == len(steps) else f"{most} ({len(whole)} of {len(steps)})"


def _ratio(scratch: list[int | None], moved: list[int | None]) -> str:
    if None in scratch or None in moved or not scratch:
        return "–"
    before, after = (statistics.median(s) for s in (scratch, moved))  # type: ignore[type-var]
    return f"{1 - after / before:.0%}"


if __name__ == "__main__":
    main()
