"""Repeated splits into training and held-out rows; each one is drawn from its own number.

So a study of five splits can be continued to ten, and the first five stay the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lookalike._core.errors import DataError
from lookalike._core.numerics import evenly_chosen
from lookalike._core.seeds import generator

__all__ = ["Split", "grouped", "keep_share", "plain", "stratified", "time_ordered"]

RowIndices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Split:
    """One split of the rows of a table into training and held-out rows.

    Parameters
    ----------
    number : int
        The number of the repeat, from 0.
    train, test : ndarray of int
        Row numbers, increasing.
    """

    number: int
    train: RowIndices
    test: RowIndices


def plain(rows: int, repeats: int, test_size: float, seed: int) -> list[Split]:
    """Hold out a random share of the rows, again and again.

    Parameters
    ----------
    rows : int
        The number of rows.
    repeats : int
        The number of splits.
    test_size : float
        The share of rows that is held out.
    seed : int
        The seed.

    Returns
    -------
    list of Split
        One for each repeat.
    """
    return stratified(np.zeros(rows, np.int64), repeats, test_size, seed)


def stratified(classes: RowIndices, repeats: int, test_size: float, seed: int) -> list[Split]:
    """Hold out a random share of the rows of every class, again and again.

    Parameters
    ----------
    classes : ndarray of int, shape (n,)
        The class of each row.
    repeats : int
        The number of splits.
    test_size : float
        The share of rows that is held out.
    seed : int
        The seed.

    Returns
    -------
    list of Split
        One for each repeat. Every class has its share, up to one row.
    """
    count = len(classes)
    held = round(test_size * count)
    if not 0 < held < count:
        raise DataError(
            f"A split needs rows on both sides, but of {count} rows {held} would be held out. "
            "Give more rows, or another test_size."
        )
    splits = []
    for number in range(repeats):
        chosen = evenly_chosen(classes, held, generator(seed, "split", number))
        splits.append(_split(number, count, chosen))
    return splits


def grouped(groups: RowIndices, repeats: int, test_size: float, seed: int) -> list[Split]:
    """Hold out all rows of a random share of the groups, again and again.

    Parameters
    ----------
    groups : ndarray of int, shape (n,)
        The group of each row.
    repeats : int
        The number of splits.
    test_size : float
        The share of groups that is held out.
    seed : int
        The seed.

    Returns
    -------
    list of Split
        One for each repeat. No group is on both sides.
    """
    names = np.unique(groups)
    chosen = plain(len(names), repeats, test_size, seed)
    return [
        _split(one.number, len(groups), np.flatnonzero(np.isin(groups, names[one.test])))
        for one in chosen
    ]


def time_ordered(times: npt.NDArray[np.int64], repeats: int, test_size: float) -> list[Split]:
    """Hold out the last share of each of several windows that move through time.

    The windows are of equal length, and their held-out rows do not overlap. Rows of the very
    moment at which the held-out rows begin are on neither side.

    Parameters
    ----------
    times : ndarray of int, shape (n,)
        The moment of each row.
    repeats : int
        The number of windows.
    test_size : float
        The share of a window that is held out.

    Returns
    -------
    list of Split
        One for each window, in the order of time.
    """
    order = np.argsort(times, kind="stable")
    window = len(times) / (1 + test_size * (repeats - 1))
    held = int(window * test_size)
    learned = int(window) - held
    splits = []
    for number in range(repeats):
        middle = len(times) - (repeats - number) * held
        test = order[middle : middle + held]
        train = order[middle - learned : middle]
        train = train[times[train] < times[test].min()] if len(test) else train
        if not len(test) or not len(train):
            raise DataError(
                f"{repeats} windows in time need rows before and after each cut, but there are "
                f"too few distinct moments in {len(times)} rows. Give fewer repeats."
            )
        splits.append(Split(number, np.sort(train), np.sort(test)))
    return splits


def keep_share(
    split: Split, classes: RowIndices, share: float, seed: int, least: int = 1
) -> RowIndices:
    """Return the training rows that are kept, the same share of every class.

    Parameters
    ----------
    split : Split
        The split whose training rows are kept.
    classes : ndarray of int, shape (n,)
        The class of each row of the table.
    share : float
        The share of rows to keep; a larger share contains the rows of a smaller one.
    seed : int
        The seed.
    least : int
        The fewest rows to keep of a class, if it has as many.

    Returns
    -------
    ndarray of int
        Row numbers, increasing; one at least of every class.
    """
    order = generator(seed, "keep", split.number).permutation(split.train)
    chosen = []
    for label in np.unique(classes[split.train]):
        rows = order[classes[order] == label]
        chosen.append(rows[: max(round(share * len(rows)), least)])
    return np.sort(np.concatenate(chosen))


def _split(number: int, count: int, test: RowIndices) -> Split:
    held = np.zeros(count, bool)
    held[test] = True
    return Split(number, np.flatnonzero(~held), np.flatnonzero(held))
