"""The speed of rows under rules: as many rows with every kind of rule at once, and without rules.

Usage: ``python benchmarks/rules_speed.py [--rows 1000000] [--family Independent ...] [--seed 0]``.
The table is made here: 5,000 rows of orders with dates, a formula, fixed combinations, flags, a
sum, an implication and a key. Rows are written to Parquet, once by a model without rules and once
by one with them; then every rule is checked on every row.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

import lookalike as la

RULES = (
    "begin <= end",
    "end - begin <= 60 days",
    "0 <= age <= 120",
    "total == price * quantity",
    "0 <= paid <= total",
    "a + b + c == 100",
    'married == "no" -> spouse is missing',
    "city -> country",
    "one_hot(x, y, z)",
    'price > 5 if status in ["sold", "reserved"]',
    "net < 20 or net > 30",
    "unique(id)",
)


def orders(rows: int, seed: int) -> pd.DataFrame:
    """Return a table that obeys every rule."""
    rng = np.random.default_rng(seed)
    cities = np.array(["Bonn", "Ulm", "Lyon", "Nice", "Graz", "Linz"])
    countries = np.array(["DE", "DE", "FR", "FR", "AT", "AT"])
    city = rng.choice(6, rows, p=[0.4, 0.2, 0.15, 0.1, 0.1, 0.05])
    begin = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 700, rows), "D")
    status = rng.choice(["sold", "reserved", "open"], rows)
    price = (rng.gamma(2, 20, rows) + np.where(status == "open", 0.01, 5.01)).round(2)
    quantity = rng.integers(1, 9, rows)
    total = (price * quantity).round(2)
    parts = rng.dirichlet([2, 3, 4], rows).round(2)
    a, b = (100 * parts[:, 0]).round(), (100 * parts[:, 1]).round()
    married = rng.choice(["yes", "no"], rows)
    flag = rng.integers(0, 3, rows)
    net = np.where(rng.random(rows) < 0.6, rng.uniform(0, 19.9, rows), rng.uniform(30.1, 60, rows))
    columns = {
        "id": np.arange(rows) + 1_000,
        "begin": begin,
        "end": begin + pd.to_timedelta(rng.integers(0, 61, rows), "D"),
        "age": np.clip(rng.normal(45, 18, rows), 0, 110).astype(int),
        "price": price,
        "quantity": quantity,
        "total": total,
        "paid": (total * rng.choice([0, 0.5, 1], rows)).round(2),
        "a": a,
        "b": b,
        "c": 100 - a - b,
        "married": married,
        "spouse": np.where(married == "no", None, rng.choice(["Ann", "Bo", "Cy"], rows)),
        "city": cities[city],
        "country": countries[city],
        **{name: (flag == k).astype(int) for k, name in enumerate("xyz")},
        "status": status,
        "net": net.round(1),
    }
    return pd.DataFrame(columns)


def main() -> None:
    """Print one line for each family: rows a second without and with rules, and broken rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--family", nargs="+", default=["Independent", "GaussianCopula"])
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    table = orders(5_000, options.seed)
    kinds = {"id": "identifier", "x": "integer", "y": "integer", "z": "integer"}
    print("| family | rows | CPU s without rules | with rules | speed kept | broken rows |")
    print("|---|---|---|---|---|---|")
    for family in options.family:
        seconds, broken = [], 0
        for rules in ((), RULES):
            model = getattr(la, family)(random_state=options.seed)
            if "refine" in model.get_params():  # a correction learns no rules and costs both alike
                model.set_params(refine={"correct": False})
            model.fit(table, rules=list(rules), kinds=kinds)
            model.sample(1_000)  # compilation is not timed
            with tempfile.TemporaryDirectory() as folder:
                target = Path(folder) / "rows.parquet"
                begin = time.process_time()
                model.sample_to(target, options.rows)
                seconds.append(time.process_time() - begin)
                if rules:
                    made = pd.read_parquet(target)
                    found = la.check_rules(made, list(rules))
                    broken = sum(one.count for one in found.broken)
        kept = seconds[0] / seconds[1]
        times = " | ".join(f"{one:.1f}" for one in seconds)
        print(f"| {family} | {options.rows:,} | {times} | {kept:.2f} | {broken} |", flush=True)


if __name__ == "__main__":
    main()
