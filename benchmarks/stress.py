"""Planted weaknesses on real tables: does `stress` find them, and none in sound models?

Usage: ``python benchmarks/stress.py FILE:TARGET ... [--rows 3000] [--repeats 10] [--seed 0]``. One
half of the rows trains, the other is stressed. For each table and scenario, one line for the model
with the weakness and one for the sound one.

- region: no training row above the median of the number that says most about the target;
  the scenario moves this number up (covariate drift).
- level: no training row with the second most frequent level of the column that says most; the
  scenario lets this level come in 80 % of the rows.
- leak: a column that nearly holds the target; the scenario removes it.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.feature_selection import mutual_info_classif

import lookalike as la
from lookalike.tables import as_frame, conform, infer_columns, natural, read_table

_MOST_LEVELS = 30


def main() -> None:
    """Print a line for each table, weakness and model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tables", nargs="+")
    parser.add_argument("--rows", type=int, default=3_000)
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    print("| table | weakness | model | breaks at | behind at | headline | seconds (CPU) |")
    print("|---|---|---|---|---|---|---|")
    for word in options.tables:
        path, _, target = word.rpartition(":")
        frame = prepared(path, target, options.rows, options.seed)
        middle = len(frame) // 2
        halves = frame[:middle], frame[middle:].reset_index(drop=True)
        for weakness, weak, rows, steps in cases(*halves, target, options.seed):
            sound = halves[0]
            if weakness == "leak":
                sound = sound.drop(columns="leak", errors="ignore")
            for name, training in (("weak", weak), ("sound", sound)):
                tested = rows if name == "weak" else rows[list(sound.columns)]
                if weakness == "leak" and name == "sound":
                    tested = rows
                began = time.process_time()
                found = la.stress(
                    Fitted(training, target),
                    tested,
                    steps,
                    target=target,
                    repeats=options.repeats,
                    dials=(0, 0.5, 1),
                    random_state=options.seed,
                )
                points = found.curves[0].points
                print(
                    f"| {path.rsplit('/')[-1]} | {weakness} | {name} | {found.breaks} | "
                    f"{found.lags} | "
                    f"{points[0].value:.3f} → {points[-1].value:.3f} "
                    f"(reference {points[-1].reference:.3f}) | {time.process_time() - began:.1f} |",
                    flush=True,
                )


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


def cases(training: pd.DataFrame, test: pd.DataFrame, target: str, seed: int) -> Any:
    """Yield each weakness: its name, the training rows with it, the test rows, the scenario."""
    truth = training[target]
    numbers = {
        name: training[name].astype(float).fillna(training[name].astype(float).median())
        for name in training.columns
        if pd.api.types.is_numeric_dtype(training[name]) and training[name].nunique() > 10
    }
    if numbers:
        told = mutual_info_classif(pd.DataFrame(numbers), truth, random_state=seed)
        name = list(numbers)[int(np.argmax(told))]
        low = training[training[name] <= training[name].median()]
        steps = [{"name": "covariate_drift", "column": name, "shift": 1.5, "at": 0}]
        if low[target].nunique() > 1:
            yield "region", low, test, steps
    levelled = [
        name for name in training.columns if name != target and 2 <= training[name].nunique() <= 10
    ]
    if levelled:
        codes = pd.DataFrame({n: pd.factorize(training[n])[0] for n in levelled})
        told = mutual_info_classif(codes, truth, discrete_features=True, random_state=seed)
        name = levelled[int(np.argmax(told))]
        level = training[name].value_counts().index[1]
        level = level.item() if hasattr(level, "item") else level
        steps = [{"name": "prior_drift", "column": name, "level": level, "share": 0.8, "at": 0}]
        yield "level", training[training[name] != level], test, steps
    random = np.random.default_rng(seed)

    def leaked(rows: pd.DataFrame) -> pd.DataFrame:
        codes = np.unique(truth).searchsorted(rows[target])
        return rows.assign(leak=codes + random.normal(0, 0.2, len(rows)))

    yield (
        "leak",
        leaked(training),
        leaked(test),
        [{"name": "missing", "column": "leak", "share": 1}],
    )


if __name__ == "__main__":
    main()
