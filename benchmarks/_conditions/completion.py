"""How well emptied cells are completed, beside the simplest and a strong reference.

Completing draws a cell from what it could be, as often as it is so; a best guess is another thing,
and better at hitting. So one draw is shown, and the guess that several draws agree on: that is to
be compared with LightGBM's guess, whose chance for the true level is what one draw would hit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

import numpy as np
import pandas as pd

#: Ways of completing: one draw, the guess that several draws agree on, the commonest level or the
#: median, a draw by LightGBM's chances, and its guess.
WAYS = ("draw", "guess", "naive", "trees' draw", "trees")
#: Draws that make one guess.
DRAWS = 10
_TREES = {"n_estimators": 150, "num_leaves": 15, "learning_rate": 0.05, "n_jobs": 1, "verbose": -1}


@dataclass(frozen=True)
class Found:
    """How near completed cells are to what they were, by the way they were completed.

    Parameters
    ----------
    levels, numbers : dict
        For each of `WAYS` that there is, means over columns: the accuracy of levels, and the
        absolute error of numbers per standard deviation of the training rows.
    kept : bool
        Whether every known cell is as it was.
    """

    levels: dict[str, float]
    numbers: dict[str, float]
    kept: bool


def emptied(table: pd.DataFrame, share: float, seed: int = 0) -> pd.DataFrame:
    """Return a table in which so many cells are None, at random."""
    rng = np.random.default_rng(seed)
    columns = {
        name: table[name].astype(object).where(rng.random(len(table)) >= share, None)
        for name in table.columns
    }
    return pd.DataFrame(columns)


def unchanged(holes: pd.DataFrame, made: pd.DataFrame) -> bool:
    """Say whether cells that are not empty in the one are the same in the other."""
    return all(
        bool((made[name].astype(object)[known] == holes[name][known]).all())
        for name, known in ((name, holes[name].notna()) for name in holes.columns)
    )


def judged(
    impute: Callable[[pd.DataFrame, int], pd.DataFrame],
    train: pd.DataFrame,
    test: pd.DataFrame,
    discrete: Sequence[str],
    share: float,
) -> tuple[Found, pd.DataFrame]:
    """Empty cells of held-out rows, complete them and compare them with what they were.

    Parameters
    ----------
    impute : callable
        Completes a table; the second argument is a seed.
    train, test : DataFrame
        Rows that were learned, and others.
    discrete : sequence of str
        The columns of levels; the others are numbers.
    share : float
        The share of cells that are emptied.

    Returns
    -------
    Found
    DataFrame
        The held-out rows, completed once.
    """
    holes, taught = emptied(test, share), emptied(train, share, seed=1)
    draws = [impute(holes, seed) for seed in range(DRAWS)]
    levels, numbers = [], []
    for name in test.columns:
        rows = (holes[name].isna() & test[name].notna()).to_numpy()
        if not rows.any():
            continue
        truth = test[name][rows]
        made = [draw[name][rows] for draw in draws]
        if name in discrete:
            levels.append(_levels(truth, made, train, _Features(taught, holes[rows], name)))
        else:
            numbers.append(_numbers(truth, made, train, _Features(taught, holes[rows], name)))
    kept = all(unchanged(holes, draw) for draw in draws)
    return Found(_means(levels), _means(numbers), kept), draws[0]


class _Features:
    """The other columns, as LightGBM takes them: of the rows that teach, and of those to complete.

    Parameters
    ----------
    taught, asked : DataFrame
        Rows with empty cells.
    name : str
        The column that is completed.
    """

    def __init__(self, taught: pd.DataFrame, asked: pd.DataFrame, name: str) -> None:
        whole = pd.concat([taught, asked], ignore_index=True).drop(columns=name)
        columns = {}
        for column in whole.columns:
            cells = whole[column].infer_objects()
            numeric = pd.api.types.is_numeric_dtype(cells) and cells.dtype != bool
            columns[column] = cells.astype(float) if numeric else cells.astype("category")
        parts = pd.DataFrame(columns)
        self.taught, self.asked = parts[: len(taught)], parts[len(taught) :]


def _levels(
    truth: pd.Series, made: list[pd.Series], train: pd.DataFrame, features: _Features
) -> dict[str, float]:
    from lightgbm import LGBMClassifier

    known = train[truth.name].notna().to_numpy()
    labels = train[truth.name][known].astype(str)
    trees = LGBMClassifier(**_TREES).fit(features.taught[known], labels)
    chances = trees.predict_proba(features.asked)
    right = truth.astype(str).to_numpy()
    texts = np.stack([draw.astype(str).to_numpy() for draw in made])
    hit = trees.classes_[None, :] == right[:, None]
    return {
        "draw": float((texts[0] == right).mean()),
        "guess": float((_commonest(texts) == right).mean()),
        "naive": float((labels.mode()[0] == right).mean()),
        "trees' draw": float((chances * hit).sum(axis=1).mean()),
        "trees": float((trees.classes_[chances.argmax(axis=1)] == right).mean()),
    }


def _numbers(
    truth: pd.Series, made: list[pd.Series], train: pd.DataFrame, features: _Features
) -> dict[str, float]:
    from lightgbm import LGBMRegressor

    known = train[truth.name].notna().to_numpy()
    values = train[truth.name][known].astype(float)
    trees = LGBMRegressor(objective="l1", **_TREES).fit(features.taught[known], values)
    right = truth.to_numpy(float)
    numbers = np.stack([draw.to_numpy(float) for draw in made])

    def error(of: Any) -> float:
        return float(np.abs(of - right).mean() / values.std())

    return {
        "draw": error(numbers[0]),
        "guess": error(np.median(numbers, axis=0)),
        "naive": error(values.median()),
        "trees": error(trees.predict(features.asked)),
    }


def _commonest(texts: np.ndarray) -> np.ndarray:
    """Return the level that most draws of a cell have."""
    codes, levels = pd.factorize(texts.ravel())
    codes = codes.reshape(texts.shape)
    counts = np.stack([(codes == k).sum(axis=0) for k in range(len(levels))])
    return np.asarray(levels)[counts.argmax(axis=0)]


def _means(found: list[dict[str, float]]) -> dict[str, float]:
    return {key: fmean(one[key] for one in found) for key in (found[0] if found else {})}
