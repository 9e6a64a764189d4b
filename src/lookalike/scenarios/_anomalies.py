"""Anomalies of five kinds, with one dial that means the same for each: `AnomalyStep`."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np
import pyarrow as pa

from lookalike._core.errors import LookalikeWarning
from lookalike._core.numerics import Floats, auc
from lookalike._core.parameters import AnyOf, Choice, Number, Rule
from lookalike.scenarios._base import (
    COLUMN,
    SHARE,
    RowNumbers,
    StepChange,
    column_of,
    drawn_rows,
    is_numeric,
    numbers_of,
    with_cells,
)
from lookalike.scenarios._fitted import ModelStep
from lookalike.scenarios._likelihood import RowDensity
from lookalike.tables import Kind

__all__ = ["AnomalyStep"]

#: Candidates for each anomaly, and the fewest and most in all.
_CANDIDATES, _FEWEST, _MOST = 30, 2_000, 100_000
#: The reach of global anomalies beyond the range of a column, as a share of it.
_BEYOND = 0.1
#: The noise of local anomalies, and the distance of clusters, in standard deviations.
_NOISE, _AWAY = 2.0, 3.0
#: The spread within a cluster, as a share of that of all rows.
_TIGHT = 0.15
#: A difference between the wanted and the reached AUC that is warned of.
_MISSED = 0.05

ColumnDecimals = Mapping[str, int | None]
#: Takes rows, the table, the decimals of numbers by column, how much of each row to change, and a
#: generator.
AnomalyMaker = Callable[[pa.Table, pa.Table, ColumnDecimals, Floats, np.random.Generator], pa.Table]


@dataclass(frozen=True)
class AnomalyStep(ModelStep):
    """Put anomalies in the place of some rows, chosen by a fitted model.

    Candidates are rows of the table that are changed more or less in the way of their kind; the
    density of the model says which of them to take. The difficulty is the same for all kinds: an
    anomaly's log-density is the quantile q of that of ordinary rows, where q is uniform on
    [0, 1 − difficulty]. So the AUC of the density itself as a detector is (1 + difficulty) / 2: at
    0 anomalies are rows as probable as any, at 1 each is less probable than every ordinary row.

    Parameters
    ----------
    kind : {"local", "global", "dependency", "cluster", "contextual"}
        Near ordinary rows, but off; anywhere in the range of all columns; with values of different
        rows, so that only their combination is odd; close together and away from all others (these
        four after Han et al. 2022, ADBench); with one cell from another row.
    share : float
        The share of rows.
    difficulty : float
        The difficulty that a model of ordinary rows has with the anomalies: from 0, where they
        cannot be told from ordinary rows, to 1, where they stand out.
    column : str or None
        The column of contextual anomalies; None for any.
    """

    kind: str
    share: float = 0.05
    difficulty: float | int = 0.5
    column: str | None = None

    name: ClassVar[str] = "anomalies"
    dial: ClassVar[str] = "difficulty"
    rules: ClassVar[Mapping[str, Rule]] = {
        "kind": Choice(("local", "global", "dependency", "cluster", "contextual")),
        "share": SHARE,
        "difficulty": Number(0, 1),
        "column": AnyOf((COLUMN,), none=True),
    }

    def dialled(self, dial: float, table: pa.Table) -> Self | None:  # noqa: ARG002 - as others
        """Return the step at a part of its difficulty; at 0 there are anomalies, too."""
        return replace(self, difficulty=dial * self.difficulty)

    def change_by(self, model: Any, table: pa.Table, random: np.random.Generator) -> StepChange:
        """Replace rows; the strength is the share of ordinary rows that are more probable."""
        if self.column is not None:
            column_of(table, self.column)
        rows = drawn_rows(random, np.arange(len(table)), self.share)
        if not len(rows):
            return StepChange(table, rows, np.empty(0))
        density = RowDensity(model, table)
        ordinary = np.sort(density(table))
        # However many rows there are, each has a choice.
        count = max(int(np.clip(_CANDIDATES * len(rows), _FEWEST, _MOST)), 2 * len(rows))
        # From rows as they are, to rows of which everything is changed.
        strength = random.random(count) * min(2.0 * self.difficulty, 1.0)
        plain = _plain(table)
        drawn = plain.take(pa.array(random.integers(len(table), size=count)))
        # The decimals of numbers; codes are levels, although they are stored as numbers.
        columns = [model.schema_[name] for name in table.column_names if is_numeric(table, name)]
        numeric = {
            one.name: 0 if one.kind is Kind.INTEGER else one.decimals
            for one in columns
            if one.kind.is_numeric
        }
        if self.kind == "contextual":
            candidates = _contextual(drawn, plain, strength, random, self.column)
        else:
            candidates = _KINDS[self.kind](drawn, plain, numeric, strength, random)
        quantiles = np.searchsorted(ordinary, density(candidates)) / len(ordinary)
        wanted = random.random(len(rows)) * (1 - self.difficulty)
        taken = _nearest(quantiles, strength, wanted, random)
        changed = _with_rows(table, rows, candidates.take(pa.array(taken)))
        reached = auc(1 - quantiles[taken], (np.arange(len(ordinary)) + 0.5) / len(ordinary))
        # Beside the quantiles that were drawn: few anomalies may be off by chance.
        self._check_reached(reached, float(1 - wanted.mean()))
        facts = {"wanted_auc": (1 + self.difficulty) / 2, "density_auc": reached}
        return StepChange(changed, rows, 1 - quantiles[taken], facts=facts)

    def _check_reached(self, reached: float, wanted: float) -> None:
        if abs(reached - wanted) > _MISSED:
            warnings.warn(
                f"{self.kind} anomalies of difficulty {self.difficulty:g} should have an AUC of "
                f"{wanted:.2f} under the model's density, but candidates reach {reached:.2f}: the "
                "columns leave too little room for this kind. Take another kind or difficulty.",
                LookalikeWarning,
                stacklevel=2,
            )


def _local(
    drawn: pa.Table,
    table: pa.Table,
    numeric: ColumnDecimals,
    strength: Floats,
    random: np.random.Generator,
) -> pa.Table:
    """Add noise to every number, and change a few levels."""
    for name in drawn.column_names:
        if name in numeric:
            numbers, spread = numbers_of(drawn, name), _spread(table, name)
            noise = _NOISE * strength * spread * random.normal(size=len(numbers))
            drawn = _renumbered(drawn, name, numbers + noise, numeric[name])
        else:
            drawn = _moved(drawn, table, name, random.random(len(drawn)) < strength / 3, random)
    return drawn


def _global(
    drawn: pa.Table,
    table: pa.Table,
    numeric: ColumnDecimals,
    strength: Floats,
    random: np.random.Generator,
) -> pa.Table:
    """Replace cells by ones that are uniform in the range of the column, or among its levels."""
    for name in drawn.column_names:
        changed = random.random(len(drawn)) < strength
        if name not in numeric:
            levels = column_of(table, name).drop_null().unique()
            if len(levels):
                places = random.integers(len(levels), size=int(changed.sum()))
                cells = levels.take(pa.array(places)).to_pylist()
                drawn = with_cells(drawn, name, np.flatnonzero(changed), cells)
            continue
        low, high = _ends(table, name)
        reach = _BEYOND * (high - low)
        uniform = random.uniform(low - reach, high + reach, len(drawn))
        numbers = np.where(changed, uniform, numbers_of(drawn, name))
        drawn = _renumbered(drawn, name, numbers, numeric[name])
    return drawn


def _dependency(
    drawn: pa.Table,
    table: pa.Table,
    numeric: ColumnDecimals,  # noqa: ARG001 - as `AnomalyMaker`
    strength: Floats,
    random: np.random.Generator,
) -> pa.Table:
    """Take cells from different rows: each column keeps its distribution, but not the others."""
    for name in drawn.column_names:
        drawn = _moved(drawn, table, name, random.random(len(drawn)) < strength, random)
    return drawn


def _cluster(
    drawn: pa.Table,
    table: pa.Table,
    numeric: ColumnDecimals,
    strength: Floats,
    random: np.random.Generator,
) -> pa.Table:
    """Move rows to one place that is away from the middle of all numbers, with rare levels."""
    centre = int(random.integers(len(table)))
    for name in drawn.column_names:
        if name in numeric:
            numbers, spread = numbers_of(drawn, name), _spread(table, name)
            own = numbers_of(table, name)
            middle = float(np.mean(own[np.isfinite(own)])) if np.isfinite(own).any() else 0.0
            away = middle + random.choice([-1.0, 1.0]) * _AWAY * spread
            goal = away + _TIGHT * (numbers - middle)
            moved = numbers + strength * (goal - numbers)
            drawn = _renumbered(drawn, name, moved, numeric[name])
        else:
            cell = column_of(table, name)[centre].as_py()
            rows = np.flatnonzero(random.random(len(drawn)) < strength)
            drawn = with_cells(drawn, name, rows, [cell] * len(rows))
    return drawn


def _contextual(
    drawn: pa.Table,
    table: pa.Table,
    strength: Floats,
    random: np.random.Generator,
    column: str | None,
) -> pa.Table:
    """Take one cell from another row, in a given column or in any."""
    names = drawn.column_names if column is None else [column]
    chosen = random.integers(len(names), size=len(drawn))
    changed = random.random(len(drawn)) < strength
    for place, name in enumerate(names):
        drawn = _moved(drawn, table, name, changed & (chosen == place), random)
    return drawn


_KINDS: dict[str, AnomalyMaker] = {
    "local": _local,
    "global": _global,
    "dependency": _dependency,
    "cluster": _cluster,
}


def _nearest(
    quantiles: Floats, strength: Floats, wanted: Floats, random: np.random.Generator
) -> RowNumbers:
    """Return a different candidate for each wanted quantile, the next one that is left.

    Of those less probable than all ordinary rows, the strongest come first.
    """
    ties = np.where(quantiles > 0, random.random(len(quantiles)), -strength)
    order = np.lexsort([ties, quantiles])
    places = np.searchsorted(quantiles[order], np.sort(wanted))
    # Each is behind the one before it, and leaves enough for those behind it.
    steps = np.arange(len(wanted))
    places = np.maximum.accumulate(places - steps) + steps
    places = np.minimum(places, len(order) - len(wanted) + steps)
    return np.asarray(order[places])[random.permutation(len(wanted))]


def _plain(table: pa.Table) -> pa.Table:
    """Return a table without dictionaries."""
    columns = [column_of(table, name) for name in table.column_names]
    return pa.table(columns, names=table.column_names)


def _with_rows(table: pa.Table, rows: RowNumbers, others: pa.Table) -> pa.Table:
    for name in table.column_names:
        table = with_cells(table, name, rows, others[name].to_pylist())
    return table


def _moved(
    drawn: pa.Table, table: pa.Table, name: str, changed: Any, random: np.random.Generator
) -> pa.Table:
    """Replace cells of a column by ones of random rows of a table."""
    rows = np.flatnonzero(changed)
    cells = column_of(table, name).take(pa.array(random.integers(len(table), size=len(rows))))
    return with_cells(drawn, name, rows, cells.to_pylist())


def _renumbered(drawn: pa.Table, name: str, values: Floats, decimals: int | None) -> pa.Table:
    """Change the numbers of a column where they are finite, as exact as they were."""
    before = numbers_of(drawn, name)
    values = values if decimals is None else np.round(values, decimals)
    rows = np.flatnonzero(np.isfinite(values) & np.isfinite(before) & (values != before))
    return with_cells(drawn, name, rows, values[rows].tolist())


def _spread(table: pa.Table, name: str) -> float:
    numbers = numbers_of(table, name)
    finite = numbers[np.isfinite(numbers)]
    return float(finite.std()) if len(finite) else 0.0


def _ends(table: pa.Table, name: str) -> tuple[float, float]:
    numbers = numbers_of(table, name)
    finite = numbers[np.isfinite(numbers)]
    return (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 0.0)
