"""Whole rows under declared rules: columns are settled in order, others follow."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

import numpy as np
import pyarrow as pa

from lookalike._core.rows import Rows
from lookalike.relations._atoms import RowValues
from lookalike.relations._base import Relation
from lookalike.relations._cells import Cells
from lookalike.relations._settling import Settling
from lookalike.tables.values.arrow import filled, is_null

__all__ = ["settled_rows"]


def settled_rows(
    settling: Settling,
    relations: Sequence[Relation],
    cells: Cells,
    residuals: Cells,
    rows: Rows,
    *,
    known: Cells | None = None,
    first: Collection[str] = (),
) -> dict[str, pa.Array]:
    """Return rows in which all declared rules hold.

    Parameters
    ----------
    settling : Settling
    relations : sequence of Relation
        The relations of the table, each after those it builds on.
    cells : mapping of str to pyarrow.Array, shape (n,)
        All columns, as sampled and computed.
    residuals : mapping of str to pyarrow.Array, shape (n,)
    rows : Rows
    known : mapping of str to pyarrow.Array, shape (n,), optional
        Cells that stay as they are; null where a cell is not known.
    first : collection of str
        Columns that are settled before others, since there are conditions on them.

    Returns
    -------
    dict of str to pyarrow.Array, shape (n,)
        All columns.
    """
    whole = dict(cells)
    followers = [r for r in relations if r.exact or r.learns_residual]
    for at, names in _groups(settling, known, len(next(iter(cells.values())))):
        plan = settling.plan(names or first)
        keep = names or frozenset(first)
        values = settling.values(cells, plan.order)
        values = values if len(at) == values.rows else values.take(at)
        for name in plan.order:
            if name in names:
                continue
            settled = settling.settle(name, plan, values, rows, at)
            if settled is None:
                continue
            new, chosen = settled
            whole[name] = _replaced(whole[name], new, at[chosen])
            _follow({name}, chosen, at, followers, whole, residuals, known, keep, settling, values)
    return whole


def _groups(
    settling: Settling, known: Cells | None, count: int
) -> Iterator[tuple[np.ndarray, frozenset[str]]]:
    """Yield the numbers of rows in which the same columns are known, with these columns."""
    if known is None:
        yield np.arange(count), frozenset()
        return
    names = list(settling.columns)
    masks = np.stack([~is_null(known[name]) for name in names], axis=1)
    patterns, which = np.unique(masks, axis=0, return_inverse=True)
    for k, pattern in enumerate(patterns):
        chosen = frozenset(np.array(names, object)[pattern].tolist())
        yield np.flatnonzero(which.ravel() == k), chosen


def _follow(
    changed: set[str],
    chosen: np.ndarray,
    at: np.ndarray,
    followers: Sequence[Relation],
    whole: dict[str, pa.Array],
    residuals: Cells,
    known: Mapping[str, pa.Array] | None,
    keep: Collection[str],
    settling: Settling,
    values: RowValues,
) -> None:
    """Compute the columns again that depend on changed ones, in the rows that changed."""
    rows = at[chosen]
    taken = pa.array(rows)
    for relation in followers:
        name = relation.spec.column
        if name in keep or not relation.spec.needs & changed:
            continue
        some = {n: whole[n].take(taken) for n in relation.spec.needs}
        residual = residuals[name].take(taken) if name in residuals else None
        new = relation.compute(some, residual, Rows())
        if known is not None:
            new = filled(known[name].take(taken), new)
        whole[name] = _replaced(whole[name], new, rows)
        changed.add(name)
        if name in settling.columns:
            again = settling.values({name: new}, [name])
            values.put(name, chosen, again.values[name], again.missing[name])


def _replaced(cells: pa.Array, new: pa.Array, rows: np.ndarray) -> pa.Array:
    """Return cells with those of some rows replaced."""
    at = np.arange(len(cells))
    at[rows] = len(cells) + np.arange(len(rows))
    both = pa.chunked_array([cells, new.cast(cells.type)])
    if pa.types.is_dictionary(cells.type):
        both = both.unify_dictionaries()
    whole = both.combine_chunks()
    whole = whole if isinstance(whole, pa.Array) else pa.concat_arrays(whole.chunks)
    return whole.take(pa.array(at))
