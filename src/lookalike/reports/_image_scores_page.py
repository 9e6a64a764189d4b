"""Scores of images as one page: the numbers, and images to look at.

Reports do not know the room `images`: they read the plain attributes of the result.
"""

from __future__ import annotations

import math
from typing import Any

from lookalike.reports._template import embedded, environment
from lookalike.reports._tiles import Tile
from lookalike.reports.figures._scores import number

__all__ = ["image_scores_page"]

#: The points of accuracy, of purity and of a detector's AUC that are few, and those that are many.
_FEW, _MANY = 2.0, 5.0
#: Distances to the nearest training image, as multiples of usual ones, below which they are close.
_USUAL, _CLOSE = 0.9, 0.7
_LABELS = {
    "generated": "Generated images, a row for each class",
    "real": "Real images that were not learned, a row for each class",
    "nearest": "Generated images, each above the training image that is nearest to it",
}


def image_scores_page(
    scores: Any,
    title: str,
    date: str | None = None,
) -> str:
    """Return scores of images as one page.

    Parameters
    ----------
    scores : ImageScores
        The scores to show.
    title : str
        The page's heading.
    date : str, optional
        A date to print. There is none by default, so that the same scores are the same page.

    Returns
    -------
    str
        HTML that refers to nothing outside of itself.
    """
    pictures = {name: embedded(content, _LABELS[name]) for name, content in scores.pictures.items()}
    return (
        environment()
        .get_template("images.html.j2")
        .render(
            title=title,
            date=date,
            scores=scores.scores,
            facts=scores.facts,
            tiles=_tiles(scores.scores),
            pictures=pictures,
            frechet=any(score.name == "frechet" for score in scores.scores),
        )
    )


def _tiles(scores: Any) -> list[Tile]:
    """Return the answers: usefulness, classes, detection and copies."""
    found = []
    for prefix, title in (("tstr", "Accuracy of models that learn them"), ("purity", "Purity")):
        own = [score for score in scores if score.name.startswith(f"{prefix},")]
        if own:
            value, real = (sum(values) / len(own) for values in zip(*map(_both, own), strict=True))
            found.append(_points(title, value, real))
    for score in scores:
        if score.name == "detection":
            found.append(_detection(score.value, score.ceiling))
        elif score.name == "nearest":
            found.append(_copies(score.value))
    return found


def _detection(value: float, real: float) -> Tile:
    beside = f"real {number(real)} · best 0.5"
    if not math.isfinite(value - real):
        return Tile("Detection (AUC)", "–", "not known", beside, "none", "scores")
    far = 100 * (value - max(real, 0.5))
    word = "hardly detected" if far <= _MANY else "detected"
    tone = "good" if far <= _MANY else "fair" if far <= 3 * _MANY else "poor"
    return Tile("Detection (AUC)", number(value), word, beside, tone, "scores")


def _both(score: Any) -> tuple[float, float]:
    return score.value, score.ceiling


def _points(title: str, value: float, real: float) -> Tile:
    beside = f"real {number(real)} · mean of all models"
    lost = 100 * (real - value)
    if not math.isfinite(lost):
        return Tile(title, "–", "not known", beside, "none", "scores")
    tone = "good" if lost <= _FEW else "fair" if lost <= _MANY else "poor"
    word = f"{abs(lost):.1f} points {'below' if lost >= 0 else 'above'} real images"
    return Tile(title, number(value), word, beside, tone, "scores")


def _copies(ratio: float) -> Tile:
    known = ratio == ratio
    tone, word = "none", "not known: held-out images are among the training images"
    if known:
        tone = "good" if ratio >= _USUAL else "fair" if ratio >= _CLOSE else "poor"
        word = {"good": "no nearer than new images", "fair": "near", "poor": "copies"}[tone]
    return Tile(
        *("Nearest training image", number(ratio) if known else "–"),
        *(word, "1: as images that were not learned", tone, "nearest"),
    )
