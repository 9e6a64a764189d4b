"""`pipeline`: generate, preprocess, split, evaluate and refine, in cycles that prove themselves.

The rows of the report take no part in any cycle: `Refinery` does not hold them. Training mixes are
refined by validation rows, and scored once on the report rows when the last cycle has ended.
"""

from __future__ import annotations

from lookalike.experiments._pipeline._cycle import PipelineCycle, PipelineRival
from lookalike.experiments._pipeline._pipeline import pipeline
from lookalike.experiments._pipeline._report import PipelineReport
from lookalike.experiments._pipeline._spec import spec_arguments

__all__ = ["PipelineCycle", "PipelineReport", "PipelineRival", "pipeline", "spec_arguments"]
