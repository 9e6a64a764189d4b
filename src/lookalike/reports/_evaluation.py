"""The result of an evaluation: scores, a verdict, tables, and their page and JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import pyarrow as pa

from lookalike._core.documents import Document
from lookalike._core.plain import jsonable
from lookalike._core.tabular import Tabular
from lookalike.metrics import Score, read_score, score_columns
from lookalike.reports._standing import references
from lookalike.reports._summary import Summary
from lookalike.reports._verdict import verdict

__all__ = ["Evaluation"]

_STRICT: dict[str, Any] = {"ensure_ascii": False, "allow_nan": False}


@dataclass(frozen=True, repr=False)
class Evaluation(Document, Tabular):
    """The result of `evaluate`: how well a synthetic table stands for a real one.

    Its JSON is ``{"verdict": …, "references": {"ceiling": …, "floor": …}, "scores": {"c2st":
    {"value": …, "ceiling": …, "floor": …, …}, …}, "summary": …}``. Scores of pairs are in the
    summary alone, not in the details of scores.

    Parameters
    ----------
    scores : dict of str to Score
        Each with its value, its ceiling (the score of real rows) and its floor (that of
        independent columns).
    summary : Summary
        The other contents of a report. It holds no real row.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from lookalike.reports import Evaluation, evaluate
    >>> real = pa.table({"age": [31, 25, 47, 52, 38, 29], "smokes": [True, False] * 3})
    >>> found = evaluate(real, real, metrics=["shape"])
    >>> found.scores["shape"].value
    1.0
    >>> found.columns.column_names[:3]
    ['column', 'kind', 'compared']
    >>> Evaluation.from_json(found.to_json()).to_html() == found.to_html()
    True
    """

    scores: dict[str, Score]
    summary: Summary

    _noun: ClassVar[str] = "an evaluation"
    _format: ClassVar[int] = 2
    _heading: ClassVar[str] = "Does it look alike?"

    @property
    def verdict(self) -> str:
        """The meaning of the scores, in a few sentences."""
        return " ".join(verdict(self.scores, self.summary))

    @property
    def columns(self) -> pa.Table:
        """One row for each column: kind, scores, missing shares and distinct counts."""
        rows = self.summary.columns
        names = dict.fromkeys(name for row in rows for name in row.scores)
        return pa.table(
            {
                "column": [row.column for row in rows],
                "kind": [row.kind for row in rows],
                "compared": [row.compared for row in rows],
                **{name: _floats([row.scores.get(name) for row in rows]) for name in names},
                "missing_real": _floats([row.real_missing for row in rows]),
                "missing_synthetic": _floats([row.synthetic_missing for row in rows]),
                "distinct_real": pa.array([row.real_distinct for row in rows], pa.int64()),
                "distinct_synthetic": pa.array(
                    [row.synthetic_distinct for row in rows], pa.int64()
                ),
            }
        )

    @property
    def pairs(self) -> pa.Table:
        """One row for each two columns: scores and both associations, the worst first."""
        rows = self.summary.associations.pairs()
        return pa.table(
            {
                "first": pa.array([row.first for row in rows], pa.string()),
                "second": pa.array([row.second for row in rows], pa.string()),
                **{
                    name: _floats([row.scores[name] for row in rows])
                    for name in self.summary.associations.scores
                },
                "association_real": _floats([row.real for row in rows]),
                "association_synthetic": _floats([row.synthetic for row in rows]),
            }
        )

    def as_table(self) -> list[tuple[str, float | None, float | None, float | None, str]]:
        """Return a row for each score: name, value, ceiling, floor, and what it means.

        Returns
        -------
        list of tuple
            The last entry is the reason where a score could not be computed.
        """
        return [
            (name, score.value, score.ceiling, score.floor, score.reason or score.words.meaning)
            for name, score in self.scores.items()
        ]

    def _json(self) -> str:
        values = {
            "format": self._format,
            "verdict": self.verdict,
            "references": references(self.summary),
            "scores": {name: _score_values(score) for name, score in self.scores.items()},
            "summary": self.summary.to_dict(),
        }
        # The scores are for people too, the summary is for drawing.
        parts = [
            f'"{name}": ' + json.dumps(value, **_STRICT, indent=None if name == "summary" else 1)
            for name, value in values.items()
        ]
        return "{\n" + ",\n".join(parts) + "\n}\n"

    @classmethod
    def _from_values(cls, values: Mapping[str, Any]) -> Evaluation:
        scores = {name: read_score(score) for name, score in values["scores"].items()}
        return cls(scores, Summary.from_dict(values["summary"]))

    def _page(self, title: str, date: str | None) -> str:
        # matplotlib takes half a second to import: only drawing needs it.
        from lookalike.reports._html import page  # noqa: PLC0415

        return page(self.scores, self.summary, title, date)

    def __repr__(self) -> str:
        lines = [f"{'score':24}{'value':>8}{'ceiling':>9}{'floor':>8}"]
        for name, value, ceiling, floor, words in self.as_table():
            numbers = f"{_number(value):>8}{_number(ceiling):>9}{_number(floor):>8}"
            lines.append(f"{name:24}{numbers}{'  ' + words if value is None else ''}")
        return "\n".join([self.verdict, "", *lines])

    def _headline(self) -> str:
        return self.verdict

    def _frame_columns(self) -> Mapping[str, Any]:
        return score_columns(self.scores.values())


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _floats(values: list[float | None] | list[float]) -> pa.Array:
    return pa.array(values, pa.float64())


def _score_values(score: Score) -> dict[str, Any]:
    values = score.to_dict()
    details = {name: value for name, value in values["details"].items() if name != "pairs"}
    plain: dict[str, Any] = jsonable({**values, "details": details})
    return plain
