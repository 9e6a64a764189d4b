"""`SequenceCopies`: synthetic units that repeat real ones."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
import pyarrow as pa

from lookalike._core.numerics import Floats, Floats32
from lookalike._core.seeds import generator
from lookalike.metrics._details import Details
from lookalike.metrics._neighbours import nearest
from lookalike.metrics._result import Direction, Measured, Score
from lookalike.metrics._view import View
from lookalike.metrics.copies import NEAR, CopyDetails, clearly_more
from lookalike.metrics.sequences._base import SequenceMetric
from lookalike.metrics.sequences._padded import padded
from lookalike.metrics.sequences._pair import SequencePair
from lookalike.metrics.sequences._units import SequenceUnits, UnitRows

__all__ = ["SequenceCopies"]

#: The most units whose nearest real ones are sought, and the most real ones, drawn from the seed.
_MOST_QUERIES = 2_000
_MOST_REFERENCES = 50_000
#: The most numbers by which units are compared.
_WIDTH = 512
#: Units nearer than this are equal but for rounding.
_EQUAL = 1e-4


class SequenceCopies(SequenceMetric):
    """Count the synthetic units that are exact or near copies of training units.

    A unit is compared by the cells of its first events, side by side. Of a series, the references
    are all windows of the training series, at every step, as a copy may begin anywhere. Near: no
    farther from its nearest real unit than the nearest hundredth of real units is from another one
    that shares no event with it. Held-out units, the ceiling, have such copies too: only what goes
    beyond them is suspicious. A smoke test, nothing more.
    """

    name: ClassVar[str] = "sequence_copies"
    title: ClassVar[str] = "Copies"
    subject: ClassVar[str] = "copies of real units"
    meaning: ClassVar[str] = (
        "The share of synthetic units that are exact or near copies of real ones; less is better, "
        "and as few as among held-out units are to be expected. A smoke test for copying, no more."
    )
    group: ClassVar[Literal["likeness", "use", "privacy"]] = "privacy"
    role: ClassVar[Literal["headline", "judged", "reference"]] = "reference"
    direction: ClassVar[Direction] = "lower"
    best: ClassVar[float] = 0.0
    details_type: ClassVar[type[Details]] = CopyDetails
    fewest_rows: ClassVar[int] = 2

    def _compare(self, pair: SequencePair) -> Measured:
        real, synthetic = pair.units
        references, first = _references(pair, real)
        points = pair.keep("copies", lambda: _points(pair, references))
        limit = pair.keep("copies limit", lambda: _limit(pair, real, references, points, first))
        if limit is None:
            return Measured.undefined("No two real units share no event.")
        asked = synthetic.sample(_MOST_QUERIES, pair.seed)
        apart = _nearest_other(pair, asked, points, first, same=asked.whole is real.whole)
        exact = int((apart <= _EQUAL).sum())
        details = CopyDetails(
            exact_rows=exact,
            synthetic_rows=len(asked),
            near_rows=len(asked),
            near_limit=limit,
        )
        return Measured(float(np.mean(apart <= max(limit, _EQUAL))), details=details)

    def finding(self, score: Score) -> str:
        """Return the number of exact copies in words."""
        found = score.details
        if not isinstance(found, CopyDetails):
            return ""
        return f"{found.exact_rows:,} exact copies among {found.synthetic_rows:,} units."

    def warning(self, score: Score) -> str:
        """Return a warning where there are clearly more copies than among real units."""
        usual = max(score.ceiling or 0.0, NEAR)
        if score.value is None or not clearly_more(score, usual):
            return ""
        return (
            f"Beware: {100 * score.value:.0f} % of the synthetic units are copies or near copies "
            f"of real ones, where {100 * usual:.0f} % are to be expected: they may have been "
            "memorised."
        )


def _references(pair: SequencePair, real: SequenceUnits) -> tuple[SequenceUnits, UnitRows]:
    """Return the units among which the nearest is sought, and the row at which each begins."""
    if real.whole is None or real.order.window is None:
        kept = real.sample(_MOST_REFERENCES, pair.seed)
        return kept, kept.starts[:-1]
    window, whole = real.order.window, real.whole
    begins = np.arange(len(whole.table) - window + 1)
    begins = begins[whole.unit[begins] == whole.unit[begins + window - 1]]
    if len(begins) > _MOST_REFERENCES:
        drawn = generator(pair.seed, "metrics", "windows").permutation(len(begins))
        begins = np.sort(drawn[:_MOST_REFERENCES])
    rows = (begins[:, None] + np.arange(window)).ravel()
    starts = np.arange(0, len(rows) + 1, window)
    table = whole.table.take(pa.array(rows))
    return SequenceUnits(table, starts, whole.order, whole.times[rows]), begins


def _points(pair: SequencePair, histories: SequenceUnits) -> Floats32:
    """Return units as points: numbers in real ranges, levels as directions, lengths."""
    view = View(histories.table, pair.codebook, pair.seed)
    embedded = view.embedding
    steps = max(_WIDTH // max(embedded.shape[1], 1), 2)
    parts: list[Floats] = [
        np.nan_to_num(padded(histories, embedded[:, place].astype(np.float64), steps), nan=-1.0)
        for place in range(embedded.shape[1])
    ]
    if histories.order.window is None:
        parts.append(np.log1p(histories.lengths)[:, None])
    return np.concatenate(parts, axis=1).astype(np.float32)


def _limit(
    pair: SequencePair,
    real: SequenceUnits,
    references: SequenceUnits,
    points: Floats32,
    first: UnitRows,
) -> float | None:
    """Return the distance below which a unit is a near copy."""
    if real.whole is None:
        asked = references.sample(_MOST_QUERIES, pair.seed)
        if asked is references:
            return float(np.quantile(nearest(points, points, 1, same=True)[0][:, 0], NEAR))
        # The nearest of a unit that is itself among the references is that unit.
        return float(np.quantile(nearest(_points(pair, asked), points, 2)[0][:, 1], NEAR))
    order = generator(pair.seed, "metrics", "copies").permutation(len(real))[:_MOST_QUERIES]
    apart = _nearest_other(pair, real.take(np.sort(order)), points, first, same=True)
    known = apart[np.isfinite(apart)]
    return float(np.quantile(known, NEAR)) if len(known) else None


def _nearest_other(
    pair: SequencePair, asked: SequenceUnits, points: Floats32, first: UnitRows, *, same: bool
) -> Floats:
    """Return the distance of each unit to the nearest real one that shares no event with it.

    Infinite where every near one does. `same` is True for blocks of the series whose windows
    `points` are, which begin at the rows `first`.
    """
    window = asked.order.window
    if not same or window is None or asked.first is None:
        return nearest(_points(pair, asked), points, 1)[0][:, 0].astype(np.float64)
    # Fewer than twice the length of a block of windows share an event with it.
    count = min(2 * window, len(points))
    apart, found = nearest(_points(pair, asked), points, count)
    free = np.abs(first[found] - asked.first[:, None]) >= window
    distances = apart[np.arange(len(found)), free.argmax(axis=1)]
    return np.where(free.any(axis=1), distances, np.inf)
