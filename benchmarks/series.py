"""Whether a generated series keeps what the real one has: its hour, its memory, its spread.

Usage: ``python benchmarks/series.py [--events 650 1500] [--seeds 2] [FILE ...]``, and
``python benchmarks/series.py --spread [--weights 0.9 1] [--steps h D MS] [--events 300] [--seeds
20]``.
Made series of hours (a sine of a day with little noise, one that is larger on weekdays, an
autoregressive series, a random walk) are learned event by event and generated as one series of
1,000 events; beside each figure stands that of 20,000 events of the same process. Then each FILE, a
table of one series: detection on blocks of 24, autocorrelation and coherence between their
references, and the spread of each number.

With ``--spread``, autoregressive series are made instead, with each weight, step and number of
events, without and with a trend of four deviations (a weight of 1 is a random walk). A series as
long as the real one is generated; printed are the mean over seeds and, in brackets, the range of
the middle eighty percent of its deviation divided by the real one, the same of its changes, the
difference in memory, and the numbers of seeds drawn as changes and by a forecast with a trend.
"""

from __future__ import annotations

import argparse
import warnings
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

import lookalike as la
from lookalike.errors import LookalikeWarning

KINDS = ("sine", "weekdays", "autoregressive", "walk")
#: The most rows of a file, and the names of columns of times.
_ROWS, _TIMES = 3_000, ("date", "month", "time", "datetime")


