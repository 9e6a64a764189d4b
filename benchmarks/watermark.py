"""A watermark after harm, and what it costs: power, false alarms on real rows, likeness, time.

Usage: ``python benchmarks/watermark.py FILE [--keys 10] [--candidates 4] [--drop COL ...]``.
Tables of 1,000 rows of a `BayesianNetwork` are marked with one key each, and tested whole, with
half of the rows deleted, with 20 % of the cells replaced by others of their column, and with a
third of the columns dropped. Lines are the least, the median and the greatest z over keys.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import pyarrow as pa

import lookalike as la
from lookalike.metrics import score_tables
from lookalike.tables import conform, infer_columns, read_table

_LEARNED, _ROWS, _SCORED = 6_000, 1_000, 6_000


def main() -> None:
    """Print z after each harm, and scores with and without the mark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file")
    parser.add_argument("--keys", type=int, default=10)
    parser.add_argument("--candidates", type=int, default=4)
    parser.add_argument("--drop", nargs="*", default=[])
    options = parser.parse_args()
    table = read_table(options.file).drop_columns(options.drop)
    rng = np.random.default_rng(0)
    order = rng.permutation(len(table))
    learned, held = (table.take(pa.array(part)) for part in np.split(order, [2 * len(table) // 3]))
    learned, held = learned.slice(0, _LEARNED), held.slice(0, _SCORED)
    model = la.BayesianNetwork(random_state=0).fit(learned)
    found = []
    for _ in range(options.keys):
        mark = la.Watermark(rng.bytes(32), options.candidates)
        rows = model.sample(_ROWS, random_state=rng, watermark=mark, as_="arrow")
        half = rows.take(pa.array(rng.permutation(_ROWS)[: _ROWS // 2]))
        kept = rng.permutation(rows.column_names)[: -(-2 * rows.num_columns // 3)]
        real = table.take(pa.array(rng.permutation(len(table))[:_ROWS]))
        tables = (rows, half, _noised(rows, rng), rows.select(kept.tolist()), real)
        found.append([mark.test(one).z for one in tables])
    names = ("whole", "half", "noised", "columns", "real rows")
    for name, z in zip(names, np.array(found).T, strict=True):
        print(f"{name:10} z = {min(z):5.1f} {np.median(z):5.1f} {max(z):5.1f}", flush=True)
    schema = infer_columns(learned, None)
    real, holdout = (conform(part, schema) for part in (learned, held))
    for mark in (None, la.Watermark(rng.bytes(32), options.candidates)):
        begin = time.process_time()
        rows = model.sample(len(learned), watermark=mark, as_="arrow")
        seconds = time.process_time() - begin
        scores = score_tables(
            real,
            conform(rows, schema),
            schema=schema,
            holdout=holdout,
            metrics=["c2st", "shape", "trend"],
        )
        values = " ".join(f"{name} {one.value:.4f}" for name, one in scores.items())
        print(f"{'plain' if mark is None else 'marked':10} {values}, {seconds:.2f} s", flush=True)


def _noised(rows: pa.Table, rng: np.random.Generator) -> pa.Table:
    """Return rows with a fifth of the cells replaced by others of their column."""
    for place, name in enumerate(rows.column_names):
        at = np.arange(len(rows))
        hit = rng.random(len(rows)) < 0.2
        at[hit] = rng.integers(0, len(rows), hit.sum())
        rows = rows.set_column(place, name, rows[name].take(pa.array(at)))
    return rows


if __name__ == "__main__":
    main()
