"""`DiscriminativeScore`: the published judge of series, a recurrent network, with its defects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from lookalike._core.late import JUDGES
from lookalike._core.numerics import Floats32
from lookalike._core.seeds import generator
from lookalike.metrics._details import Details
from lookalike.metrics._result import Direction, Measured, Score
from lookalike.metrics._view import View
from lookalike.metrics.sequences._base import SequenceMetric
from lookalike.metrics.sequences._pair import SequencePair
from lookalike.metrics.sequences._units import SequenceUnits

__all__ = ["DiscriminativeDetails", "DiscriminativeScore"]

RUNS = 5
#: The most windows on a side, drawn from the seed.
_MOST_WINDOWS = 10_000


@dataclass(frozen=True)
class DiscriminativeDetails(Details):
    """Details of `DiscriminativeScore`.

    Parameters
    ----------
    raw, rows, columns, pairs, pairs_seen, pairs_in_all, importances : optional
        See `Details`; `rows` counts windows.
    runs : tuple of float
        The score of each run.
    """

    runs: tuple[float, ...] = ()


class DiscriminativeScore(SequenceMetric):
    """Let a recurrent network tell synthetic windows from real ones, as TimeGAN is judged.

    The discriminative score of Yoon, Jarrett & van der Schaar (2019): the absolute difference from
    ½ of the accuracy of a small network of gated recurrent units, mean of five runs, on all windows
    of a series at every step, numbers scaled to the real range. For comparison with published
    figures alone: windows overlap, so that the judged ones are those of training shifted by a step;
    the score depends on how the judge happens to be trained, and a judge that learned nothing
    praises everything; published figures have no ceiling. `SequenceDetection` has none of these
    defects. It is slow, and computed only when it is asked for by name. Columns of levels are left
    out.
    """

    name: ClassVar[str] = "discriminative_score"
    title: ClassVar[str] = "Discriminative score, as published"
    subject: ClassVar[str] = "the published discriminative score"
    meaning: ClassVar[str] = (
        "The accuracy of a small recurrent network, less ½; for comparison with published figures "
        "alone. Its windows overlap, and a judge that learned little praises everything: believe "
        "the detection by trees."
    )
    role: ClassVar[Literal["headline", "judged", "reference"]] = "reference"
    direction: ClassVar[Direction] = "lower"
    high: ClassVar[float] = 0.5
    best: ClassVar[float] = 0.0
    details_type: ClassVar[type[Details]] = DiscriminativeDetails
    noise: ClassVar[float] = 0.3
    fewest_rows: ClassVar[int] = 5
    on_request: ClassVar[bool] = True

    def _compare(self, pair: SequencePair) -> Measured:
        if pair.units[0].order.window is None:
            return Measured.undefined("It needs blocks: give a window.")
        if not pair.numeric:
            return Measured.undefined("There is no numeric column that changes within a unit.")
        one, other = pair.units
        # Halves of one series have no series of their own, only their blocks.
        apart = one.whole is not other.whole
        real, synthetic = (_windows(pair, units, apart) for units in pair.units)
        count = min(len(real), len(synthetic))
        judge = JUDGES["recurrent"]
        seeds = generator(pair.seed, "metrics", "judge").integers(2**31, size=RUNS)
        runs = [abs(judge(real[:count], synthetic[:count], int(seed)) - 0.5) for seed in seeds]
        details = DiscriminativeDetails(rows=count, runs=tuple(float(run) for run in runs))
        return Measured(float(np.mean(runs)), details=details)

    def finding(self, score: Score) -> str:
        """Return the spread of the runs in words."""
        found = score.details
        if not isinstance(found, DiscriminativeDetails) or not found.runs:
            return ""
        return f"{len(found.runs)} runs from {min(found.runs):.3f} to {max(found.runs):.3f}."


def _windows(pair: SequencePair, units: SequenceUnits, apart: bool) -> Floats32:
    """Return windows in random order, numbers scaled to the real range.

    They begin at every step of a series, or, where there is no whole one, are the blocks.
    """
    window = units.order.window
    assert window is not None  # blocks are what this metric needs
    source, begins = units, units.starts[:-1]
    if units.whole is not None and apart:
        source = units.whole
        begins = np.arange(len(source.table) - window + 1)
        begins = begins[source.unit[begins] == source.unit[begins + window - 1]]
    drawn = generator(pair.seed, "metrics", "windows").permutation(len(begins))[:_MOST_WINDOWS]
    book = pair.codebook
    places = [book.numeric.index(name) for name in pair.numeric]
    cells = book.scaled(View(source.table, book, pair.seed).numbers)[:, places]
    cells = np.nan_to_num(np.clip(cells, -1.0, 2.0), nan=0.5)
    rows = begins[drawn][:, None] + np.arange(window)
    return np.asarray(cells[rows], np.float32)
