"""The verdict of a study: the result of `boost`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import compress
from typing import Any, ClassVar

import pyarrow as pa

from lookalike._core.documents import Document
from lookalike._core.tabular import Tabular, aligned
from lookalike.experiments._contrast import Contrast, Row
from lookalike.experiments._records import Record
from lookalike.experiments._verdict_words import (
    fewer_rows,
    headline_row,
    metric_name,
    more_rows,
    outlook,
)

__all__ = ["Verdict"]


@dataclass(frozen=True, repr=False)
class Verdict(Document, Tabular):
    """The answer to whether synthetic rows help models on a table: the result of `boost`.

    Parameters
    ----------
    answer : str
        One sentence, with the interval of the effect.
    metric : str
        The headline metric, on which the words rest.
    table : tuple of Row
        One for each arm and share.
    statistics : tuple of Contrast
        Every comparison: of arms with synthetic rows, over all models and model by model for the
        headline metric, over all models for the others; of controls with real rows, over all
        models.
    records : tuple of Record
        Every number that was measured, or the reason why there is none.
    facts : dict
        The facts of the study, in plain values.
    notes : tuple of str
        Notes to the reader: omissions and their reasons.

    Examples
    --------
    >>> import lookalike as la
    >>> penguins = la.datasets.load("penguins")
    >>> found = la.boost(
    ...     penguins,
    ...     target="species",
    ...     synthesizer=la.Independent(),
    ...     models=["decision tree"],
    ...     repeats=2,
    ... )
    >>> [row.label for row in found.table if row.role == "real"]
    ['real, 30 % kept', 'real, 60 % kept', 'real']
    >>> [row.label for row in found.table if row.role == "synthetic"]
    ['boosted +20 %', 'boosted +100 %', 'boosted +200 %']
    >>> la.Verdict.from_json(found.to_json()) == found
    True
    """

    answer: str
    metric: str
    table: tuple[Row, ...]
    statistics: tuple[Contrast, ...]
    records: tuple[Record, ...]
    facts: dict[str, Any]
    notes: tuple[str, ...]

    _noun: ClassVar[str] = "a verdict"
    _format: ClassVar[int] = 5
    _heading: ClassVar[str] = "Does synthetic data help?"
    _page_name: ClassVar[str] = "verdict"

    @property
    def outlook(self) -> str:
        """The reason why no effect is seen, and the splits to see it; empty where it is."""
        return outlook(self.table)

    @property
    def more_rows(self) -> str:
        """The answer on more real rows in a sentence; empty where it was not measured."""
        return more_rows(self.table, self.metric)

    @property
    def chief(self) -> Row | None:
        """The row of synthetic rows that the answer is about; None where there is none."""
        return headline_row(self.table)

    @property
    def fewer(self) -> Row | None:
        """The largest share of the real rows that was compared with all of them."""
        return fewer_rows(self.table)

    @property
    def metric_name(self) -> str:
        """The headline metric in words."""
        return metric_name(self.metric)

    @property
    def summary(self) -> str:
        """The answers on synthetic and on real rows, and why an effect is not seen."""
        return " ".join(part for part in (self.answer, self.outlook, self.more_rows) if part)

    def _json(self) -> str:
        values = {"format": self._format, **asdict(self)}
        values["table"] = [row.to_dict() for row in self.table]
        values["more_rows"] = self.more_rows
        values["statistics"] = [one.to_dict() for one in self.statistics]
        return json.dumps(values, ensure_ascii=False, allow_nan=False, indent=1)

    @classmethod
    def _from_values(cls, values: Mapping[str, Any]) -> Verdict:
        return cls(
            answer=values["answer"],
            metric=values["metric"],
            table=tuple(Row.from_dict(row) for row in values["table"]),
            statistics=tuple(Contrast.from_dict(one) for one in values["statistics"]),
            records=tuple(Record(**one) for one in values["records"]),
            facts=dict(values["facts"]),
            notes=tuple(values["notes"]),
        )

    @property
    def heads(self) -> tuple[str, ...]:
        """The heads of `as_table`."""
        opponents = ("against real rows", "best control", "against it")
        return ("trained on", self.metric, *opponents, "verdict")

    def as_table(self) -> list[tuple[str, ...]]:
        """Return a line for each arm, as text.

        Returns
        -------
        list of tuple of str
            The arm, its mean score, its difference from real rows alone, the best cheap control,
            its difference from that, and the effect of synthetic rows. A positive difference is
            better.
        """
        scores = [row.scores[self.metric] for row in self.table]
        return [
            (
                row.label,
                "–" if score is None else f"{score:.3f}",
                "" if row.real is None else row.real.found,
                "" if row.control is None else row.control.opponent,
                "" if row.control is None else row.control.found,
                row.word or "",
            )
            for row, score in zip(self.table, scores, strict=True)
        ]

    def _headline(self) -> str:
        return self.summary

    def _frame_columns(self) -> Mapping[str, Any]:
        against = {"real": [row.real for row in self.table]}
        against["control"] = [row.control for row in self.table]
        return {
            "trained on": pa.array([row.label for row in self.table], pa.string()),
            self.metric: pa.array([row.scores[self.metric] for row in self.table], pa.float64()),
            **{
                f"{name}_{part}": pa.array(
                    [None if one is None else getattr(one, part) for one in found], pa.float64()
                )
                for name, found in against.items()
                for part in ("difference", "low", "high")
            },
            "verdict": pa.array([row.word for row in self.table], pa.string()),
        }

    def __repr__(self) -> str:
        cells = [self.heads, *self.as_table()]
        # Columns that are empty in every line are left out.
        filled = [any(column[1:]) for column in zip(*cells, strict=True)]
        cells = [tuple(compress(line, filled)) for line in cells]
        return "\n".join([self.summary, "", *aligned(cells, right={1})])
