"""Take every file of some folders the whole way, or see it refused with one clear error.

Usage: ``python benchmarks/sweep.py FOLDER... [--steps 60]``. Every file is inferred, fitted for a
few steps, sampled and evaluated; one row is printed for each.
"""

from __future__ import annotations

import argparse
import time
import warnings
from pathlib import Path

import lookalike as la
from lookalike.tables import read_table

SUFFIXES = (".csv", ".csv.gz", ".parquet")


def main() -> None:
    """Print one row per file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--steps", type=int, default=60)
    arguments = parser.parse_args()
    for folder in arguments.folders:
        for path in sorted(p for p in folder.rglob("*") if p.name.endswith(SUFFIXES)):
            begin = time.perf_counter()
            outcome = take(path, arguments.steps)
            name = path.relative_to(folder.parent)
            print(f"{name!s:45} {time.perf_counter() - begin:6.1f} s  {outcome}", flush=True)


def take(path: Path, steps: int) -> str:
    """Take one file the whole way and say in a line how it went."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", la.errors.LookalikeWarning)
        try:
            table = read_table(path)
            model = la.GAN(steps=steps, width=64, random_state=0).fit(table)
            fake = model.sample(min(table.num_rows, 5_000))
            scores = la.evaluate(table, fake, schema=model.schema_).scores
        except la.errors.LookalikeError as error:
            return f"refused: {error}"
    kinds = [column.kind.value for column in model.schema_.columns]
    counts = ", ".join(f"{kinds.count(kind)} {kind}" for kind in dict.fromkeys(kinds))
    values = "  ".join(
        f"{name} {scores[name].value:.3f}"
        for name in ("shape", "trend", "c2st")
        if scores[name].value is not None
    )
    return f"{table.num_rows} rows ({counts}): {values}"


if __name__ == "__main__":
    main()
