"""The contract of a metric of sequences. Room rule: that of `metrics`."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

from lookalike.metrics._base import Metric
from lookalike.metrics._pair import Pair
from lookalike.metrics._result import Measured
from lookalike.metrics.sequences._pair import SequencePair

__all__ = ["SequenceMetric"]


class SequenceMetric(Metric):
    """A number that says how well histories, or blocks of a series, stand for real ones.

    It implements `_compare`. Its counts (`fewest_rows`, `noise`) are of units, not of rows.
    """

    floor_words: ClassVar[str] = "independent events"
    #: True where the score is computed only when it is asked for by name.
    on_request: ClassVar[bool] = False

    @abstractmethod
    def _compare(self, pair: SequencePair) -> Measured:
        """Measure a pair of sequences that has all that the metric needs."""

    def _measure(self, pair: Pair) -> Measured:
        assert isinstance(pair, SequencePair)  # others have an obstacle
        return self._compare(pair)

    def _obstacle(self, pair: Pair) -> str | None:
        if not isinstance(pair, SequencePair):
            return "It needs sequences: name the columns of entities and times."
        if "holdout" in self.needs and pair.test_units is None:
            return "It needs held-out real rows."
        if not pair.columns:
            return "No column can be compared: there are only identifiers, texts or constants."
        units = {"real": pair.units[0], "synthetic": pair.units[1]}
        if "holdout" in self.needs and pair.test_units is not None:
            units["held-out"] = pair.test_units
        for words, histories in units.items():
            if len(histories) < self.fewest_rows:
                noun = histories.order.unit
                return (
                    f"It needs {self.fewest_rows} {words} {noun} or more; there are "
                    f"{len(histories)}."
                )
        return None
