"""`evaluate_databases`: the scores of a synthetic database, as words, JSON and a page."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from lookalike._core.documents import Document
from lookalike._core.errors import ParameterError, nearest
from lookalike.databases import Database
from lookalike.metrics.relational import RelationalPart, RelationalScore, relational_scores

__all__ = ["DatabaseEvaluation", "evaluate_databases"]


@dataclass(frozen=True)
class DatabaseEvaluation(Document):
    """The scores of a synthetic database against a real one.

    Parameters
    ----------
    scores : mapping of str to RelationalScore
        By name; 1 is best.
    orphans : mapping of str to int
        The number of synthetic rows that lead nowhere, by key.
    tables : mapping of str to (int, int)
        The numbers of real and of synthetic rows.
    keys : tuple of (str, str, str)
        Each key in words, its table and its parent table.
    seed : int
    """

    scores: Mapping[str, RelationalScore]
    orphans: Mapping[str, int]
    tables: Mapping[str, tuple[int, int]]
    keys: tuple[tuple[str, str, str], ...]
    seed: int = 0

    _noun: ClassVar[str] = "an evaluation of a database"
    _format: ClassVar[int] = 1
    _heading: ClassVar[str] = "How alike are these databases?"

    @property
    def verdict(self) -> str:
        """The result in a few sentences, the worst first."""
        lost = sum(self.orphans.values())
        words = [f"{lost:,} rows lead nowhere." if lost else "Every key leads to a row."]
        worst = self.worst
        if worst is not None:
            score, part = worst
            words.append(
                f"Least alike: {score.title.lower()}, {part.name} ({_number(part.value)}; real "
                f"halves {_number(part.ceiling)}, by chance {_number(part.floor)})."
            )
        return " ".join(words)

    @property
    def worst(self) -> tuple[RelationalScore, RelationalPart] | None:
        """The part of a score that is nearest to its floor."""
        placed = [
            (score, part)
            for score in self.scores.values()
            for part in score.parts
            if part.standing is not None
        ]
        return min(placed, key=lambda each: each[1].standing or 0.0, default=None)

    def failures(self, least: Mapping[str, float]) -> list[str]:
        """Return sentences about scores that are below a least value.

        Parameters
        ----------
        least : mapping of str to float
            The least value by the name of a score.

        Raises
        ------
        ParameterError
            If there is no such score.
        """
        found = []
        for name, limit in least.items():
            if name not in self.scores:
                raise ParameterError(
                    f"There is no score {name!r}.{nearest(name, self.scores)} The scores are: "
                    f"{', '.join(self.scores)}."
                )
            value = self.scores[name].value
            if value is None or value < limit:
                found.append(f"{name} is {_number(value)}, below {limit:g}")
        return found

    def _json(self) -> str:
        values = {
            "format": self._format,
            "scores": [score.to_dict() for score in self.scores.values()],
            "orphans": dict(self.orphans),
            "tables": {name: list(rows) for name, rows in self.tables.items()},
            "keys": [list(key) for key in self.keys],
            "seed": self.seed,
        }
        return json.dumps(values, ensure_ascii=False, indent=1)

    @classmethod
    def _from_values(cls, values: Mapping[str, Any]) -> Self:
        scores = [RelationalScore.from_dict(score) for score in values["scores"]]
        return cls(
            {score.name: score for score in scores},
            {str(key): int(count) for key, count in values["orphans"].items()},
            {name: (int(rows[0]), int(rows[1])) for name, rows in values["tables"].items()},
            tuple((str(a), str(b), str(c)) for a, b, c in values["keys"]),
            int(values["seed"]),
        )

    def _page(self, title: str, date: str | None) -> str:
        # The templates come with matplotlib, for which only pages pay.
        from lookalike.reports._database_graph import schema_graph  # noqa: PLC0415
        from lookalike.reports._page_tiles import database_tiles  # noqa: PLC0415
        from lookalike.reports._template import environment  # noqa: PLC0415

        def rank(part: RelationalPart) -> float:
            return 2.0 if part.standing is None else part.standing

        return (
            environment()
            .get_template("database.html.j2")
            .render(
                title=title,
                date=date,
                evaluation=self,
                tiles=database_tiles(self),
                graph=schema_graph(self.tables, self.keys, self._standings()),
                parts={
                    name: sorted((p for p in score.parts if p.value is not None), key=rank)
                    for name, score in self.scores.items()
                },
            )
        )

    def _standings(self) -> dict[str, float]:
        """Return the worst standing of each key, over the scores that are about it alone."""
        found: dict[str, float] = {}
        for name in ("cardinality", "hop_1"):
            for part in self.scores[name].parts if name in self.scores else ():
                if part.standing is not None and len(part.keys) == 1:
                    key = part.keys[0]
                    found[key] = min(found.get(key, 1.0), part.standing)
        return found


def evaluate_databases(
    real: Database, synthetic: Database, *, random_state: int = 0
) -> DatabaseEvaluation:
    """Score a synthetic database against a real one.

    Parameters
    ----------
    real : Database
        Its tables and keys are those that count.
    synthetic : Database
        With the same tables and columns; its own keys do not matter.
    random_state : int
        The seed of everything that is drawn.

    Returns
    -------
    DatabaseEvaluation
        Each score with a ceiling and a floor.

    Raises
    ------
    DataError
        If the synthetic database lacks a table or a column.
    """
    synthetic, orphans = synthetic.with_keys_of(real)
    scores = relational_scores(real, synthetic, random_state)
    return DatabaseEvaluation(
        {score.name: score for score in scores},
        {str(key): count for key, count in orphans.items()},
        {name: (len(real.arrow(name)), len(synthetic.arrow(name))) for name in real.names},
        tuple((str(key), key.table, key.parent) for key in real.foreign_keys),
        random_state,
    )


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
