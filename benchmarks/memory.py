"""Measure the memory of many fits in one process, each of a table of another shape.

Programs are compiled for each shape. The last lines fit the same table again and again, which
shares them. Usage: ``python benchmarks/memory.py --fits 16``
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import pyarrow as pa

MIB = 2**20


def main() -> None:
    """Print memory, memory maps and time after each fit."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fits", type=int, default=16, help="tables of different shapes")
    parser.add_argument("--again", type=int, default=3, help="more fits of the last one")
    parser.add_argument("--rows", type=int, default=300)
    parser.add_argument("--steps", type=int, default=20)
    asked = parser.parse_args()

    from lookalike import GAN

    print("| fit | columns | memory, MiB | memory maps | seconds |\n|---|---|---|---|---|")
    print(f"| none | | {used():.0f} | {maps()} | |", flush=True)
    for number in range(asked.fits + asked.again):
        rows = table(min(number, asked.fits - 1), asked.rows)
        begin = time.perf_counter()
        GAN(steps=asked.steps, random_state=0).fit(rows).sample(10)
        seconds = time.perf_counter() - begin
        print(
            f"| {number + 1} | {rows.num_columns} | {used():.0f} | {maps()} | {seconds:.1f} |",
            flush=True,
        )


def table(number: int, rows: int) -> pa.Table:
    """Return a table of which no other number has the shape."""
    rng = np.random.default_rng(number)
    numbers = {f"x{k}": rng.normal(size=rows).round(3) for k in range(2 + number % 12)}
    levels = [f"level {k}" for k in range(2 + number)]
    return pa.table({**numbers, "level": rng.choice(levels, rows)})


def used() -> float:
    """Return the memory of this process in MiB (Linux)."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return float(line.split()[1]) * 1024 / MIB


def maps() -> int:
    """Return how many parts of memory this process has mapped (Linux)."""
    with Path("/proc/self/maps").open("rb") as file:
        return sum(1 for _ in file)


if __name__ == "__main__":
    main()
