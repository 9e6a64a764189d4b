"""Sequences: histories of many entities and series, learned event by event.

Room rule: it builds on the synthesizers of `models`, and knows no metric.
"""

from __future__ import annotations

from lookalike.sequences._file import read
from lookalike.sequences._sequences import Sequences

__all__ = ["Sequences", "read"]
