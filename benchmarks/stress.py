"""Planted weaknesses on real tables: does `stress` find them, and none in sound models?

    python benchmarks/stress.py FILE:TARGET ... [--rows 3000] [--repeats 10] [--seed 0]
    python benchmarks/stress.py FILE:TARGET ... --sound 10 [--permuted] [--rows 1500] [--repeats 8]

One half of the rows trains, the other is stressed. For each table and scenario, one line for the
model with the weakness and one for the sound one; what the weakness costs is the log-loss of the
one less that of the other on its test rows, with its standard error. Columns are chosen on training
rows, where leaving rows out costs most: a weakness that costs nothing is none.

- region: no training row above the median of a number; the scenario moves it up (covariate drift).
- level: no training row with a level; the scenario lets it come in 80 % of the rows (prior drift).
- leak: a column that nearly holds the target; the scenario removes it.

With ``--sound N``, no weakness is planted in N splits of each table, and the reports that find one
in drifts of a region and of a level are counted; with ``--permuted``, labels say nothing.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier

import lookalike as la
from lookalike.tables import as_frame, conform, infer_columns, natural, read_table

_MOST_LEVELS = 30
#: Columns that are tried, and the least share of the rows that a planted weakness leaves out.
_TRIED, _LEAST = 6, 0.1


def main() -> None:
    """Print a line for each table, weakness and model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tables", nargs="+")
    parser.add_argument("--rows", type=int, default=3_000)
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--sound", type=int, default=0)
    parser.add_argument("--permuted", action="store_true")
    options = parser.parse_args()
    if options.sound:
        count_false_alarms(options)
        return
    print(
        "| table | weakness | model | its cost | breaks | behind | weak rows | headline | CPU s |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for word in options.tables:
        path, _, target = word.rpartition(":")
        training, test = halves(path, target, options.rows, options.seed)
        for case in cases(training, test, target, options.seed):
            weak, sound = Fitted(case.training, target), Fitted(case.sound, target)
            cost = cost_of(weak, sound, case.test[case.hit(case.test)], target)
            for name, model in (("weak", weak), ("sound", sound)):
                began = time.process_time()
                found = la.stress(
                    model,
                    case.test,
                    case.steps,
                    target=target,
                    repeats=options.repeats,
                    dials=(0, 0.5, 1),
                    random_state=options.seed,
                )
                points = found.curves[0].points
                slices = [f"{100 * one.gain:+.0f} %" for one in found.slices]
                print(
                    f"| {path.rsplit('/')[-1]} | {case.words} | {name} | "
                    f"{cost if name == 'weak' else '–'} | {found.breaks} | {found.lags} | "
                    f"{'yes' if found.weak else 'no'} ({', '.join(slices) or 'none'}) | "
                    f"{points[0].value:.3f} → {points[-1].value:.3f} "
                    f"(reference {points[0].reference:.3f} → {points[-1].reference:.3f}) | "
                    f"{time.process_time() - began:.1f} |",
                    flush=True,
                )


def count_false_alarms(options: argparse.Namespace) -> None:
    """Print in how many reports of sound models a weakness is found."""
    print("| table | labels | reports | breaks | behind | weak rows |\n|---|---|---|---|---|---|")
    total = np.zeros(4, int)
    for word in options.tables:
        path, _, target = word.rpartition(":")
        counts = np.zeros(4, int)
        for seed in range(options.seed, options.seed + options.sound):
            training, test = halves(path, target, options.rows, seed, options.permuted)
            model = Fitted(training, target)
            for case in cases(training, test, target, seed):
                if case.weakness == "leak":
                    continue
                found = la.stress(
                    model,
                    test,
                    case.steps,
                    target=target,
                    repeats=options.repeats,
                    dials=(0, 1),
                    random_state=seed,
                )
                said = (found.breaks is not None, found.lags is not None, found.weak is not None)
                counts += np.array([1, *said], int)
        total += counts
        words = " | ".join(map(str, counts))
        labels = "permuted" if options.permuted else "true"
        print(f"| {path.rsplit('/')[-1]} | {labels} | {words} |", flush=True)
    print("| all | | " + " | ".join(map(str, total)) + " |")


@dataclass(frozen=True)
class Case:
    """A planted weakness: training rows with and without it, test rows, the scenario."""

    weakness: str
    words: str
    training: pd.DataFrame
    sound: pd.DataFrame
    test: pd.DataFrame
    steps: list[dict[str, Any]]
    column: str | None = None
    #: The level that is left out, or the number above which rows are.
    left_out: Any = None

    def hit(self, rows: pd.DataFrame) -> np.ndarray:
        """Return which rows the weakness is about."""
        return left_out(rows, self.column, self.left_out)


def left_out(rows: pd.DataFrame, column: str | None, what: Any) -> np.ndarray:
    """Return the rows of a level, or above a number; all without a column."""
    if column is None:
        return np.ones(len(rows), bool)
    if isinstance(what, float):
        return np.asarray(rows[column].astype(float) > what)
    return np.asarray(rows[column] == what)


class Fitted:
    """Boosted trees on the columns that they were given, levels as codes."""

    def __init__(self, training: pd.DataFrame, target: str) -> None:
        self.columns = [name for name in training.columns if name != target]
        self.levels = {
            name: pd.Index(training[name].dropna().unique())
            for name in self.columns
            if not pd.api.types.is_numeric_dtype(training[name])
        }
        inputs = self._inputs(training)
        levelled = [name in self.levels for name in self.columns]
        self.model = HistGradientBoostingClassifier(
            max_iter=60, categorical_features=levelled, random_state=0
        ).fit(inputs, training[target])
        self.classes_ = self.model.classes_

    def predict(self, frame: pd.DataFrame) -> Any:
        """Return classes."""
        return self.model.predict(self._inputs(frame))

    def predict_proba(self, frame: pd.DataFrame) -> Any:
        """Return probabilities of classes."""
        return self.model.predict_proba(self._inputs(frame))

    def _inputs(self, frame: pd.DataFrame) -> np.ndarray:
        columns = []
        for name in self.columns:
            if name not in self.levels:
                columns.append(frame[name].astype(float).to_numpy())
                continue
            codes = self.levels[name].get_indexer(frame[name])
            columns.append(np.where(codes < 0, np.nan, codes))
        return np.column_stack(columns)


def prepared(path: str, target: str, rows: int, seed: int) -> pd.DataFrame:
    """Return shuffled rows without columns of very many levels, the target as text."""
    table = read_table(path)
    schema = infer_columns(table)
    frame = as_frame(natural(conform(table, schema), schema), "pandas").dropna(subset=[target])
    frame[target] = frame[target].astype(str)
    kept = [
        name
        for name in frame.columns
        if name == target
        or pd.api.types.is_numeric_dtype(frame[name])
        or frame[name].nunique() <= _MOST_LEVELS
    ]
    return frame[kept].sample(min(rows, len(frame)), random_state=seed).reset_index(drop=True)


def halves(
    path: str, target: str, rows: int, seed: int, permuted: bool = False
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return training and test rows."""
    frame = prepared(path, target, rows, seed)
    if permuted:
        order = np.random.default_rng(seed).permutation(len(frame))
        frame[target] = frame[target].to_numpy()[order]
    middle = len(frame) // 2
    return frame[:middle], frame[middle:].reset_index(drop=True)


def cases(training: pd.DataFrame, test: pd.DataFrame, target: str, seed: int) -> Iterator[Case]:
    """Yield each weakness that can be planted."""
    region = costliest(training, target, regions(training, target))
    if region is not None:
        name, limit = region
        steps = [{"name": "covariate_drift", "column": name, "shift": 1.5, "at": 0}]
        words = f"region: {name} > {limit:.4g}"
        weak = training[~left_out(training, name, limit)]
        yield Case("region", words, weak, training, test, steps, name, limit)
    level = costliest(training, target, levels(training, target))
    if level is not None:
        name, one = level
        one = one.item() if hasattr(one, "item") else one
        steps = [{"name": "prior_drift", "column": name, "level": one, "share": 0.8, "at": 0}]
        weak = training[~left_out(training, name, one)]
        yield Case("level", f"level: {name} = {one}", weak, training, test, steps, name, one)
    random, known = np.random.default_rng(seed), np.unique(training[target])

    def leaked(rows: pd.DataFrame) -> pd.DataFrame:
        codes = known.searchsorted(rows[target])
        return rows.assign(leak=codes + random.normal(0, 0.2, len(rows)))

    steps = [{"name": "missing", "column": "leak", "share": 1}]
    yield Case("leak", "leak", leaked(training), training, leaked(test), steps)


def regions(training: pd.DataFrame, target: str) -> Iterator[tuple[str, Any]]:
    """Yield columns of numbers and their medians."""
    for name in training.columns.drop(target):
        if pd.api.types.is_numeric_dtype(training[name]) and training[name].nunique() > 10:
            yield name, float(training[name].median())


def levels(training: pd.DataFrame, target: str) -> Iterator[tuple[str, Any]]:
    """Yield columns and their levels that are neither rare nor most rows."""
    for name in training.columns.drop(target):
        if 2 <= training[name].nunique() <= 10:
            for level, share in training[name].value_counts(normalize=True).items():
                if _LEAST <= share <= 0.6 and not isinstance(level, float):
                    yield name, level


def costliest(
    training: pd.DataFrame, target: str, found: Iterator[tuple[str, Any]]
) -> tuple[str, Any] | None:
    """Return what costs most to leave out, on the second half of the training rows.

    Of many, those are tried that say most about the target.
    """
    said = []
    for name, what in found:
        hit = left_out(training, name, what)
        if _LEAST <= hit.mean() <= 1 - _LEAST and training[target][~hit].nunique() > 1:
            shares = training[target].groupby(hit).value_counts(normalize=True).unstack()
            said.append((float(shares.fillna(0).diff().abs().sum(axis=1).iloc[-1]), name, what))
    tried = sorted(said, key=lambda one: -one[0])[:_TRIED]
    first, second = training[::2], training[1::2]
    whole, costs = Fitted(first, target), []
    for _, name, what in tried:
        some = first[~left_out(first, name, what)]
        hit = second[left_out(second, name, what)]
        if some[target].nunique() < training[target].nunique() or not len(hit):
            continue
        costs.append(
            (
                (losses(Fitted(some, target), hit, target) - losses(whole, hit, target)).mean(),
                name,
                what,
            )
        )
    return max(costs, key=lambda one: one[0])[1:] if costs else None


def losses(model: Fitted, rows: pd.DataFrame, target: str) -> np.ndarray:
    """Return the log-loss of each row."""
    places = np.searchsorted(model.classes_, rows[target])
    shares = model.predict_proba(rows)[np.arange(len(rows)), places]
    return -np.log(np.maximum(shares, 1e-4))


def cost_of(weak: Fitted, sound: Fitted, rows: pd.DataFrame, target: str) -> str:
    """Return how much larger the log-loss of the weak model is, with the standard error."""
    apart = losses(weak, rows, target) - losses(sound, rows, target)
    return f"{apart.mean():+.3f} ± {apart.std(ddof=1) / len(apart) ** 0.5:.3f}"


if __name__ == "__main__":
    main()