def made(kind: str, events: int, rng: np.random.Generator) -> np.ndarray:
    """Return the numbers of a series of hours, shape (events,)."""
    at, noise = np.arange(events), rng.normal(0, 1, events)
    if kind == "sine":
        return np.sin(at * np.pi / 12) + 0.1 * noise
    if kind == "weekdays":
        return np.sin(at * np.pi / 12) * (1 + 0.5 * (at // 24 % 7 < 5)) + 0.2 * noise
    if kind == "walk":
        return np.cumsum(0.3 * noise)
    values = np.zeros(events)
    for k in range(1, events):
        values[k] = 0.9 * values[k - 1] + noise[k]
    return values


def figures(values: np.ndarray, hours: np.ndarray) -> list[float]:
    """Return the variance that the hour explains, the memory of one step, and both spreads."""
    by_hour = pd.Series(values).groupby(hours).transform("mean").to_numpy()
    explained = 1 - np.var(values - by_hour) / np.var(values)
    memory = np.corrcoef(values[:-1], values[1:])[0, 1]
    return [explained, memory, np.std(values), np.std(np.diff(values))]


def print_made(events: int, seeds: int) -> None:
    """Print a line for each kind of series: generated, then the process itself in brackets."""
    for kind in KINDS:
        found = []
        for seed in range(seeds):
            values = made(kind, events, np.random.default_rng(seed)).round(2)
            times = pd.date_range("2024-01-01", periods=events, freq="h")
            table = pd.DataFrame({"time": times, "x": values})
            model = la.Sequences(engine="trees", random_state=seed).fit(table, time="time")
            drawn = model.sample(length=1_000)
            found.append(figures(drawn["x"].to_numpy(), drawn["time"].dt.hour.to_numpy()))
        many = made(kind, 20_000, np.random.default_rng(99))
        real = figures(many, np.arange(20_000) % 24)
        cells = [f"{a:.2f} ({b:.2f})" for a, b in zip(np.mean(found, axis=0), real, strict=True)]
        if kind == "walk":  # its spread grows with its length
            cells[2] = f"{np.mean(found, axis=0)[2]:.2f} (–)"
        changed = "changes" if model.changes_ else "a forecast" if model.forecasts_ else "itself"
        print(f"| {kind} | {events:,} | {changed} | {' | '.join(cells)} |", flush=True)


def print_file(path: Path, seeds: int) -> None:
    """Print the scores of a generated series between their references, by seed."""
    table = pd.read_csv(path)[:_ROWS]
    time = next((name for name in table if name.lower() in _TIMES), None)
    if time is not None:
        table[time] = pd.to_datetime(table[time])
    for seed in range(seeds):
        model = la.Sequences(engine="trees", random_state=seed).fit(table, time=time)
        drawn = model.sample(length=len(table))
        metrics = ["sequence_c2st", "autocorrelation", "coherence"]
        scores = la.evaluate(table, drawn, time=time, window=24, metrics=metrics).scores
        words = [
            f"{name} {one.value:.3f} (halves {one.ceiling:.3f}, floor {one.floor:.3f})"
            if one.value is not None and one.ceiling is not None and one.floor is not None
            else f"{name} –"
            for name, one in scores.items()
        ]
        spread = [drawn[n].std() / table[n].std() for n in table.select_dtypes("number")]
        print(f"{path.name}, seed {seed}: {'; '.join(words)}; spread {np.round(spread, 2)}")


def returning(weight: float, events: int, trend: bool, seed: int) -> np.ndarray:
    """Return an autoregressive series that began long ago, with a trend or without."""
    noise, values = np.random.default_rng(seed).normal(0, 1, events + 500), np.zeros(events + 500)
    for k in range(1, len(values)):
        values[k] = weight * values[k - 1] + noise[k]
    size = 10.0 if weight == 1 else 1 / np.sqrt(1 - weight**2)
    return (values[500:] + 4 * size * trend * np.linspace(0, 1, events)).round(2)


def print_spread(weight: float, events: int, trend: bool, step: str, seeds: int) -> None:
    """Print how wide generated series are, divided by the real ones."""
    wide, moves, memory, forms = [], [], [], np.zeros(2, int)
    for seed in range(seeds):
        values = returning(weight, events, trend, seed)
        times = pd.date_range("1720-01-01", periods=events, freq=step)
        table = pd.DataFrame({"time": times, "x": values})
        model = la.Sequences(engine="trees", random_state=seed).fit(table, time="time")
        drawn = model.sample(length=events)["x"].to_numpy()
        wide.append(drawn.std() / values.std())
        moves.append(np.diff(drawn).std() / np.diff(values).std())
        both = [np.corrcoef(one[:-1], one[1:])[0, 1] for one in (drawn, values)]
        memory.append(both[0] - both[1])
        forms += ["x" in model.changes_, "trend" in model.forecasts_.get("x", "")]
    low, high = np.quantile(wide, [0.1, 0.9])
    cells = f"{np.mean(wide):.2f} ({low:.2f}–{high:.2f}) | {np.mean(moves):.2f}"
    cells += f" | {np.mean(memory):+.3f} | {forms[0]} | {forms[1]}"
    print(f"| {weight} | {'yes' if trend else 'no'} | {step} | {events:,} | {cells} |", flush=True)


def main() -> None:
    """Print a table of made series, then a line for each file and seed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--events", nargs="+", type=int, default=[650, 1_500])
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--spread", action="store_true")
    parser.add_argument("--weights", nargs="+", type=float, default=[0.9, 0.95, 0.98, 1.0])
    parser.add_argument("--steps", nargs="+", default=["h"])
    options = parser.parse_args()
    warnings.simplefilter("ignore", LookalikeWarning)
    if options.spread:
        print(
            "| weight | trend | step | events | spread | of changes | memory | changes | trends |"
        )
        print("|---|---|---|---|---|---|---|---|---|")
        for weight, events, trend, step in product(
            options.weights, options.events, (False, True), options.steps
        ):
            print_spread(weight, events, trend, step, options.seeds)
        return
    print("| series | events | drawn as | by hour | memory | spread | spread of changes |")
    print("|---|---|---|---|---|---|---|")
    for events in options.events:
        print_made(events, options.seeds)
    for path in options.files:
        print_file(path, options.seeds)


if __name__ == "__main__":
    main()
