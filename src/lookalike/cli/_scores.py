"""An evaluation as a table for the terminal."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from lookalike.cli._print import show, show_table, text_width

if TYPE_CHECKING:
    from lookalike.reports import Evaluation

__all__ = ["show_evaluation"]

#: What a score asks, short enough for a terminal; the report says it in full.
_QUESTIONS = {
    "shape": "is each column like the real one? (1 is best)",
    "trend": "do columns go together in pairs? (1)",
    "wnmi": "do they know as much of each other? (1)",
    "c2st": "can trees not tell the rows apart? (1)",
    "c2st_linear": "can a linear model not tell them? (1)",
    "correlation_difference": "how far off are correlations? (0)",
    "coverage": "is all of the real variety there? (1)",
    "tstr": "do they teach a model as real rows do? (1)",
    "trtr": "what real rows teach a model (1)",
    "copies": "how many repeat a training row? (0)",
}
_HEADERS = ("score", "synthetic", "held-out real", "independent", "what it asks (best value)")


def show_evaluation(evaluation: Evaluation) -> None:
    """Show each score between what real rows and what independent columns get, and the verdict."""
    rows = []
    for name, value, ceiling, floor, meaning in evaluation.as_table():
        words = _QUESTIONS.get(name, meaning) if value is not None else f"not computed: {meaning}"
        rows.append((name, *(_number(n) for n in (value, ceiling, floor)), words))
    show_table(_HEADERS, rows, numbers=_HEADERS[1:4])
    show()
    show(textwrap.fill(evaluation.verdict, text_width()))


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
