"""Scores of databases: numbers of children, and columns across keys."""

from __future__ import annotations

from lookalike.metrics.relational._score import RelationalPart, RelationalScore
from lookalike.metrics.relational._scores import relational_scores

__all__ = ["RelationalPart", "RelationalScore", "relational_scores"]
