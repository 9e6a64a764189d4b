"""Score the engines of windows, between other real windows and independent events.

Usage: ``python benchmarks/windows.py [FILE ...] [--engines trees ...] [--seeds 3] [--rows N]``.
Each FILE is a table of one series of numbers; without one, histories of five sines of random
frequency and phase are made, 3,000 of 24 steps. For each engine and seed: CPU seconds of the fit,
and detection (1 for windows that boosted trees cannot tell from real ones, 0 for those that they
always can) and the discriminative score (the accuracy of a recurrent judge beyond a half), with
what real halves and independent events reach in brackets.
"""

from __future__ import annotations

import argparse
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

import lookalike as la
from lookalike.errors import LookalikeWarning

WINDOW, SINES = 24, 3_000
#: Names of columns of times.
_TIMES = ("date", "month", "time", "datetime")


def main() -> None:
    """Print a line for each table, engine and seed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", nargs="*", type=Path)
    engines = ["trees", "basis", "attention", "lstm", "timegan", "autoencoder-gan"]
    parser.add_argument("--engines", nargs="+", default=engines)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--rows", type=int, default=100_000)
    options = parser.parse_args()
    warnings.simplefilter("ignore", LookalikeWarning)
    print("| table | engine | seed | fit, CPU s | detection | discriminative score |")
    print("|---|---|---|---|---|---|")
    tables = {path.stem: series(path, options.rows) for path in options.files}
    for name, (table, roles) in (tables or {"sines": (sines(), {"entity": "window"})}).items():
        for engine in options.engines:
            for seed in range(options.seeds):
                print_line(name, table, roles, engine, seed)


def series(path: Path, rows: int) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return the first rows of a series, and its column of times."""
    table = pd.read_csv(path)[:rows]
    at = next((name for name in table if name.lower() in _TIMES), None)
    if at is None:
        return table, {}
    table[at] = pd.to_datetime(table[at])
    return table, {"time": at}


def sines() -> pd.DataFrame:
    """Return windows of five sines, each from 0 to 1."""
    rng = np.random.default_rng(0)
    turns, phases = rng.uniform(0, 1, (SINES, 1, 5)), rng.uniform(-np.pi, np.pi, (SINES, 1, 5))
    values = (np.sin(turns * np.arange(WINDOW)[:, None] + phases) + 1) / 2
    table = pd.DataFrame(values.reshape(-1, 5), columns=list("abcde"))
    table.insert(0, "window", np.repeat(np.arange(SINES), WINDOW))
    return table


def print_line(
    name: str, table: pd.DataFrame, roles: dict[str, str], engine: str, seed: int
) -> None:
    """Fit an engine, and print its scores."""
    began = time.process_time()
    model = la.Sequences(engine=engine, window=WINDOW, random_state=seed).fit(table, **roles)
    seconds = time.process_time() - began
    if roles.get("entity"):
        real, made = table, model.sample(SINES)
    else:
        whole = len(table) // WINDOW
        real = table[: whole * WINDOW].drop(columns=list(roles.values()))
        real = real.assign(window=np.repeat(np.arange(whole), WINDOW))
        made = model.sample(windows=whole, window=WINDOW)[real.columns]
    metrics = ["sequence_c2st", "discriminative_score"]
    found = la.evaluate(
        real, made, entity="window", window=WINDOW, metrics=metrics, random_state=seed
    ).scores
    cells = [
        f"{found[m].value:.3f} ({found[m].ceiling:.3f}, {found[m].floor:.3f})" for m in metrics
    ]
    print(f"| {name} | {engine} | {seed} | {seconds:.0f} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
