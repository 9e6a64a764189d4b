"""Measure a table sampled in parts: time, memory and digest, by rows and workers.

Usage: ``python benchmarks/scale_sample.py MODEL FOLDER --rows 100000000 [--workers 2]
[--part-rows 1000000] [--engine processes]``. MODEL is a model file, FOLDER a new one. It prints one
JSON line. CPU seconds of workers are those of processes of this machine; ``digest`` is that of the
digests of all parts. The speed of two workers over one is that of their seconds on idle cores, and
elsewhere at most that of CPU seconds: ``driver`` is what the driver does alone.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import resource
import time
from pathlib import Path

import lookalike as la


def main() -> None:
    """Sample once."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--part-rows", type=int, default=1_000_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--engine", default="processes")
    asked = parser.parse_args()
    begin, cpu = time.perf_counter(), time.process_time()
    la.sample_parts(
        asked.model,
        asked.folder,
        asked.rows,
        part_rows=asked.part_rows,
        workers=asked.workers,
        engine=asked.engine,
    )
    seconds, driver = time.perf_counter() - begin, time.process_time() - cpu
    workers = resource.getrusage(resource.RUSAGE_CHILDREN)
    manifest = json.loads((asked.folder / "_manifest.json").read_text())
    digests = "".join(part["sha256"] for part in manifest["parts"])
    found = {
        "rows": asked.rows,
        "workers": asked.workers,
        "engine": asked.engine,
        "seconds": round(seconds, 1),
        "cpu_seconds": {
            "workers": round(workers.ru_utime + workers.ru_stime, 1),
            "driver": round(driver, 1),
        },
        "peak_mib": {
            "worker": workers.ru_maxrss // 1024,
            "driver": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        },
        "bytes": sum(part["bytes"] for part in manifest["parts"]),
        "digest": hashlib.sha256(digests.encode()).hexdigest()[:16],
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
