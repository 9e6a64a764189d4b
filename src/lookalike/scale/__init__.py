"""More rows than one process makes: parts of a table on many processes or machines.

Room rule: knows models and files; no model knows it.
"""

from __future__ import annotations

from lookalike.scale._engines import ENGINES
from lookalike.scale._sample_parts import sample_parts

__all__ = ["ENGINES", "sample_parts"]
