"""Fit the default GAN to Adult and score it: quality, seconds and memory, several seeds.

Usage: ``python benchmarks/adult.py FOLDER [--seeds 3] [--set NAME=VALUE ...]`` where FOLDER holds
``tables/adult_48842.parquet`` with a column ``split``. Every seed runs in a process of its own, so
that its time holds imports and compilation (an empty compilation cache) and its peak memory is its
own. The detector is XGBoost where it is installed (as in published figures) beside our own.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

NAMES = (
    *("shape", "trend", "wnmi", "c2st", "c2st_holdout", "c2st_linear", "tstr"),
    *("copies", "beta_recall", "coverage", "membership"),
)


def main() -> None:
    """Run every seed in its own process and print one JSON line each, then the means."""
    arguments = _arguments()
    if arguments.one is not None:
        print(json.dumps(run(arguments.folder, arguments.one, _settings(arguments.set))))
        return
    results = []
    for seed in range(arguments.seeds):
        with tempfile.TemporaryDirectory() as cache:
            command = [sys.executable, __file__, str(arguments.folder), "--one", str(seed)]
            command += [word for pair in arguments.set for word in ("--set", pair)]
            environment = {**os.environ, "LOOKALIKE_CACHE": cache}
            done = subprocess.run(
                command, env=environment, capture_output=True, text=True, check=True
            )
        print(done.stdout, end="", flush=True)
        results.append(json.loads(done.stdout))
    means = {k: round(sum(r[k] for r in results) / len(results), 4) for k in results[0]}
    print(json.dumps({"mean of seeds": means}))


def run(folder: Path, seed: int, settings: dict[str, Any]) -> dict[str, float]:
    """Fit, sample as many rows as were trained on, and score."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    whole = pq.read_table(folder / "tables" / "adult_48842.parquet")
    training = pc.equal(whole["split"], "train")
    real = whole.filter(training).drop_columns("split")
    test = whole.filter(pc.invert(training)).drop_columns("split")
    begin = time.perf_counter()
    from lookalike import GAN

    model = GAN(random_state=seed, **settings).fit(real)
    fitted = time.perf_counter()
    fake = model.sample(real.num_rows)
    sampled = time.perf_counter()
    result = {
        "seed": seed,
        "steps": int(model.history_.rows[-1]["step"]),
        "fit_seconds": round(fitted - begin, 1),
        "sample_seconds": round(sampled - fitted, 2),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }
    from lookalike import evaluate

    scores = evaluate(real, fake, holdout=test, target="income").scores
    result |= {n: round(scores[n].raw, 4) for n in NAMES if scores[n].value is not None}
    return result | xgboost_scores(real, fake, test)


def xgboost_scores(real: Any, fake: Any, test: Any) -> dict[str, float]:
    """Score as published: XGBoost on one-hot rows, three folds; nothing where it is missing."""
    try:
        import xgboost
    except ImportError:
        return {}
    import numpy as np
    import pandas as pd
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedKFold

    frames = [table.to_pandas() for table in (real, fake, test)]
    hot = pd.get_dummies(pd.concat(frames, ignore_index=True)).astype("float32")
    cuts = np.cumsum([len(f) for f in frames])
    parts = np.split(hot.to_numpy(), cuts[:-1])
    rng = np.random.default_rng(0)

    def c2st(a: np.ndarray, b: np.ndarray) -> float:
        rows = min(len(a), len(b))
        a, b = rng.permutation(a)[:rows], rng.permutation(b)[:rows]
        x, y = np.concatenate([a, b]), np.repeat([1, 0], rows)
        aucs = []
        for fit, judge in StratifiedKFold(3, shuffle=True, random_state=0).split(x, y):
            judged = xgboost.XGBClassifier(n_jobs=2).fit(x[fit], y[fit]).predict_proba(x[judge])
            aucs.append(roc_auc_score(y[judge], judged[:, 1]))
        return 1 - float(np.mean([2 * max(0.5, auc) - 1 for auc in aucs]))

    income = [c for c in hot.columns if c.startswith("income_")]
    features = [i for i, c in enumerate(hot.columns) if c not in income]
    label = hot.columns.get_loc(income[-1])
    booster = xgboost.XGBClassifier(n_jobs=2).fit(parts[1][:, features], parts[1][:, label])
    predicted = booster.predict_proba(parts[2][:, features])[:, 1]
    return {
        "xgb_c2st_train": round(c2st(parts[0], parts[1]), 4),
        "xgb_c2st_test": round(c2st(parts[2], parts[1]), 4),
        "xgb_tstr_auc": round(float(roc_auc_score(parts[2][:, label], predicted)), 4),
    }


def _settings(pairs: list[str]) -> dict[str, Any]:
    return {name: json.loads(value) for name, value in (pair.split("=", 1) for pair in pairs)}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--set", action="append", default=[], metavar="NAME=JSON")
    return parser.parse_args()


if __name__ == "__main__":
    main()
