"""Job: the same fit twice in a fresh process, compiled anew and then compiled before.

The task's path is the argument.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from pathlib import Path
from typing import Any


def main(path: Path) -> None:
    """Fit what the task asks for, and write what each fit took."""
    task: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    import pyarrow.parquet as pq

    from lookalike import GAN

    table, fits = pq.read_table(task["table"]), []
    for _ in range(2):
        settings = {"random_state": 0} | task["settings"]
        name = task["preset"]
        model = GAN().set_params(**settings) if name is None else GAN.preset(name, **settings)
        began = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            history = model.fit(table).history_
        fits.append(
            {
                "fit": time.perf_counter() - began,
                "training": history.training_seconds,
                "waiting": history.monitor_seconds,
                "remedies": sum(event.kind == "remedy" for event in history.events),
            }
        )
    path.with_suffix(".json").write_text(json.dumps({"fits": fits}), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
