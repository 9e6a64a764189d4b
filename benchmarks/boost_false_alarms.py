"""How often does ``boost`` see an effect where there can be none?

Usage: ``python benchmarks/boost_false_alarms.py [--studies 200]``. Labels are permuted, so that no
row says anything of any label: boosting can neither help nor harm. Each study has its own table.
The test against the real rows should alarm in 5 % of the studies (half of them for better), and
the words should be rarer, for "helps" must show against the best control too.
"""

from __future__ import annotations

import argparse

import numpy as np
import pyarrow as pa
from scipy.stats import binomtest

import lookalike as la
from lookalike.experiments import Row

MODELS = ["logistic regression", "Gaussian naive Bayes", "3 nearest neighbours"]


def main() -> None:
    """Print the share of alarms with its interval."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=200)
    parser.add_argument("--rows", type=int, default=100)
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    rows = [study(seed, arguments.rows, arguments.repeats) for seed in range(arguments.studies)]
    alarms = sum(row.real.p is not None and row.real.p < 0.05 for row in rows if row.real)
    found = binomtest(alarms, len(rows)).proportion_ci()
    print(f"p < 0.05 against real rows: {alarms} of {len(rows)}, {alarms / len(rows):.3f} "
          f"(95 % interval {found.low:.3f} to {found.high:.3f})")  # fmt: skip
    for word in ("helps", "harms"):
        print(f"{word}: {sum(row.word == word for row in rows)} of {len(rows)}")


def study(seed: int, count: int, repeats: int) -> Row:
    """Return what is said of one table of permuted labels."""
    rng = np.random.default_rng(seed)
    numbers = rng.normal(size=(count, 3))
    labels = rng.permutation(np.resize(["yes", "no"], count))
    table = pa.table({**{f"x{k}": numbers[:, k] for k in range(3)}, "label": labels})
    verdict = la.boost(
        table,
        "label",
        synthesizer=la.Independent(),
        factors=[1.0],
        models=MODELS,
        metrics=["roc_auc"],
        repeats=repeats,
        random_state=seed,
    )
    return next(row for row in verdict.table if row.arm == "boosted")


if __name__ == "__main__":
    main()
