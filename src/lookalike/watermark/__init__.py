"""A mark in the choice of rows: keyed scores, the choice among candidates, and its test.

Room rule: knows tables, and neither models nor what made a table.
"""

from __future__ import annotations

from lookalike.watermark._preference import REFERENCE
from lookalike.watermark._watermark import Watermark, WatermarkTest

__all__ = ["REFERENCE", "Watermark", "WatermarkTest"]
