"""Attacks on synthetic tables, each beside the same attack on rows that nobody learned.

Room rule: an attack sees the synthetic rows and what its attacker is said to know, never whether a
target was learned. It is chosen on one half of the targets and reported on the other.
"""

from __future__ import annotations

from lookalike._core.intervals import ShareEstimate
from lookalike.privacy._attack_results import (
    AttackedGroup,
    MembershipResult,
    RateAtLimit,
    RiskEstimate,
)
from lookalike.privacy._audit import audit
from lookalike.privacy._one_run import proved_epsilon
from lookalike.privacy._result import PrivacyAudit

__all__ = [
    "AttackedGroup",
    "MembershipResult",
    "PrivacyAudit",
    "RateAtLimit",
    "RiskEstimate",
    "ShareEstimate",
    "audit",
    "proved_epsilon",
]
