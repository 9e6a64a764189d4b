"""How good are rows that were made to conditions? Against real rows that fulfil the same.

Usage: ``python benchmarks/conditions.py FOLDER [--data NAME] [--seed 0]``, where FOLDER holds the
tables. The default GAN learns four fifths of one. For conditions on one column and on two, from
one row in three to one in three hundred, as many rows are made as real rows fulfil them, and a
detector tells the two apart (`c2st`: 1 is indistinguishable): beside it other real rows that
fulfil the condition (the ceiling), and rows made without it (the floor). Real rows are held-out
ones where enough fulfil it, else those of both parts, and where these are few, single columns are
compared (`shape`). Then cells of the held-out rows are emptied and completed.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import pandas as pd

from _conditions import completion
from _conditions.rarities import conditions, fulfil, words
from _quality.markdown import grid

_DATA = {
    "churn": ("tables/bank_churn_modelling_10000.csv", ["RowNumber", "CustomerId", "Surname"]),
    "stroke": ("tables/stroke_5110.csv", ["id"]),
    "adult": ("tables/adult_48842.parquet", ["split"]),
}
#: Fewer real rows than these tell a detector nothing.
FEWEST = 60
#: Samples that a score is the mean of.
_SAMPLES = 3
#: The shares of cells that are emptied.
_EMPTIED = (0.2, 0.5, 0.8)

Score = Callable[[pd.DataFrame, pd.DataFrame], float]
Make = Callable[..., pd.DataFrame]


@dataclass(frozen=True)
class Real:
    """Real rows that fulfil a condition, and others to compare them with.

    Parameters
    ----------
    rows : DataFrame
        What made rows are compared with.
    score : {"c2st", "shape"}
        By what.
    whence : str
        Which rows they are.
    pair : tuple of DataFrame
        Two sets of real rows, which give the ceiling.
    """

    rows: pd.DataFrame
    score: str
    whence: str
    pair: tuple[pd.DataFrame, pd.DataFrame]


def main() -> None:
    """Fit, ask, compare, and print Markdown tables."""
    arguments = _arguments()
    from lookalike import GAN

    path, dropped = _DATA[arguments.data]
    whole = _read(arguments.folder / path).drop(columns=dropped, errors="ignore")
    order = np.random.default_rng(arguments.seed).permutation(len(whole))
    cut = len(whole) * 4 // 5
    train, test = (whole.iloc[o].reset_index(drop=True) for o in (order[:cut], order[cut:]))
    begin = time.perf_counter()
    model = GAN(random_state=arguments.seed, **_settings(arguments.set)).fit(train)
    print(_about(arguments, train, test, time.perf_counter() - begin), end="\n\n", flush=True)
    print(_conditioned(model.sample, train, test), end="\n\n", flush=True)
    print(_completed(model.impute, train, test), flush=True)


def _about(
    arguments: argparse.Namespace, train: pd.DataFrame, test: pd.DataFrame, seconds: float
) -> str:
    from lookalike import __version__

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return (
        f"## {arguments.data}\n\n{len(train):,} rows learned, {len(test):,} held out, seed "
        f"{arguments.seed}; fitted in {seconds:.0f} s. lookalike {__version__}, {cores} cores "
        f"({platform.machine()})."
    )


# --- rows made to conditions -------------------------------------------------------------------


def _conditioned(sample: Make, train: pd.DataFrame, test: pd.DataFrame) -> str:
    scores = _scores(pd.concat([train, test], ignore_index=True))
    rows = []
    for given, share in conditions(train):
        real = real_rows(train, test, given)
        figures = _asked(sample, given, real, scores[real.score])
        whence = f"{len(real.rows)} {real.whence}"
        rows.append([words(given), f"{share:.1%}", whence, real.score, *figures])
        print(" | ".join(rows[-1]), file=sys.stderr, flush=True)
    head = ["condition", "share", "real rows", "score", "made", "ceiling", "floor", "rows/s"]
    return grid(head, rows)


def real_rows(train: pd.DataFrame, test: pd.DataFrame, given: Mapping[str, Any]) -> Real:
    """Return the real rows to judge a condition by: held-out ones, if there are enough."""
    learned, held = (part[fulfil(part, given)] for part in (train, test))
    if len(held) >= FEWEST:
        return Real(held, "c2st", "held out", (held, learned.head(len(held))))
    both = pd.concat([learned, held], ignore_index=True)
    mixed = both.sample(frac=1, random_state=0)
    half = len(mixed) // 2
    pair = mixed.iloc[:half], mixed.iloc[half : 2 * half]
    score = "c2st" if len(both) >= FEWEST else "shape"
    return Real(both, score, f"of both parts ({len(held)} held out)", pair)


def _asked(sample: Make, given: Mapping[str, Any], real: Real, score: Score) -> list[str]:
    """Return the scores and the rows per second, or why rows were not made."""
    from lookalike.errors import LookalikeError

    count, spent, made = len(real.rows), 0.0, []
    for seed in range(_SAMPLES):
        begin = time.perf_counter()
        try:
            rows = sample(count, given=given, random_state=seed)
        except LookalikeError as error:
            return [str(error).replace("|", "/"), "", "", ""]
        spent += time.perf_counter() - begin
        if not fulfil(rows, given).all():
            return ["rows that do not fulfil it", "", "", ""]
        made.append(score(real.rows, rows))
    free = [score(real.rows, sample(count, random_state=k)) for k in range(_SAMPLES)]
    figures = [fmean(made), score(*real.pair), fmean(free)]
    return [*(f"{figure:.3f}" for figure in figures), f"{_SAMPLES * count / spent:,.0f}"]


def _scores(whole: pd.DataFrame) -> dict[str, Score]:
    from lookalike.tables import infer_columns

    schema = infer_columns(whole)
    return {name: partial(_score, name, schema) for name in ("c2st", "shape")}


def _score(name: str, schema: Any, real: pd.DataFrame, made: pd.DataFrame) -> float:
    from lookalike import evaluate

    value = evaluate(real, made, metrics=[name], schema=schema).scores[name].value
    return float("nan") if value is None else value


# --- completed rows ----------------------------------------------------------------------------


def _completed(impute: Make, train: pd.DataFrame, test: pd.DataFrame) -> str:
    from lookalike.tables import Kind, infer_columns

    schema = infer_columns(pd.concat([train, test]))
    levels = {Kind.CATEGORICAL, Kind.BOOLEAN, Kind.CONSTANT}
    discrete = [c.name for c in schema.columns if c.kind in levels]
    c2st = _scores(test)["c2st"]
    other = c2st(test, train.head(len(test)))
    tables, guesses = [], []
    for share in _EMPTIED:
        found, made = completion.judged(
            lambda holes, seed: impute(holes, random_state=seed), train, test, discrete, share
        )
        kept = "yes" if found.kept else "no"
        tables.append([f"{share:.0%}", f"{c2st(test, made):.3f}", f"{other:.3f}", kept])
        guesses += [[f"{share:.0%}", *row] for row in _guesses(found)]
        print(tables[-1], guesses[-2:], file=sys.stderr, flush=True)
    head = ["cells emptied", "c2st of the completed table", "other real rows", "known unchanged"]
    ways = ["one draw", f"guess of {completion.DRAWS}", "naive", "LightGBM's draw", "LightGBM"]
    return "\n\n".join([grid(head, tables), grid(["cells emptied", "of", *ways], guesses)])


def _guesses(found: completion.Found) -> list[list[str]]:
    """Return a row for levels and a row for numbers."""
    measures = {
        "levels, accuracy": found.levels,
        "numbers, absolute error per standard deviation": found.numbers,
    }
    return [
        [name, *(f"{of[way]:.3f}" if way in of else "–" for way in completion.WAYS)]
        for name, of in measures.items()
    ]


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
