"""Do learned histories of cards behave as simulated ones: gaps, bursts, motifs, velocity?

Usage: ``python benchmarks/fraud_histories.py [--customers 1200] [--splits 3]``. One half of
the customers of `la.simulate.fraud` is learned, the other is the measure. After Sajja (2026, arXiv
2604.13125), the degradation ratio is the distance of generated histories from the other half, over
that of two halves of real customers: 1 is as near as real ones. Distances are of Wasserstein (of
rates, their difference); the ratio of a pattern is the mean over its measures.
Beside `la.Sequences`, with moments and with times as seconds, stand
independent rows (`la.Mixture`), dealt to customers that have as many as real ones.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy.stats import wasserstein_distance

import lookalike as la

COLUMNS = ["customer", "time", "terminal", "category", "amount", "fraud"]
HALVES, SAMPLES = 8, 2
#: Velocity rules: so many payments of a customer within so many seconds.
RULES = ((3, 600), (4, 3_600), (6, 86_400), (10, 7 * 86_400))
Measure = Callable[[pd.DataFrame], np.ndarray]


def main() -> None:
    """Print the ratios of each pattern and model, and the measures behind them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=1_200)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--share", type=float, default=0.05, help="the share of frauds")
    parser.add_argument("--splits", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rows = la.simulate.fraud(
        round(0.6 * options.days * options.customers),
        customers=options.customers,
        days=options.days,
        fraud_share=options.share,
        random_state=options.seed,
        as_="pandas",
    )[COLUMNS]
    rows["terminal"] = "t" + rows["terminal"].astype(str)
    random = np.random.default_rng(options.seed)
    floors = [distances(*halves(rows, random)) for _ in range(HALVES)]
    floor = {name: np.mean([one[name] for one in floors]) for name in floors[0]}
    found: dict[str, list[dict[str, float]]] = {}
    for split in range(options.splits):
        learned, other = halves(rows, random)
        print(f"{len(learned):,} payments of {learned['customer'].nunique():,} customers.")
        for name, tables in made(learned, options.seed + split).items():
            found.setdefault(name, []).extend(distances(table, other) for table in tables)
    ratios = {
        name: {one: np.mean([f[one] for f in several]) / floor[one] for one in floor}
        for name, several in found.items()
    }
    print("\n| pattern |", *(f"{name} |" for name in ratios))
    print("|---|", *("---|" for _ in ratios))
    for pattern, names in PATTERNS.items():
        means = [np.mean([ratio[name] for name in names]) for ratio in ratios.values()]
        print(f"| {pattern} |", *(f"{one:.1f} |" for one in means))
        for name in names:
            print(f"| – {name} |", *(f"{ratio[name]:.1f} |" for ratio in ratios.values()))


def made(learned: pd.DataFrame, seed: int) -> dict[str, list[pd.DataFrame]]:
    """Return tables of each model of some payments; the first are these themselves."""
    seconds = learned["time"].astype("datetime64[s]").astype(np.int64)
    began = time.process_time()
    dated = sampled(learned, seed)
    print(f"Sequences: {time.process_time() - began:.0f} CPU s.", flush=True)
    numbered = sampled(learned.assign(time=seconds - seconds.min()), seed)
    return {
        "real customers": [learned],
        "Sequences": dated,
        "times as numbers": [
            one.assign(time=pd.to_datetime(one["time"], unit="s")) for one in numbered
        ],
        "independent rows": [independent(learned, seed + one) for one in range(SAMPLES)],
    }


def sampled(learned: pd.DataFrame, seed: int) -> list[pd.DataFrame]:
    """Return samples of a model of histories, of as many customers as it has learned."""
    model = la.Sequences(random_state=seed).fit(learned, entity="customer", time="time")
    count = learned["customer"].nunique()
    return [model.sample(count, random_state=seed + one) for one in range(SAMPLES)]


def halves(rows: pd.DataFrame, random: np.random.Generator) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the payments of two random halves of the customers."""
    customers = random.permutation(rows["customer"].unique())
    first = rows["customer"].isin(customers[: len(customers) // 2])
    return rows[first].reset_index(drop=True), rows[~first].reset_index(drop=True)


def independent(learned: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Return independent rows, dealt to customers that have as many as real ones."""
    plain = learned.drop(columns="customer")
    model = la.Mixture(random_state=seed).fit(plain)
    rows = model.sample(len(learned), random_state=seed)
    dealt = np.random.default_rng(seed).permutation(learned["customer"].to_numpy())
    return rows.assign(customer=dealt)


# --- measures -------------------------------------------------------------------------------------


def distances(one: pd.DataFrame, two: pd.DataFrame) -> dict[str, float]:
    """Return the distance of two tables in each measure."""
    one, two = prepared(one), prepared(two)
    return {
        name: wasserstein_distance(measure(one), measure(two)) for name, measure in MEASURES.items()
    }


def prepared(rows: pd.DataFrame) -> pd.DataFrame:
    """Return payments by customer and time, in seconds, with the gap before each."""
    seconds = pd.to_datetime(rows["time"]).astype("datetime64[s]").astype(np.int64)
    rows = rows.assign(seconds=seconds).sort_values(["customer", "seconds"], kind="stable")
    rows["gap"] = rows["seconds"].diff().where(rows["customer"] == rows["customer"].shift())
    return rows.reset_index(drop=True)


def log_gaps(rows: pd.DataFrame) -> np.ndarray:
    """Return the logarithm of each gap."""
    return np.log10(rows["gap"].dropna() + 1).to_numpy()


def paired_gaps(rows: pd.DataFrame) -> np.ndarray:
    """Return the product of each two successive gaps of a customer, as standard scores."""
    logs = np.log10(rows["gap"] + 1)
    scores = (logs - logs.mean()) / logs.std()
    return (scores * scores.shift()).dropna().to_numpy()


def burstiness(rows: pd.DataFrame) -> np.ndarray:
    """Return (s − m) / (s + m) of the gaps of each customer (Goh & Barabási 2008)."""
    gaps = rows.groupby("customer")["gap"].agg(["std", "mean", "count"])
    gaps = gaps[gaps["count"] >= 3]
    return ((gaps["std"] - gaps["mean"]) / (gaps["std"] + gaps["mean"])).to_numpy()


def most_within(seconds: int) -> Measure:
    """Return a function to the most payments of each customer within a time, as a root."""

    def measure(rows: pd.DataFrame) -> np.ndarray:
        return np.sqrt(recent(rows, seconds).groupby(rows["customer"]).max().to_numpy())

    return measure


def recent(rows: pd.DataFrame, seconds: int) -> pd.Series:
    """Return the number of payments of the customer in the last seconds, the present included."""
    # Customers lie far apart on one line, so that one search counts for all.
    codes = pd.factorize(rows["customer"])[0].astype(np.int64)
    line = rows["seconds"].to_numpy() - rows["seconds"].min() + codes * 10**10
    first = np.searchsorted(line, line - seconds, side="left")
    return pd.Series(np.arange(len(rows)) - first + 1, index=rows.index)


def rule(count: int, seconds: int) -> Measure:
    """Return a function to whether each payment raises the alarm of a velocity rule."""
    return lambda rows: (recent(rows, seconds) >= count).to_numpy(float)


def day_sums(rows: pd.DataFrame) -> np.ndarray:
    """Return whether each customer's payments of a day sum up to more than 1,000."""
    sums = rows["amount"].groupby([rows["customer"], rows["seconds"] // 86_400]).sum()
    return (sums > 1_000).to_numpy(float)


def customers_of_terminals(rows: pd.DataFrame) -> np.ndarray:
    """Return the root of the number of customers of each terminal."""
    return np.sqrt(rows.groupby("terminal", observed=True)["customer"].nunique().to_numpy())


def terminals_of_customers(rows: pd.DataFrame) -> np.ndarray:
    """Return the number of terminals for each payment of a customer: fewer are returned to more."""
    found = rows.groupby("customer")["terminal"].agg(["nunique", "size"])
    found = found[found["size"] >= 5]
    return (found["nunique"] / found["size"]).to_numpy()


def shared_terminals(rows: pd.DataFrame) -> np.ndarray:
    """Return for each two customers the root of the number of terminals they share."""
    customers = pd.factorize(rows["customer"])[0]
    terminals = pd.factorize(rows["terminal"].astype(str))[0]
    met = np.zeros((customers.max() + 1, terminals.max() + 1), np.float32)
    met[customers, terminals] = 1
    both = met @ met.T
    return np.sqrt(both[np.triu_indices(len(both), 1)])


def crowds(rows: pd.DataFrame) -> np.ndarray:
    """Return the logarithm of the number of customers at a terminal within ten minutes."""
    spans = [rows["terminal"].astype(str), rows["seconds"] // 600]
    return np.log(rows.groupby(spans)["customer"].nunique().to_numpy())


MEASURES: dict[str, Measure] = {
    "gaps": log_gaps,
    "successive gaps": paired_gaps,
    "burstiness": burstiness,
    "most within an hour": most_within(3_600),
    "most within a day": most_within(86_400),
    "customers of a terminal": customers_of_terminals,
    "terminals of a customer": terminals_of_customers,
    "terminals that two customers share": shared_terminals,
    "customers at a terminal within ten minutes": crowds,
    **{f"{count} within {seconds:,} s": rule(count, seconds) for count, seconds in RULES},
    "more than 1,000 on a day": day_sums,
}
PATTERNS = {
    "P1 inter-event times": ("gaps", "successive gaps"),
    "P2 bursts": ("burstiness", "most within an hour", "most within a day"),
    "P3 motifs": (
        "customers of a terminal",
        "terminals of a customer",
        "terminals that two customers share",
        "customers at a terminal within ten minutes",
    ),
    "P4 velocity rules": (
        *(f"{count} within {seconds:,} s" for count, seconds in RULES),
        "more than 1,000 on a day",
    ),
}


if __name__ == "__main__":
    main()
