"""Models of whole databases. Room rule: stands on databases and on models of single tables."""

from __future__ import annotations

from lookalike.relational._database_rules import check_database_rules
from lookalike.relational.relational import Relational, restore_database_model

__all__ = ["Relational", "check_database_rules", "restore_database_model"]
