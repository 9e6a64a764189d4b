"""Drawn cells, changed so that the known cells of other columns follow from them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from lookalike._core.rows import Rows
from lookalike.encoding._completion import Pattern, is_beyond, patterns
from lookalike.encoding._ties import Ties
from lookalike.relations._derivation import Cells
from lookalike.relations._weighted_sum import Addends, addends_of, numbers_of
from lookalike.relations.approximate_lookup import ApproximateLookup
from lookalike.relations.equal import Equal
from lookalike.relations.linear import Linear
from lookalike.relations.lookup import Lookup
from lookalike.relations.offset import Offset, Ratio
from lookalike.tables.values.arrow import filled, is_null

__all__ = ["Settled", "settle"]


@dataclass
class Settled:
    """Rows in which drawn cells were changed so that known ones follow from them.

    Parameters
    ----------
    cells : dict of str to pyarrow.Array
        What is known, and what that was settled to follow from.
    whole : dict of str to pyarrow.Array
        All cells as they were drawn.
    changed : ndarray of bool, shape (n,)
        Rows in which cells are not as they were drawn.
    misfit : ndarray, shape (n,)
        How far what was drawn was from what is known; 0 where it fits.
    """

    cells: dict[str, pa.Array]
    whole: dict[str, pa.Array]
    changed: np.ndarray
    misfit: np.ndarray

    def take(self, name: str, made: pa.Array, rows: np.ndarray, changed: np.ndarray) -> None:
        """Take cells of some rows for known where none was.

        Parameters
        ----------
        name : str
        made : pyarrow.Array, shape (m,)
        rows : ndarray of int, shape (m,)
        changed : ndarray of bool, shape (m,)
            Which are others than were drawn.
        """
        count = len(self.changed)
        at = np.full(count, -1)
        at[rows[changed]] = np.flatnonzero(changed)
        own = made.take(pa.array(at, mask=at < 0))
        drawn = np.full(count, -1)
        drawn[rows[~changed]] = rows[~changed]
        own = filled(own, self.whole[name].take(pa.array(drawn, mask=drawn < 0)))
        self.cells[name] = filled(self.cells[name], own)
        self.changed[rows[changed]] = True

    def now(self, name: str, rows: np.ndarray) -> pa.Array:
        """Return what some rows have now, known or drawn."""
        at = pa.array(rows)
        return filled(self.cells[name].take(at), self.whole[name].take(at))


def settle(
    ties: Ties, known: Cells, drawn: Cells, rests: Mapping[str, pa.Array], rows: Rows
) -> Settled:
    """Change drawn cells so that known ones follow from them.

    Parameters
    ----------
    ties : Ties
    known : mapping of str to pyarrow.Array
        What `follow` gave, n rows.
    drawn : mapping of str to pyarrow.Array
        Whole rows, the known cells among them.
    rests : mapping of str to pyarrow.Array
        What was drawn of columns that are told by others and a rest.
    rows : Rows
        Which rows they are.
    """
    count = len(next(iter(known.values())))
    state = Settled(dict(known), dict(drawn), np.zeros(count, bool), np.zeros(count))
    for made in reversed(ties.relations):
        if isinstance(made, Lookup | ApproximateLookup):
            for pattern in patterns(made, state.cells):
                _choose(pattern, state, rows)
        elif isinstance(made, Linear):
            _share(ties, made, state)
        elif isinstance(made, Offset | Ratio):
            _step_back(ties, made, state, rests[made.dependency.column])
        elif isinstance(made, Equal):
            _copy(ties, made, state, rests[made.dependency.column])
    return state


def _choose(pattern: Pattern, state: Settled, rows: Rows) -> None:
    """Choose unknown cells of a lookup, as they were drawn or near to it."""
    for k, column in enumerate(pattern.unknown):
        name, known = pattern.codes.names[column], pattern.codes.known[column]
        options = pattern.options(column, pattern.unknown[:k])
        drawn, _ = known.codes(state.now(name, pattern.rows))
        chosen = options.nearest(drawn)
        if not known.measured:
            uniforms = rows.of(name).uniforms(pattern.rows)
            chosen = np.where(chosen == drawn, drawn, options.picked(uniforms))
        chosen = np.where(options.count > 0, chosen, drawn)
        pattern.of_rows[:, column] = chosen
        dictionary = pa.types.is_dictionary(state.cells[name].type)
        state.take(name, known.cells(chosen, dictionary), pattern.rows, chosen != drawn)
        state.misfit[pattern.rows] += chosen != drawn


def _waiting(made: Linear | Offset | Ratio | Equal, ties: Ties, cells: Cells) -> np.ndarray:
    """Return the rows of which the whole of a sum is known and parts are not."""
    on = made.dependency.on
    if any(name not in ties.writings for name in on):
        return np.zeros(0, np.int64)
    unknown = np.logical_or.reduce([is_null(cells[name]) for name in on])
    return np.flatnonzero(~is_null(cells[made.dependency.column]) & unknown)


def _free(ties: Ties, on: tuple[str, ...], cells: Cells, rows: np.ndarray) -> dict[str, np.ndarray]:
    """Return in which of some rows each column may be moved."""
    return {name: is_null(cells[name])[rows] for name in on if not ties.is_stiff(name)}


def _share(ties: Ties, made: Linear, state: Settled) -> None:
    """Move unknown parts of a sum by what the drawn ones fall short of it."""
    on, rows = made.dependency.on, _waiting(made, ties, state.cells)
    if not len(rows):
        return
    cells = {n: state.now(n, rows) for n in (made.dependency.column, *on)}
    addends = addends_of(made, cells)
    free = _free(ties, on, state.cells, rows)
    moved = addends.moved(free, ties.writings)
    ranges = [ties.writings[name].high - ties.writings[name].low for name in free]
    size = float(sum(ranges)) if ranges and np.isfinite(ranges).all() else 1.0
    state.misfit[rows] += np.abs(addends.left()) / (size or 1.0) + (moved.left() != 0)
    _take(ties, addends, moved, state, cells, rows)


def _step_back(ties: Ties, made: Offset | Ratio, state: Settled, rest: pa.Array) -> None:
    """Move unknown columns to where a known one is, less the rest that was drawn."""
    on, rows = made.dependency.on, _waiting(made, ties, state.cells)
    if not len(rows):
        return
    name = made.dependency.column
    cells = {n: state.now(n, rows) for n in (name, *on)}
    drawn = numbers_of(rest.take(pa.array(rows)))
    addends = addends_of(made, cells, drawn)
    free = _free(ties, on, state.cells, rows)
    moved = addends.moved(free, ties.writings)
    if isinstance(made, Ratio):
        own = moved.numbers[on[0]].astype(float)
        left = np.divide(addends.target, own, out=np.zeros(len(own)), where=own != 0)
    else:
        left = moved.left() + drawn
    beyond = is_beyond(ties, name, left)
    loose = addends.moved(free, ties.writings, hold=False)
    numbers = {
        n: _in_order(ties, n, np.where(beyond, loose.numbers[n], moved.numbers[n]), state, rows)
        if n in free
        else moved.numbers[n]
        for n in on
    }
    _take(ties, addends, Addends(moved.target, numbers, moved.weights), state, cells, rows)


def _in_order(
    ties: Ties, name: str, numbers: np.ndarray, state: Settled, rows: np.ndarray
) -> np.ndarray:
    """Return numbers of a column moved to the right side of known ones that it never passed."""
    low = np.full(len(rows), -np.inf) if numbers.dtype.kind == "f" else _least(rows)
    high = -low if numbers.dtype.kind == "f" else ~low
    for other, above, below in _sides(ties, name):
        cells = state.cells[other].take(pa.array(rows))
        there = ~is_null(cells)
        limit = numbers_of(cells).astype(numbers.dtype)
        if above:
            low = np.where(there, np.maximum(low, limit), low)
        if below:
            high = np.where(there, np.minimum(high, limit), high)
    return np.asarray(np.where(low <= high, np.clip(numbers, low, np.maximum(low, high)), numbers))


def _sides(ties: Ties, name: str) -> Iterator[tuple[str, bool, bool]]:
    """Yield columns that a column was never below, or never above."""
    for relation in ties.relations:
        one = relation.dependency
        if name in (*one.at_least, *one.at_most):
            yield one.column, name in one.at_most, name in one.at_least
        if one.column == name:
            for other in (*one.at_least, *one.at_most):
                yield other, other in one.at_least, other in one.at_most


def _least(rows: np.ndarray) -> np.ndarray:
    return np.full(len(rows), np.iinfo(np.int64).min)


def _copy(ties: Ties, made: Equal, state: Settled, rest: pa.Array) -> None:
    """Let an unknown column be the known one that repeats it, where it was drawn so."""
    rows = _waiting(made, ties, state.cells)
    rows = rows[is_null(rest)[rows]]
    (name,) = made.dependency.on
    if not len(rows) or ties.is_stiff(name):
        return
    known = numbers_of(state.cells[made.dependency.column].take(pa.array(rows)))
    found = ties.writings[name].cells(known, np.zeros(len(rows), bool))
    state.take(name, found, rows, numbers_of(state.now(name, rows)) != numbers_of(found))


def _take(
    ties: Ties, before: Addends, after: Addends, state: Settled, cells: Cells, rows: np.ndarray
) -> None:
    for name, numbers in after.numbers.items():
        changed = numbers != before.numbers[name]
        missing = is_null(cells[name]) & ~changed
        state.take(name, ties.writings[name].cells(numbers, missing), rows, changed)
