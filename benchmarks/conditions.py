"""How good are rows that were made to conditions? Against real rows that fulfil the same.

Usage: ``python benchmarks/conditions.py FOLDER [--data NAME] [--seed 0]``, where
FOLDER holds the tables. The default GAN learns four fifths of one. For
conditions of different rarity, as many rows are made as real held-out rows fulfil them, and a
detector tells the two apart (`c2st`: 1 is indistinguishable): beside it the training rows that
fulfil the condition (the ceiling), and rows made without it (the floor). Then cells of the
held-out rows are emptied and completed, and the completed table is compared with what it was.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

_DATA = {
    "churn": ("tables/bank_churn_modelling_10000.csv", ["RowNumber", "CustomerId", "Surname"]),
    "stroke": ("tables/stroke_5110.csv", ["id"]),
    "adult": ("tables/adult_48842.parquet", ["split"]),
}
#: Fewer real rows than these say nothing.
_FEWEST = 60


def main() -> None:
    """Fit, ask, compare, and print one Markdown table."""
    arguments = _arguments()
    from lookalike import GAN

    path, dropped = _DATA[arguments.data]
    whole = _read(arguments.folder / path).drop(columns=dropped, errors="ignore")
    order = np.random.default_rng(arguments.seed).permutation(len(whole))
    cut = len(whole) * 4 // 5
    train, test = (whole.iloc[o].reset_index(drop=True) for o in (order[:cut], order[cut:]))
    model = GAN(random_state=arguments.seed, **_settings(arguments.set)).fit(train)
    print("| condition | share | real rows | c2st | training rows | no condition | rows/s |")
    print("|---|---|---|---|---|---|---|")
    for given in _conditions(train):
        real = test[_fulfil(test, given)]
        if len(real) < _FEWEST:
            continue
        begin = time.perf_counter()
        made = model.sample(len(real), given=given)
        seconds = time.perf_counter() - begin
        like = train[_fulfil(train, given)].head(len(real))
        scores = [_c2st(real, rows) for rows in (made, like, model.sample(len(real)))]
        words = ", ".join(f"{name} {value}" for name, value in given.items())
        share = len(real) / len(test)
        figures = " | ".join(f"{score:.3f}" for score in scores)
        print(f"| {words} | {share:.1%} | {len(real)} | {figures} | {len(real) / seconds:,.0f} |")
    print("\n| cells emptied | c2st of the completed table | of other real rows |\n|---|---|---|")
    for emptied in (0.2, 0.5, 0.8):
        made = model.impute(_emptied(test, emptied))
        other = train.head(len(test))
        print(f"| {emptied:.0%} | {_c2st(test, made):.3f} | {_c2st(test, other):.3f} |")


def _conditions(table: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Yield conditions on one column and on two: levels from common to rare, and ranges."""
    levels, numbers = [], []
    for name in table.columns:
        counts = table[name].value_counts()
        if len(counts) <= 10:
            levels.append((name, counts.index[-1]))
        elif pd.api.types.is_numeric_dtype(table[name]) and len(counts) > 50:
            low, high = table[name].quantile([0.8, 0.9])
            numbers.append((name, (float(low), float(high))))
    yield from ({name: value} for name, value in [*levels[:5], *numbers[:3]])
    for first, second in zip(levels, [*numbers, *numbers], strict=False):
        yield dict([first, second])


def _fulfil(table: pd.DataFrame, given: Mapping[str, Any]) -> np.ndarray:
    right = np.ones(len(table), bool)
    for name, value in given.items():
        cells = table[name]
        right &= cells.between(*value) if isinstance(value, tuple) else cells == value
    return right


def _c2st(real: pd.DataFrame, made: pd.DataFrame) -> float:
    from lookalike import evaluate

    score = evaluate(real, made, metrics=["c2st"]).scores["c2st"]
    return float("nan") if score.value is None else score.value


def _emptied(table: pd.DataFrame, share: float) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    columns = {
        name: table[name].astype(object).where(rng.random(len(table)) >= share, None)
        for name in table.columns
    }
    return pd.DataFrame(columns)


def _read(path: Path) -> pd.DataFrame:
    return pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)


def _settings(pairs: list[str]) -> dict[str, Any]:
    from lookalike import GAN
    from lookalike.cli._options import parse_settings

    return parse_settings(pairs, list(GAN().get_params()))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--data", choices=list(_DATA), default="churn")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    return parser.parse_args()


if __name__ == "__main__":
    main()
