"""Conditions of several rarities: levels, ranges of numbers, and pairs of these."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

#: The shares of rows that conditions are to have, about.
RARITIES = (0.3, 0.1, 0.03, 0.01, 0.003)
#: What a condition may be made of.
_SHAPES = (("level",), ("range",), ("level", "level"), ("level", "range"), ("range", "range"))
#: Conditions drawn for each shape and rarity, of which the nearest is taken, …
_TRIES = 150
#: … if its share is so many times what it should be, at most, or one so-manieth.
_NEAR = 1.6
_MOST_LEVELS, _FEWEST_NUMBERS = 10, 50
#: For each part, the levels or the present numbers of the columns that serve as it.
_Serving = Mapping[str, Mapping[str, Any]]


def conditions(table: pd.DataFrame) -> Iterator[tuple[dict[str, Any], float]]:
    """Yield conditions and the share of rows that fulfil them, from common to rare.

    Of each shape (one column, two columns) and rarity, the condition of many drawn at random whose
    share is nearest; none where all are far off.
    """
    rng = np.random.default_rng(0)
    present = {name: table[name].dropna() for name in table}
    serving = {
        "level": {n: cells.unique() for n, cells in present.items() if _serves(cells, "level")},
        "range": {n: cells.to_numpy() for n, cells in present.items() if _serves(cells, "range")},
    }
    told = []
    for wanted, shape in product(RARITIES, _SHAPES):
        given, share = _nearest(table, serving, shape, wanted, rng)
        if given not in told and abs(np.log(max(share, 1e-9) / wanted)) < np.log(_NEAR):
            told.append(given)
            yield given, share


def fulfil(table: pd.DataFrame, given: Mapping[str, Any]) -> np.ndarray:
    """Return which rows fulfil a condition."""
    right = np.ones(len(table), bool)
    for name, value in given.items():
        cells = table[name]
        right &= cells.between(*value) if isinstance(value, tuple) else cells == value
    return right


def words(given: Mapping[str, Any]) -> str:
    """Return a condition in words."""
    return ", ".join(
        f"{name} {value[0]:g} to {value[1]:g}" if isinstance(value, tuple) else f"{name} {value}"
        for name, value in given.items()
    )


def _nearest(
    table: pd.DataFrame,
    serving: _Serving,
    shape: tuple[str, ...],
    wanted: float,
    rng: np.random.Generator,
) -> tuple[dict[str, Any], float]:
    best: tuple[dict[str, Any], float] = ({}, 1e-9)
    for _ in range(_TRIES):
        given = _drawn(serving, shape, wanted, rng)
        share = float(fulfil(table, given).mean()) if len(given) == len(shape) else 0.0
        if share > 0 and abs(np.log(share / wanted)) < abs(np.log(best[1] / wanted)):
            best = given, share
    return best


def _drawn(
    serving: _Serving, shape: tuple[str, ...], wanted: float, rng: np.random.Generator
) -> dict[str, Any]:
    """Return a condition on columns at random, which may be one column twice."""
    given = {}
    for part in shape:
        names = list(serving[part])
        if not names:
            return {}
        name = names[rng.integers(len(names))]
        values = serving[part][name]
        if part == "level":
            given[name] = values[rng.integers(len(values))]
        else:
            width = wanted ** (1.0 if len(shape) == 1 else rng.uniform(0.2, 1.0))
            low = rng.uniform(0, 1 - width)
            given[name] = tuple(map(float, np.quantile(values, [low, low + width])))
    return given


def _serves(cells: pd.Series, part: str) -> bool:
    count = cells.nunique()
    if part == "level":
        return 1 < count <= _MOST_LEVELS
    return pd.api.types.is_numeric_dtype(cells) and count > _FEWEST_NUMBERS
