#!/usr/bin/env python3
"""Measure what a study by `boost` is expected to take, and what it takes.

Usage: ``python benchmarks/boost_time.py models`` gives the core-seconds of each model at two sizes,
by which `experiments/_expected_time.py` estimates; ``python benchmarks/boost_time.py FILE TARGET``
runs a whole study with all defaults, and gives the expected and the measured time.
"""

from __future__ import annotations

import os
import resource
import sys
import time

from lookalike._core.processes import ONE_THREAD

SIZES = (1_000, 8_000)


def models() -> None:
    """Time each model of the battery on rows of ten columns, and the task that tells the pace."""
    os.environ.update(ONE_THREAD)
    import numpy as np
    import pyarrow as pa
    from threadpoolctl import threadpool_limits

    from lookalike.experiments._battery import ModelEvaluation, model_names
    from lookalike.experiments._expected_time import _pace
    from lookalike.experiments._study import _training_set
    from lookalike.metrics import Codebook
    from lookalike.relations import infer_schema

    rng = np.random.default_rng(0)
    for rows in SIZES:
        x = rng.normal(size=(rows, 6))
        columns = {f"x{k}": x[:, k] for k in range(6)}
        columns |= {f"c{k}": rng.choice(list("abcd"), rows) for k in range(3)}
        table = pa.table({**columns, "y": np.where(x[:, 0] + rng.normal(size=rows) > 0, "a", "b")})
        schema = infer_schema(table)
        book = Codebook(table, schema)
        training = _training_set(table, book, "y")
        judge = ModelEvaluation(book, "y", training, 0, "pandas")
        for name in model_names(True):
            with threadpool_limits(1):
                judge.take(training, {name: None})  # compiles
                begin = time.process_time()
                judge.take(training, {name: None})
            print(f"{rows:>6} {name:<24} {time.process_time() - begin:.3f}", flush=True)
    print(f"pace {min(_pace() for _ in range(5)):.4f}")


def whole(path: str, target: str) -> None:
    """Run a study with all defaults."""
    import lookalike as la
    from lookalike.tables import read_table

    begin = time.perf_counter()
    verdict = la.boost(read_table(path), target, progress=True)
    seconds = time.perf_counter() - begin
    print(verdict.summary)
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    cpu = sum(one.ru_utime + one.ru_stime for one in used)
    print(f"{seconds:.0f} s, {cpu:.0f} s of CPU")


if __name__ == "__main__":
    models() if sys.argv[1:] == ["models"] else whole(*sys.argv[1:])
