"""What follows from the known cells of rows, what they leave open, and what does not fit them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from lookalike._core.rows import Rows
from lookalike.encoding._columns import EncodedColumn
from lookalike.encoding._leeway import Leeway
from lookalike.encoding._ties import Ties
from lookalike.relations._candidates import Codes, Options
from lookalike.relations._derivation import Cells, Derivation
from lookalike.relations._level_index import Known
from lookalike.relations._weighted_sum import addends_of, numbers_of
from lookalike.relations.approximate_lookup import ApproximateLookup
from lookalike.relations.linear import Linear
from lookalike.relations.lookup import Lookup
from lookalike.relations.offset import Offset, Ratio
from lookalike.tables.values.arrow import filled, is_null, masked

__all__ = ["Pattern", "broken", "follow", "is_beyond", "open_to", "patterns", "recognised"]

#: A rest may lie so far beyond what was seen, as a share of its range: columns are rounded.
_SLACK = 0.01
#: Cells that differ by less than this, relative to their size, are equal but for rounding.
_ROUNDING = 1e-9


def follow(ties: Ties, cells: Cells) -> dict[str, pa.Array]:
    """Fill in what follows exactly from known cells, in either direction.

    Parameters
    ----------
    ties : Ties
    cells : mapping of str to pyarrow.Array
        All columns of canonical rows, null where a cell is not known.
    """
    found = dict(cells)
    exact = [made for made in ties.relations if isinstance(made, Linear | Lookup)]
    for _ in exact:
        before = sum(array.null_count for array in found.values())
        for made in exact:
            _forwards(made, found)
        for made in reversed(exact):
            if isinstance(made, Linear):
                _solve(ties, made, found)
            else:
                _look_up(made, found)
        if before == sum(array.null_count for array in found.values()):
            break
    return found


def _forwards(made: Linear | Lookup, cells: dict[str, pa.Array]) -> None:
    """Fill in a column in rows in which all columns that it follows from are known."""
    name, on = made.dependency.column, made.dependency.on
    ready = is_null(cells[name])
    for other in on:
        ready &= ~is_null(cells[other])
    if isinstance(made, Lookup) and ready.any():
        ready &= Codes.of(made).of_cells(cells)[1][:, :-1].all(axis=1)
    if ready.any():
        at = pa.array(np.flatnonzero(ready))
        some = made.make({other: cells[other].take(at) for other in on}, Rows())
        cells[name] = _put(cells[name], some, ready)


def _solve(ties: Ties, made: Linear, cells: dict[str, pa.Array]) -> None:
    """Fill in the one column of a sum that is not known, in rows that have but one."""
    on = made.dependency.on
    unknown = np.stack([is_null(cells[name]) for name in on])
    lonely = ~is_null(cells[made.dependency.column]) & (unknown.sum(axis=0) == 1)
    if not lonely.any() or any(name not in ties.writings for name in on):
        return
    at = pa.array(np.flatnonzero(lonely))
    some = {name: cells[name].take(at) for name in (made.dependency.column, *on)}
    free = {name: is_null(some[name]) for name in on}
    moved = addends_of(made, some).moved(free, ties.writings, hold=False)
    for name in on:
        found = ties.writings[name].cells(moved.numbers[name], ~free[name])
        cells[name] = _put(cells[name], found, lonely)


def _look_up(made: Lookup, cells: dict[str, pa.Array]) -> None:
    """Fill in a column of which but one cell goes with those that are known."""
    for pattern in patterns(made, cells):
        if len(pattern.unknown) > 1:
            continue
        (column,) = pattern.unknown
        name, known = pattern.codes.names[column], pattern.codes.known[column]
        code, one = pattern.options(column).only()
        code = np.where(one, code, len(known.values))
        rows = np.zeros(len(cells[name]), bool)
        rows[pattern.rows] = True
        found = known.cells(code, pa.types.is_dictionary(cells[name].type))
        cells[name] = _put(cells[name], found, rows)


def _put(cells: pa.Array, some: pa.Array, rows: np.ndarray) -> pa.Array:
    """Return cells with those of some rows filled in where they are null."""
    at = np.full(len(cells), -1)
    at[rows] = np.arange(len(some))
    return filled(cells, some.take(pa.array(at, mask=at < 0)))


def recognised(made: Derivation, cells: Cells, drawn: Cells) -> Cells:
    """Return the columns that a lookup follows from, drawn levels for ones never learned."""
    if not isinstance(made, Lookup | ApproximateLookup):
        return cells
    found = {}
    for known, name in zip(made.entries()[0], made.dependency.on, strict=False):
        found[name] = cells[name]
        if cells[name] is not drawn[name]:
            strange = known.codes(cells[name])[1]
            if strange.any():
                found[name] = filled(masked(cells[name], strange), drawn[name])
    return found


# --- what is left open ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Pattern:
    """Rows of a lookup of which the told cell is known and the same columns are not.

    Parameters
    ----------
    codes : Codes
    rows : ndarray of int, shape (m,)
    of_rows : ndarray of int64, shape (m, columns)
        Their codes.
    unknown : tuple of int
        The columns that are not known, by position.
    """

    codes: Codes
    rows: np.ndarray
    of_rows: np.ndarray
    unknown: tuple[int, ...]

    def options(self, column: int, also: tuple[int, ...] = ()) -> Options:
        """Return what goes with the known columns, and some more that have been chosen."""
        every = range(len(self.codes.names))
        by = [k for k in every if k not in self.unknown or k in also]
        return self.codes.options(column, by, self.of_rows)


def patterns(made: Lookup | ApproximateLookup, cells: Cells) -> Iterator[Pattern]:
    name, on = made.dependency.column, made.dependency.on
    unknown = np.stack([is_null(cells[other]) for other in on], axis=1)
    rows = ~is_null(cells[name]) & unknown.any(axis=1)
    if not rows.any():
        return
    found = Codes.of(made)
    codes, present = found.of_cells(cells)
    # of levels that were never learned nothing is known
    rows &= present[:, -1] & (present[:, :-1] | unknown).all(axis=1)
    bits = unknown @ (1 << np.arange(len(on)))
    for bit in np.unique(bits[rows]):
        at = np.flatnonzero(rows & (bits == bit))
        which = tuple(k for k in range(len(on)) if bit >> k & 1)
        yield Pattern(found, at, codes[at], which)


def open_to(ties: Ties, cells: Cells) -> Leeway:
    """Return what columns may be so that the known cells of others follow from them.

    Parameters
    ----------
    ties : Ties
    cells : mapping of str to pyarrow.Array
        What `follow` gave.
    """
    left = Leeway(ties.layout, len(next(iter(cells.values()))))
    _keep_present(ties, cells, left)
    for made in reversed(ties.relations):
        if isinstance(made, Lookup | ApproximateLookup):
            for pattern in patterns(made, cells):
                for column in pattern.unknown:
                    _narrow(ties, pattern, column, left)
    return left


def _keep_present(ties: Ties, cells: Cells, left: Leeway) -> None:
    """Keep from being missing what known sums are made of."""
    needed = {name: ~is_null(array) for name, array in cells.items()}
    told = dict(needed)
    for made in reversed(ties.relations):
        if isinstance(made, Linear | Offset | Ratio):
            name = made.dependency.column
            for other in made.dependency.on:
                needed[other] = needed[other] | needed[name]
                told[name] = told[name] & told[other]
    for name, (part, place) in ties.learned.items():
        rows = np.flatnonzero(needed[name] & ~told[name])
        if not len(rows):
            continue
        if place.gate is not None:
            left.allow(place.gate, np.array([True, False]), rows)
        level = part.encoding.missing_level
        if level is not None:
            block = ties.blocks[name]
            left.allow(block, np.arange(ties.layout.blocks[block].width) != level, rows)


def _narrow(ties: Ties, pattern: Pattern, column: int, left: Leeway) -> None:
    """Narrow one unknown column of a lookup to what goes with the known ones."""
    name, known = pattern.codes.names[column], pattern.codes.known[column]
    if name not in ties.learned or not ties.learned[name][0].encoding.blocks:
        return
    part, place = ties.learned[name]
    block, options = ties.blocks[name], pattern.options(column)
    rows = pattern.rows
    if ties.layout.blocks[block].source == "code":
        table = options.table()
        if place.gate is not None:
            either = np.stack([table[:, :-1].any(axis=1), table[:, -1]], axis=1)
            left.allow(place.gate, either, rows)
        left.allow(block, table @ _levels_of(part, known, ties.layout.blocks[block].width), rows)
    elif len(part.encoding.blocks) == 1 and known.measured and len(known.values):
        limits = part.encoding.encode(known.values).floats.astype(float)
        least, most = (np.minimum(codes, len(limits) - 1) for codes in options.ends())
        left.bound(block, np.stack([limits[least, 0], limits[most, 1]], axis=1), rows)


def _levels_of(part: EncodedColumn, known: Known, width: int) -> np.ndarray:
    """Return which level of a block stands for each code, missing last, shape (codes, width)."""
    table = np.zeros((len(known.values) + 1, width), bool)
    if len(known.values):
        levels = part.encoding.encode(known.values).codes[:, 0]
        table[np.arange(len(levels)), levels] = True
    if part.encoding.missing_level is not None:
        table[-1, part.encoding.missing_level] = True
    return table


# --- what does not fit ---------------------------------------------------------------------------


def broken(ties: Ties, known: Cells, made: Cells) -> dict[str, np.ndarray]:
    """Return for each column in which rows its relation to others does not hold.

    Rows of which all cells of the relation were known do not count, nor those with a known cell
    that was never learned.

    Parameters
    ----------
    ties : Ties
    known : mapping of str to pyarrow.Array
        All columns, null where a cell was not known.
    made : mapping of str to pyarrow.Array
        Completed rows.
    """
    found = {}
    for relation in ties.relations:
        name = relation.dependency.column
        told = ~is_null(known[name])
        if isinstance(relation, Linear):
            wrong = told & ~_is_sum(relation, made)
        elif isinstance(relation, Lookup):
            wrong = told & ~_is_found(relation, made)
        elif isinstance(relation, Offset | Ratio):
            wrong = ~_in_order(relation, made) | (told & _is_beyond(ties, relation, made))
        else:
            continue
        columns = (name, *relation.dependency.needs)
        found[name] = wrong & np.logical_or.reduce([is_null(known[n]) for n in columns])
    return found


def _is_sum(relation: Linear, cells: Cells) -> np.ndarray:
    own = cells[relation.dependency.column]
    due = relation.make(cells, Rows())
    a, b = numbers_of(own).astype(float), numbers_of(due).astype(float)
    close = np.abs(a - b) <= _ROUNDING * (np.abs(a) + np.abs(b))
    return np.asarray(close & (is_null(own) == is_null(due)))


def _is_found(relation: Lookup, cells: Cells) -> np.ndarray:
    codes = Codes.of(relation)
    own, present = codes.of_cells(cells)
    name = relation.dependency.column
    due, _ = codes.known[-1].codes(relation.make(cells, Rows()))
    strange = ~present & np.stack([~is_null(cells[n]) for n in codes.names], axis=1)
    return np.asarray((own[:, -1] == due) | strange.any(axis=1) | is_null(cells[name]))


def _in_order(relation: Offset | Ratio, cells: Cells) -> np.ndarray:
    """Return in which rows a column is between those that it never passed."""
    dependency = relation.dependency
    own, right = cells[dependency.column], np.ones(len(cells[dependency.column]), bool)
    for names, sign in ((dependency.at_least, 1), (dependency.at_most, -1)):
        for name in names:
            apart = (numbers_of(own) - numbers_of(cells[name])) * sign
            size = np.abs(numbers_of(own).astype(float))
            right &= (apart >= -_ROUNDING * size) | is_null(own) | is_null(cells[name])
    return right


def _is_beyond(ties: Ties, relation: Offset | Ratio, cells: Cells) -> np.ndarray:
    """Return in which rows the rest is none that was seen."""
    rest = relation.rest(cells)
    beyond = is_beyond(ties, relation.dependency.column, numbers_of(rest))
    return np.asarray(beyond & ~is_null(rest))


def is_beyond(ties: Ties, name: str, rest: np.ndarray) -> np.ndarray:
    """Return which numbers are no rests of a column that were seen."""
    if name not in ties.rests:
        return np.zeros(len(rest), bool)
    low, high = float(ties.rests[name].low), float(ties.rests[name].high)
    slack = _SLACK * (high - low) + _ROUNDING * max(abs(low), abs(high))
    numbers = rest.astype(float)
    return np.asarray((numbers < low - slack) | (numbers > high + slack))
