"""A column that equals another in many rows; in which rows, is learned as an event."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lookalike._core.learned import Learned
from lookalike._core.rows import Rows
from lookalike.relations._base import Relation
from lookalike.relations._cells import Cells, numbers_of
from lookalike.relations._domains import Domains
from lookalike.relations._evidence import Evidence, Finder, Stage
from lookalike.relations._numeric_column import NumericColumn, sample_rows
from lookalike.relations._reconciled import Reconciled
from lookalike.tables import Dependency, Schema
from lookalike.tables.values.arrow import is_null, masked, to_numpy
from lookalike.tables.values.grid import Grid

__all__ = ["Equal"]

#: The number of rows searched first; the cells above which they are fewer; and their least number.
_FIRST_ROWS, _CELLS, _FEWEST_ROWS = 2000, 2_000_000, 500
#: The greatest number of columns that one is compared with, among those equal to it in a row.
_NEIGHBOURS = 4
#: The share of a column from which a value is common, and learned by itself.
_COMMON = 0.01
#: The least share of rows, without those of common values, in which two columns are equal …
_SHARE = 0.05
#: … and the greatest, …
_MOST = 0.99
#: … the least number of such rows, …
_FEWEST = 50
#: … and their least ratio to the number expected if the columns were independent.
_LIFT = 5.0
#: The tolerance, on a sample, of the share and the number of rows.
_CLEAR = 0.6
#: The least number of distinct values; columns of fewer are learned value by value.
_FEWEST_VALUES = 30


def _find(evidence: Evidence) -> Iterator[Dependency]:
    """Find columns that equal another in more rows than chance and common values explain.

    Yields
    ------
    Dependency
        Of form ``"equal"``; the column has no missing cells.
    """
    able = [m for m in evidence.measures if m.distinct >= _FEWEST_VALUES]
    if len(able) < 2:
        return
    # Columns of inexact relations, and those that depend on others, are left alone.
    taken = evidence.derived | evidence.found.nearly_related
    near = _near(able)
    for k in sorted(range(len(able)), key=lambda k: (able[k].distinct, able[k].name)):
        child = able[k]
        if child.mask != b"" or child.name in taken:
            continue
        for i in near.get(k, []):
            dependency = _checked(able[i], child)
            if dependency is not None:
                taken |= {child.name, able[i].name}
                yield dependency
                break


def _near(able: Sequence[NumericColumn]) -> dict[int, list[int]]:
    """Return the columns of the same unit that each column often equals, most often first.

    The cells of each row are sorted, so that equal ones are adjacent. Common values do not count.
    """
    most = min(_FIRST_ROWS, max(_CELLS // len(able), _FEWEST_ROWS))
    rows = sample_rows(np.arange(len(able[0].floats)), most)
    near: dict[int, list[tuple[int, int]]] = {}
    for unit in sorted({m.unit for m in able}):
        group = [i for i, m in enumerate(able) if m.unit == unit]
        cells = np.stack([_uncommon(able[i], rows) for i in group], axis=1)
        counted = np.count_nonzero(~np.isnan(cells), axis=0)
        order = np.argsort(cells, axis=1, kind="stable")
        ranked = np.take_along_axis(cells, order, axis=1)
        equal = [np.zeros(0, np.int64)]
        for hop in range(1, min(_NEIGHBOURS, len(group) - 1) + 1):
            # Cells that are equal `hop` ranks apart, as pairs of columns.
            at = np.nonzero(ranked[:, hop:] == ranked[:, :-hop])
            equal.append(order[:, :-hop][at] * len(group) + order[:, hop:][at])
        pairs, counts = np.unique(np.concatenate(equal), return_counts=True)
        for pair, count in zip(pairs.tolist(), counts.tolist(), strict=True):
            left, right = divmod(pair, len(group))
            for one, other in ((left, right), (right, left)):
                enough = count >= _CLEAR * _FEWEST * len(rows) / len(able[0].floats)
                if enough and count >= _CLEAR * _SHARE * counted[one]:
                    near.setdefault(group[one], []).append((-count, group[other]))
    return {k: [i for _, i in sorted(ranked)] for k, ranked in near.items()}


def _uncommon(measure: NumericColumn, rows: np.ndarray) -> np.ndarray:
    """Return some cells of a column, NaN where they are missing or a common value."""
    cells = np.where(measure.missing[rows], np.nan, measure.floats[rows])
    _, codes, counts = np.unique(cells, return_inverse=True, return_counts=True)
    cells[counts[codes] >= max(_COMMON * len(rows), 2)] = np.nan
    return cells


def _checked(parent: NumericColumn, child: NumericColumn) -> Dependency | None:
    """Return the relation if it holds on all rows, apart from common values."""
    values, codes = np.unique(child.floats, return_inverse=True)
    counts = np.bincount(codes)
    common = counts >= _COMMON * len(codes)
    counted = ~common[codes]
    rows = int(counted.sum())
    equal = counted & ~parent.missing & (parent.floats == child.floats)
    share = equal.sum() / max(rows, 1)
    if equal.sum() < _FEWEST or not _SHARE <= share <= _MOST:
        return None
    # The share of rows expected to be equal if the columns were independent.
    at = np.minimum(np.searchsorted(values, parent.floats[~parent.missing]), len(values) - 1)
    same = values[at] == parent.floats[~parent.missing]
    of_parent = np.bincount(at[same], minlength=len(values)) / len(parent.floats)
    counts[common] = 0
    if share < _LIFT * float((of_parent * counts).sum()) / max(rows, 1):
        return None
    everywhere = float(np.mean(~parent.missing & (parent.floats == child.floats)))
    if everywhere < _SHARE:
        return None
    why = f"equal in {everywhere:.1%} of {len(codes):,} rows"
    return Dependency(child.name, (parent.name,), "equal", why=why)


class Equal(Relation):
    """Another column where the residual is missing, otherwise the residual itself.

    The column had no missing cells. A copy is rounded to the column's own grid and clipped to the
    observed range; the copy of a missing cell is the middle of that range.
    """

    name: ClassVar[str] = "equal"
    learns_residual: ClassVar[bool] = True
    hides_cells: ClassVar[bool] = True
    finders: ClassVar[Mapping[Stage, Finder]] = {Stage.REPEATS: _find}

    def suits(self, cells: Cells) -> bool:
        own, other = cells[self.spec.column], cells[self.spec.on[0]]
        timed = pa.types.is_temporal(own.type)
        return own.null_count == 0 and (other.type == own.type or not timed)

    def fit(self, cells: Cells, schema: Schema) -> Self:
        self.residual_column = column = schema[self.spec.column]
        self._grid = Grid.fit(cells[column.name].drop_null(), column, self.fewest(column))
        return self

    def residual(self, cells: Cells) -> pa.Array:
        own, other = cells[self.spec.column], cells[self.spec.on[0]]
        if own.type != other.type:  # an integer and a float
            own, other = own.cast(pa.float64(), safe=False), other.cast(pa.float64(), safe=False)
        same = to_numpy(pc.equal(own, other).fill_null(pa.scalar(value=False)))
        return masked(cells[self.spec.column], same)

    def compute(self, cells: Cells, residual: pa.Array | None, rows: Rows) -> pa.Array:
        assert residual is not None
        other = cells[self.spec.on[0]]
        missing = is_null(other)
        positions = np.full(len(other), (self._grid.first + self._grid.last) / 2)
        present = other.drop_null()
        if pa.types.is_floating(present.type):
            present = pc.round(present, self._grid.decimals) if self._grid.is_even else present
        raw = self._grid.raw(present.cast(residual.type, safe=False))
        positions[~missing] = self._grid.positions(raw)
        copied = self._grid.array(self._grid.at(positions))
        return pc.if_else(pc.is_null(residual), copied, residual)

    def ends(self) -> pa.Array:
        return self._grid.ends()

    def state(self) -> Learned:
        return Learned({"grid": self._grid.to_dict()})

    def load(self, state: Learned, schema: Schema) -> Self:
        self.residual_column = schema[self.spec.column]
        self._grid = Grid(**state.values["grid"])
        return self

    @classmethod
    def statement(cls, spec: Dependency) -> str:
        return f"{spec.column} often equals {' and '.join(spec.on)}"

    def reconcile(self, draft: Reconciled, domains: Domains, rows: Rows) -> None:
        """Set an unknown column to the known one that equals it, where it was sampled so."""
        (name,) = self.spec.on
        at = draft.unresolved(self.spec, domains)
        at = at[is_null(draft.residuals[self.spec.column])[at]]
        if not len(at) or name in domains.rigid:
            return
        known = numbers_of(draft.cells[self.spec.column].take(pa.array(at)))
        copies = domains.formats[name].cells(known, np.zeros(len(at), bool))
        draft.take(name, copies, at, numbers_of(draft.now(name, at)) != numbers_of(copies))
