"""Learning-rate strategies, one file each. They run on the host, between compiled steps.

The compiled step takes an array of rates, one for each step, so a change of rate needs no new
compilation. This folder needs no JAX.
"""

from __future__ import annotations

from lookalike._core.registry import Registry
from lookalike.training.strategies._base import Guided, Run, RunSetting, Schedule, Strategy
from lookalike.training.strategies.balance import Balance
from lookalike.training.strategies.batch_scaled import BatchScaled
from lookalike.training.strategies.constant import Constant
from lookalike.training.strategies.cosine import Cosine
from lookalike.training.strategies.gap import Gap
from lookalike.training.strategies.onecycle import OneCycle
from lookalike.training.strategies.plateau import Plateau

__all__ = [
    "STRATEGIES",
    "Balance",
    "BatchScaled",
    "Constant",
    "Cosine",
    "Gap",
    "Guided",
    "OneCycle",
    "Plateau",
    "Run",
    "RunSetting",
    "Schedule",
    "Strategy",
]

#: The strategies that a user can choose; yours may join them.
STRATEGIES: Registry[Strategy] = Registry("learning-rate strategy", Strategy, "strategies")
STRATEGIES.enter(Constant, Cosine, OneCycle, Plateau, BatchScaled, Balance, Gap)
