"""Do detectors see what scenarios say: anomalies, drifts, and the weights of rare events?

    python benchmarks/detectors.py anomalies FILE... [--rows 1500] [--repeats 3] [--share 0.1]
    python benchmarks/detectors.py drift FILE... [--rows 2000] [--repeats 40]
    python benchmarks/detectors.py weights FILE:COLUMN... [--rows 1000] [--repeats 200]

- anomalies: the AUC of isolation forest, LOF and ECOD (of `pyod`) over the difficulty, for the four
  kinds of Han et al. (2022, ADBench); where it falls from one difficulty to the next by more than
  two standard errors; the ranks of detectors at difficulty 1.
- drift: ADWIN and a Kolmogorov-Smirnov detector (KSWIN) of `river` watch streams of real rows in
  `la.stress`: how often an alarm follows the drift, after how many rows, and how many alarms come
  in streams without a drift, beside the level of the detector.
- weights: how often the weighted mean of the column COLUMN is within its 95 % interval of that of
  the table which the rows were drawn from, where a rare event comes at the rate 0.3.

The first needs `pyod`, the second `river`: install them in an environment of their own.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

import lookalike as la
from lookalike.tables import as_frame, conform, infer_columns, natural, read_table

KINDS = ("local", "global", "dependency", "cluster")
DIALS = (0.0, 0.25, 0.5, 0.75, 1.0)
_MOST_LEVELS = 30


def main() -> None:
    """Run one part and print its tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", choices=("anomalies", "drift", "weights"))
    parser.add_argument("tables", nargs="+")
    parser.add_argument("--rows", type=int)
    parser.add_argument("--repeats", type=int)
    parser.add_argument("--share", type=float, default=0.1)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    began = time.process_time()
    {"anomalies": anomalies, "drift": drift, "weights": weights}[options.part](options)
    print(f"\n{time.process_time() - began:.0f} CPU seconds")


# --- anomalies ------------------------------------------------------------------------------------


def pyod_detectors() -> dict[str, Callable[[np.ndarray], np.ndarray]]:
    """Return functions from inputs to scores, higher where a row is odder."""
    try:
        from pyod.models.ecod import ECOD
        from pyod.models.iforest import IForest
        from pyod.models.lof import LOF
    except ImportError:
        sys.exit("This part needs pyod: pip install pyod.")

    def scores(make: Callable[[], Any]) -> Callable[[np.ndarray], np.ndarray]:
        return lambda inputs: make().fit(inputs).decision_scores_

    return {
        "forest": scores(lambda: IForest(random_state=0)),
        "LOF": scores(LOF),
        "ECOD": scores(ECOD),
    }


def anomalies(options: argparse.Namespace) -> None:
    """Print the AUC of each detector over the difficulty, and its falls."""
    detectors = pyod_detectors()
    rows, repeats = options.rows or 1_500, options.repeats or 3
    curves: dict[tuple[str, str], list[np.ndarray]] = {}
    print("| table | kind | detector |", *(f"{dial:g} |" for dial in DIALS), "falls |")
    print("|---|---|---|", *("---|" for _ in DIALS), "---|")
    for path in options.tables:
        frame = rows_of(path, rows, options.seed)
        model = la.Mixture(refine={"correct": False}, random_state=0).fit(frame)
        for kind in KINDS:
            found = areas(frame, model, kind, repeats, options, detectors)
            for name, column in found.items():
                means = column.mean(axis=0)
                curves.setdefault((kind, name), []).append(means)
                # The spread over repeats, of all difficulties together.
                noise = np.sqrt(2 * column.var(axis=0, ddof=1).mean() / repeats)
                falls = [f"{-one:.3f}" for one in np.diff(means) if -one > 2 * noise]
                words = " ".join(f"{one:.3f} |" for one in means)
                print(f"| {name_of(path)} | {kind} | {name} | {words} {', '.join(falls) or '–'} |")
            sys.stdout.flush()
    print("\n| kind | detector |", *(f"{dial:g} |" for dial in DIALS), "best at 1 in |")
    print("|---|---|", *("---|" for _ in DIALS), "---|")
    for kind in KINDS:
        ends = np.array([[one[-1] for one in curves[kind, name]] for name in detectors])
        best = np.bincount(ends.argmax(axis=0), minlength=len(detectors))
        for name, wins in zip(detectors, best, strict=True):
            means = np.mean(curves[kind, name], axis=0)
            print(f"| {kind} | {name} |", *(f"{one:.3f} |" for one in means), f"{wins} tables |")


