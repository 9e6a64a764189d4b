"""An evaluation as a table for the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lookalike.cli._print import show, show_prose, show_table

if TYPE_CHECKING:
    from lookalike.reports import Evaluation

__all__ = ["show_evaluation"]

#: What a score looks at, short enough for a terminal; the report says it in full.
_WORDS = {
    "shape": "each column alone",
    "trend": "columns in pairs",
    "wnmi": "what pairs share",
    "c2st": "not found out by trees",
    "c2st_holdout": "... against unseen rows",
    "c2st_linear": "... by a linear model",
    "correlation_difference": "error of correlations",
    "alpha_precision": "plausible rows",
    "beta_recall": "rare rows reached",
    "coverage": "variety of real rows",
    "tstr": "models trained on it",
    "trtr": "models trained on real",
    "copies": "repeated training rows",
    "membership": "who was in training?",
}
_HEADERS = ("score", "synthetic", "real", "independent", "best", "what it looks at")


def show_evaluation(evaluation: Evaluation) -> None:
    """Show each score between what real rows and what independent columns get, and the verdict."""
    from lookalike.metrics import METRICS
    from lookalike.reports import place, words_of

    rows = []
    for name, value, ceiling, floor, meaning in evaluation.as_table():
        words = _WORDS.get(name, meaning) if value is not None else f"not computed: {meaning}"
        if place(evaluation.scores[name]) == "unplaced" and words_of(name).judges:
            words = f"{words} (as in independent columns)"
        best = f"{METRICS[name].best:g}" if name in METRICS else "-"
        rows.append((name, *(_number(n) for n in (value, ceiling, floor)), best, words))
    show_table(_HEADERS, rows, numbers=_HEADERS[1:5])
    show()
    show_prose(evaluation.verdict)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
