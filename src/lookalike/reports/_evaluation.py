"""The result of an evaluation: scores, a verdict, tables, and a page or JSON made of them."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from html import escape
from typing import Any

import pyarrow as pa

from lookalike._core.errors import DataError
from lookalike._core.files import write_text
from lookalike._core.plain import jsonable
from lookalike.metrics import Score, read_score
from lookalike.reports._standing import references
from lookalike.reports._summary import Summary
from lookalike.reports._verdict import verdict

__all__ = ["Evaluation"]

_FORMAT = 2
_STRICT: dict[str, Any] = {"ensure_ascii": False, "allow_nan": False}
_TITLE = "Does it look alike?"


@dataclass(frozen=True, repr=False)
class Evaluation:
    """How well a synthetic table stands for a real one: what `evaluate` found.

    Parameters
    ----------
    scores : dict of str to Score
        Each with its value, its ceiling (what real rows get) and its floor (what independent
        columns get).
    summary : Summary
        Everything else that a report says and draws. It holds no row of either table.

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

    @property
    def verdict(self) -> str:
        """What the scores mean, in a few sentences."""
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

    def to_json(self, path: str | os.PathLike[str] | None = None) -> str:
        """Return the evaluation as JSON, and write it to a file where one is given.

        Parameters
        ----------
        path : str or path-like, optional
            The file; it is whole or absent.

        Returns
        -------
        str
            ``{"verdict": …, "references": {"ceiling": …, "floor": …}, "scores": {"c2st": {"value":
            …, "ceiling": …, "floor": …, …}, …}, "summary": …}``. What metrics say of pairs is in
            the summary, once.

        Raises
        ------
        OutputError
            If the file cannot be written.
        """
        values = {
            "format": _FORMAT,
            "verdict": self.verdict,
            "references": references(self.summary.holdout_rows),
            "scores": {name: _score_values(score) for name, score in self.scores.items()},
            "summary": self.summary.to_dict(),
        }
        # The scores are for people too, the summary is for drawing.
        parts = [
            f'"{name}": ' + json.dumps(value, **_STRICT, indent=None if name == "summary" else 1)
            for name, value in values.items()
        ]
        return _written("{\n" + ",\n".join(parts) + "\n}\n", path)

    @classmethod
    def from_json(cls, text: str) -> Evaluation:
        """Make an evaluation from what `to_json` gave; it draws the same page.

        Parameters
        ----------
        text : str
            JSON text.

        Returns
        -------
        Evaluation
            As it was, but for the details of pairs in ``scores``.

        Raises
        ------
        DataError
            If the text is not an evaluation, or is one of a later version.
        """
        try:
            values = json.loads(text)
            if values["format"] > _FORMAT:
                raise DataError(
                    f"An evaluation must be of format {_FORMAT} or less, this one is of format "
                    f"{values['format']}. Install a newer lookalike."
                )
            scores = {name: read_score(score) for name, score in values["scores"].items()}
            return cls(scores, Summary.from_dict(values["summary"]))
        except DataError:
            raise
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise DataError(f"Not the JSON of an evaluation: {error!r}.") from error

    def to_html(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        title: str = _TITLE,
        date: str | None = None,
    ) -> str:
        """Return the evaluation as one page, and write it to a file where one is given.

        Parameters
        ----------
        path : str or path-like, optional
            The file; it is whole or absent.
        title : str
            The page's heading.
        date : str, optional
            A date to print. There is none by default, so that the same evaluation is the same page.

        Returns
        -------
        str
            HTML that refers to nothing outside of itself.

        Raises
        ------
        OutputError
            If the file cannot be written.
        """
        # matplotlib takes half a second to import: only who draws pays for it.
        from lookalike.reports._html import page  # noqa: PLC0415

        return _written(page(self.scores, self.summary, title, date), path)

    def __repr__(self) -> str:
        lines = [f"{'score':24}{'value':>8}{'ceiling':>9}{'floor':>8}"]
        for name, value, ceiling, floor, words in self.as_table():
            numbers = f"{_number(value):>8}{_number(ceiling):>9}{_number(floor):>8}"
            lines.append(f"{name:24}{numbers}{'  ' + words if value is None else ''}")
        return "\n".join([self.verdict, "", *lines])

    def _repr_html_(self) -> str:
        cells = "".join(
            f"<tr><td>{escape(name)}</td><td>{_number(value)}</td><td>{_number(ceiling)}</td>"
            f"<td>{_number(floor)}</td><td>{escape(words)}</td></tr>"
            for name, value, ceiling, floor, words in self.as_table()
        )
        head = "".join(f"<th>{name}</th>" for name in ("score", "value", "ceiling", "floor", ""))
        return f"<p>{escape(self.verdict)}</p><table><tr>{head}</tr>{cells}</table>"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _floats(values: list[float | None] | list[float]) -> pa.Array:
    return pa.array(values, pa.float64())


def _score_values(score: Score) -> dict[str, Any]:
    values = score.to_dict()
    details = {name: value for name, value in values["details"].items() if name != "pairs"}
    plain: dict[str, Any] = jsonable({**values, "details": details})
    return plain


def _written(text: str, path: str | os.PathLike[str] | None) -> str:
    if path is not None:
        write_text(text, path)
    return text
