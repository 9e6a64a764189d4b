"""Checks that users run on synthesizers, encodings and metrics of their own.

Each ``..._checks`` yields named checks, as parameters for a test; each ``check_...`` runs them all.
A check that fails raises AssertionError and says in plain words what was expected.
"""

from __future__ import annotations

from lookalike.testing.encodings import check_encoding, encoding_checks
from lookalike.testing.synthesizers import check_synthesizer, synthesizer_checks

__all__ = [
    "check_encoding",
    "check_synthesizer",
    "encoding_checks",
    "synthesizer_checks",
]
