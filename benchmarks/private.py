"""The cost of differential privacy: scores of `Private` for several ε, beside real rows.

Usage: ``python benchmarks/private.py FILE TARGET [--epsilon 1 ...] [--method NAME ...]
[--drop COL ...] [--seed 0]``.
Two thirds of the rows are learned; 6,000 drawn ones are scored against as many learned ones, with
held-out rows as the ceiling. Nothing is declared but the types of the columns.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import pyarrow as pa

import lookalike as la
from lookalike.metrics import score_tables
from lookalike.tables import conform, infer_columns, read_table

_SCORES = ("c2st", "shape", "trend", "tstr")
_ROWS = 6_000
_METHODS = ("mst", "aim", "bayesian-network", "independent")


def main() -> None:
    """Print one line for each ε and method."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file")
    parser.add_argument("target")
    parser.add_argument("--epsilon", type=float, nargs="+", default=[0.1, 1.0, 3.0, 10.0])
    parser.add_argument("--method", nargs="+", default=_METHODS)
    parser.add_argument("--drop", nargs="*", default=[])
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    table = read_table(options.file)
    table = table.drop_columns(options.drop)
    order = np.random.default_rng(options.seed).permutation(len(table))
    learned, held = (table.take(pa.array(part)) for part in np.split(order, [2 * len(table) // 3]))
    schema = infer_columns(learned, None)
    real, holdout = (conform(part.slice(0, _ROWS), schema) for part in (learned, held))
    print("| ε | method | seconds (CPU) |", " | ".join(_SCORES), "|")
    print("|---|---|---|" + "---|" * len(_SCORES))
    for epsilon in options.epsilon:
        for method in options.method:
            begin = time.process_time()
            model = la.Private(epsilon=epsilon, method=method, random_state=options.seed)
            model.fit(learned, schema=schema)
            seconds = time.process_time() - begin
            scores = score_tables(
                real,
                conform(model.sample(_ROWS, as_="arrow"), schema),
                schema=schema,
                holdout=holdout,
                target=options.target,
                metrics=_SCORES,
                random_state=options.seed,
            )
            words = " | ".join(f"{scores[name].value:.3f}" for name in _SCORES)
            print(f"| {epsilon:g} | {method} | {seconds:.1f} | {words} |", flush=True)
    for name in ("ceiling", "floor"):
        words = " | ".join(f"{getattr(scores[one], name):.3f}" for one in _SCORES)
        print(f"| | {name} | | {words} |")


if __name__ == "__main__":
    main()
