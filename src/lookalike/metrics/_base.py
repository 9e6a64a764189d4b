"""The contract of a metric. Room rule: metrics know tables and scikit-learn, never models."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, Literal

from lookalike._core.plain import build
from lookalike._core.registry import Registry
from lookalike.metrics._details import Details
from lookalike.metrics._pair import Pair
from lookalike.metrics._result import About, Direction, Measured, Reference, Score

__all__ = ["METRICS", "SEQUENCE_METRICS", "Metric", "read_score"]


class Metric(ABC):
    """A number that says how well one table stands for another.

    A metric is a class without parameters: it states what it measures in class attributes and
    implements `_measure`. Everything that several metrics need is computed once by the `Pair`.
    """

    #: The name under which its score is stored.
    name: ClassVar[str]
    #: The direction of better values.
    direction: ClassVar[Direction] = "higher"
    #: The range of possible values.
    low: ClassVar[float] = 0.0
    high: ClassVar[float] = 1.0
    #: The best possible value.
    best: ClassVar[float] = 1.0
    #: The inputs that it needs beside the two tables: ``"holdout"``, ``"target"``.
    needs: ClassVar[frozenset[str]] = frozenset()
    #: The fewest rows that both tables must have.
    fewest_rows: ClassVar[int] = 1
    #: The rows that take the place of the synthetic table for the ceiling: held-out rows for a
    #: metric that compares with the training rows, the training rows for one that compares with
    #: held-out rows.
    ceiling_from: ClassVar[Literal["holdout", "training"]] = "holdout"
    #: The basis of the ceiling in words, where `compute_ceiling` measures it in its own way.
    ceiling_words: ClassVar[str | None] = None
    #: The metric in words: as a heading; within a sentence, after "the weakest point is"; and what
    #: it measures, as a sentence. Without a title, its name is shown.
    title: ClassVar[str] = ""
    subject: ClassVar[str] = ""
    meaning: ClassVar[str] = ""
    #: What its floor is measured on, in two words.
    floor_words: ClassVar[str] = "independent columns"
    #: The part of a report in which it stands, and its part in the verdict; see `About`.
    group: ClassVar[Literal["likeness", "use", "privacy"]] = "likeness"
    role: ClassVar[Literal["headline", "judged", "reference"]] = "judged"
    #: The class of its details.
    details_type: ClassVar[type[Details]] = Details
    #: The difference allowed between values of equally good rows, whatever the size of the table.
    tolerance: ClassVar[float] = 0.0
    #: The variation of values of equally good rows by chance: the standard deviation of the value
    #: for another sample of the real rows, times the root of its row count (`benchmarks/null.py`).
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
        measured = self._measure(pair)
        if measured.value is not None and not math.isfinite(measured.value):
            return Measured.undefined(f"The result is not a finite number ({measured.value}).")
        return measured

    def compute_ceiling(self, pair: Pair) -> Measured:
        """Measure a pair in which other real rows take the place of the synthetic ones."""
        return self.compute(pair)

    def compute_floor(self, pair: Pair) -> Measured:
        """Measure a pair whose synthetic table has independent columns."""
        return self.compute(pair)

    def finding(self, score: Score) -> str:  # noqa: ARG002 - most numbers speak for themselves
        """Return the finding as a sentence, where the number alone does not say it."""
        return ""

    def warning(self, score: Score) -> str:  # noqa: ARG002 - most metrics only compare
        """Return a warning to the reader as a sentence; empty where there is nothing to warn of."""
        return ""

    def score(
        self,
        found: Measured,
        ceiling: Measured | None = None,
        floor: Measured | None = None,
        *,
        chance: float = 0.0,
        on: tuple[str, str] = ("", ""),
        left_out: tuple[str, ...] = (),
    ) -> Score:
        """Return a measurement between its references, in numbers and in words.

        Parameters
        ----------
        found : Measured
            The measurement of the synthetic rows.
        ceiling, floor : Measured or None
            The measurements of real rows and of independent columns.
        chance : float
            The difference between values of equally good rows that chance explains.
        on : tuple of str
            The rows that ceiling and floor were measured on, in words.
        left_out : tuple of str
            The columns that were not compared.

        Returns
        -------
        Score
        """
        words = self.title, self.subject, self.meaning
        about = About(*words, self.group, self.role, self.floor_words)
        sources = [
            None if one is None else Reference(words, one.details.raw, one.reason)
            for one, words in zip((ceiling, floor), on, strict=True)
        ]
        score = Score(
            self.name,
            found.value,
            None if ceiling is None else ceiling.value,
            None if floor is None else floor.value,
            self.direction,
            self.low,
            self.high,
            found.reason,
            _with_references(found.details, ceiling, floor),
            chance,
            self.tolerance,
            self.best,
            about if self.title else None,
            ceiling_source=sources[0],
            floor_source=sources[1],
            left_out=left_out,
        )
        if score.value is None:
            return score
        return replace(score, finding=self.finding(score), warning=self.warning(score))

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


def _with_references(details: Details, ceiling: Measured | None, floor: Measured | None) -> Details:
    """Return details with what real rows and independent columns get in each column."""
    known = [
        {} if one is None else {entry.column: entry.value for entry in one.details.columns}
        for one in (ceiling, floor)
    ]
    columns = tuple(
        replace(entry, ceiling=known[0].get(entry.column), floor=known[1].get(entry.column))
        for entry in details.columns
    )
    return replace(details, columns=columns)


#: The metrics; yours may join them.
METRICS: Registry[Metric] = Registry("metric", Metric)
#: The metrics of sequences, which `lookalike.metrics.sequences` enters; yours may join them.
SEQUENCE_METRICS: Registry[Metric] = Registry("metric of sequences", Metric, "sequence_metrics")


def read_score(values: Mapping[str, Any]) -> Score:
    """Rebuild a score from the result of `Score.to_dict`.

    Parameters
    ----------
    values : mapping
        The result of `Score.to_dict`. Details of a metric's own are dropped if the metric is not
        entered in `METRICS` or `SEQUENCE_METRICS`.

    Returns
    -------
    Score
    """
    name = str(values["name"])
    kind = METRICS.registered(name) or SEQUENCE_METRICS.registered(name)
    details = build(Details if kind is None else kind.details_type, values.get("details", {}))
    return replace(build(Score, {**values, "details": {}}), details=details)
