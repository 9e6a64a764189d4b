"""The speed of `simulate.fraud`, and which patterns boosted trees find.

Usage: ``python benchmarks/fraud.py [--rows 400000] [--seed 0]``. Trees learn the first 60 % of the
time from features of each transaction and of the past of its card, terminal and device; the rest is
judged: the share of each pattern's transactions among the 1 % most suspicious ordinary scores.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score

import lookalike as la


def main() -> None:
    """Print the speed, and a line for each pattern."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=400_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    la.simulate.fraud(1_000)
    began = time.process_time()
    rows = la.simulate.fraud(
        options.rows, fraud_share=0.02, random_state=options.seed, as_="pandas"
    )
    seconds = time.process_time() - began
    speed = options.rows / seconds
    print(f"{options.rows:,} rows in {seconds:.2f} CPU seconds: {speed:,.0f} a second")
    inputs = features(rows)
    early = np.arange(len(rows)) < 0.6 * len(rows)
    trees = HistGradientBoostingClassifier(max_iter=100, random_state=0)
    trees.fit(inputs[early], rows["fraud"][early])
    scores, later = trees.predict_proba(inputs[~early])[:, 1], rows[~early]
    ordinary = scores[~later["fraud"]]
    limit = np.quantile(ordinary, 0.99)
    print("| pattern | found at 1 % false alarms | AUC |\n|---|---|---|")
    for name in later["pattern"].cat.categories:
        one = scores[(later["pattern"] == name).to_numpy()]
        truth = np.r_[np.zeros(len(ordinary)), np.ones(len(one))]
        area = roc_auc_score(truth, np.r_[ordinary, one])
        print(f"| {name} | {100 * (one > limit).mean():.0f} % | {area:.3f} |")


def features(rows: pd.DataFrame) -> pd.DataFrame:
    """Return what a bank would know at the time of each transaction."""
    seconds = rows["time"].astype("datetime64[s]").astype(np.int64)
    card = rows.groupby("card")
    usual = card["amount"].transform(lambda amounts: amounts.expanding().mean().shift())
    found = pd.DataFrame(
        {
            "amount": rows["amount"],
            "ratio": rows["amount"] / usual,
            "hour": rows["time"].dt.hour,
            "category": rows["category"].cat.codes,
            "distance": rows["distance"],
            "gap": seconds - seconds.groupby(rows["card"]).shift(),
            "terminal_gap": seconds - seconds.groupby(rows["terminal"]).shift(),
            "new_device": rows["device"].astype(float) != rows["customer"],
            "device_gap": seconds - seconds.groupby(rows["device"]).shift(),
        }
    )
    found["gap_of_five"] = seconds - seconds.groupby(rows["card"]).shift(5)
    found["terminal_gap_of_five"] = seconds - seconds.groupby(rows["terminal"]).shift(5)
    found.loc[rows["device"].isna(), "new_device"] = False
    return found


if __name__ == "__main__":
    main()
