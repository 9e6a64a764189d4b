"""The end of a pipeline: its states on the report rows, and the rows that it ends with."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from lookalike._core.errors import LookalikeWarning
from lookalike._core.seeds import derive_seed
from lookalike.experiments._pipeline._bench import PipelineStudy, SplitBench, UnmadeRows
from lookalike.experiments._pipeline._cycle import PipelineCycle, PipelineRival
from lookalike.experiments._pipeline._cycles import CycleRun, MixState, Refinery
from lookalike.experiments._pipeline._gain import Gain, report_gain
from lookalike.experiments._pipeline._mix import TrainingMix
from lookalike.experiments._pipeline._predictor import measured
from lookalike.experiments._pipeline._store import StepArrays
from lookalike.experiments._splits import Split
from lookalike.tables import as_frame, natural, render

__all__ = ["final_rows", "reported"]

#: Synthetic rows of the final mix are drawn as in a split of this number.
_WHOLE = 1_000_000


class _Reporter:
    """Scores of states on the report rows, each computed once."""

    def __init__(self, refinery: Refinery, held: pa.Table) -> None:
        self.refinery, self.held = refinery, held
        self._found: dict[tuple[str, bool], list[StepArrays] | None] = {}

    def predictions(self, mix: TrainingMix, copies: bool = False) -> list[StepArrays] | None:
        """Return the predictions of each split's model; None where there are none."""
        key = mix.key, copies
        if key not in self._found:
            try:
                benches = self.refinery.benches
                found = [bench.reported(mix, self.held, copies=copies) for bench in benches]
                self._found[key] = found
            except UnmadeRows:
                self._found[key] = None
        return self._found[key]

    def score(self, mix: TrainingMix, copies: bool = False) -> float | None:
        """Return the mean of the metric over the splits."""
        study = self.refinery.study
        found = self.predictions(mix, copies)
        values = [measured(one, study.metric, study.binary) for one in found or ()]
        if not values or any(isinstance(value, str) for value in values):
            return None
        return float(np.mean([float(value) for value in values]))

    def gain(self, new: TrainingMix, old: TrainingMix, copies: bool = False) -> Gain | None:
        """Return what a mix gains over another, or over copies of real rows in its place."""
        if new.key == old.key and not copies:
            return Gain(0.0, 0.0, 0.0)
        one, two = self.predictions(new), self.predictions(old, copies)
        if one is None or two is None:
            return None
        study = self.refinery.study
        seed = derive_seed(study.seed, "report")
        return report_gain(one, two, study.metric, study.binary, self.refinery.ratio, seed)


def reported(
    refinery: Refinery, start: MixState, runs: Sequence[CycleRun], held: pa.Table
) -> tuple[tuple[PipelineCycle, ...], tuple[PipelineRival, ...]]:
    """Score the states of a pipeline on the report rows, which it has not seen.

    Parameters
    ----------
    refinery : Refinery
        It has ended.
    start : MixState
        The state before the first cycle.
    runs : sequence of CycleRun
        The cycles.
    held : pyarrow.Table
        The report rows.

    Returns
    -------
    tuple of (tuple of PipelineCycle, tuple of PipelineRival)
        The cycles from 0, and other training rows beside the final ones.
    """
    reporter = _Reporter(refinery, held)
    first = start.mix
    lines = [
        PipelineCycle(
            0, None, first.words, 0, start.score, report=reporter.score(first), report_gain=0.0
        )
    ]
    for number, run in enumerate(runs, start=1):
        gain = run.gain
        since = reporter.gain(run.state.mix, first)
        lines.append(
            PipelineCycle(
                number,
                None if run.spot is None else f"{run.spot.kind} {run.spot.words}",
                f"{100 * run.part.factor:+.0f} % {run.part.words}",
                round(float(np.mean([bench.count(run.part) for bench in refinery.benches]))),
                run.score,
                None if gain is None else gain.mean,
                None if gain is None else gain.low,
                None if gain is None else gain.high,
                None if gain is None else gain.p,
                run.kept,
                run.reason,
                reporter.score(run.state.mix),
                None if since is None else since.mean,
                None if since is None else since.low,
                None if since is None else since.high,
            )
        )
    return tuple(lines), tuple(_rivals(reporter, runs[-1].state if runs else start))


def _rivals(reporter: _Reporter, last: MixState) -> list[PipelineRival]:
    """Return what costs nothing: copies beside synthetic rows, real rows beside these alone."""
    refinery, mix = reporter.refinery, last.mix
    if not mix.parts:
        return []
    if mix.real:
        scores = refinery.copied(mix)
        return [
            _rival(
                "copies of real rows in the same places",
                None if scores is None else float(np.mean(scores)),
                reporter.score(mix, copies=True),
                reporter.gain(mix, mix, copies=True),
            )
        ]
    real = TrainingMix(True)
    try:
        validation: float | None = refinery.state(real).score
    except UnmadeRows:
        validation = None
    return [_rival("real rows", validation, reporter.score(real), reporter.gain(mix, real))]


def _rival(
    name: str, validation: float | None, report: float | None, gain: Gain | None
) -> PipelineRival:
    if gain is None:
        return PipelineRival(name, validation, report, None, None, None)
    return PipelineRival(name, validation, report, gain.mean, gain.low, gain.high)


def final_rows(study: PipelineStudy, mix: TrainingMix) -> Any:
    """Return the final training rows: all that are not of the report, and synthetic ones.

    Parameters
    ----------
    study : PipelineStudy
        The study.
    mix : TrainingMix
        The final mix. Its synthetic rows are those of a model of all these rows.

    Returns
    -------
    dataframe
        With a boolean column ``synthetic`` (or ``synthetic_``, where the table has such a column).
    """
    table = study.spec.table
    every = np.arange(table.num_rows)
    bench = SplitBench(study, Split(_WHOLE, every, every[:0]))
    tables = [table] if mix.real else []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LookalikeWarning)
        try:
            tables += [bench.generated(part).table.cast(table.schema) for part in mix.parts]
        except UnmadeRows:
            return None
    counts = [len(one) for one in tables]
    name = "synthetic"
    while name in table.column_names:
        name += "_"
    real = counts[0] if mix.real else 0
    marks = pa.array(np.arange(sum(counts)) >= real)
    # As the caller's table writes them; of a file, numbers and dates as what they mean.
    written = natural if study.from_file else render
    whole = written(pa.concat_tables(tables), study.spec.schema)
    return as_frame(whole.append_column(name, marks), study.spec.library)
