"""Sequences: histories of many entities and series, learned event by event.

Room rule: it builds on the synthesizers of `models`, and knows no metric.
"""

from __future__ import annotations

from lookalike.sequences._file import read
from lookalike.sequences._sequences import Sequences
from lookalike.sequences._window_networks import WINDOW_PRESETS

__all__ = ["WINDOW_PRESETS", "Sequences", "read"]
