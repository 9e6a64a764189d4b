"""Bad data, as it comes: missing cells, wrong levels and units, duplicates, broken sensors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np
import pyarrow as pa
import pyarrow.types as pt
from scipy.stats import rankdata

from lookalike._core.errors import ParameterError, SchemaError
from lookalike._core.numerics import Floats
from lookalike._core.parameters import AnyOf, Choice, Number, Rule
from lookalike.scenarios._base import (
    COLUMN,
    SHARE,
    RowNumbers,
    ScenarioStep,
    StepChange,
    column_of,
    drawn_rows,
    numbers_of,
    with_cells,
)

__all__ = [
    "ClippedNumbers",
    "DuplicatedRows",
    "MissingCells",
    "MistypedText",
    "NoisyNumbers",
    "StuckNumbers",
    "SwappedLevels",
    "WrongUnits",
]

#: The chance of the row with the highest rank to lose a cell, relative to that with the lowest.
_STEEP = 20.0


@dataclass(frozen=True)
class MissingCells(ScenarioStep):
    """Remove cells of a column.

    Parameters
    ----------
    column : str
        The column.
    share : float
        The share of its present cells that go missing.
    mechanism : {"mcar", "mar", "mnar"}
        Completely at random; more often in rows where `by` is high; more often where the cell
        itself is high (Rubin 1976). The highest goes missing twenty times as often as the lowest.
    by : str or None
        The column that decides under ``"mar"``.
    """

    column: str
    share: float
    mechanism: str = "mcar"
    by: str | None = None

    name: ClassVar[str] = "missing"
    rules: ClassVar[Mapping[str, Rule]] = {
        "column": COLUMN,
        "share": SHARE,
        "mechanism": Choice(("mcar", "mar", "mnar")),
        "by": AnyOf((COLUMN,), none=True),
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.by is not None) != (self.mechanism == "mar"):
            raise ParameterError(
                "missing takes 'by', the column that decides, with the mechanism 'mar' and no "
                f"other; got mechanism={self.mechanism!r} and by={self.by!r}."
            )
        if self.by == self.column:
            raise ParameterError(
                "missing with by=column is 'mnar': a cell that decides on itself. Use that, or "
                "name another column."
            )

    def change(self, table: pa.Table, random: np.random.Generator) -> StepChange:
        """Remove cells; every change has strength 1."""
        allowed = _present(column_of(table, self.column))
        weights = None
        if self.mechanism != "mcar":
            ranks = _ranks(column_of(table, self.by or self.column))[allowed]
            weights = np.exp(np.log(_STEEP) * ranks)
        rows = drawn_rows(random, allowed, self.share, weights)
        changed = with_cells(table, self.column, rows, [None] * len(rows))
        return StepChange(changed, rows, np.ones(len(rows)), self.column)


@dataclass(frozen=True)
class SwappedLevels(ScenarioStep):
    """Put another level of the column in the place of some cells; in a target, label noise.

    Parameters
    ----------
    column : str
        The column, of at least two levels.
    share : float
        The share of its present cells.
    """

    column: str
    share: float

    name: ClassVar[str] = "swapped_levels"
    rules: ClassVar[Mapping[str, Rule]] = {"column": COLUMN, "share": SHARE}

    def change(self, table: pa.Table, random: np.random.Generator) -> StepChange:
        """Swap levels, any other one equally often; every change has strength 1."""
        cells = column_of(table, self.column)
        codes = cells.dictionary_encode()
        levels = codes.dictionary.to_pylist()
        if len(levels) < 2:
            raise SchemaError(f"Levels to swap must be two or more; {self.column!r} has one.")
        rows = drawn_rows(random, _present(cells), self.share)
        before = codes.indices.fill_null(0).to_numpy(zero_copy_only=False)[rows]
        after = (before + random.integers(1, len(levels), len(rows))) % len(levels)
        changed = with_cells(table, self.column, rows, [levels[code] for code in after])
        return StepChange(changed, rows, np.ones(len(rows)), self.column)


@dataclass(frozen=True)
class MistypedText(ScenarioStep):
    """Mistype text: two letters change places, one is lost, or one comes twice.

    Parameters
    ----------
    column : str
        A column of text.
    share : float
        The share of its present cells.
    """

    column: str
    share: float

    name: ClassVar[str] = "mistyped"
    rules: ClassVar[Mapping[str, Rule]] = {"column": COLUMN, "share": SHARE}

    def change(self, table: pa.Table, random: np.random.Generator) -> StepChange:
        """Mistype cells; every change has strength 1, and no cell stays as it was."""
        cells = column_of(table, self.column)
        if not (pt.is_string(cells.type) or pt.is_large_string(cells.type)):
            raise SchemaError(
                f"Only text can be mistyped; {self.column!r} holds other values. Name another one."
            )
        words = cells.to_pylist()
        allowed = np.array([row for row, word in enumerate(words) if word], np.int64)
        rows = drawn_rows(random, allowed, self.share)
        typed = [_mistyped(words[row], random) for row in rows]
        return StepChange(
            with_cells(table, self.column, rows, typed), rows, np.ones(len(rows)), self.column
        )


@dataclass(frozen=True)
class WrongUnits(ScenarioStep):
    """Write some numbers in another unit.

    Parameters
    ----------
    column : str
        A column of numbers.
    share : float
        The share of its present cells.
    factor, offset : float
        The wrong number is the right one times `factor` plus `offset`.
    """

    column: str
    share: float
    factor: float | int = 1.0
    offset: float | int = 0.0

    name: ClassVar[str] = "wrong_units"
    rules: ClassVar[Mapping[str, Rule]] = {
        "column": COLUMN,
        "share": SHARE,
        "factor": Number(),
        "offset": Number(),
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.factor == 1 and self.offset == 0:
            raise ParameterError("wrong_units must change something; give a factor or an offset.")

    def change(self, table: pa.Table, random: np.random.Generator) -> StepChange:
        """Rescale cells; the strength is the distance in standard deviations of the column."""
        numbers = numbers_of(table, self.column)
        rows = drawn_rows(random, np.flatnonzero(np.isfinite(numbers)), self.share)
        return _renumbered(table, self.column, rows, numbers[rows] * self.factor + self.offset)


@dataclass(frozen=True)
class NoisyNumbers(ScenarioStep):
    """Add normal noise to some numbers.

    Parameters
    ----------
    column : str
        A column of numbers.
    share : float
        The share of its present cells.
    scale : float
        The standard deviation of the noise, in standard deviations of the column.
    """

    column: str
    share: float
    scale: float | int = 1.0

    name: ClassVar[str] = "noisy"
    dial: ClassVar[str] = "scale"
    rules: ClassVar[Mapping[str, Rule]] = {
        "column": COLUMN,
        "share": SHARE,
        "scale": Number(0, open_low=True),
    }

    def change(self, table: pa.Table, random: np.random.Generator) -> StepChange:
        """Add noise; the strength is its size in standard deviations of the column."""
        numbers = numbers_of(table, self.column)
        rows = drawn_rows(random, np.flatnonzero(np.isfinite(numbers)), self.share)
        noise = self.scale * _spread(numbers) * random.normal(size=len(rows))
        return _renumbered(table, self.column, rows, numbers[rows] + noise)


@dataclass(frozen=True)
class ClippedNumbers(ScenarioStep):
    """Clip numbers, as a sensor with a narrow range does.

    Parameters
    ----------
    column : str
        A column of numbers.
    low, high : float or None
        Numbers beyond are set to the bound; at least one is given.
    """

    column: str
    low: float | int | None = None
    high: float | int | None = None

    name: ClassVar[str] = "clipped"
    rules: ClassVar[Mapping[str, Rule]] = {
        "column": COLUMN,
        "low": AnyOf((Number(),), none=True),
        "high": AnyOf((Number(),), none=True),
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.low is None and self.high is None:
            raise ParameterError("clipped must have a bound; give low, high or both.")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ParameterError(f"low must not exceed high; got {self.low} and {self.high}.")

    def dialled(self, dial: float, table: pa.Table) -> Self | None:
        """Return the step with bounds on the way from the ends of the column."""
        numbers = numbers_of(table, self.column)
        finite = numbers[np.isfinite(numbers)]
        if dial == 1:
            return self
        if dial == 0 or not len(finite):
            return None
        least, most = float(finite.min()), float(finite.max())
        low = None if self.low is None else least + dial * (self.low - least)
        high = None if self.high is None else most + dial * (self.high - most)
        return replace(self, low=low, high=high)

    def change(self, table: pa.Table, random: np.random.Generator) -> StepChange:  # noqa: ARG002
        """Clip; the strength is the distance in standard deviations of the column."""
        numbers = numbers_of(table, self.column)
        bounds = (
            -np.inf if self.low is None else self.low,
            np.inf if self.high is None else self.high,
        )
        clipped = np.clip(numbers, *bounds)
        rows = np.flatnonzero((clipped != numbers) & ~np.isnan(numbers))
        return _renumbered(table, self.column, rows, clipped[rows])


@dataclass(frozen=True)
class StuckNumbers(ScenarioStep):
    """Let a number stick at one value for a run of rows, as a broken sensor does.

    Parameters
    ----------
    column : str
        A column of numbers.
    length : int
        The number of rows of a run.
    runs : int
        The number of runs; they do not overlap.
    """

    column: str
    length: int
    runs: int = 1

    name: ClassVar[str] = "stuck"
    dial: ClassVar[str] = "runs"
    rules: ClassVar[Mapping[str, Rule]] = {
        "column": COLUMN,
        "length": Number(2, integer=True),
        "runs": Number(1, integer=True),
    }

    def change(self, table: pa.Table, random: np.random.Generator) -> StepChange:
        """Repeat the first number of each run; the strength is the distance it makes."""
        numbers = numbers_of(table, self.column)
        free = len(table) - self.length * self.runs
        if free < 0:
            raise ParameterError(
                f"{self.runs} runs of {self.length} rows must fit into the table; it has "
                f"{len(table)} rows."
            )
        starts = np.sort(random.integers(0, free + 1, self.runs))
        starts = starts + self.length * np.arange(self.runs)
        rows = (starts[:, None] + np.arange(1, self.length)).ravel()
        values = np.repeat(numbers[starts], self.length - 1)
        known = np.isfinite(values) & np.isfinite(numbers[rows])
        return _renumbered(table, self.column, rows[known], values[known])


@dataclass(frozen=True)
class DuplicatedRows(ScenarioStep):
    """Repeat some rows, each copy somewhere after its row.

    Parameters
    ----------
    share : float
        The share of rows that come twice.
    """

    share: float

    name: ClassVar[str] = "duplicates"
    rules: ClassVar[Mapping[str, Rule]] = {"share": SHARE}

    def change(self, table: pa.Table, random: np.random.Generator) -> StepChange:
        """Repeat rows; the copies are the changed rows, with strength 1."""
        rows = np.arange(len(table))
        copied = drawn_rows(random, rows, self.share)
        # A copy stands at a random place between its row and the end.
        places = copied + 0.5 + random.random(len(copied)) * (len(table) - 1 - copied)
        order = np.argsort(np.concatenate([rows, places]), kind="stable")
        source = np.concatenate([rows, copied])[order]
        added = np.flatnonzero(order >= len(table))
        changed = table.take(pa.array(source))
        return StepChange(changed, added, np.ones(len(added)), source=source)


def _present(cells: pa.Array) -> RowNumbers:
    return np.flatnonzero(cells.is_valid().to_numpy(zero_copy_only=False))


def _ranks(cells: pa.Array) -> Floats:
    """Return the rank of each cell in [0, 1]; levels in their order, missing cells last."""
    codes = cells
    if not (pt.is_integer(cells.type) or pt.is_floating(cells.type)):
        ordered = sorted({value for value in cells.to_pylist() if value is not None})
        places = {value: place for place, value in enumerate(ordered)}
        codes = pa.array([places.get(value) for value in cells.to_pylist()], pa.float64())
    numbers = codes.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    ranks = rankdata(np.where(np.isnan(numbers), np.inf, numbers))
    found: Floats = (ranks - 1) / max(len(ranks) - 1, 1)
    return found


def _spread(numbers: Floats) -> float:
    finite = numbers[np.isfinite(numbers)]
    return float(finite.std()) or 1.0 if len(finite) else 1.0


def _renumbered(table: pa.Table, column: str, rows: RowNumbers, values: Floats) -> StepChange:
    """Change numbers; cells that stay the same, once rounded, are no change."""
    before = numbers_of(table, column)
    changed = with_cells(table, column, rows, [float(value) for value in values])
    after = numbers_of(changed, column)
    moved = rows[after[rows] != before[rows]]
    strength = np.abs(after[moved] - before[moved]) / _spread(before)
    return StepChange(changed, moved, strength, column)


def _mistyped(word: str, random: np.random.Generator) -> str:
    place = int(random.integers(len(word)))
    swaps = [i for i in range(len(word) - 1) if word[i] != word[i + 1]]
    kind = int(random.integers(3))
    if kind == 0 and swaps:
        first = swaps[int(random.integers(len(swaps)))]
        return word[:first] + word[first + 1] + word[first] + word[first + 2 :]
    if kind == 1 and len(word) > 1:
        return word[:place] + word[place + 1 :]
    return word[: place + 1] + word[place:]
