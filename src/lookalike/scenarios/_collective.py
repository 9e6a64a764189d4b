"""Collective anomalies: runs of events, each of them ordinary alone: `CollectiveAnomalies`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lookalike._core.errors import DataError, ParameterError
from lookalike._core.parameters import AnyOf, Choice, Number, Rule
from lookalike.scenarios._base import (
    COLUMN,
    RowNumbers,
    ScenarioStep,
    StepChange,
    codes_of,
    column_of,
    with_cells,
)

__all__ = ["CollectiveAnomalies"]


@dataclass(frozen=True)
class CollectiveAnomalies(ScenarioStep):
    """Let runs of events be odd together, while each event is a real one and ordinary alone.

    A run is a number of successive events of one entity, or of the table. Its events are replaced
    by whole real events, so that no detector of single rows can find them: only their order, their
    sameness or their owner is odd (collective anomalies after Chandola et al. 2009).

    Parameters
    ----------
    kind : {"repeated", "shuffled", "foreign"}
        The first event of the run comes again and again; the events of the run come in another
        order; the events are those of a run elsewhere, of another entity where there are entities.
    length : int
        The number of events of a run.
    runs : int
        The number of runs; they do not overlap.
    entity : str or None
        The column that says whose an event is. Columns that are the same in all events of every
        entity stay as they are.
    time : str or None
        The column that orders the events, which stays as it is; by default their order in the
        table.
    strength : float
        The share of the events of a run that are replaced.
    """

    kind: str
    length: int = 10
    runs: int = 1
    entity: str | None = None
    time: str | None = None
    strength: float | int = 1.0

    name: ClassVar[str] = "collective_anomalies"
    dial: ClassVar[str] = "strength"
    rules: ClassVar[Mapping[str, Rule]] = {
        "kind": Choice(("repeated", "shuffled", "foreign")),
        "length": Number(2, integer=True),
        "runs": Number(1, integer=True),
        "entity": AnyOf((COLUMN,), none=True),
        "time": AnyOf((COLUMN,), none=True),
        "strength": Number(0, 1),
    }

    def change(self, table: pa.Table, random: np.random.Generator) -> StepChange:
        """Replace the events of some runs; the strength is the share of the run that changed."""
        order, owners = self._ordered(table)
        starts = self._starts(owners, random)
        moved = [n for n in table.column_names if n not in self._kept(table)]
        rows, sources, strengths = [], [], []
        for start in starts:
            places = start + np.arange(self.length)
            other = self._source(places, owners, random)
            chosen = np.sort(random.permutation(self.length)[: round(self.strength * self.length)])
            before, after = order[places[chosen]], order[other[chosen]]
            changed = before[_differ(table, moved, before, after)]
            rows.append(changed)
            sources.append(after[_differ(table, moved, before, after)])
            strengths.append(np.full(len(changed), len(changed) / self.length))
        touched, source = np.concatenate(rows), np.concatenate(sources)
        by_row = np.argsort(touched, kind="stable")
        touched, source = touched[by_row], source[by_row]
        found = table
        for name in moved:
            cells = column_of(table, name).take(pa.array(source)).to_pylist()
            found = with_cells(found, name, touched, cells)
        spans = [[int(order[s]), int(order[s + self.length - 1])] for s in starts]
        origin = np.arange(len(table))
        origin[touched] = source
        return StepChange(
            found,
            touched,
            np.concatenate(strengths)[by_row],
            source=origin,
            facts={"run_ends": spans},
        )

    def _ordered(self, table: pa.Table) -> tuple[RowNumbers, RowNumbers]:
        """Return the rows by entity and time, and the entity of each as a number."""
        if self.entity is not None and self.entity == self.time:
            raise ParameterError(f"entity and time must be two columns; both are {self.time!r}.")
        owners = np.zeros(len(table), np.int64)
        if self.entity is not None:
            owners = codes_of(table, self.entity)[1].astype(np.int64)
        moments = np.arange(len(table))
        if self.time is not None:
            ranks = pc.rank(column_of(table, self.time), tiebreaker="first")
            moments = np.asarray(ranks.to_numpy(zero_copy_only=False), np.int64)
        order = np.lexsort([moments, owners])
        return order, owners[order]

    def _starts(self, owners: RowNumbers, random: np.random.Generator) -> RowNumbers:
        """Draw where runs begin: within one entity each, none into another."""
        ends = np.flatnonzero(np.diff(owners, append=-1)) + 1
        firsts = np.concatenate([[0], ends[:-1]])
        # Each entity is cut into slots of a run's length, at a random offset.
        slots = []
        for first, end in zip(firsts, ends, strict=True):
            spare = (end - first) % self.length
            count = (end - first) // self.length
            if count:
                offset = int(random.integers(spare + 1))
                slots.append(first + offset + self.length * np.arange(count))
        free = np.concatenate(slots) if slots else np.empty(0, np.int64)
        if len(free) < self.runs:
            raise DataError(
                f"{self.runs} runs of {self.length} events of one entity each must fit into the "
                f"table; there is room for {len(free)}. Ask for fewer or shorter runs."
            )
        return np.sort(random.permutation(free)[: self.runs])

    def _source(
        self, places: RowNumbers, owners: RowNumbers, random: np.random.Generator
    ) -> RowNumbers:
        """Return the place of the event that comes in the place of each."""
        if self.kind == "repeated":
            return np.full(len(places), places[0])
        if self.kind == "shuffled":
            return np.asarray(random.permutation(places))
        others = np.arange(len(owners) - self.length + 1)
        last = others + self.length - 1
        apart = (others > places[-1]) | (last < places[0])
        whole = owners[others] == owners[last]
        if self.entity is not None:
            whole &= owners[others] != owners[places[0]]
        allowed = others[apart & whole]
        if not len(allowed):
            raise DataError(
                f"A foreign run needs {self.length} successive events elsewhere; there are none. "
                "Ask for shorter runs."
            )
        return np.asarray(random.choice(allowed) + np.arange(self.length))

    def _kept(self, table: pa.Table) -> set[str]:
        """Return the columns that stay: entity, time, and what no event of an entity changes."""
        kept = {name for name in (self.entity, self.time) if name is not None}
        if self.entity is None:
            return kept
        owners = codes_of(table, self.entity)[1]
        for name in table.column_names:
            pairs = np.unique(np.stack([owners, codes_of(table, name)[1]]), axis=1)
            if pairs.shape[1] == len(np.unique(owners)):
                kept.add(name)
        return kept


def _differ(
    table: pa.Table, names: list[str], before: RowNumbers, after: RowNumbers
) -> npt.NDArray[np.bool_]:
    """Return where two rows differ in any of some columns."""
    found = np.zeros(len(before), bool)
    for name in names:
        codes = codes_of(table, name)[1]
        found |= codes[before] != codes[after]
    return found
