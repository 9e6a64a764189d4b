"""`split`: rows to learn from, and rows that stay unseen."""

from __future__ import annotations

from typing import Any

import narwhals as nw
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lookalike._core.errors import DataError, ParameterError, nearest
from lookalike._core.numerics import evenly_chosen
from lookalike._core.parameters import Number, check_parameters
from lookalike._core.seeds import RandomState, as_seed, generator
from lookalike.tables import as_frame, best_library, natural_rows

__all__ = ["split"]

_SHARE = Number(0, 1, open_low=True)


def split(
    data: Any,
    *,
    test: float = 0.2,
    target: str | None = None,
    entity: str | None = None,
    random_state: RandomState = 0,
) -> tuple[Any, Any]:
    """Split a table at random into rows to learn from and held-out rows.

    Parameters
    ----------
    data : pandas, polars or pyarrow table, or path
        The table, which is not changed.
    test : float
        The share of the held-out rows, between 0 and 1; both parts have at least one row.
    target : str, optional
        A column of classes: each keeps its share in both parts, as far as its rows allow.
    entity : str, optional
        A column that says whose a row is: all rows of an entity are in the same part.
    random_state : int, numpy.random.Generator, numpy.random.RandomState or None
        The same seed gives the same parts.

    Returns
    -------
    train, test : dataframe
        Of the kind of `data`, in its order; for a path, of the first of pandas, polars and pyarrow
        that is installed.

    Raises
    ------
    DataError
        If there are fewer than two rows, or than two entities.
    ParameterError
        If a column does not exist, or both `target` and `entity` are given.

    Examples
    --------
    >>> import lookalike as la
    >>> train, test = la.split(la.datasets.load("penguins"), target="species")
    >>> len(train), len(test)
    (275, 69)
    """
    check_parameters("split", {"test": _SHARE}, {"test": test})
    if not test < 1:
        raise ParameterError(f"test must be below 1, so that rows are left to learn; got {test}.")
    if target is not None and entity is not None:
        raise ParameterError("Give target or entity, not both: an entity is not divided.")
    table, origin = natural_rows(data)
    rng = generator(as_seed(random_state), "split")
    column = target if entity is None else entity
    groups = np.zeros(len(table), int) if column is None else _codes(table, column)
    if entity is None:
        held = _spread(groups, test, rng, "rows")
    else:
        _, members = np.unique(groups, return_inverse=True)
        units = np.zeros(members.max(initial=-1) + 1, int)
        held = _spread(units, test, rng, f"entities in {entity!r}")[members]
    # Of a file, its text as the numbers and dates that it means.
    whole = as_frame(table, best_library()) if origin.is_file else data
    frame = nw.from_native(whole, eager_only=True)
    train, rest = (frame[np.flatnonzero(rows).tolist()].to_native() for rows in (~held, held))
    return train, rest


def _codes(table: pa.Table, name: str) -> np.ndarray:
    """Return the value of a column as a number in each row; missing cells are a value too."""
    if name not in table.column_names:
        known = nearest(name, table.column_names)
        raise ParameterError(f"There is no column {name!r}.{known}")
    values = table[name].combine_chunks()
    codes = pc.dictionary_encode(values, null_encoding="encode").indices
    return np.asarray(codes.to_numpy(zero_copy_only=False), dtype=int)


def _spread(groups: np.ndarray, share: float, rng: np.random.Generator, what: str) -> np.ndarray:
    """Return a random choice of units, spread evenly over groups."""
    count = len(groups)
    if count < 2:
        raise DataError(f"A split needs at least 2 {what}; there are {count}.")
    wanted = min(max(round(share * count), 1), count - 1)
    held = np.zeros(count, bool)
    held[evenly_chosen(groups, wanted, rng)] = True
    return held
