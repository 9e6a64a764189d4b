"""What a metric is. Room rule: metrics know tables, numpy and scikit-learn; never models."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar, Literal

from lookalike._core.registry import Registry
from lookalike.metrics._pair import Pair

__all__ = ["METRICS", "Direction", "Measured", "Metric", "Score"]

#: Floor and ceiling that are no farther apart than this differ by chance.
SHORTEST_WAY = 0.005

Direction = Literal["higher", "lower"]


@dataclass(frozen=True)
class Measured:
    """What a metric found on one pair of tables.

    Parameters
    ----------
    value : float or None
        The number; None where it cannot be computed.
    reason : str or None
        Why it cannot be computed, as a sentence; None where it was.
    columns : tuple of dict
        One entry for each column, each with ``"column"`` and ``"value"``.
    pairs : tuple of dict
        One entry for each two columns, each with ``"first"``, ``"second"`` and ``"value"``.
    extra : mapping
        Anything else that is worth keeping, JSON-ready.
    """

    value: float | None
    reason: str | None = None
    columns: tuple[dict[str, Any], ...] = ()
    pairs: tuple[dict[str, Any], ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def undefined(cls, reason: str) -> Measured:
        """Return the result of a metric that cannot be computed, for this reason."""
        return cls(None, reason)

    @property
    def details(self) -> dict[str, Any]:
        """Everything but the number: ``"columns"``, ``"pairs"`` and the extras."""
        return {"columns": list(self.columns), "pairs": list(self.pairs), **self.extra}


class Metric(ABC):
    """A number that says how well one table stands for another.

    A metric is a class without parameters: it states what it measures in class attributes and
    implements `_measure`. Everything that several metrics need is computed once by the `Pair`.
    """

    #: The name under which its score is stored.
    name: ClassVar[str]
    #: Whether a higher or a lower value is better.
    direction: ClassVar[Direction] = "higher"
    #: The range of possible values.
    low: ClassVar[float] = 0.0
    high: ClassVar[float] = 1.0
    #: The best possible value.
    best: ClassVar[float] = 1.0
    #: What it needs beside the two tables: ``"holdout"``, ``"target"``.
    needs: ClassVar[frozenset[str]] = frozenset()
    #: The fewest rows that both tables must have.
    fewest_rows: ClassVar[int] = 1
    #: What stands in the place of the synthetic table for the ceiling: held-out rows for a metric
    #: that compares with the training rows, the training rows for one that compares with held-out
    #: rows.
    ceiling_from: ClassVar[Literal["holdout", "training"]] = "holdout"
    #: What the ceiling is measured on, in words, where `compute_ceiling` does it in its own way.
    ceiling_words: ClassVar[str | None] = None
    #: How far values of equally good rows differ by chance: the standard deviation of the value for
    #: another sample of the real rows, times the root of its row count (`benchmarks/null.py`).
    noise: ClassVar[float] = 0.5

    def compute(self, pair: Pair) -> Measured:
        """Measure a pair of tables.

        Parameters
        ----------
        pair : Pair
            The real and the synthetic table, and what is known about them.

        Returns
        -------
        Measured
            The number and its details, or the reason why there is none.
        """
        reason = self._obstacle(pair)
        if reason is not None:
            return Measured.undefined(reason)
        found = self._measure(pair)
        if found.value is not None and not math.isfinite(found.value):
            return Measured.undefined(f"The result is not a finite number ({found.value}).")
        return found

    def compute_ceiling(self, pair: Pair) -> Measured:
        """Measure a pair in which other real rows take the place of the synthetic ones."""
        return self.compute(pair)

    def compute_floor(self, pair: Pair) -> Measured:
        """Measure a pair whose synthetic table has independent columns."""
        return self.compute(pair)

    @abstractmethod
    def _measure(self, pair: Pair) -> Measured:
        """Measure a pair that has all that the metric needs."""

    def _obstacle(self, pair: Pair) -> str | None:
        if "target" in self.needs and pair.target is None:
            return "It needs a target column."
        if "holdout" in self.needs and pair.test is None:
            return "It needs held-out real rows."
        if not pair.columns:
            return "No column can be compared: there are only identifiers, texts or constants."
        rows = {"real": len(pair.real), "synthetic": len(pair.synthetic)}
        if "holdout" in self.needs and pair.test is not None:
            rows["held-out"] = len(pair.test)
        for words, count in rows.items():
            if count < self.fewest_rows:
                return f"It needs {self.fewest_rows} {words} rows or more; there are {count}."
        return None


#: The metrics; yours may join them.
METRICS: Registry[Metric] = Registry("metric", Metric)


@dataclass(frozen=True)
class Score:
    """A metric's value between its references.

    Parameters
    ----------
    name : str
        The metric's name.
    value : float or None
        Its value; None where it cannot be computed.
    ceiling : float or None
        What held-out real rows score.
    floor : float or None
        What independent columns score.
    direction : {"higher", "lower"}
        Which values are better.
    low, high : float
        The range of possible values.
    reason : str or None
        Why there is no value; None where there is one.
    details : dict
        ``"columns"``: one dict for each column; ``"pairs"``: one for each two columns;
        ``"ceiling"`` and ``"floor"``: what they were measured on; and what else the metric keeps.
    chance : float
        By how much the values of equally good rows may differ: two standard deviations.

    Examples
    --------
    >>> Score("shape", 0.9, ceiling=1.0, floor=0.8, direction="higher", low=0, high=1).position
    0.5
    """

    name: str
    value: float | None
    ceiling: float | None
    floor: float | None
    direction: Direction
    low: float
    high: float
    reason: str | None = None
    details: dict[str, Any] = field(default_factory=dict)
    chance: float = 0.0

    @property
    def raw(self) -> float | None:
        """The value as published, where the metric sets it against chance; else the value."""
        found: float | None = self.details.get("raw", self.value)
        return found

    @property
    def way(self) -> float | None:
        """By how much the ceiling is better than the floor; None where one is missing.

        It may be negative: where columns alone are looked at, independent ones are as good.
        """
        if self.ceiling is None or self.floor is None:
            return None
        return self._better(self.ceiling, self.floor)

    @property
    def gap(self) -> float | None:
        """By how much the ceiling is better than the value; None where one is missing."""
        if self.ceiling is None or self.value is None:
            return None
        return self._better(self.ceiling, self.value)

    @property
    def bracketed(self) -> bool:
        """Whether the ceiling is better than the floor beyond chance: there is a way to go."""
        return self.way is not None and self.way > max(SHORTEST_WAY, self.chance)

    @property
    def position(self) -> float | None:
        """Where the value lies on the way from the floor (0) to the ceiling (1).

        It may lie outside [0, 1]. None where a part is missing, or where the ceiling is not better
        than the floor beyond chance, so that there is no way to go.
        """
        if not self.bracketed or self.way is None or self.gap is None:
            return None
        return round(1 - self.gap / self.way, 12)

    def _better(self, one: float, other: float) -> float:
        return one - other if self.direction == "higher" else other - one

    def to_dict(self) -> dict[str, Any]:
        """Return the score as JSON-ready values."""
        return {**asdict(self), "position": self.position}
