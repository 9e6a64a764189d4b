"""What monitors cost: the same fits watched and not watched, in turns.

    watching.py LINES [--seeds 5] [--presets NAME ...] [--cores 0 1]

Every run is a process of its own that keeps no compiled programs, and fits twice: compiled anew,
and compiled before. ``waiting`` is the share of training time for which training waited for
monitors, as the history states it; ``longer`` is the share of a whole fit that goes when nobody
watches, and so counts what was done beside training, too. Where a remedy was applied, both fits are
not the same and nothing is compared. Default is the GAN with ``budget="fast"`` on the bundled
penguins; presets learn what they learn in `presets.py`. A run is repeated as often as there are
seeds, and medians are told. Every run is one JSON line in LINES, and what is there is not run
again.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pyarrow.parquet as pq

import presets
from _games import runs
from _quality import jobs

_JOB = Path(__file__).resolve().parent / "_games" / "watched.py"
_PRESETS = ("default", "leitner-dense-1", "leitner-wgan-gp", "wgan-gp", "joshi-2d", "joshi-3d")
_WAYS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {"not watched": {"monitors": False}, "watched": {}}
)
_FITS = ("compiled anew", "compiled before")
_MINUTES = 10


def main() -> None:
    """Run what is missing and print the table."""
    made = runs.parser(__doc__, seeds=5)
    made.add_argument("--presets", nargs="+", default=_PRESETS)
    given = runs.parsed(made)
    os.environ["LOOKALIKE_CACHE"] = "off"
    numbers = range(given.seeds)
    tasks = [(name, way, n) for n in numbers for name in given.presets for way in _WAYS]
    print(report(runs.each(given.lines, tasks, lambda name, way, _: run(name, way))))


def run(name: str, way: str) -> dict[str, Any]:
    """Fit twice in a new process."""
    default = name == "default"
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "table.parquet"
        pq.write_table(presets.learned(None, name), table)
        task = {
            "out": str(Path(folder) / "job"),
            "preset": None if default else name,
            "table": str(table),
            "settings": ({"budget": "fast"} if default else {}) | _WAYS[way],
        }
        limits = jobs.Limits(jobs.pin(None), 60 * _MINUTES)
        return jobs.run(Path(sys.executable), _JOB, task, limits)


def report(found: list[dict[str, Any]]) -> str:
    """Return a row for each preset and fit: medians of seconds and of shares."""
    rows = []
    for name in dict.fromkeys(line["data"] for line in found):
        for at, fit in enumerate(_FITS):
            alone, watched = (
                [x["fits"][at] for x in found if (x["data"], x["method"]) == (name, way)]
                for way in _WAYS
            )
            seconds = [statistics.median(x["fit"] for x in side) for side in (alone, watched)]
            remedies = max(x["remedies"] for x in watched)
            longer = "–" if remedies else f"{100 * (1 - seconds[0] / seconds[1]):.1f} %"
            waiting = statistics.median(x["waiting"] / x["training"] for x in watched)
            told = [f"{each:.2f}" for each in seconds]
            rows.append([name, fit, *told, f"{100 * waiting:.1f} %", longer, remedies])
    head = ["", "programs", "not watched, s", "watched, s", "waiting", "longer", "remedies"]
    return runs.table(head, rows)


if __name__ == "__main__":
    main()
