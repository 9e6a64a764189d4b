"""`Plateau`: a rate that is reduced when a measure no longer improves."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from lookalike._core.parameters import Choice, Instance, Number
from lookalike.training.strategies._base import Guided, Run, RunSetting, Strategy
from lookalike.training.strategies.constant import Constant

__all__ = ["Plateau"]


@dataclass(frozen=True)
class Plateau(Strategy):
    """Multiply the rate by a factor whenever a measure has not improved for some time.

    Adversarial losses need not fall while both networks improve, so a measure of the result, such
    as ``convergence``, is more informative than a loss.

    Parameters
    ----------
    measure : str
        The measure; intervals without it do not count.
    better : {"lower", "higher"}
        The direction of improvement.
    factor : float
        The factor by which the rate is reduced.
    patience : int
        The number of intervals without improvement before each reduction.
    least : float
        The minimum improvement, as a share of the best value.
    floor : float
        The smallest rate, as a share of the schedule.
    base : Strategy
        The schedule that is reduced.
    """

    measure: str = "convergence"
    better: str = "lower"
    factor: float = 0.5
    patience: int = 10
    least: float = 0.01
    floor: float = 0.01
    base: Strategy = field(default_factory=Constant)

    name: ClassVar[str] = "plateau"
    rules: ClassVar = {
        "measure": Instance((str,), "the name of a measure"),
        "better": Choice(("lower", "higher")),
        "factor": Number(0, 1, open_low=True),
        "patience": Number(1, integer=True),
        "least": Number(0, 1),
        "floor": Number(0, 1),
        "base": Instance((Strategy,), "a strategy"),
    }

    def begin(self, setting: RunSetting) -> Run:
        """See `Strategy.begin`."""
        return _Waiting(self.base.begin(setting), self)


class _Waiting(Guided):
    """The run of `Plateau`; its state is the best value and the intervals since."""

    def __init__(self, base: Run, options: Plateau) -> None:
        super().__init__(base, options.measure)
        self._options = options
        self._best: float | None = None
        self._waited = 0

    def _answer(self, step: int, value: float) -> str | None:  # noqa: ARG002
        if self._improved(value):
            self._best, self._waited = value, 0
            return None
        self._waited += 1
        lower = max(self.factor * self._options.factor, self._options.floor)
        if self._waited < self._options.patience or lower >= self.factor:
            return None
        self.factor, self._waited = lower, 0
        return (
            f"{self._measure} has not improved on {self._best:.3g} for {self._options.patience} "
            f"intervals: the rate is reduced to {lower:.2g} of its schedule"
        )

    def _improved(self, value: float) -> bool:
        if self._best is None:
            return True
        needed = self._options.least * abs(self._best)
        gain = self._best - value if self._options.better == "lower" else value - self._best
        return gain > needed
