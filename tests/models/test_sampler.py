"""Blocks of rows: spare rows stand in for those that should not be."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import jax
import numpy as np
import pytest

from lookalike.encoding import Block, Layout, SampledRows
from lookalike.models._sampler import Calibration, Sampler
from lookalike.nn import Architecture, Plan

pytestmark = pytest.mark.train

LAYOUT = Layout((Block("c", "value", "code", 0, 0, 4, "softmax"),), 0, 1)


@pytest.fixture(scope="module")
def sampler() -> Sampler:
    plan = Plan(LAYOUT)
    network = Architecture((8,)).build(4, plan.width, jax.random.key(0))
    return Sampler(plan, network, Calibration.none(plan), 4, 2048)


@pytest.mark.parametrize("ruled_out", [[3], [0, 1, 2]], ids=["some", "most"])
def test_rows_that_should_not_be_are_replaced(sampler: Sampler, ruled_out: list[int]) -> None:
    def impossible(drawn: SampledRows) -> np.ndarray:
        return np.isin(drawn.levels[:, 0], ruled_out)

    plain, strict = sampler.block(5, 0), replace(sampler, impossible=impossible).block(5, 0)
    bad = impossible(plain)
    assert bad.any()
    np.testing.assert_array_equal(plain.levels[~bad], strict.levels[~bad])
    assert impossible(strict).sum() < bad.sum()
    if ruled_out == [3]:
        assert not impossible(strict).any()
    again = replace(sampler, impossible=impossible).block(5, 0)
    np.testing.assert_array_equal(strict.levels, again.levels)


_DIGEST = """
import hashlib, jax
from lookalike.encoding import Block, Layout
from lookalike.models._sampler import Calibration, Sampler
from lookalike.nn import Architecture, Plan
levels = Block("c", "value", "code", 0, 0, 4, "softmax")
plan = Plan(Layout((levels, Block("x", "value", "interval", 0, 4, 1, "linear")), 2, 1))
network = Architecture((300, 300)).build(64, plan.width, jax.random.key(0))
drawn = Sampler(plan, network, Calibration.none(plan), 64, 2048).block(5, 1)
print(hashlib.sha256(b"".join(part.tobytes() for part in drawn)).hexdigest())
"""


def test_rows_do_not_depend_on_the_threads_of_xla() -> None:
    """Of wide networks too, whose products are summed in parts."""
    found = {
        subprocess.run(
            [sys.executable, "-c", _DIGEST],
            env={**os.environ, "NPROC": threads, "JAX_DISABLE_MOST_OPTIMIZATIONS": "0"},
            capture_output=True,
            check=True,
        ).stdout
        for threads in ("1", "3")
    }
    assert len(found) == 1
