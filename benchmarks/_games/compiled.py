"""Job: what a step costs in lookalike, by the difference of a long and a short run."""

from __future__ import annotations

import json
import statistics
import sys
import time
import warnings
from pathlib import Path
from typing import Any


def main(path: Path) -> None:
    """Time the task's steps several times, and write the medians in seconds per step."""
    task: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    import pyarrow.parquet as pq

    table, steps = pq.read_table(task["table"]), task["steps"]
    _fit(task, table, 2 * steps)
    walls, cpus = [], []
    for _ in range(task["repeats"]):
        short, long = _fit(task, table, steps), _fit(task, table, 2 * steps)
        walls.append((long[0] - short[0]) / steps)
        cpus.append((long[1] - short[1]) / steps)
    found = {"wall": statistics.median(walls), "cpu": statistics.median(cpus)}
    path.with_suffix(".json").write_text(json.dumps(found), encoding="utf-8")


def _fit(task: dict[str, Any], table: Any, steps: int) -> tuple[float, float]:
    """Return wall and processor seconds of a run that nobody watches."""
    from lookalike import GAN

    other = {"epochs": None, "steps": steps, "monitors": False, "remedies": False}
    began = time.perf_counter(), time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        GAN.preset(task["preset"], random_state=0, **other).fit(table)
    return time.perf_counter() - began[0], time.process_time() - began[1]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
