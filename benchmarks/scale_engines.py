"""Compare engines: the same rows in parts, by processes of this machine and by a local Ray.

Usage: ``python benchmarks/scale_engines.py [--rows 1000000] [--workers 2] [--repeats 3]``. Engines
take turns. For Ray, the seconds with a cluster that runs already stand beside its start.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
import warnings

import numpy as np
import pyarrow as pa


def main() -> None:
    """Print one JSON line for each repetition and engine."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--part-rows", type=int, default=125_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args()

    import ray

    import lookalike as la

    rng = np.random.default_rng(0)
    z = rng.standard_normal(20_000)
    columns = {f"x{k}": z + rng.standard_normal(20_000) for k in range(8)}
    table = pa.table({**columns, "a": rng.choice(list("abc"), 20_000), "b": z > 0})
    model = la.GaussianCopula(random_state=0).fit(table)
    begin = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ray.init(num_cpus=asked.workers, log_to_driver=False, logging_level="error")
    print(json.dumps({"start of Ray, s": round(time.perf_counter() - begin, 1)}))
    for number in range(asked.repeats):
        for engine in ("processes", "ray"):
            with tempfile.TemporaryDirectory() as folder:
                begin = time.perf_counter()
                la.sample_parts(
                    model,
                    folder,
                    asked.rows,
                    part_rows=asked.part_rows,
                    workers=asked.workers,
                    engine=engine,
                )
                seconds = round(time.perf_counter() - begin, 1)
            print(json.dumps({"repeat": number, "engine": engine, "seconds": seconds}), flush=True)


if __name__ == "__main__":
    main()
