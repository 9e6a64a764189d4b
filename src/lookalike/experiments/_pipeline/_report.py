"""`PipelineReport`: the record of what each cycle made and gained, and whether it was worth it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, ClassVar

import pyarrow as pa

from lookalike._core.differences import plain, signed
from lookalike._core.documents import Document
from lookalike._core.plain import build, jsonable
from lookalike._core.tabular import Tabular, aligned
from lookalike.experiments._pipeline._cycle import PipelineCycle, PipelineRival
from lookalike.experiments._pipeline._words import answer
from lookalike.experiments._verdict_words import metric_name

__all__ = ["PipelineReport"]


@dataclass(frozen=True)
class PipelineReport(Document, Tabular):
    """The result of a pipeline: its cycles with intervals, its steps with digests, its rows.

    Parameters
    ----------
    cycles : tuple of PipelineCycle
        From cycle 0, the state before any change.
    rivals : tuple of PipelineRival
        Copies of real rows beside synthetic ones, or real rows beside synthetic ones alone.
    steps : tuple of dict
        Every step in its order: its name, its key, the digests of its inputs and of its output,
        and facts.
    facts : dict
        The data, the settings, the numbers of rows, what was weak in the end, and the versions.
    notes : tuple of str
        Remarks.
    data : dataframe or None
        The final training rows, with a column that says which are synthetic; None in a report
        that was read from JSON.

    Examples
    --------
    >>> import lookalike as la
    >>> found = la.pipeline(
    ...     la.datasets.load("penguins"),
    ...     target="sex",
    ...     estimator="logistic regression",
    ...     cycles=1,
    ...     splits=3,
    ... )
    >>> found.cycles[0].made, found.steps[0]["step"]
    ('real rows', 'split')
    """

    cycles: tuple[PipelineCycle, ...]
    rivals: tuple[PipelineRival, ...] = ()
    steps: tuple[dict[str, Any], ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    data: Any = field(default=None, repr=False, compare=False)

    _noun: ClassVar[str] = "a pipeline report"
    _format: ClassVar[int] = 1
    _heading: ClassVar[str] = "What did each cycle gain?"
    _page_name: ClassVar[str] = "pipeline"

    @property
    def answer(self) -> str:
        """The result in a few sentences."""
        return answer(self.cycles, self.rivals, self.facts)

    @property
    def final(self) -> PipelineCycle:
        """The last cycle: the state with which the pipeline ended."""
        return self.cycles[-1]

    @property
    def gained(self) -> bool:
        """True if the final rows are better on the report rows, beyond chance."""
        return self.final.report_low is not None and self.final.report_low > 0

    @property
    def metric_name(self) -> str:
        """The name of the metric within a sentence."""
        return metric_name(self.facts["metric"])

    @property
    def heads(self) -> tuple[str, ...]:
        """The heads of `table`."""
        return ("cycle", "weak", "made", "validation", "gain", "kept", "report", "gain since 0")

    @property
    def table(self) -> list[tuple[str, ...]]:
        """A line for each cycle as text."""
        return [
            (
                str(one.number),
                one.weak or "–",
                one.made,
                one.reason or _number(one.validation),
                _range(one.gain, one.gain_low, one.gain_high),
                "–" if one.number == 0 else "yes" if one.kept else "no",
                _number(one.report) if one.kept or one.number == 0 else "as before",
                _range(one.report_gain, one.report_low, one.report_high) if one.kept else "–",
            )
            for one in self.cycles
        ]

    def _headline(self) -> str:
        return self.answer

    def _frame_columns(self) -> Mapping[str, Any]:
        kinds = {
            "number": pa.int64(),
            "rows": pa.int64(),
            "kept": pa.bool_(),
            **dict.fromkeys(("weak", "made", "reason"), pa.string()),
        }
        return {
            one.name: pa.array(
                [getattr(cycle, one.name) for cycle in self.cycles],
                kinds.get(one.name, pa.float64()),
            )
            for one in fields(PipelineCycle)
        }

    def _json(self) -> str:
        values = {
            "format": self._format,
            "answer": self.answer,
            "cycles": [asdict(one) for one in self.cycles],
            "rivals": [asdict(one) for one in self.rivals],
            "facts": self.facts,
            "notes": list(self.notes),
            "steps": list(self.steps),
        }
        return json.dumps(jsonable(values), ensure_ascii=False, allow_nan=False, indent=1)

    @classmethod
    def _from_values(cls, values: Mapping[str, Any]) -> PipelineReport:
        steps = tuple(dict(one) for one in values["steps"])
        return build(cls, {**values, "facts": dict(values["facts"]), "steps": steps, "data": None})

    def __repr__(self) -> str:
        table = aligned([self.heads, *self.table])
        return "\n".join([self.answer, *self.notes, "", *table])


def _number(value: float | None) -> str:
    return "–" if value is None else plain(value)


def _range(value: float | None, low: float | None, high: float | None) -> str:
    if value is None:
        return "–"
    if low is None or high is None:
        return signed(value)
    return f"{signed(value)} ({signed(low)} to {signed(high)})"