def areas(
    frame: pd.DataFrame,
    model: Any,
    kind: str,
    repeats: int,
    options: argparse.Namespace,
    detectors: dict[str, Callable[[np.ndarray], np.ndarray]],
) -> dict[str, np.ndarray]:
    """Return the AUC of each detector, and of the density itself, by repeat and difficulty."""
    names = [*detectors, "density"]
    found = {name: np.zeros((repeats, len(DIALS))) for name in names}
    for place, dial in enumerate(DIALS):
        step = {"name": "anomalies", "kind": kind, "share": options.share, "difficulty": dial}
        for repeat in range(repeats):
            result = la.scenarios.Scenario([step]).apply(frame, options.seed + repeat, model=model)
            truth = np.zeros(len(frame))
            truth[result.labels["row"]] = 1
            inputs = inputs_of(result.data)
            for name, detector in detectors.items():
                found[name][repeat, place] = roc_auc_score(truth, detector(inputs))
            found["density"][repeat, place] = result.manifest["steps"][0]["density_auc"]
    return found


def inputs_of(frame: pd.DataFrame) -> np.ndarray:
    """Return numbers of unit spread, missing ones in the middle, and levels as indicators."""
    frame = frame.fillna(frame.median(numeric_only=True))
    inputs = pd.get_dummies(frame, dtype=float)
    spread = inputs.std().replace(0, 1)
    return ((inputs - inputs.mean()) / spread).to_numpy()


# --- drift ----------------------------------------------------------------------------------------


def river_watchers() -> dict[str, tuple[float, Callable[[], Any]]]:
    """Return the level of each detector, and what makes one."""
    try:
        from river.drift import ADWIN, KSWIN
    except ImportError:
        sys.exit("This part needs river: pip install river.")
    return {
        "ADWIN": (0.002, lambda: ADWIN(delta=0.002)),
        "KSWIN": (0.0005, lambda: KSWIN(alpha=0.0005, seed=0)),
    }


def drift(options: argparse.Namespace) -> None:
    """Print how often each detector notices each drift, and its alarms without one."""
    repeats = options.repeats or 40
    print("| table | drift | detector | noticed | rows until | alarms before | without a drift: |")
    print("|---|---|---|---|---|---|---|")
    for path in options.tables:
        frame = rows_of(path, options.rows or 2_000, options.seed).dropna()
        frame = frame.reset_index(drop=True)
        number = max(
            frame.select_dtypes("number"), key=lambda name: (frame[name].nunique(), str(name))
        )
        frame["rank"] = frame[number].rank(pct=True)
        frame["high"] = np.where(frame["rank"] > 0.5, "yes", "no")
        for step, column in (
            ({"name": "covariate_drift", "column": "rank", "shift": 1.0}, "rank"),
            ({"name": "prior_drift", "column": "high", "level": "yes", "share": 0.8}, "high"),
            ({"name": "concept_drift", "column": "high", "by": "rank"}, "error"),
        ):
            for name, (level, make) in river_watchers().items():
                watched = Watcher(make, column)
                found = la.stress(
                    watched, frame, [{**step, "at": 0.5}], dials=(0, 1), repeats=repeats
                )
                noticed, delay, before = (curve.points[-1].value for curve in found.curves)
                quiet = Watcher(make, column)
                for repeat in range(repeats):
                    quiet(frame.sample(frac=1, random_state=repeat))
                rate = quiet.alarms / quiet.rows
                print(
                    f"| {name_of(path)} | {step['name']} | {name} | {noticed:.0%} | {delay:.0f} | "
                    f"{before:.0%} of runs | {1000 * rate:.2f} in 1,000 rows (level {level:g}) |",
                    flush=True,
                )


