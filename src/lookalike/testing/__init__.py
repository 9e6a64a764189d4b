"""Checks that users run on synthesizers, sequences, encodings, metrics, objectives and so on.

Each ``..._checks`` gives named checks, as parameters for a test; each ``check_...`` runs them all.
A check that fails raises AssertionError, with a plain message about what was expected.
"""

from __future__ import annotations

from lookalike.testing.encodings import check_encoding, encoding_checks
from lookalike.testing.metrics import check_metric, metric_checks
from lookalike.testing.monitors import check_monitor, monitor_checks
from lookalike.testing.objectives import check_objective, objective_checks
from lookalike.testing.sequences import check_sequences, sequence_checks
from lookalike.testing.strategies import check_strategy, strategy_checks
from lookalike.testing.synthesizers import check_synthesizer, synthesizer_checks

__all__ = [
    "check_encoding",
    "check_metric",
    "check_monitor",
    "check_objective",
    "check_sequences",
    "check_strategy",
    "check_synthesizer",
    "encoding_checks",
    "metric_checks",
    "monitor_checks",
    "objective_checks",
    "sequence_checks",
    "strategy_checks",
    "synthesizer_checks",
]
