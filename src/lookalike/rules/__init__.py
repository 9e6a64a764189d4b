"""Rules between columns that hold on every generated row.

Room rule: ``rules`` reads, checks and proposes rules; `relations`, below it, makes them hold.
"""

from __future__ import annotations

from lookalike.rules._broken import POLICIES, rows_in_words, without_broken_rows
from lookalike.rules._check import BrokenRule, RuleCheck, check_rules
from lookalike.rules._join import check_texts, number_kinds, with_rules
from lookalike.rules._propose import ProposedRule, propose_rules
from lookalike.rules._read import read_rule, split_rules
from lookalike.rules._rule import DeclaredRule
from lookalike.rules._ruleset import Ruleset

__all__ = [
    "POLICIES",
    "BrokenRule",
    "DeclaredRule",
    "ProposedRule",
    "RuleCheck",
    "Ruleset",
    "check_rules",
    "check_texts",
    "number_kinds",
    "propose_rules",
    "read_rule",
    "rows_in_words",
    "split_rules",
    "with_rules",
    "without_broken_rows",
]
