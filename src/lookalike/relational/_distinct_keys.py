"""Primary keys of learned values that no two rows share."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lookalike.databases import distinct_rows

__all__ = ["with_distinct_keys"]

#: The greatest number of values of a column, and of combinations, that are gone through.
_MOST = 200_000
#: The least share of days that a column has between its first and its last one, for it to get the
#: others, too: working days have 5 of 7.
_DAYS = 0.9


def with_distinct_keys(
    table: pa.Table,
    primary: Sequence[str],
    able: Sequence[str],
    numeric: Collection[str],
    rng: np.random.Generator,
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
    numeric : collection of str
        Those of them that are numbers or days, and no categories: they may get values between their
        own ones.
    rng : numpy.random.Generator

    Returns
    -------
    pyarrow.Table
    """
    values = {name: _values(table[name], name in numeric) for name in able}
    able = sorted((n for n in able if len(values[n]) > 1), key=lambda n: -len(values[n]))
    for name in able:
        repeated = _repeated(table, primary)
        if not len(repeated):
            return table
        others = [table[c] for c in primary if c != name]
        groups = distinct_rows(others) if others else np.zeros(len(table), np.int64)
        codes = _codes(table[name], values[name])
        _move(codes, groups, repeated, len(values[name]))
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


def _values(cells: pa.ChunkedArray, is_numeric: bool) -> pa.Array:
    """Return the values that a column may have, ascending; of numbers and days, without gaps."""
    found = pc.unique(cells).drop_null()
    found = found.take(pc.sort_indices(found))
    kind, is_date = found.type, pa.types.is_date32(found.type)
    if not is_numeric or not (pa.types.is_integer(kind) or is_date) or len(found) < 2:
        return found
    first, last = (int(found[k].value if is_date else found[k].as_py()) for k in (0, -1))
    if last - first >= 2**63 or last >= 2**63:
        return found
    numbers = np.asarray(found.cast(pa.int32()) if is_date else found).astype(np.int64)
    step = int(np.gcd.reduce(numbers - first))
    count = (last - first) // step + 1
    if count > _MOST or (is_date and len(found) < _DAYS * count):
        return found
    whole = first + step * np.arange(count)
    return pa.array(whole.astype(np.int32) if is_date else whole).cast(kind)


def _codes(cells: pa.ChunkedArray, values: pa.Array) -> np.ndarray:
    return np.array(pc.index_in(cells, values).fill_null(0), np.int64)


def _with(table: pa.Table, name: str, values: pa.Array, codes: np.ndarray) -> pa.Table:
    return table.set_column(table.column_names.index(name), name, values.take(pa.array(codes)))


def _move(codes: np.ndarray, groups: np.ndarray, repeated: np.ndarray, count: int) -> None:
    """Give repeated rows the nearest code that is free in their group, in place."""
    repeated = repeated[np.argsort(groups[repeated], kind="stable")]
    names, firsts = np.unique(groups[repeated], return_index=True)
    order = np.argsort(groups, kind="stable")
    lows, highs = (np.searchsorted(groups[order], names, side=s) for s in ("left", "right"))
    for some, low, high in zip(
        np.split(repeated, firsts[1:]), lows, highs, strict=bool(len(names))
    ):
        free = _FreeCodes(codes[order[low:high]], count)
        for row in some:
            codes[row] = free.taken_near(int(codes[row]))


class _FreeCodes:
    """The codes of a group that no row has; from each taken one, a way leads to the next of them.

    Ways get shorter whenever they are gone (Tarjan 1975), so that the cost is that of the rows and
    not of the codes.
    """

    def __init__(self, taken: np.ndarray, count: int) -> None:
        self._below = {code: code - 1 for code in taken.tolist()}
        self._above = {code: code + 1 for code in taken.tolist()}
        self._count = count

    def taken_near(self, code: int) -> int:
        """Take the free code nearest to one, the lower of two; the code itself if none is free."""
        low, high = _way_end(self._below, code), _way_end(self._above, code)
        if low < 0 and high >= self._count:
            return code
        is_low = low >= 0 and (high >= self._count or code - low <= high - code)
        chosen = low if is_low else high
        self._below[chosen], self._above[chosen] = chosen - 1, chosen + 1
        return chosen


def _way_end(ways: dict[int, int], code: int) -> int:
    """Return where the way from a code ends, and shorten it."""
    gone = []
    while code in ways:
        gone.append(code)
        code = ways[code]
    ways.update(dict.fromkeys(gone, code))
    return code


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
