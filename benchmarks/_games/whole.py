"""Job: one whole training run in a fresh process. The task's path is the argument."""

from __future__ import annotations

import json
import sys
import time
import warnings
from pathlib import Path
from typing import Any


def main(path: Path) -> None:
    """Fit what the task asks for, and write what it took."""
    task: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    began = time.perf_counter(), time.process_time()
    import pyarrow.parquet as pq

    from lookalike import GAN

    table = pq.read_table(task["table"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = GAN.preset(task["preset"], random_state=0, **task["settings"]).fit(table)
    found = {
        "wall": time.perf_counter() - began[0],
        "cpu": time.process_time() - began[1],
        "steps": model.history_.rows[-1]["step"],
        "remedies": sum(e.kind == "remedy" for e in model.history_.events),
        "numbers": model._plan.number_width,
        "levels": [w for w, blocks in model._plan.groups for _ in blocks],
    }
    path.with_suffix(".json").write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
