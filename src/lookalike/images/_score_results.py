"""Scores of images as a result: a table, JSON and a page."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from lookalike._core.bounds import whole
from lookalike._core.documents import Document
from lookalike._core.plain import jsonable
from lookalike._core.tabular import Tabular, aligned

__all__ = ["ImageScore", "ImageScores"]

#: The sorts of images that are counted.
_COUNTED = ("training", "generated", "held_out")


@dataclass(frozen=True)
class ImageScore:
    """One number, with those of real images and of simple ones beside it.

    Parameters
    ----------
    name : str
    value : float
    ceiling : float
        The same for real images that were not learned.
    floor : float or None
        The same for images whose pixels are drawn independently within each class; None where
        there is no sense in it.
    meaning : str
        What is measured, in a line.
    """

    name: str
    value: float
    ceiling: float
    floor: float | None
    meaning: str


@dataclass(frozen=True, repr=False)
class ImageScores(Document, Tabular):
    """The scores of generated images: the result of `evaluate_images`.

    Parameters
    ----------
    scores : tuple of ImageScore
    facts : dict
        The numbers of images.
    pictures : dict of str to str
        Contact sheets for its page, PNG files in base64: ``"generated"`` and ``"real"`` with a row
        for each class, and ``"nearest"``, the generated images that are nearest to a training
        image, above these. Empty for images that are neither grey nor of three colours, and where
        scores come from JSON: it holds numbers alone, no image.
    """

    scores: tuple[ImageScore, ...]
    facts: dict[str, Any]
    pictures: dict[str, str] = field(default_factory=dict)

    _noun: ClassVar[str] = "image scores"
    _format: ClassVar[int] = 1
    _heading: ClassVar[str] = "Are these images any good?"
    _page_name: ClassVar[str] = "images"

    def __getitem__(self, name: str) -> ImageScore:
        """Return the score of a name."""
        return {score.name: score for score in self.scores}[name]

    def to_dict(self) -> dict[str, Any]:
        """Return all numbers as JSON-ready values: one that is not finite becomes None."""
        values = {
            "facts": self.facts,
            "scores": {
                s.name: {"value": s.value, "real": s.ceiling, "floor": s.floor, "is": s.meaning}
                for s in self.scores
            },
        }
        plain: dict[str, Any] = jsonable(values)
        return plain

    def _json(self) -> str:
        values = {"format": self._format, **self.to_dict()}
        return json.dumps(values, ensure_ascii=False, allow_nan=False, indent=1)

    @classmethod
    def _from_values(cls, values: Mapping[str, Any]) -> ImageScores:
        def number(value: float | None) -> float:
            return float("nan") if value is None else float(value)

        scores = tuple(
            ImageScore(
                str(name),
                number(one["value"]),
                number(one["real"]),
                None if one["floor"] is None else float(one["floor"]),
                str(one["is"]),
            )
            for name, one in values["scores"].items()
        )
        facts = {name: whole(values["facts"][name], 0, 2**53, name) for name in _COUNTED}
        return cls(scores, facts)

    def _headline(self) -> str:
        parts = [f"{s.name} {s.value:.3f} (real {s.ceiling:.3f})" for s in self.scores]
        return "; ".join(parts)

    def _frame_columns(self) -> Mapping[str, Sequence[Any]]:
        return {
            "score": [s.name for s in self.scores],
            "generated": [s.value for s in self.scores],
            "real": [s.ceiling for s in self.scores],
            "floor": [s.floor for s in self.scores],
            "meaning": [s.meaning for s in self.scores],
        }

    def __repr__(self) -> str:
        lines = [("score", "generated", "real", "floor", "what it measures")]
        for s in self.scores:
            floor = "–" if s.floor is None else f"{s.floor:.3f}"
            lines.append((s.name, f"{s.value:.3f}", f"{s.ceiling:.3f}", floor, s.meaning))
        return "\n".join(aligned(lines))
