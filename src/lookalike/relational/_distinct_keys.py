"""Primary keys of learned values that no two rows share."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lookalike.databases import distinct_rows

__all__ = ["with_distinct_keys"]

#: The greatest number of values of a column, and of combinations, that are gone through.
_MOST = 200_000


def with_distinct_keys(
    table: pa.Table, primary: Sequence[str], able: Sequence[str], rng: np.random.Generator
) -> pa.Table:
    """Return a table in which rows that repeat a key have other values, as far as there are some.

    A row gets the nearest value of one column that is free, given its others; where none is, any
    free combination. Where all combinations are taken, rows are left as they are.

    Parameters
    ----------
    table : pyarrow.Table
    primary : sequence of str
        The primary key.
    able : sequence of str
        Those of its columns whose values may change.
    rng : numpy.random.Generator

    Returns
    -------
    pyarrow.Table
    """
    values = {name: _values(table[name]) for name in able}
    able = sorted((n for n in able if len(values[n]) > 1), key=lambda n: -len(values[n]))
    for name in able:
        repeated = _repeated(table, primary)
        if not len(repeated):
            return table
        others = [table[c] for c in primary if c != name]
        groups = distinct_rows(others) if others else np.zeros(len(table), np.int64)
        codes = _codes(table[name], values[name])
        _moved(codes, groups, repeated, len(values[name]))
        table = _with(table, name, values[name], codes)
    sizes = [len(values[name]) for name in able]
    if set(able) == set(primary) and np.prod(sizes, dtype=float) <= _MOST:
        table = _filled(table, primary, values, rng)
    return table


def _repeated(table: pa.Table, primary: Sequence[str]) -> np.ndarray:
    """Return the rows whose key is that of an earlier row."""
    numbers = distinct_rows([table[name] for name in primary])
    first = np.zeros(len(table), bool)
    first[np.unique(numbers, return_index=True)[1]] = True
    return np.flatnonzero(~first)


def _values(cells: pa.ChunkedArray) -> pa.Array:
    """Return the values that a column may have, ascending: whole numbers and days without gaps."""
    found = pc.unique(cells).drop_null()
    found = found.take(pc.sort_indices(found))
    kind = found.type
    if not (pa.types.is_integer(kind) or pa.types.is_date32(kind)) or len(found) < 2:
        return found
    numbers = np.asarray(found.cast(pa.int32()) if pa.types.is_date32(kind) else found)
    numbers = numbers.astype(object) if numbers.dtype == np.uint64 else numbers.astype(np.int64)
    step = int(np.gcd.reduce((numbers - numbers[0]).astype(np.int64)))
    if step <= 0 or (int(numbers[-1]) - int(numbers[0])) // step >= _MOST:
        return found
    whole = np.arange(int(numbers[0]), int(numbers[-1]) + 1, step)
    if pa.types.is_date32(kind):
        return pa.array(whole.astype(np.int32)).cast(kind)
    return pa.array(whole).cast(kind)


def _codes(cells: pa.ChunkedArray, values: pa.Array) -> np.ndarray:
    return np.array(pc.index_in(cells, values).fill_null(0), np.int64)


def _with(table: pa.Table, name: str, values: pa.Array, codes: np.ndarray) -> pa.Table:
    return table.set_column(table.column_names.index(name), name, values.take(pa.array(codes)))


def _moved(codes: np.ndarray, groups: np.ndarray, repeated: np.ndarray, count: int) -> None:
    """Give repeated rows the nearest code that is free in their group, in place."""
    order = np.argsort(groups, kind="stable")
    ordered = groups[order]
    of_repeated = groups[repeated]
    for group in np.unique(of_repeated):
        low, high = np.searchsorted(ordered, [group, group + 1])
        free = np.setdiff1d(np.arange(count), codes[order[low:high]])
        for row in repeated[of_repeated == group]:
            if not len(free):
                break
            at = int(np.searchsorted(free, codes[row]))
            if at and (at == len(free) or codes[row] - free[at - 1] <= free[at] - codes[row]):
                at -= 1
            codes[row] = free[at]
            free = np.delete(free, at)


def _filled(
    table: pa.Table, primary: Sequence[str], values: dict[str, pa.Array], rng: np.random.Generator
) -> pa.Table:
    """Give repeated rows combinations that no row has."""
    repeated = _repeated(table, primary)
    if not len(repeated):
        return table
    sizes = [len(values[name]) for name in primary]
    codes = [_codes(table[name], values[name]) for name in primary]
    taken = np.ravel_multi_index(codes, sizes)
    free = rng.permutation(np.setdiff1d(np.arange(np.prod(sizes)), taken))[: len(repeated)]
    for name, own, chosen in zip(primary, codes, np.unravel_index(free, sizes), strict=True):
        own[repeated[: len(free)]] = chosen
        table = _with(table, name, values[name], own)
    return table
