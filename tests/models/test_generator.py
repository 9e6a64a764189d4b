"""Blocks of rows of a generator."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

_DIGEST = """
import hashlib, jax, numpy as np
from lookalike.encoding import Block, Layout
from lookalike.models._generator import GeneratorSource
from lookalike.nn import Architecture, Plan
levels = Block("c", "value", "code", 0, 0, 4, "softmax")
plan = Plan(Layout((levels, Block("x", "value", "interval", 0, 4, 1, "linear")), 2, 1))
network = Architecture((300, 300)).build(64, plan.width, jax.random.key(0))
drawn = GeneratorSource(plan, network, np.zeros(4, np.float32), 64, 2048).block(5, 1)
print(hashlib.sha256(b"".join(part.tobytes() for part in drawn)).hexdigest())
"""


@pytest.mark.slow
def test_rows_do_not_depend_on_the_threads_of_xla() -> None:
    """Of wide networks too, whose products are summed in parts."""
    found = {
        subprocess.run(
            [sys.executable, "-c", _DIGEST],
            env={**os.environ, "NPROC": threads},
            capture_output=True,
            check=True,
        ).stdout
        for threads in ("1", "3")
    }
    assert len(found) == 1
