"""A column that is a weighted sum of others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy.linalg import solve_triangular

from lookalike._core.learned import Learned
from lookalike._core.rows import Rows
from lookalike.relations._base import Relation
from lookalike.relations._cells import Cells, put
from lookalike.relations._domains import Domains
from lookalike.relations._evidence import Evidence, Finder, Stage
from lookalike.relations._numeric_column import NumericColumn, sample_rows
from lookalike.relations._reconciled import Reconciled
from lookalike.relations._value_format import ValueFormat
from lookalike.relations._weighted_sum import WeightedSum, is_out_of_reach, sum_in_words
from lookalike.tables import ColumnCondition, Dependency, Schema
from lookalike.tables.values.arrow import is_null
from lookalike.tables.values.codec import type_from_json, type_to_json
from lookalike.tables.values.grid import raw_of

__all__ = ["LinearCombination"]

#: A limit of a condition is widened by this, relative to its size.
_WIDER = 1e-9
#: The least number of distinct values with which an exact line is not chance.
_POINTS = 10
#: The number of rows searched first.
_FIRST_ROWS = 2000
#: The least correlation at which a line is tried, and the greatest number of pairs of columns.
_CORRELATION = 0.9999
_PAIRS = 2000
#: The greatest number of significant digits of a factor; fewer are tried first.
_DIGITS = 8
#: The greatest error of a line that is worth trying, as a share of the greatest value.
_NEARLY = 1e-6


# --- found in other units -------------------------------------------------------------------------


def _in_other_units(evidence: Evidence) -> Iterator[Dependency]:
    """Find columns that are a factor times another one plus a constant, in every row.

    Yields
    ------
    Dependency
        Of form ``"linear"`` on one column: the one with more distinct values, or the first.
    """
    groups: dict[tuple[str, bytes], list[NumericColumn]] = {}
    for measure in evidence.measures:
        groups.setdefault((measure.unit, measure.mask), []).append(measure)
    for group in groups.values():
        if len(group) > 1:
            present = np.flatnonzero(~group[0].missing)
            able = [m for m in group if m.distinct >= _POINTS]
            yield from _copies_among(sorted(able, key=lambda m: -m.distinct), present)


def _copies_among(group: list[NumericColumn], present: np.ndarray) -> Iterator[Dependency]:
    if len(group) < 2:
        return
    first = sample_rows(present, _FIRST_ROWS)
    with np.errstate(all="ignore"):
        correlation = np.abs(np.corrcoef([m.floats[first] for m in group]))
    likely = np.argwhere(np.triu(correlation >= _CORRELATION, k=1))
    derived: set[int] = set()
    for parent, child in likely[:_PAIRS]:
        if parent not in derived and child not in derived:
            line = _line(group[parent], group[child], first, present)
            if line is not None:
                derived.add(child)
                factor, constant = line
                yield Dependency(
                    group[child].name, (group[parent].name,), "linear", (factor,), constant
                )


def _line(
    parent: NumericColumn, child: NumericColumn, first: np.ndarray, present: np.ndarray
) -> tuple[float, float] | None:
    """Return the factor and the constant that map one column to another, or None."""
    x, y = parent.floats[first], child.floats[first]
    middle_x, middle_y = x.mean(), y.mean()
    spread = ((x - middle_x) ** 2).sum()
    if not 0 < spread < np.inf:  # too small or too large to be squared
        return None
    slope = float(((x - middle_x) * (y - middle_y)).sum() / spread)
    residual = np.abs(y - middle_y - slope * (x - middle_x)).max()
    if residual > 2 * child.step + _NEARLY * np.abs(y).max():
        return None
    for digits in range(_DIGITS):
        factor = float(f"{slope:.{digits}e}")
        constant = float(np.median(y - factor * x))
        if child.step:
            constant = float(np.rint(constant / child.step) * child.step)
        constant = float(f"{constant:.15g}")
        offset = np.array(constant)
        if child.is_made_by((factor * x, offset), first):
            if child.is_made_by((factor * parent.floats[present], offset), present):
                return factor, constant
            return None
    return None


# --- found as sums --------------------------------------------------------------------------------

#: The number of rows searched; the least number for evidence, beyond one for each column.
_SUM_ROWS = 1000
_SPARE_ROWS = 20
#: The greatest residual of a column that is a sum of others, as a share of it.
_LEFT_OVER = 1e-8
_NEAR_ONE = 1e-6
_MOST_PARTS = 8
#: The number of patterns of missing cells that are searched.
_MASKS = 20
_FEWEST_VALUES = 3


def _sums(evidence: Evidence) -> Iterator[Dependency]:
    """Find columns that are a constant plus or minus others, in every row.

    Yields
    ------
    Dependency
        Of form ``"linear"`` on two columns or more. Where columns add up to another, the total is
        derived.
    """
    able = [m for m in evidence.free_numbers if m.distinct >= _FEWEST_VALUES]
    complete = [m for m in able if m.mask == b""]
    by_mask: dict[bytes, list[NumericColumn]] = {}
    for measure in able:
        by_mask.setdefault(measure.mask, []).append(measure)
    for mask in sorted(by_mask, key=lambda mask: (mask != b"", -len(by_mask[mask])))[:_MASKS]:
        group = by_mask[mask] + (complete if mask else [])
        if len(group) > 2:
            yield from _sums_among(group, np.flatnonzero(~by_mask[mask][0].missing), mask)


def _sums_among(
    group: list[NumericColumn], present: np.ndarray, mask: bytes
) -> Iterator[Dependency]:
    rows = sample_rows(present, _SUM_ROWS)
    if len(rows) < len(group) + _SPARE_ROWS:
        return
    # Small columns first, so that totals are found to depend on their parts.
    order = sorted(group, key=lambda m: float(np.square(m.floats[rows]).sum()))
    values = np.stack([m.floats[rows] for m in order], axis=1)
    centred = values - values.mean(axis=0)
    size = np.linalg.norm(centred, axis=0)
    scaled = centred / np.where(size > 0, size, 1.0)
    # The residual of each column, given those before it.
    residual = np.abs(np.diag(np.linalg.qr(scaled, mode="r")))
    free = np.flatnonzero(residual > _LEFT_OVER)
    bound = np.flatnonzero(residual <= _LEFT_OVER)
    if not len(free) or not len(bound):
        return
    # The factors of the dependent columns, by least squares on the free ones.
    q, r = np.linalg.qr(scaled[:, free])
    factors = solve_triangular(r, q.T @ scaled[:, bound]) * size[bound] / size[free][:, None]
    for column, i in zip(factors.T, bound, strict=True):
        terms = {free[k]: float(f) for k, f in enumerate(column) if abs(f) > _NEAR_ONE}
        dependency = _sum([order[k] for k in terms], list(terms.values()), order[i], present)
        if dependency is not None and (not mask or _is_masked(dependency, group, mask)):
            yield dependency


def _sum(
    parts: list[NumericColumn], factors: list[float], total: NumericColumn, present: np.ndarray
) -> Dependency | None:
    """Return the dependency if it holds, rearranged into a sum of parts where possible."""
    ones = [float(round(f)) for f in factors]
    if not 1 < len(parts) <= _MOST_PARTS or any(abs(one) != 1 for one in ones):
        return None
    if any(abs(f - one) > _NEAR_ONE for f, one in zip(factors, ones, strict=True)):
        return None
    if ones.count(-1.0) == len(ones) - 1:
        # total = a - b - c is a = total + b + c.
        a = ones.index(1.0)
        parts, total = [*parts[:a], *parts[a + 1 :], total], parts[a]
        ones = [1.0] * len(parts)
    terms = [one * m.floats[present] for one, m in zip(ones, parts, strict=True)]
    constant = float(np.median(total.floats[present] - sum(terms)))
    if total.step:
        constant = float(f"{np.rint(constant / total.step) * total.step:.15g}")
    if not total.is_made_by((*terms, np.array(constant)), present):
        return None
    return Dependency(total.name, tuple(m.name for m in parts), "linear", tuple(ones), constant)


def _is_masked(dependency: Dependency, group: list[NumericColumn], mask: bytes) -> bool:
    """Return whether the derived column is missing exactly where one of its parts is."""
    masks = {m.name: m.mask for m in group}
    return masks[dependency.column] == mask in [masks[name] for name in dependency.on]


# --- the relation ---------------------------------------------------------------------------------


class LinearCombination(Relation):
    """A constant plus a weighted sum of other columns, rounded to the column's steps.

    It is missing where any of the others is.
    """

    name: ClassVar[str] = "linear"
    exact: ClassVar[bool] = True
    shows_presence: ClassVar[bool] = True
    finders: ClassVar[Mapping[Stage, Finder]] = {Stage.UNITS: _in_other_units, Stage.SUMS: _sums}

    def fit(self, cells: Cells, schema: Schema) -> Self:
        name = self.spec.column
        self._format = ValueFormat.of(schema[name], cells[name].type)
        return self

    @property
    def needs_proof(self) -> bool:
        return len(self.spec.on) > 1  # a change of units loses nothing

    def compute(self, cells: Cells, residual: pa.Array | None, rows: Rows) -> pa.Array:
        count = len(cells[self.spec.on[0]])
        total, missing = np.full(count, self.spec.constant), np.zeros(count, bool)
        for name, weight in zip(self.spec.on, self.spec.coefficients, strict=True):
            absent = is_null(cells[name])
            total[~absent] += weight * raw_of(cells[name].drop_null(), None)
            missing |= absent
        return self._format.cells(total, missing)

    def state(self) -> Learned:
        of = self._format
        return Learned({"type": type_to_json(of.type), "decimals": of.decimals, "step": of.step})

    def load(self, state: Learned, schema: Schema) -> Self:
        values = state.values
        kind = type_from_json(values["type"])
        self._format = ValueFormat(kind, values["decimals"], int(values["step"]))
        return self

    @classmethod
    def statement(cls, spec: Dependency) -> str:
        return f"{spec.column} = {sum_in_words(spec)}"

    # --- known cells ------------------------------------------------------------------------------

    def infer_others(self, cells: Cells, domains: Domains) -> Cells:
        """Return the unknown summand of a sum, in rows with only one."""
        on = self.spec.on
        unknown = np.stack([is_null(cells[name]) for name in on])
        single = ~is_null(cells[self.spec.column]) & (unknown.sum(axis=0) == 1)
        if not single.any() or any(name not in domains.formats for name in on):
            return {}
        at = pa.array(np.flatnonzero(single))
        some = {name: cells[name].take(at) for name in (self.spec.column, *on)}
        free = {name: is_null(some[name]) for name in on}
        parts = WeightedSum.of_spec(self.spec, some, self.spec.constant)
        moved = parts.moved(free, domains.formats, hold=False)
        return {
            name: put(
                cells[name], domains.formats[name].cells(moved.numbers[name], ~free[name]), single
            )
            for name in on
        }

    def reconcile(self, draft: Reconciled, domains: Domains, rows: Rows) -> None:
        """Shift unknown parts of a sum by its shortfall."""
        at = draft.unresolved(self.spec, domains)
        if not len(at):
            return
        cells = {name: draft.now(name, at) for name in (self.spec.column, *self.spec.on)}
        parts = WeightedSum.of_spec(self.spec, cells, self.spec.constant)
        free = draft.movable(self.spec, domains, at)
        moved = parts.moved(free, domains.formats)
        ranges = [domains.formats[name].high - domains.formats[name].low for name in free]
        size = float(sum(ranges)) if ranges and np.isfinite(ranges).all() else 1.0
        short = np.abs(parts.shortfall()) / (size or 1.0)
        draft.distance[at] += short + (moved.shortfall() != 0)
        draft.take_parts(parts, moved, domains, at)

    # --- conditions -------------------------------------------------------------------------------

    def condition_on_parent(
        self,
        condition: ColumnCondition,
        levels: pa.Array | None,
    ) -> ColumnCondition | None:
        """Return the range of a number given the range of a multiple of it, slightly widened."""
        limits = [condition.low, condition.high]
        if condition.values is not None:
            limits = [pc.min(condition.values), pc.max(condition.values)]
        if limits == [None, None]:
            return None
        (weight,), constant = self.spec.coefficients, self.spec.constant
        try:
            ends = [None if v is None else (float(v.as_py()) - constant) / weight for v in limits]
        except TypeError:  # dates and durations: left to the check of rows
            return None
        low, high = ends if weight > 0 else ends[::-1]
        slack = _WIDER * max(abs(v) for v in ends if v is not None)
        return ColumnCondition(
            self.spec.on[0],
            low=None if low is None else pa.scalar(low - slack),
            high=None if high is None else pa.scalar(high + slack),
        )

    def contradicts(self, conditions: Mapping[str, ColumnCondition], domains: Domains) -> bool:
        """Return whether no sum of parts under conditions fulfils the condition on the total."""
        constant = self.spec.constant
        return is_out_of_reach(self.spec, (constant, constant), conditions, domains)
