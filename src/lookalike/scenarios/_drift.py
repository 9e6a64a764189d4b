"""Drift of a stream: of what comes, of how often classes come, and of what follows from what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy.special import ndtri
from scipy.stats import rankdata

from lookalike._core.errors import ParameterError, SchemaError, nearest
from lookalike._core.numerics import Floats
from lookalike._core.parameters import AnyOf, Choice, Instance, Number, Rule
from lookalike.scenarios._base import (
    COLUMN,
    RowSlice,
    ScenarioStep,
    StepChange,
    codes_of,
    column_of,
    numbers_of,
    with_cells,
)

__all__ = ["ConceptDrift", "CovariateDrift", "DriftStep", "PriorDrift"]

_PATTERN = Choice(("sudden", "gradual", "recurring"))
_SHARE = Number(0, 1)


@dataclass(frozen=True)
class DriftStep(ScenarioStep):
    """A drift over the rows in their order, which stands for time.

    Parameters
    ----------
    at : float
        When it begins, as a share of all rows.
    pattern : {"sudden", "gradual", "recurring"}
        From then on in full; more and more up to `until`; on and off by turns, each for the share
        `until` − `at` of all rows.
    until : float or None
        See `pattern`; needed for all but a sudden drift.
    """

    at: float | int = 0.5
    pattern: str = "sudden"
    until: float | int | None = None

    rules: ClassVar[Mapping[str, Rule]] = {
        "at": _SHARE,
        "pattern": _PATTERN,
        "until": AnyOf((_SHARE,), none=True),
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.until is None) != (self.pattern == "sudden"):
            raise ParameterError(
                f"A {self.pattern} drift must {'not ' if self.pattern == 'sudden' else ''}have "
                f"'until'; got until={self.until!r}."
            )
        if self.until is not None and self.until <= self.at:
            raise ParameterError(
                f"A drift must begin before it is complete; got at={self.at}, until={self.until}."
            )

    def chances(self, rows: int) -> Floats:
        """Return the chance of each row to be of the new kind; shape (rows,)."""
        place = np.arange(rows) / max(rows, 1)
        if self.until is None:
            return np.asarray(place >= self.at, np.float64)
        width = self.until - self.at
        if self.pattern == "gradual":
            found: Floats = np.clip((place - self.at) / width, 0.0, 1.0)
            return found
        turn = np.floor((place - self.at) / width)
        on: Floats = ((place >= self.at) & (turn % 2 == 0)).astype(np.float64)
        return on

    def _facts(self, rows: int) -> dict[str, Any]:
        """Return the true time of the drift in rows."""
        drifting = np.flatnonzero(self.chances(rows) > 0)
        full = np.flatnonzero(self.chances(rows) >= 1)
        return {
            "first_row": int(drifting[0]) if len(drifting) else None,
            "complete_row": int(full[0]) if len(full) else None,
        }

    def _redrawn(self, table: pa.Table, weights: Floats, random: np.random.Generator) -> StepChange:
        """Put rows drawn by weights in the place of rows of the new kind."""
        count = len(table)
        new = random.random(count) < self.chances(count)
        source = np.arange(count)
        source[new] = random.choice(count, size=int(new.sum()), p=weights / weights.sum())
        rows = np.flatnonzero(new)
        chance = self.chances(count)[rows]
        taken = table.take(pa.array(source))
        return StepChange(taken, rows, chance, source=source, facts=self._facts(count))


@dataclass(frozen=True, kw_only=True)
class CovariateDrift(DriftStep):
    """Let rows with higher (or lower) numbers in a column come more often.

    Whole rows are drawn anew, so that everything given the column stays as it was.

    Parameters
    ----------
    at : float
        When it begins, as a share of all rows; see `DriftStep`.
    pattern : {"sudden", "gradual", "recurring"}
        See `DriftStep`.
    until : float or None
        See `DriftStep`.
    column : str
        A column of numbers.
    shift : float
        How far: rows are weighted by exp(`shift` · z), z the normal score of the rank, which moves
        the mean of a normal column by `shift` standard deviations. Ranks, since the few highest
        numbers of a skewed column would else be nearly all that comes.
    """

    column: str
    shift: float | int = 1.0

    name: ClassVar[str] = "covariate_drift"
    dial: ClassVar[str] = "shift"
    rules: ClassVar[Mapping[str, Rule]] = {
        **DriftStep.rules,
        "column": COLUMN,
        "shift": Number(-10, 10),
    }

    def change(self, table: pa.Table, random: np.random.Generator) -> StepChange:
        """Redraw rows; the strength is the chance of the row to be of the new kind."""
        return self._redrawn(table, self._weights(table), random)

    def brings(self, table: pa.Table) -> RowSlice | None:
        """Return the rows whose weight is above the mean."""
        weights, numbers = self._weights(table), numbers_of(table, self.column)
        rows = (weights > weights.mean()) & np.isfinite(numbers)
        if not rows.any():
            return None
        return RowSlice(f"{self.column} {_side(numbers, rows, self.shift > 0)}", rows)

    def _weights(self, table: pa.Table) -> Floats:
        """Return the weight of each row among those of the new kind."""
        numbers = numbers_of(table, self.column)
        present = np.isfinite(numbers)
        if not present.any():
            raise SchemaError(f"A drift needs numbers; {self.column!r} has none.")
        # A row without the number comes as often as one in the middle.
        score = np.zeros(len(numbers))
        score[present] = ndtri((rankdata(numbers[present]) - 0.5) / present.sum())
        score *= self.shift
        found: Floats = np.exp(score - score.max())
        return found


@dataclass(frozen=True, kw_only=True)
class PriorDrift(DriftStep):
    """Let a class come more or less often.

    Whole rows are drawn anew, so that everything given the class stays as it was.

    Parameters
    ----------
    at : float
        When it begins, as a share of all rows; see `DriftStep`.
    pattern : {"sudden", "gradual", "recurring"}
        See `DriftStep`.
    until : float or None
        See `DriftStep`.
    column : str
        The column of classes.
    level : str, int, float or bool
        The class.
    share : float
        Its share among rows of the new kind.
    """

    column: str
    level: str | float | bool
    share: float | int = 0.5

    name: ClassVar[str] = "prior_drift"
    rules: ClassVar[Mapping[str, Rule]] = {
        **DriftStep.rules,
        "column": COLUMN,
        "level": Instance((str, int, float, bool), "a level"),
        "share": _SHARE,
    }

    def dialled(self, dial: float, table: pa.Table) -> Self | None:
        """Return the step with a share on the way from the present one."""
        present = float(self._among(table).mean())
        share = present + dial * (self.share - present)
        return replace(self, share=share) if dial else None

    def change(self, table: pa.Table, random: np.random.Generator) -> StepChange:
        """Redraw rows; the strength is the chance of the row to be of the new kind."""
        among = self._among(table)
        weights = np.where(among, self.share / among.sum(), (1 - self.share) / (~among).sum())
        return self._redrawn(table, weights, random)

    def brings(self, table: pa.Table) -> RowSlice | None:
        """Return the rows of the class, or all others where it becomes rarer."""
        among = self._among(table)
        if self.share == among.mean():
            return None
        more = self.share > among.mean()
        level = table[self.column].filter(pa.array(among))[0].as_py()
        words = f"{self.column} {'=' if more else '≠'} {level!r}"
        return RowSlice(words, among if more else ~among)

    def _among(self, table: pa.Table) -> npt.NDArray[np.bool_]:
        """Return which rows are of the class."""
        known, codes = codes_of(table, self.column)
        hits = [one == self.level for one in known]
        if isinstance(self.level, str) and not any(hits):
            # A command line knows words only.
            hits = [str(one) == self.level for one in known]
        among = np.array([*hits, False])[codes]
        if among.all() or not among.any():
            levels = list(dict.fromkeys(repr(one) for one in known if one is not None))
            raise SchemaError(
                f"{self.level!r} must be one of several levels of {self.column!r}; it has "
                f"{', '.join(levels[:5])}.{nearest(str(self.level), map(str, known))}"
            )
        return among


@dataclass(frozen=True, kw_only=True)
class ConceptDrift(DriftStep):
    """Let other labels follow from the same inputs, where a number is high.

    Parameters
    ----------
    at : float
        When it begins, as a share of all rows; see `DriftStep`.
    pattern : {"sudden", "gradual", "recurring"}
        See `DriftStep`.
    until : float or None
        See `DriftStep`.
    column : str
        The column of labels; of two levels the other one is taken, of more the next one.
    by : str
        A column of numbers: labels change in rows where it is above its median.
    share : float
        The share of these labels that change once the drift is complete.
    """

    column: str
    by: str
    share: float | int = 1.0

    name: ClassVar[str] = "concept_drift"
    rules: ClassVar[Mapping[str, Rule]] = {
        **DriftStep.rules,
        "column": COLUMN,
        "by": COLUMN,
        "share": _SHARE,
    }

    def change(self, table: pa.Table, random: np.random.Generator) -> StepChange:
        """Change labels; the strength is the chance of the row to be of the new kind."""
        numbers, cells = numbers_of(table, self.by), column_of(table, self.column)
        codes = cells.dictionary_encode()
        levels = codes.dictionary.to_pylist()
        if len(levels) < 2:
            raise SchemaError(f"Labels must be of two levels or more; {self.column!r} has one.")
        count = len(table)
        chances = self.chances(count)
        high = numbers > np.nanmedian(numbers) if np.isfinite(numbers).any() else np.zeros(count)
        labelled = cells.is_valid().to_numpy(zero_copy_only=False)
        new = random.random(count) < self.share * chances
        rows = np.flatnonzero(new & (high == 1) & labelled)
        # The order of levels, not that of the rows, says which is next.
        order = {level: place for place, level in enumerate(sorted(levels))}
        following = sorted(levels)
        before = cells.take(pa.array(rows)).to_pylist()
        after = [following[(order[level] + 1) % len(following)] for level in before]
        changed = with_cells(table, self.column, rows, after)
        strength = self.share * chances[rows]
        return StepChange(changed, rows, strength, self.column, facts=self._facts(count))


def _side(numbers: Floats, rows: npt.NDArray[np.bool_], upper: bool) -> str:
    """Return the side on which rows lie, with no more digits than tell them from the others."""
    edge = float(numbers[rows].min() if upper else numbers[rows].max())
    sign = "≥" if upper else "≤"
    if edge.is_integer() and abs(edge) < 2**53:
        return f"{sign} {int(edge)}"
    for digits in range(6, 17):
        text = f"{edge:.{digits}g}"
        if ((numbers >= float(text) if upper else numbers <= float(text)) == rows).all():
            return f"{sign} {text}"
    return f"{sign} {edge!r}"
