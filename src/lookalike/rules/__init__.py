"""Rules between columns that hold on every generated row.

Room rule: ``rules`` reads, checks and proposes rules; `relations`, below it, makes them hold.
"""

from __future__ import annotations

from lookalike.rules._broken import POLICIES, rows_in_words, without_broken_rows
from lookalike.rules._check import BrokenRule, RuleCheck, check_rules
from lookalike.rules._join import check_texts, computed_with, number_kinds, with_rules
from lookalike.rules._propose import ProposedRule, propose_rules
from lookalike.rules._read import read_rule, sides, split_rules
from lookalike.rules._rule import DeclaredRule
from lookalike.rules._ruleset import Ruleset
from lookalike.rules._written import backquoted, quoted, value_text

__all__ = [
    "POLICIES",
    "BrokenRule",
    "DeclaredRule",
    "ProposedRule",
    "RuleCheck",
    "Ruleset",
    "backquoted",
    "check_rules",
    "check_texts",
    "computed_with",
    "number_kinds",
    "propose_rules",
    "quoted",
    "read_rule",
    "rows_in_words",
    "sides",
    "split_rules",
    "value_text",
    "with_rules",
    "without_broken_rows",
]
