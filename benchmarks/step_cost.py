"""What training costs: two presets whole, compilation included, and a step beside eager PyTorch.

    step_cost.py LINES [--data titanic.csv] [--seeds 3] [--cores 0]

``leitner-wgan-gp`` learns Titanic (the file with columns pclass, survived, sex, age, sibsp, parch,
fare, embarked; rows with a missing cell are left out), or a simulated table of that shape where
none is given; ``joshi-2d`` learns 1,000 points of a parabola. Each run is a process of its own,
with an empty compilation cache and again with the filled one; steps are timed in both libraries in
turns, on one core. PyTorch runs in an environment that is built when it is first needed. Results
are appended to LINES, a table of all is printed; a run is repeated as often as there are seeds.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as csv
import pyarrow.parquet as pq

from _games import runs
from _quality import environments, jobs

_HERE = Path(__file__).resolve().parent / "_games"
_COLUMNS = ("pclass", "survived", "sex", "age", "sibsp", "parch", "fare", "embarked")
_ROWS, _POINTS = 1_047, 1_000
#: Steps of one timing of lookalike and of PyTorch, and how often each is timed.
_STEPS, _EAGER_STEPS, _REPEATS = 5_000, 300, 5
_PRESETS = ("leitner-wgan-gp", "joshi-2d")
_KINDS = ("whole, compiled anew", "whole, compiled before", "step", "step, eager PyTorch")
_MINUTES = 20


def main() -> None:
    """Run what is missing and print the table."""
    made = runs.parser(__doc__, seeds=3)
    made.add_argument("--data", type=Path, help="Titanic as CSV")
    given = runs.parsed(made)
    tasks = [(p, kind, n) for n in range(given.seeds) for p in _PRESETS for kind in _KINDS]
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), given.data)
        print(report(runs.each(given.lines, tasks, bench.run)))


class Bench:
    """Tables and caches of one call of the script.

    Parameters
    ----------
    folder : Path
        Where files may be; emptied afterwards.
    data : Path or None
        Titanic, if there is one.
    """

    def __init__(self, folder: Path, data: Path | None) -> None:
        self.folder = folder
        self.tables = {
            "leitner-wgan-gp": simulated() if data is None else titanic(data),
            "joshi-2d": parabola(),
        }
        for name, table in self.tables.items():
            pq.write_table(table, folder / f"{name}.parquet")
        self.shapes: dict[str, dict[str, Any]] = {}

    def run(self, preset: str, kind: str, number: int) -> dict[str, Any]:
        """Measure one thing."""
        table = self.tables[preset]
        size = {"rows": len(table), "columns": table.num_columns}
        if kind == "step, eager PyTorch":
            return size | self._job("eager", preset, number, **self._shape(preset), **size)
        os.environ["LOOKALIKE_CACHE"] = str(self.folder / f"{preset} {number}")
        if kind == "step":
            return size | self._job("compiled", preset, number)
        if kind == "whole, compiled before" and not Path(os.environ["LOOKALIKE_CACHE"]).exists():
            self._job("whole", preset, number)
        return size | self._job("whole", preset, number)

    def _shape(self, preset: str) -> dict[str, Any]:
        """Return how wide rows are encoded, by a run of one step."""
        if preset not in self.shapes:
            settings = {"epochs": None, "steps": 1, "monitors": False, "remedies": False}
            found = self._job("whole", preset, 0, settings=settings)
            self.shapes[preset] = {name: found[name] for name in ("numbers", "levels")}
        return self.shapes[preset]

    def _job(self, script: str, preset: str, number: int, **other: Any) -> dict[str, Any]:
        python = sys.executable
        if script == "eager":
            python = environments.interpreter("torch", environments.default_folder())
        task = {
            "out": str(self.folder / "job"),
            "preset": preset,
            "table": str(self.folder / f"{preset}.parquet"),
            "settings": {},
            "steps": _EAGER_STEPS if script == "eager" else _STEPS,
            "repeats": _REPEATS,
            "number": number,
        }
        limits = jobs.Limits(jobs.pin(None), 60 * _MINUTES)
        return jobs.run(Path(python), _HERE / f"{script}.py", task | other, limits)


def titanic(path: Path) -> pa.Table:
    """Return eight columns of a file of Titanic's passengers, without missing cells."""
    table = csv.read_csv(path).select(_COLUMNS)
    present = pc.and_(pc.is_valid(table["age"]), pc.is_valid(table["fare"]))
    return table.filter(present).filter(pc.is_valid(table.filter(present)["embarked"]))


def simulated() -> pa.Table:
    """Return a table of the shape of Titanic: the same columns, independent of each other."""
    rng = np.random.default_rng(0)
    return pa.table(
        {
            "pclass": rng.choice([1, 2, 3], _ROWS, p=[0.27, 0.25, 0.48]),
            "survived": rng.choice([0, 1], _ROWS, p=[0.6, 0.4]),
            "sex": rng.choice(["female", "male"], _ROWS, p=[0.37, 0.63]),
            "age": rng.gamma(4.5, 6.7, _ROWS).round(1),
            "sibsp": rng.poisson(0.5, _ROWS),
            "parch": rng.poisson(0.4, _ROWS),
            "fare": rng.lognormal(3, 1, _ROWS).round(4),
            "embarked": rng.choice(["C", "Q", "S"], _ROWS, p=[0.2, 0.05, 0.75]),
        }
    )


def parabola() -> pa.Table:
    """Return points of y = x²."""
    x = np.random.default_rng(0).uniform(-1, 1, _POINTS)
    return pa.table({"x": x, "y": x**2})


def report(found: list[dict[str, Any]]) -> str:
    """Return a row for each preset and kind: medians; and the ratio of an eager step to ours."""
    rows = []
    for preset in _PRESETS:
        for kind in _KINDS:
            lines = [x for x in found if (x["data"], x["method"]) == (preset, kind)]
            if lines:
                rows.append([preset, kind, len(lines), *_times(kind, lines)])
        ratio = _ratio(found, preset)
        if ratio is not None:
            rows.append([preset, "ratio of both steps", "", *(f"{r:.1f}" for r in ratio)])
    return runs.table(["preset", "what", "runs", "wall", "processor"], rows)


def _median(lines: list[dict[str, Any]], name: str) -> float:
    return statistics.median(line[name] for line in lines)


def _times(kind: str, lines: list[dict[str, Any]]) -> list[str]:
    wall, cpu = _median(lines, "wall"), _median(lines, "cpu")
    if kind.startswith("whole"):
        return [f"{wall:.1f} s", f"{cpu:.1f} s"]
    return [f"{1e6 * wall:,.0f} µs", f"{1e6 * cpu:,.0f} µs"]


def _ratio(found: list[dict[str, Any]], preset: str) -> tuple[float, float] | None:
    ours, eager = (
        [x for x in found if (x["data"], x["method"]) == (preset, kind)] for kind in _KINDS[2:]
    )
    if not (ours and eager):
        return None
    wall, cpu = (_median(eager, name) / _median(ours, name) for name in ("wall", "cpu"))
    return wall, cpu


if __name__ == "__main__":
    main()
