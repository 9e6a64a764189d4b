"""An evaluation as a table for the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lookalike.cli._print import show, show_prose, show_table

if TYPE_CHECKING:
    from lookalike.reports import Evaluation

__all__ = ["show_evaluation"]

_HEADERS = ("score", "synthetic", "real", "independent", "best", "what it measures")


def show_evaluation(evaluation: Evaluation) -> None:
    """Show each score between those of real rows and of independent columns, and the verdict."""
    rows = []
    for name, score in evaluation.scores.items():
        words = score.words.title if score.value is not None else f"not computed: {score.reason}"
        if score.standing == "unplaced" and score.words.role != "reference":
            words = f"{words} (as in {score.words.floor})"
        best = "-" if score.best is None else f"{score.best:g}"
        numbers = (_number(n) for n in (score.value, score.ceiling, score.floor))
        rows.append((name, *numbers, best, words))
    show_table(_HEADERS, rows, numbers=_HEADERS[1:5])
    show()
    show_prose(evaluation.verdict)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
