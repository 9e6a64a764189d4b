"""Attribute inference: a secret column of a person, from all others and the synthetic rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from lookalike._core.errors import ParameterError, nearest
from lookalike._core.intervals import ShareEstimate
from lookalike._core.numerics import Floats
from lookalike._core.seeds import generator
from lookalike._core.workers import in_parallel
from lookalike.metrics import View
from lookalike.metrics import nearest as nearest_rows
from lookalike.privacy._attack_results import RiskEstimate
from lookalike.privacy._ground import AuditedTables, Bools
from lookalike.privacy._residual import estimated

__all__ = ["find_secrets", "inference"]

#: The most columns that are secrets by themselves.
_MOST_SECRETS = 12
#: A number is inferred where the guess is nearer than this share of the middle 80 % of its column.
_NEAR = 0.05
#: The synthetic rows that trees learn, their number, and the most levels that they learn.
_ROWS, _TREES, _LEVELS = 10_000, 40, 24
_SETTINGS = {"deterministic": True, "num_threads": 1, "verbosity": -1, "max_bin": 127}


def find_secrets(columns: Sequence[str], secrets: Sequence[str] | None) -> tuple[str, ...]:
    """Return the secret columns: those that are named, or the first of all compared ones.

    Parameters
    ----------
    columns : sequence of str
        The columns that are compared.
    secrets : sequence of str or None
        Names.

    Raises
    ------
    ParameterError
        If a name is not that of a compared column.
    """
    if secrets is None:
        return tuple(columns[:_MOST_SECRETS])
    if isinstance(secrets, str):
        raise ParameterError(f"secrets must be a list of columns; got {secrets!r}.")
    for name in secrets:
        if name not in columns:
            raise ParameterError(
                f"secrets must be columns that can be compared (no identifiers, texts or "
                f"constants); there is no {name!r}.{nearest(str(name), columns)}"
            )
    return tuple(dict.fromkeys(secrets))


def inference(tables: AuditedTables, secrets: Sequence[str]) -> list[RiskEstimate]:
    """Return the risk of each secret: by the nearest synthetic row, or by boosted trees.

    The way is chosen on one half of the targets. The naive guess is the best constant.

    Parameters
    ----------
    tables : AuditedTables
    secrets : sequence of str
        Compared columns.

    Returns
    -------
    list of RiskEstimate
        Those of columns of which some targets have a value.
    """
    if len(tables.pair.columns) < 2:
        return []
    # The nearest rows use all cores themselves; the trees of each secret use one.
    near = [_by_neighbour(tables, secret) for secret in secrets]
    grown = in_parallel([partial(_by_trees, tables, secret) for secret in secrets])
    found = [
        _risk(tables, secret, {"nearest synthetic row": a, "boosted trees": b})
        for secret, a, b in zip(secrets, near, grown, strict=True)
    ]
    return [one for one in found if one is not None]


def _risk(tables: AuditedTables, secret: str, guesses: dict[str, Floats]) -> RiskEstimate | None:
    truth = _cells(tables.targets, secret)
    known = ~np.isnan(truth)
    right = _judge(tables, secret)
    member, report = tables.member & known, tables.report
    others = ~tables.member & known
    sizes = [int((part & report).sum()) for part in (member, others)]
    if not all(int((part & half).sum()) for part in (member, others) for half in (report, ~report)):
        return None  # nobody has a value to guess
    hits = {name: right(guess, truth) for name, guess in guesses.items()}
    best = max(
        hits,
        key=lambda name: hits[name][member & ~report].mean() - hits[name][others & ~report].mean(),
    )
    constant = np.full(len(truth), _constant(tables, secret))
    success, control, naive = (
        ShareEstimate.of(int(one[part & report].sum()), size)
        for one, part, size in (
            (hits[best], member, sizes[0]),
            (hits[best], others, sizes[1]),
            (right(constant, truth), member, sizes[0]),
        )
    )
    return estimated("inference", best, success, control, naive, secret)


def _cells(view: View, column: str) -> Floats:
    """Return a column as numbers, NaN where missing; levels as their numbers."""
    book = view.codebook
    if column in book.numeric:
        return np.asarray(view.numbers[:, book.numeric.index(column)])
    place = book.discrete.index(column)
    codes = view.codes[:, place].astype(np.float64)
    return np.where(codes == book.sizes[place] - 1, np.nan, codes)


def _judge(tables: AuditedTables, secret: str) -> Callable[[Floats, Floats], Bools]:
    """Return the function that compares guesses with the truth."""
    if secret in tables.pair.codebook.discrete:
        return lambda guess, truth: guess == truth
    known = _cells(tables.known, secret)
    known = known[~np.isnan(known)]
    low, high = np.quantile(known, [0.1, 0.9]) if len(known) else (0.0, 0.0)
    near = _NEAR * (high - low)
    return lambda guess, truth: np.abs(guess - truth) <= near


def _constant(tables: AuditedTables, secret: str) -> float:
    """Return the most frequent level, or the middle of a column, of the synthetic rows."""
    cells = _cells(tables.synthetic, secret)
    cells = cells[~np.isnan(cells)]
    if not len(cells):
        return float("nan")
    if secret in tables.pair.codebook.numeric:
        return float(np.median(cells))
    values, counts = np.unique(cells, return_counts=True)
    return float(values[counts.argmax()])


def _others(tables: AuditedTables, secret: str) -> set[str]:
    return set(tables.pair.columns) - {secret}


def _by_neighbour(tables: AuditedTables, secret: str) -> Floats:
    others = _others(tables, secret)
    cells = _cells(tables.synthetic, secret)
    has = ~np.isnan(cells)
    if not has.any():
        return np.full(len(tables.targets), np.nan)
    points = tables.synthetic.points(others)[has]
    found = nearest_rows(tables.targets.points(others), points, 1)[1][:, 0]
    return cells[has][found]


def _by_trees(tables: AuditedTables, secret: str) -> Floats:
    """Guess by LightGBM, learned from synthetic rows; NaN where there is nothing to learn."""
    import lightgbm  # noqa: PLC0415 - half a second that others need not pay

    rows = tables.synthetic.sample(_ROWS)
    truth = _cells(rows, secret)
    has = ~np.isnan(truth)
    names = sorted(_others(tables, secret))
    book = tables.pair.codebook
    inputs, queries = (
        np.stack([_cells(view, name) for name in names], axis=1) for view in (rows, tables.targets)
    )
    levels = None
    if secret in book.discrete:
        levels, counts = np.unique(truth[has], return_counts=True)
        if len(levels) > _LEVELS:
            levels = np.sort(levels[np.argsort(-counts, kind="stable")[:_LEVELS]])
            has &= np.isin(truth, levels)
    if has.sum() < 2 or (levels is not None and len(levels) < 2):
        return np.full(len(tables.targets), np.nan)
    drawn = int(generator(tables.seed, "privacy", "inference").integers(2**31))
    settings: dict[str, Any] = {**_SETTINGS, "seed": drawn}
    labels, scale = truth[has], 1.0
    if levels is None:
        settings["objective"] = "regression_l1"
        scale = (
            float(np.abs(labels).max()) or 1.0
        )  # nanoseconds are too large for floats of 4 bytes
        labels = labels / scale
    else:
        settings |= {"objective": "multiclass", "num_class": len(levels)}
        labels = np.searchsorted(levels, labels).astype(np.float64)
    levelled = [i for i, name in enumerate(names) if name in book.discrete]
    data = lightgbm.Dataset(
        inputs[has], labels, categorical_feature=levelled, params=settings, free_raw_data=True
    )
    model = lightgbm.train(settings, data, _TREES)
    guess = np.asarray(model.predict(queries, num_threads=1))
    return guess * scale if levels is None else levels[guess.argmax(axis=1)]
