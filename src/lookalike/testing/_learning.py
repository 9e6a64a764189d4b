"""Checks that a synthesizer learns how columns depend on each other."""

from __future__ import annotations

from functools import partial

from lookalike.models import Independent
from lookalike.testing._checks import Check, must
from lookalike.testing._dependence import joint_error
from lookalike.testing._subject import Subject
from lookalike.testing._tables import PROBLEMS

__all__ = ["MARGIN", "learning"]

#: The largest joint error of a learned table, as a part of that of independent columns.
MARGIN = 0.5
_TRAIN_ROWS, _SAMPLE_ROWS = 1000, 4000


def learning(subject: Subject) -> list[Check]:
    """Return one check for each problem."""
    return [(f"learns {name}", partial(_learns, subject, name)) for name in PROBLEMS]


def _learns(subject: Subject, problem: str) -> None:
    table = PROBLEMS[problem](_TRAIN_ROWS)
    floor = joint_error(table, Independent(random_state=0).fit(table).sample(_SAMPLE_ROWS))
    error = joint_error(table, subject.fit(table).sample(_SAMPLE_ROWS))
    must(
        error <= MARGIN * floor,
        f"the joint tables of its columns are {error:.3f} off on average; independent columns are "
        f"{floor:.3f} off, and at most {MARGIN:g} of that is allowed",
    )
