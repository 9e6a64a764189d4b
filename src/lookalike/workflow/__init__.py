"""The usual way from a table to a report, in one call. Room rule: it joins rooms, and adds nothing.

It stands above `reports`, which knows no models, and above `models`, which know no reports.
"""

from __future__ import annotations

from lookalike.workflow._report import Report, report
from lookalike.workflow._split import split

__all__ = ["Report", "report", "split"]
