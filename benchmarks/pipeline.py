"""Measure whether the cycles of `la.pipeline` help, harm or do nothing, on real tables.

    python benchmarks/pipeline.py FILE:TARGET... [--seeds N] [--permuted] [--replace]

For each table and seed: the changes that were kept, what they gained on the report rows, and
whether the interval says help or harm. With permuted labels there is nothing to gain: at most 5 %
of runs should keep a change, and at most 2.5 % should harm beyond chance.
"""

from __future__ import annotations

import argparse
import time
import warnings

import numpy as np
import pandas as pd

import lookalike as la
from lookalike.tables import as_frame, natural_rows


def main() -> None:
    """Run the cases and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tables", nargs="+")
    parser.add_argument("--rows", type=int, default=3_000)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--splits", type=int, default=10)
    parser.add_argument("--cycles", type=int, default=5)
    parser.add_argument("--estimator", default="boosted trees")
    parser.add_argument("--permuted", action="store_true", help="permute the labels")
    parser.add_argument("--replace", action="store_true", help="train on synthetic rows alone")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    print("| table | seed | kept | cycle 0 | end | gain on report rows | word | CPU s |")
    print("|---|---|---|---|---|---|---|---|")
    kept, helped, harmed, runs = 0, 0, 0, 0
    for word in options.tables:
        path, _, target = word.rpartition(":")
        for seed in range(options.first_seed, options.first_seed + options.seeds):
            began = time.process_time()
            found = la.pipeline(
                prepared(path, target, options.rows, seed, options.permuted),
                target=target,
                cycles=options.cycles,
                splits=options.splits,
                estimator=options.estimator,
                replace=options.replace,
                random_state=seed,
            )
            end = found.final
            count = sum(one.kept for one in found.cycles)
            helps = end.report_low is not None and end.report_low > 0
            harms = end.report_high is not None and end.report_high < 0
            kept, helped, harmed = kept + (count > 0), helped + helps, harmed + harms
            runs += 1
            interval = f"{end.report_low or 0:+.4f} to {end.report_high or 0:+.4f}"
            print(
                f"| {path.rsplit('/')[-1]} | {seed} | {count} of {len(found.cycles) - 1} | "
                f"{found.cycles[0].report:.3f} | {end.report:.3f} | "
                f"{end.report_gain:+.4f} ({interval}) | "
                f"{'helps' if helps else 'harms' if harms else '–'} | "
                f"{time.process_time() - began:.1f} |",
                flush=True,
            )
    print(f"\n{runs} runs: {kept} kept a change, {helped} helped, {harmed} harmed beyond chance.")


def prepared(path: str, target: str, rows: int, seed: int, permuted: bool) -> pd.DataFrame:
    """Return at most so many rows, shuffled; their labels permuted where wanted."""
    table, _ = natural_rows(path)
    frame = as_frame(table, "pandas").dropna(subset=[target])
    frame = frame.sample(min(rows, len(frame)), random_state=seed).reset_index(drop=True)
    if permuted:
        order = np.random.default_rng(seed).permutation(len(frame))
        frame[target] = frame[target].to_numpy()[order]
    return frame


if __name__ == "__main__":
    main()
