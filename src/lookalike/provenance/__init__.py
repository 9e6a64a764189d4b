"""Statements on synthetic tables that anybody can verify: who made which rows, and with what.

Room rule: what is signed is plain JSON, and nothing in it is a real row or can be tested for one
without the signer's key.
"""

from __future__ import annotations

from lookalike.provenance._keys import new_key
from lookalike.provenance._sign import sign
from lookalike.provenance._verify import ProvenanceCheck, Verification, verify

__all__ = ["ProvenanceCheck", "Verification", "new_key", "sign", "verify"]
