"""Sample many rows to Parquet: seconds and peak memory for 1,000,000 and 10,000,000 rows.

Usage: ``python benchmarks/sampling.py FOLDER [--rows N ...] [--plain]`` where FOLDER holds
``tables/adult_48842.parquet``. The model is trained for a few steps only, which makes sampling
cost more than after many: more of its rows cannot be, and more trees correct them. ``--plain``
leaves the correction out. Each count runs in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def main() -> None:
    """Fit once, then sample each count in its own process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--plain", action="store_true", help="without the correction")
    parser.add_argument("--model", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.model is not None:
        sample(arguments.model, arguments.rows[0])
        return
    with tempfile.TemporaryDirectory() as scratch:
        model = str(Path(scratch) / "adult.lookalike")
        fit(arguments.folder, model, correct=not arguments.plain)
        for rows in arguments.rows:
            command = [sys.executable, __file__, str(arguments.folder), "--model", model]
            subprocess.run([*command, "--rows", str(rows)], check=True)


def fit(folder: Path, model: str, *, correct: bool) -> None:
    """Train briefly and save."""
    import pyarrow.parquet as pq

    from lookalike import GAN

    table = pq.read_table(folder / "tables" / "adult_48842.parquet").drop_columns("split")
    GAN(steps=400, conditions=False, refine={"correct": correct}, random_state=0).fit(table).save(
        model
    )


def sample(model: str, rows: int) -> None:
    """Sample to Parquet and print what it cost."""
    import lookalike as la

    begin = time.perf_counter()
    with tempfile.TemporaryDirectory() as scratch:
        la.load(model).sample_to(Path(scratch) / "rows.parquet", rows)
    seconds = time.perf_counter() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    result = {"rows": rows, "seconds": round(seconds, 1), "rows_per_second": round(rows / seconds)}
    print(json.dumps({**result, "peak_mb": round(peak)}), flush=True)


if __name__ == "__main__":
    main()
