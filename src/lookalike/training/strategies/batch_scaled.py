"""`BatchScaled`: learning rates that grow with the batch size."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from lookalike._core.parameters import Choice, Instance, Number
from lookalike.training.strategies._base import Run, RunSetting, Strategy
from lookalike.training.strategies.constant import Constant

__all__ = ["BatchScaled"]


@dataclass(frozen=True)
class BatchScaled(Strategy):
    """Scale the learning rate, which is given for a reference batch size, with the batch size.

    For the batch size B and the reference B₀ the rate is multiplied by B/B₀ (linear: Goyal et al.
    2017, arXiv 1706.02677, for plain gradient descent) or √(B/B₀) (sqrt: Krizhevsky 2014, arXiv
    1404.5997; the rule that fits Adam: Malladi et al. 2022, arXiv 2205.10287).

    Parameters
    ----------
    rule : {"linear", "sqrt"}
        The rule by which the rate grows.
    reference : int
        The batch size at which the rate is unchanged.
    base : Strategy
        The schedule of the scaled rate.
    """

    rule: str = "linear"
    reference: int = 64
    base: Strategy = field(default_factory=Constant)

    name: ClassVar[str] = "batch-scaled"
    rules: ClassVar = {
        "rule": Choice(("linear", "sqrt")),
        "reference": Number(1, integer=True),
        "base": Instance((Strategy,), "a strategy"),
    }

    def begin(self, setting: RunSetting) -> Run:
        """See `Strategy.begin`."""
        ratio = setting.batch_size / self.reference
        factor = ratio if self.rule == "linear" else ratio**0.5
        return self.base.begin(setting._replace(rate=factor * setting.rate))
