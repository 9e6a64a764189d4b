"""Scores, time and memory of whole databases.

Usage::

    python benchmarks/databases.py scores SOURCE [--public TABLE ...] [--seeds 3]
    python benchmarks/databases.py shop [--rows 30000]
    python benchmarks/databases.py children [--rows 1000000] [--learned 100000]

``scores`` prints each score of a database as the mean of some seeds ± their standard deviation,
with ceiling and floor, and CPU seconds. ``shop`` learns and samples four linked tables that are
made here. ``children`` learns one parent table with one child table and writes as many child rows
to a folder; memory is the peak of the process that does nothing else.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
import pyarrow as pa

import lookalike as la
from lookalike.errors import LookalikeWarning
from lookalike.metrics.relational import relational_scores


def scores(options: argparse.Namespace) -> None:
    """Print scores of a database."""
    real = la.Database.read(options.source)
    found, seconds = [], []
    for seed in range(options.seeds):
        begin = time.process_time()
        model = la.Relational(random_state=seed, progress=False).fit(real, public=options.public)
        fitted = time.process_time()
        made = model.sample()
        seconds.append((fitted - begin, time.process_time() - fitted))
        found.append(relational_scores(real, made))
    fit, sample = np.mean(seconds, axis=0)
    print(f"CPU: fit {fit:.1f} s, sample {sample:.1f} s; {options.seeds} seeds")
    print("| score | synthetic | ceiling | floor |")
    print("|---|---|---|---|")
    for each in zip(*found, strict=True):
        values = [one.value for one in each if one.value is not None]
        ends = " | ".join(
            "-" if v is None else f"{v:.3f}" for v in (each[0].ceiling, each[0].floor)
        )
        print(f"| {each[0].name} | {np.mean(values):.3f} ± {np.std(values):.3f} | {ends} |")


def shop(rows: int, seed: int = 0) -> la.Database:
    """Return customers, their orders, lines of these, and products, of about so many rows."""
    rng = np.random.default_rng(seed)
    people, goods = rows // 12, max(rows // 60, 5)
    age, city = rng.integers(18, 80, people), rng.choice(["Bonn", "Ulm", "Graz"], people)
    buyer = np.repeat(np.arange(people), rng.poisson(age / 20))
    day = rng.integers(0, 700, len(buyer)) + np.datetime64("2023-01-01")
    order = np.repeat(np.arange(len(buyer)), 1 + rng.poisson(2, len(buyer)))
    good = (rng.beta(1, 3, len(order)) * goods).astype(int)
    price = rng.gamma(2, 10, goods).round(2)
    return la.Database(
        {
            "customers": pa.table({"id": range(people), "age": age, "city": city}),
            "products": pa.table({"id": range(goods), "price": price}),
            "orders": pa.table({"id": range(len(buyer)), "customer": buyer, "day": day}),
            "lines": pa.table(
                {
                    "id": range(len(order)),
                    "order": order,
                    "product": good,
                    "paid": (price[good] * rng.choice([1, 0.9], len(order))).round(2),
                }
            ),
        },
        primary_keys={"customers": "id", "products": "id", "orders": "id", "lines": "id"},
        foreign_keys=[
            "orders.customer -> customers.id",
            "lines.order -> orders.id",
            "lines.product -> products.id",
        ],
    )


def time_shop(options: argparse.Namespace) -> None:
    """Print the time of a fit and a sample of four tables."""
    db = shop(options.rows)
    begin = time.process_time()
    model = la.Relational(random_state=0, progress=False).fit(db)
    fitted = time.process_time()
    made = model.sample()
    done = time.process_time()
    rows = sum(len(db.arrow(name)) for name in db.names)
    print(f"{rows:,} rows of {len(db)} tables: fit {fitted - begin:.1f} s, ", end="")
    print(f"sample {done - fitted:.1f} s CPU, {_memory()}")
    for score in relational_scores(db, made):
        print(f"  {score.name} {score.value:.3f} / {score.ceiling:.3f} / {score.floor:.3f}")


def time_children(options: argparse.Namespace) -> None:
    """Print time and memory of many rows of one child table."""
    rng = np.random.default_rng(0)
    parents = max(options.learned // 20, 1)
    age = rng.integers(18, 80, parents)
    to = np.repeat(np.arange(parents), rng.poisson(20, parents))
    sums = (age[to] * rng.gamma(2, 1, len(to))).round(2)
    kinds = rng.choice(["in", "out", "fee"], len(to), p=[0.3, 0.6, 0.1])
    day = rng.integers(0, 700, len(to)) + np.datetime64("2023-01-01")
    children = pa.table({"id": range(len(to)), "to": to, "sum": sums, "kind": kinds, "day": day})
    db = la.Database(
        {"parents": pa.table({"id": range(parents), "age": age}), "children": children},
        primary_keys={"parents": "id", "children": "id"},
        foreign_keys=["children.to -> parents.id"],
    )
    begin = time.process_time()
    model = la.Relational(random_state=0, progress=False).fit(db)
    fitted = time.process_time()
    print(f"fit of {len(to):,} children: {fitted - begin:.1f} s CPU, {_memory()}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        written = model.sample_to(Path(folder) / "out", options.rows / len(to))
    print(f"{written['children']:,} rows of one table: ", end="")
    print(f"{time.process_time() - fitted:.1f} s CPU, {_memory()}")


def _memory() -> str:
    return f"peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB"


def main() -> None:
    """Run what the command line names."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True)
    one = commands.add_parser("scores")
    one.add_argument("source")
    one.add_argument("--public", nargs="*", default=[])
    one.add_argument("--seeds", type=int, default=3)
    one.set_defaults(run=scores)
    one = commands.add_parser("shop")
    one.add_argument("--rows", type=int, default=30_000)
    one.set_defaults(run=time_shop)
    one = commands.add_parser("children")
    one.add_argument("--rows", type=int, default=1_000_000)
    one.add_argument("--learned", type=int, default=100_000)
    one.set_defaults(run=time_children)
    options = parser.parse_args()
    warnings.simplefilter("ignore", LookalikeWarning)
    options.run(options)


if __name__ == "__main__":
    main()
