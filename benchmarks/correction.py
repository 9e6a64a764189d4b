"""Measure what the correction of the default GAN does: the same generator with it and without.

Usage: ``python benchmarks/correction.py FOLDER [--data adult shoppers ...] [--seeds 1]
[--set NAME=JSON ...]``. FOLDER holds the tables of `quality.py`. Each generator is fitted once,
with its correction; then as many rows as were trained on are drawn with and without it. Printed is
one JSON line for each: scores of `lookalike.evaluate` with held-out rows (membership inference
among them), those of XGBoost as published (see `peers/judge.py`, which has to be importable here),
and rows per second to a Parquet file.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

sys.path += [str(Path(__file__).parent), str(Path(__file__).parent / "peers")]

NAMES = ("shape", "trend", "wnmi", "c2st", "c2st_holdout", "tstr", "membership", "copies")
#: Rows of which the speed of sampling is measured.
MANY = 262_144


def main() -> None:
    """Print two lines for each table and seed."""
    arguments = _arguments()
    settings = {name: json.loads(value) for name, value in (p.split("=", 1) for p in arguments.set)}
    for name in arguments.data:
        for seed in range(arguments.seeds):
            with tempfile.TemporaryDirectory() as work:
                measure(arguments.folder, name, seed, Path(work), settings)


def measure(folder: Path, name: str, seed: int, work: Path, settings: dict[str, Any]) -> None:
    """Fit one table and print how its generator does with and without correction."""
    from _quality import data
    from lookalike import GAN

    split = data.part(folder, name, seed, work)
    table = pq.read_table(split.train)
    begin = time.perf_counter()
    model = GAN().set_params(random_state=seed, **settings).fit(table, target=split.target)
    seconds = round(time.perf_counter() - begin, 1)
    words = [e.words for e in model.history_.events if e.kind == "correction"]
    fitted = model._refinement
    plain = replace(fitted, correction=None)
    for kind, refinement in (("none", plain), ("correction", fitted)):
        model._refinement = refinement
        line = {"data": name, "seed": seed, "rows": kind, "fit_seconds": seconds}
        if kind == "correction":
            line["words"] = "".join(words)
        if kind == "none" or fitted.correction is not None:
            line |= scores(model, split, work)
        print(json.dumps(line), flush=True)


def scores(model: Any, split: Any, work: Path) -> dict[str, Any]:
    """Score as many rows as were trained on, and time many."""
    from lookalike import evaluate

    real, test = pq.read_table(split.train), pq.read_table(split.test)
    fake = model.sample(real.num_rows)
    found = evaluate(real, fake, holdout=test, target=split.target, metrics=list(NAMES)).scores
    result = {n: round(s.raw, 4) for n, s in found.items() if s.value is not None}
    result |= _judged(real.to_pandas(), test.to_pandas(), fake.to_pandas(), split)
    model.sample_to(work / "first.parquet", 8192)
    begin = time.perf_counter()
    model.sample_to(work / "many.parquet", MANY)
    return result | {"rows_per_second": round(MANY / (time.perf_counter() - begin))}


def _judged(real: Any, test: Any, fake: Any, split: Any) -> dict[str, float]:
    try:
        from judge import Judge
    except ImportError:
        return {}
    judge = Judge(real, test, split.target, split.classes, 1)
    return {name: round(value, 4) for name, value in judge.scores(fake).items()}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--data", nargs="+", default=["adult", "shoppers"])
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--set", action="append", default=[], metavar="NAME=JSON")
    return parser.parse_args()


if __name__ == "__main__":
    main()
