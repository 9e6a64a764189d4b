"""Simulate a run of `lookalike sample --engine ray` on many cores: 10¹¹ rows, say.

Nothing is generated: parts are events in simulated time. A worker takes a part, makes its rows at a
measured rate that varies by machine, writes it through a share of the network and reports to the
driver, which deals with one report at a time and now and then writes the manifest anew. Workers die
at random, and their part is given to another one. Usage::

    python benchmarks/scale_simulation.py [--rows 1e11] [--cores 1 100 1000 10000]

Defaults are what was measured where it could be (`--rate`: benchmarks/results/adult.md, two cores),
and guesses of a usual cluster elsewhere; every one of them is an option.
"""

from __future__ import annotations

import argparse
import heapq
from dataclasses import dataclass

import numpy as np


@dataclass
class Run:
    """The outcome of a simulated run: seconds, and what was done meanwhile."""

    seconds: float = 0.0
    busy: float = 0.0
    driver: float = 0.0
    retried: int = 0
    manifests: int = 0
    manifest_bytes: float = 0.0


def main() -> None:
    """Print one line for each number of cores."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=float, default=1e11)
    parser.add_argument("--part-rows", type=float, default=1e6)
    parser.add_argument("--cores", type=int, nargs="+", default=[1, 100, 1_000, 3_000, 10_000])
    parser.add_argument("--rate", type=float, default=69_000, help="rows per second of a core")
    parser.add_argument("--spread", type=float, default=0.15, help="of rates, as a share")
    parser.add_argument("--row-bytes", type=float, default=60, help="of Parquet")
    parser.add_argument("--model-bytes", type=float, default=1e6)
    parser.add_argument("--start", type=float, default=8.0, help="seconds until a worker works")
    parser.add_argument("--node-cores", type=int, default=16)
    parser.add_argument("--node-network", type=float, default=1.25e9, help="bytes per second")
    parser.add_argument("--store-network", type=float, default=1e11, help="bytes per second")
    parser.add_argument("--report", type=float, default=0.002, help="the driver's seconds a part")
    parser.add_argument("--entry-bytes", type=float, default=150, help="of a part in the manifest")
    parser.add_argument("--manifest-rate", type=float, default=2e7, help="bytes per second")
    parser.add_argument("--lifetime", type=float, default=100, help="hours until a core fails")
    parser.add_argument("--price", type=float, default=0.04, help="of an hour of a core")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    print(
        "| cores | hours | of linear | sent | stored | objects | parts made anew | driver busy | "
        "manifest written | price of 10⁹ rows |\n|" + "---|" * 10
    )
    single = asked.rows / asked.rate
    for cores in asked.cores:
        run = simulate(asked, cores)
        parts = -(-asked.rows // asked.part_rows)
        sent = cores * asked.model_bytes + parts * (200 + asked.entry_bytes)
        hours = run.seconds / 3600
        print(
            f"| {cores:,} | {hours:,.2f} | {single / (run.seconds * cores):.0%} | "
            f"{sent / 1e6:,.0f} MB | {asked.rows * asked.row_bytes / 1e12:.1f} TB | {parts:,.0f} | "
            f"{run.retried:,} | {run.driver / run.seconds:.0%} | {run.manifests} × "
            f"{run.manifest_bytes / max(run.manifests, 1) / 1e6:.1f} MB | "
            f"{hours * cores * asked.price * 1e9 / asked.rows:.3f} |"
        )


def simulate(asked: argparse.Namespace, cores: int) -> Run:
    """Return the outcome of a run with so many workers."""
    rng = np.random.default_rng(asked.seed)
    rates = asked.rate * np.exp(asked.spread * rng.standard_normal(cores) - asked.spread**2 / 2)
    nodes = -(-cores // asked.node_cores)
    network = min(asked.node_network * nodes, asked.store_network) / cores
    left = int(-(-asked.rows // asked.part_rows))
    run, whole, fresh, driver = Run(), 0, 0, 0.0
    # (time, worker, whether it has died): the driver starts one worker after the other.
    queue = [(asked.start + 0.001 * k, k, True) for k in range(cores)]
    heapq.heapify(queue)
    while queue:
        at, worker, is_new = heapq.heappop(queue)
        run.seconds = max(run.seconds, at)
        if not is_new:
            # The report waits for the driver, which may be writing the manifest.
            driver = max(driver, at) + asked.report
            run.driver += asked.report
            whole, fresh = whole + 1, fresh + 1
            if fresh > whole // 100:
                size = whole * asked.entry_bytes
                driver += size / asked.manifest_rate
                run.driver += size / asked.manifest_rate
                run.manifests, run.manifest_bytes = run.manifests + 1, run.manifest_bytes + size
                fresh = 0
            at = driver
            run.seconds = max(run.seconds, at)
        if not left:
            continue
        left -= 1
        took = asked.part_rows / rates[worker] + asked.part_rows * asked.row_bytes / network
        dies = rng.exponential(asked.lifetime * 3600)
        if dies < took:  # another part of the queue's end: made anew by whoever is free
            left += 1
            run.retried += 1
            heapq.heappush(queue, (at + dies + asked.start, worker, True))
        else:
            run.busy += took
            heapq.heappush(queue, (at + took, worker, False))
    return run


if __name__ == "__main__":
    main()
