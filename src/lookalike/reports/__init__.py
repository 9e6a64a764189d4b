"""Scores become one summary, and that becomes a page, JSON or figures.

Room rule: everything is computed before anything is drawn, and drawing needs no data. Reports know
metrics and tables, never models; matplotlib is imported when something is drawn.
"""

from __future__ import annotations

from lookalike.reports._curves import curves
from lookalike.reports._evaluate import evaluate
from lookalike.reports._evaluation import Evaluation
from lookalike.reports._summary import (
    Associations,
    Bar,
    ColumnRow,
    Curves,
    Histogram,
    Importance,
    Marginal,
    Mark,
    PairRow,
    Summary,
)
from lookalike.reports._training_page import training_page
from lookalike.reports._training_verdict import Judgement, judge
from lookalike.reports._training_words import Quantity

__all__ = [
    "Associations",
    "Bar",
    "ColumnRow",
    "Curves",
    "Evaluation",
    "Histogram",
    "Importance",
    "Judgement",
    "Marginal",
    "Mark",
    "PairRow",
    "Quantity",
    "Summary",
    "curves",
    "evaluate",
    "judge",
    "training_page",
]
