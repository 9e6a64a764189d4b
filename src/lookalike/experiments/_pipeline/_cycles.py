"""The cycles of a pipeline: propose what the evaluation found weak, try it, keep it if proven."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from lookalike._core.numerics import Floats
from lookalike._core.seeds import derive_seed
from lookalike.experiments._identity import digest
from lookalike.experiments._pipeline._bench import PipelineStudy, SplitBench, UnmadeRows
from lookalike.experiments._pipeline._gain import Gain, oriented, validation_gain
from lookalike.experiments._pipeline._mix import MixPart, TrainingMix
from lookalike.experiments._pipeline._predictor import measured, row_losses
from lookalike.experiments._pipeline._store import StepArrays, arrays_digest
from lookalike.experiments._pipeline._weak import (
    WeakSpot,
    weak_classes,
    weak_columns,
    weak_regions,
)
from lookalike.experiments._statistics import LEVEL
from lookalike.metrics import View

__all__ = ["CycleRun", "MixState", "Refinery"]

#: The most rows of one part, for each real training row.
_MOST = 5.0


@dataclass(frozen=True)
class MixState:
    """A mix of training rows, and how its models did on the validation rows.

    Parameters
    ----------
    mix : TrainingMix
        The rows.
    predictions : tuple of mapping
        Of each split, for its validation rows.
    scores : tuple of float
        The metric in each split.
    """

    mix: TrainingMix
    predictions: tuple[StepArrays, ...]
    scores: tuple[float, ...]

    @property
    def score(self) -> float:
        """The mean of the metric over the splits."""
        return float(np.mean(self.scores))


@dataclass(frozen=True)
class CycleRun:
    """One cycle as it went.

    Parameters
    ----------
    spot : WeakSpot or None
        What was weak; None for rows as they come.
    tried : TrainingMix
        The mix that was tried.
    part : MixPart
        The change.
    state : MixState
        The state after the cycle: the one before, unless the change was kept.
    score : float or None
        The score of the change on the validation rows.
    gain : Gain or None
        Against the state before.
    kept : bool
        Whether the change was kept.
    reason : str or None
        Why there is no score.
    """

    spot: WeakSpot | None
    tried: TrainingMix
    part: MixPart
    state: MixState
    score: float | None
    gain: Gain | None
    kept: bool
    reason: str | None = None


@dataclass
class Refinery:
    """Refines the training rows of a study, cycle by cycle, by its validation rows alone.

    Parameters
    ----------
    study : PipelineStudy
        The rows of development; it knows nothing of the report rows.
    benches : sequence of SplitBench
        One for each split.
    cycles : int
        The most cycles.
    goal : float or None
        The score on the validation rows at which to stop.
    seconds : float or None
        The time after which no cycle begins.
    """

    study: PipelineStudy
    benches: Sequence[SplitBench]
    cycles: int
    goal: float | None = None
    seconds: float | None = None
    _tried: set[str] = field(default_factory=set, init=False)

    @property
    def ratio(self) -> float:
        """Validation rows for each training row."""
        return float(np.mean([len(b.split.test) / len(b.split.train) for b in self.benches]))

    @property
    def level(self) -> float:
        """The level of each cycle's test: all together keep a useless change in 5 % of runs."""
        return LEVEL / max(self.cycles, 1)

    def state(self, mix: TrainingMix) -> MixState:
        """Train models on a mix, and score them on the validation rows.

        Raises
        ------
        UnmadeRows
            If rows, models or scores cannot be made.
        """
        found = tuple(bench.validated(mix) for bench in self.benches)
        values = [measured(one, self.study.metric, self.study.binary) for one in found]
        for value in values:
            if isinstance(value, str):
                raise UnmadeRows(value)
        return MixState(mix, found, tuple(float(value) for value in values))

    def copied(self, mix: TrainingMix) -> tuple[float, ...] | None:
        """Return the scores of copies of real rows in the place of synthetic ones."""
        try:
            found = [bench.validated(mix, copies=True) for bench in self.benches]
        except UnmadeRows:
            return None
        values = [measured(one, self.study.metric, self.study.binary) for one in found]
        return None if any(isinstance(v, str) for v in values) else tuple(map(float, values))

    def run(self, start: MixState, report: Callable[[int], None]) -> tuple[list[CycleRun], str]:
        """Go through the cycles; return them, and why they ended.

        Parameters
        ----------
        start : MixState
            The state before the first cycle.
        report : callable
            Takes the number of finished cycles.
        """
        began, state, runs = time.monotonic(), start, list[CycleRun]()
        while True:
            if self.goal is not None and self._reached(state):
                return runs, f"the goal of {self.goal:g} was reached on the validation rows"
            if len(runs) == self.cycles:
                return runs, f"all {self.cycles} cycles were used"
            if self.seconds is not None and time.monotonic() - began > self.seconds:
                return runs, f"the budget of {self.seconds:g} seconds was used"
            proposed = self._proposed(state)
            if proposed is None:
                return runs, "nothing else was weak beyond chance"
            runs.append(self._cycle(state, *proposed))
            state = runs[-1].state
            report(len(runs))

    def _reached(self, state: MixState) -> bool:
        metric = self.study.metric
        assert self.goal is not None
        return oriented(state.score, metric) >= oriented(self.goal, metric)

    def _cycle(self, state: MixState, spot: WeakSpot | None, part: MixPart) -> CycleRun:
        mix = state.mix.changed(part)
        try:
            new = self.state(mix)
        except UnmadeRows as error:
            return CycleRun(spot, mix, part, state, None, None, False, str(error))
        gain = validation_gain(new.scores, state.scores, self.study.metric, self.ratio)
        kept = gain.p is not None and gain.p < self.level
        return CycleRun(spot, mix, part, new if kept else state, new.score, gain, kept)

    # --- proposals --------------------------------------------------------------------------------

    def _proposed(self, state: MixState) -> tuple[WeakSpot | None, MixPart] | None:
        """Return the next change to try, and record the step; None where nothing is left."""
        found: tuple[WeakSpot | None, MixPart] | None = None
        if state.mix.ordinary is None and self._is_new(part := MixPart(1.0)):
            found = None, part
        else:
            for spot in self.weak(state):
                answer = self._answer(state, spot)
                if answer is not None and self._is_new(answer):
                    found = spot, answer
                    break
        self.study.store.note(
            "refine",
            {
                "evaluation": digest([arrays_digest(one) for one in state.predictions]),
                "tried": digest(sorted(self._tried)),
            },
            "nothing" if found is None else found[1].key,
            {"proposed": None if found is None else found[1].words},
        )
        if found is not None:
            self._tried.add(found[1].key)
        return found

    def _is_new(self, part: MixPart) -> bool:
        return part.key not in self._tried

    def weak(self, state: MixState) -> list[WeakSpot]:
        """Return what is weak in a state: classes and regions by their loss, then columns."""
        spec, losses = self.study.spec, self._losses(state)
        seed = derive_seed(self.study.seed, "weak", state.mix.key)
        spots = [*weak_classes(spec, losses), *weak_regions(spec, losses, seed)]
        spots.sort(key=lambda spot: -spot.excess)
        ordinary = state.mix.ordinary
        if ordinary is None:
            return spots
        with suppress(UnmadeRows):  # columns are compared in generated rows alone
            spots += weak_columns(self._views(ordinary), spec.target, self._inputs)
        return spots

    @property
    def _inputs(self) -> list[str]:
        return [name for name in self.benches[0].book.columns if name != self.study.spec.target]

    def _views(self, part: MixPart) -> list[tuple[View, View, View]]:
        views = []
        for bench in self.benches:
            held = self.study.spec.table.take(pa.array(bench.split.test))
            made = bench.generated(part).table
            views.append((bench.real_view, View(held, bench.book, 0), View(made, bench.book, 0)))
        return views

    def _losses(self, state: MixState) -> Floats:
        """Return the mean loss of each row over the splits that held it out; NaN for others."""
        rows = self.study.spec.table.num_rows
        total, times = np.zeros(rows), np.zeros(rows)
        for bench, found in zip(self.benches, state.predictions, strict=True):
            total[bench.split.test] += row_losses(found)
            times[bench.split.test] += 1
        return np.divide(total, times, out=np.full(rows, np.nan), where=times > 0)

    def _answer(self, state: MixState, spot: WeakSpot) -> MixPart | None:
        """Return the rows that answer a weak spot; None where there is no more to add."""
        if spot.kind == "column":
            ordinary = state.mix.ordinary
            assert ordinary is not None
            if spot.words in ordinary.matched:
                return None
            return MixPart(ordinary.factor, matched=(*ordinary.matched, spot.words))
        before = [part.factor for part in state.mix.parts if part.given == spot.given]
        own = self._share(spot)
        if spot.kind == "class":
            # As many as the largest class has; of the largest itself, half as many again.
            factor = self._largest - own if self._largest > own else own / 2
        else:
            factor = own
        # What was kept and did not suffice is doubled.
        factor = round(min(2 * sum(before) or factor, _MOST), 4)
        return MixPart(factor, spot.given, told=spot.words) if factor > 0 else None

    def _share(self, spot: WeakSpot) -> float:
        if spot.kind != "class":
            return spot.share
        return float(np.mean(self.study.spec.strata == self._class_of(spot)))

    @property
    def _largest(self) -> float:
        return float(np.bincount(self.study.spec.strata).max() / len(self.study.spec.strata))

    def _class_of(self, spot: WeakSpot) -> Any:
        cells = self.study.spec.table[self.study.spec.target].to_pylist()
        return self.study.spec.strata[cells.index(spot.given[0][1])]
