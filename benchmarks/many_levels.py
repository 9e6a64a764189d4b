"""Fit a table of 100,000 rows with one column of 30,000 levels: seconds and peak memory.

Usage: ``python benchmarks/many_levels.py [--rows N] [--levels N]``. The levels differ in how often
they occur and go with a number and a category, which the sample should keep.
"""

from __future__ import annotations

import argparse
import json
import resource
import time

import numpy as np
import pyarrow as pa


def make(rows: int, levels: int) -> pa.Table:
    """Return a table whose many levels belong to ten groups that decide the other columns."""
    rng = np.random.default_rng(0)
    level = (levels * rng.beta(1, 2, rows)).astype(int)
    group = level % 10
    return pa.table(
        {
            "product": [f"product {k:05d}" for k in level],
            "price": np.round(10.0 * (1 + group) + rng.gamma(2.0, 2.0, rows), 2),
            "shelf": [f"shelf {k}" for k in np.where(rng.random(rows) < 0.9, group, 0)],
        }
    )


def main() -> None:
    """Fit, sample, and print what it cost and what was kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--levels", type=int, default=30_000)
    arguments = parser.parse_args()
    table = make(arguments.rows, arguments.levels)
    from lookalike import GAN

    begin = time.perf_counter()
    model = GAN(random_state=0).fit(table)
    seconds = time.perf_counter() - begin
    fake = model.sample(table.num_rows)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    result = {
        "rows": table.num_rows,
        "levels": len(set(table["product"].to_pylist())),
        "levels_made": len(set(fake["product"].to_pylist())),
        "fit_seconds": round(seconds, 1),
        "peak_mb": round(peak),
        "explained_real": round(explained(table), 3),
        "explained_synthetic": round(explained(fake), 3),
    }
    print(json.dumps(result))


def explained(table: pa.Table) -> float:
    """Return the share of the price's variance that the level's true group explains."""
    group = np.array([int(name[-5:]) % 10 for name in table["product"].to_pylist()])
    price = table["price"].to_numpy()
    means = np.array([price[group == k].mean() for k in range(10)])
    return float(means[group].var() / price.var())


if __name__ == "__main__":
    main()