class Watcher:
    """A detector of `river` as a function for `la.stress`; it counts its alarms.

    Where it watches errors, these are of a model that says "high" where the rank is above 0.5.
    """

    def __init__(self, make: Callable[[], Any], column: str) -> None:
        self.make, self.column = make, column
        self.alarms = self.rows = 0

    def __call__(self, frame: pd.DataFrame) -> np.ndarray:
        """Return 1 where an alarm is raised, and 0 elsewhere."""
        if self.column == "error":
            stream = ((frame["rank"] > 0.5) != (frame["high"] == "yes")).astype(float)
        elif self.column == "high":
            stream = (frame["high"] == "yes").astype(float)
        else:
            stream = frame[self.column].astype(float)
        detector, found = self.make(), np.zeros(len(frame))
        for place, value in enumerate(stream):
            detector.update(value)
            found[place] = detector.drift_detected
        self.alarms, self.rows = self.alarms + int(found.sum()), self.rows + len(found)
        return found


# --- weights --------------------------------------------------------------------------------------


def weights(options: argparse.Namespace) -> None:
    """Print how often weighted means are within their intervals."""
    rows, repeats = options.rows or 1_000, options.repeats or 200
    print("| table | event | mean of | truth | mean of estimates | within 95 % | unweighted |")
    print("|---|---|---|---|---|---|---|")
    for word in options.tables:
        path, _, column = word.rpartition(":")
        world = rows_of(path, 10**9, options.seed)
        model = la.Mixture(refine={"correct": False}, random_state=0).fit(world)
        by = next(
            name
            for name in sorted(
                world.select_dtypes("number"), key=lambda name: -world[name].nunique()
            )
            if name != column
        )
        limit = float(world[by].quantile(0.95))
        step = {"name": "rare_event", "where": {by: {"low": limit}}, "rate": 0.3}
        truth, found = float(world[column].mean()), []
        for repeat in range(repeats):
            drawn = world.sample(min(rows, len(world) // 2), random_state=repeat)
            result = la.scenarios.Scenario([step]).apply(
                drawn.reset_index(drop=True), repeat, model=model
            )
            happens = (result.data[by] >= limit).to_numpy()
            found.append(weighted_mean(result.data[column], result.weights, happens))
        means, errors, plain = np.array(found).T
        within = np.abs(means - truth) <= 1.96 * errors
        print(
            f"| {name_of(path)} | {by} ≥ {limit:g} | {column} | {truth:.4g} | {means.mean():.4g} | "
            f"{within.mean():.1%} of {repeats} | {plain.mean():.4g} |",
            flush=True,
        )


def weighted_mean(
    cells: pd.Series, by_row: np.ndarray, happens: np.ndarray
) -> tuple[float, float, float]:
    """Return the weighted mean, its standard error, and the mean without weights.

    The rows are two strata, whose shares were counted in as many rows.
    """
    present = cells.notna().to_numpy()
    values, by_row, happens = cells.to_numpy(float)[present], by_row[present], happens[present]
    total = by_row.sum()
    variance, means, shares = 0.0, [], []
    for stratum in (happens, ~happens):
        share = by_row[stratum].sum() / total
        variance += share**2 * values[stratum].var(ddof=1) / stratum.sum()
        means.append(values[stratum].mean())
        shares.append(share)
    variance += shares[0] * shares[1] * (means[0] - means[1]) ** 2 / len(values)
    return float(by_row @ values / total), float(variance**0.5), float(values.mean())


# --- tables ---------------------------------------------------------------------------------------


def rows_of(path: str, rows: int, seed: int) -> pd.DataFrame:
    """Return shuffled rows without dates, texts and columns of very many levels."""
    table = read_table(path)
    schema = infer_columns(table)
    frame = as_frame(natural(conform(table, schema), schema), "pandas")
    kept = [
        one.name
        for one in schema.columns
        if (one.kind.is_numeric and pd.api.types.is_numeric_dtype(frame[one.name]))
        or 2 <= frame[one.name].nunique() <= _MOST_LEVELS
    ]
    return frame[kept].sample(min(rows, len(frame)), random_state=seed).reset_index(drop=True)


def name_of(path: str) -> str:
    """Return the name of a file."""
    return path.rsplit("/", maxsplit=1)[-1]


if __name__ == "__main__":
    main()
