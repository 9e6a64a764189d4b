"""Scores become one summary, and that becomes a page, JSON or figures.

Room rule: everything is computed before anything is drawn, and drawing needs no data. Reports know
metrics and tables, never models; matplotlib is imported when something is drawn.
"""

from __future__ import annotations

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
    PairRow,
    Summary,
)

__all__ = [
    "Associations",
    "Bar",
    "ColumnRow",
    "Curves",
    "Evaluation",
    "Histogram",
    "Importance",
    "Marginal",
    "PairRow",
    "Summary",
    "evaluate",
]
