"""Studies of the use of synthetic rows: `boost` and its verdict, `pipeline` and its report.

Room rule: experiments know models and metrics, never reports. Every number is a record with its
place in the study, and seeds depend on that place alone: the same numbers on any machine.
"""

from __future__ import annotations

from lookalike.experiments._auto import Auto
from lookalike.experiments._boost import boost
from lookalike.experiments._boost_images import boost_images
from lookalike.experiments._booster import Booster
from lookalike.experiments._compare import compare
from lookalike.experiments._contrast import Contrast, Row
from lookalike.experiments._function import (
    FUNCTION_RECIPE,
    FUNCTION_TARGETS,
    FunctionRun,
    FunctionSnapshot,
    learn_function,
)
from lookalike.experiments._function_accuracy import FunctionAccuracy
from lookalike.experiments._leaderboard import Comparison
from lookalike.experiments._pipeline import (
    PipelineCycle,
    PipelineReport,
    PipelineRival,
    pipeline,
    spec_arguments,
)
from lookalike.experiments._records import Record
from lookalike.experiments._trial import Trial
from lookalike.experiments._tune import Tuning, tune
from lookalike.experiments._verdict import Verdict

__all__ = [
    "FUNCTION_RECIPE",
    "FUNCTION_TARGETS",
    "Auto",
    "Booster",
    "Comparison",
    "Contrast",
    "FunctionAccuracy",
    "FunctionRun",
    "FunctionSnapshot",
    "PipelineCycle",
    "PipelineReport",
    "PipelineRival",
    "Record",
    "Row",
    "Trial",
    "Tuning",
    "Verdict",
    "boost",
    "boost_images",
    "compare",
    "learn_function",
    "pipeline",
    "spec_arguments",
    "tune",
]
