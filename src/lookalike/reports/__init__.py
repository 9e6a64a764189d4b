"""Reports: from scores to one summary, and from that to a page, JSON or figures.

Room rule: everything is computed before anything is drawn, and drawing needs no data. Reports know
metrics and tables, never models; matplotlib is imported when something is drawn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lookalike.reports._course import Course, TransitionTable
from lookalike.reports._curves import curves
from lookalike.reports._database_evaluation import DatabaseEvaluation, evaluate_databases
from lookalike.reports._evaluate import evaluate
from lookalike.reports._evaluation import Evaluation
from lookalike.reports._fan import Fan, fans
from lookalike.reports._summary import (
    Associations,
    Bar,
    ColumnRow,
    ColumnStatistics,
    Curves,
    Distances,
    GridAxis,
    Histogram,
    Marginal,
    Mark,
    OriginRow,
    PairRow,
    SampleRows,
    SequenceSummary,
    ShareGrid,
    Summary,
)
from lookalike.reports._training_page import training_page
from lookalike.reports._training_verdict import Judgement, judge
from lookalike.reports._training_words import Quantity

if TYPE_CHECKING:
    from lookalike.reports._audit_page import audit_page
    from lookalike.reports._comparison_page import comparison_page
    from lookalike.reports._function_page import (
        function_accuracy_rows,
        function_figure,
        function_page,
        function_report_rows,
    )
    from lookalike.reports._image_scores_page import image_scores_page
    from lookalike.reports._pipeline_page import pipeline_page
    from lookalike.reports._stress_page import stress_page
    from lookalike.reports._verdict_page import verdict_page

__all__ = [
    "Associations",
    "Bar",
    "ColumnRow",
    "ColumnStatistics",
    "Course",
    "Curves",
    "DatabaseEvaluation",
    "Distances",
    "Evaluation",
    "Fan",
    "GridAxis",
    "Histogram",
    "Judgement",
    "Marginal",
    "Mark",
    "OriginRow",
    "PairRow",
    "Quantity",
    "SampleRows",
    "SequenceSummary",
    "ShareGrid",
    "Summary",
    "TransitionTable",
    "audit_page",
    "comparison_page",
    "curves",
    "evaluate",
    "evaluate_databases",
    "fans",
    "function_accuracy_rows",
    "function_figure",
    "function_page",
    "function_report_rows",
    "image_scores_page",
    "judge",
    "pipeline_page",
    "stress_page",
    "training_page",
    "verdict_page",
]


def __getattr__(name: str) -> Any:
    """Import the drawing modules, and matplotlib with them, at their first use (PEP 562)."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from lookalike.reports import (  # noqa: PLC0415
        _audit_page,
        _comparison_page,
        _function_page,
        _image_scores_page,
        _pipeline_page,
        _stress_page,
        _verdict_page,
    )

    pages = (
        _audit_page,
        _comparison_page,
        _verdict_page,
        _function_page,
        _image_scores_page,
        _pipeline_page,
        _stress_page,
    )
    return getattr(next(page for page in pages if name in page.__all__), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
