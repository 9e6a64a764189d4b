"""Measure a fit on more rows than memory: time, memory, and how near its marginals are.

Usage::

    python benchmarks/scale_fit.py make ROWS FOLDER     # parts of 1,000,000 rows
    python benchmarks/scale_fit.py fit FOLDER [--max-rows N] [--family GaussianCopula] [--check]
    python benchmarks/scale_fit.py evaluate FOLDER FOLDER [--max-rows N]

Every command prints one JSON line. ``--check`` compares 1,000,000 rows of the model with all rows
of the folder, counted exactly: the greatest distance of cumulative shares, by column.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

PART = 1_000_000


def main() -> None:
    """Run one command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    made = commands.add_parser("make")
    made.add_argument("rows", type=int)
    made.add_argument("folder")
    fitted = commands.add_parser("fit")
    fitted.add_argument("folder")
    fitted.add_argument("--max-rows", type=int)
    fitted.add_argument("--family", default="GaussianCopula")
    fitted.add_argument("--check", action="store_true")
    scored = commands.add_parser("evaluate")
    scored.add_argument("folder")
    scored.add_argument("synthetic")
    scored.add_argument("--max-rows", type=int)
    asked = parser.parse_args()
    begin, cpu = time.perf_counter(), time.process_time()
    found = globals()[asked.command](asked)
    used = {
        "seconds": round(time.perf_counter() - begin, 1),
        "cpu_seconds": round(time.process_time() - cpu, 1),
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "cores": os.cpu_count(),
    }
    print(
        json.dumps({"command": asked.command, "folder": Path(asked.folder).name, **used, **found})
    )


def make(asked: argparse.Namespace) -> dict[str, Any]:
    """Write parts; part k depends on k alone."""
    folder = Path(asked.folder)
    folder.mkdir(parents=True, exist_ok=True)
    for k, start in enumerate(range(0, asked.rows, PART)):
        path = folder / f"part-{k:05d}.parquet"
        if not path.exists():
            waiting = path.with_name(f".{path.name}")
            pq.write_table(part(k, min(PART, asked.rows - start)), waiting)
            waiting.rename(path)
    return {"rows": asked.rows}


def part(k: int, rows: int) -> pa.Table:
    """Return a part: ten columns of several kinds that depend on each other."""
    rng = np.random.default_rng(k)
    z = rng.standard_normal(rows)
    shares = 1 / np.arange(1, 301) ** 1.1
    towns = np.array([f"town {i:03d}" for i in range(300)])
    days = np.datetime64("2020-01-01") + rng.integers(0, 2000, rows)
    spend = np.where(rng.random(rows) < 0.3, 0, rng.exponential(50, rows) * (1 + (z > 0)))
    return pa.table(
        {
            "id": np.arange(k * PART, k * PART + rows),
            "town": towns[rng.choice(300, rows, p=shares / shares.sum())],
            "age": np.clip(np.round(45 + 9 * z + 12 * rng.standard_normal(rows)), 18, 99),
            "income": np.round(np.exp(7.5 + 0.5 * z + 0.4 * rng.standard_normal(rows)), 2),
            "visits": rng.poisson(np.exp(0.5 + 0.3 * z)),
            "score": z + 0.3 * rng.standard_normal(rows),
            "flag": rng.random(rows) < 1 / (1 + np.exp(-z)),
            "grade": np.array(list("ABCDEF"))[np.clip(1.2 * z + 2.5, 0, 5).astype(int)],
            "spend": pa.array(np.round(spend, 1), mask=rng.random(rows) < 0.05),
            "day": pa.array(days.astype("datetime64[D]")),
        }
    )


def fit(asked: argparse.Namespace) -> dict[str, Any]:
    """Fit a family to a folder."""
    import lookalike as la

    model = getattr(la, asked.family)(random_state=0)
    begin = time.process_time()
    model.fit(asked.folder, max_rows=asked.max_rows)
    own = {"fit_cpu_seconds": round(time.process_time() - begin, 1), "family": asked.family}
    own["peak_mib_of_fit"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    said = [e.words for e in model.history_.events if e.kind == "sample"]
    return {**own, "said": said, **({"gaps": gaps(model, asked.folder)} if asked.check else {})}


def gaps(model: Any, folder: str) -> dict[str, float]:
    """Return, by column, the greatest distance of cumulative shares of generated and all rows."""
    from lookalike.tables import TablePieces

    rows = model.sample(PART, as_="arrow")
    names = [name for name in rows.column_names if name != "id"]
    cuts = {name: _cuts(rows[name]) for name in names}
    counts = {name: np.zeros(len(cuts[name]) + 1, np.int64) for name in names}
    for piece, _ in TablePieces(folder).read(names):
        for name in names:
            counts[name] += _counts(piece[name], cuts[name])
    found = {}
    for name in names:
        own = _counts(rows[name], cuts[name])
        gap = np.cumsum(own / own.sum() - counts[name] / counts[name].sum())
        found[name] = round(float(np.abs(gap).max()), 5)
    return found


def _cuts(column: pa.ChunkedArray) -> Any:
    """Return the levels of a column, or up to 2,000 of its numbers."""
    if pa.types.is_string(column.type):
        return column.drop_null().unique()
    cuts = np.unique(_numbers(column))
    return cuts if len(cuts) < 2000 else cuts[:: len(cuts) // 2000]


def _counts(column: pa.ChunkedArray, cuts: Any) -> np.ndarray:
    """Return the number of present cells at each level, or up to each cut; the last are beyond."""
    if isinstance(cuts, pa.Array):
        places = pc.index_in(column.drop_null(), cuts).fill_null(len(cuts))
        return np.bincount(places.to_numpy(), minlength=len(cuts) + 1)
    values = np.sort(_numbers(column))
    below = np.searchsorted(values, cuts, "right")
    return np.diff(below, prepend=0, append=len(values))


def _numbers(column: pa.ChunkedArray) -> np.ndarray:
    """Return the present cells as numbers."""
    cells = column.drop_null()
    if pa.types.is_date32(cells.type):
        cells = cells.cast(pa.int32())
    return cells.to_numpy().astype(float)


def evaluate(asked: argparse.Namespace) -> dict[str, Any]:
    """Score one folder against another."""
    import lookalike as la

    kinds = {"id": "identifier"}
    found = la.evaluate(
        asked.folder, asked.synthetic, kinds=kinds, metrics=["shape"], max_rows=asked.max_rows
    )
    return {"shape": found.scores["shape"].value, **found.summary.facts}


if __name__ == "__main__":
    main()
