"""`Balance`: rates that keep the accuracy of the discriminator within a band."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from lookalike._core.errors import ParameterError
from lookalike._core.parameters import Instance, Number
from lookalike.training.strategies._base import Guided, Run, RunSetting, Strategy
from lookalike.training.strategies.constant import Constant

__all__ = ["Balance"]


@dataclass(frozen=True)
class Balance(Strategy):
    """Slow down the stronger network and speed up the weaker one while accuracy is out of a band.

    After an interval in which the discriminator's accuracy, the mean over real and generated rows,
    is above `high`, its rate is multiplied by `factor` and the generator's divided by it; below
    `low`, vice versa. Within the band the rate returns to its schedule at the same pace.

    This is the adjustment of the learning rate during training that Joshi's report on function
    generation names ("dynamic adjustments to learning rates", driven by accuracies) but does not
    define; the form is ours.

    Parameters
    ----------
    low, high : float
        The band of the discriminator's accuracy, counted around the objective's centre; 0.5 is
        chance.
    factor : float
        The factor of the rate after an interval out of the band.
    floor, ceiling : float
        The smallest and the largest multiple of the schedule.
    base : Strategy
        The schedule.
    """

    low: float = 0.5
    high: float = 0.8
    factor: float = 0.9
    floor: float = 0.1
    ceiling: float = 2.0
    base: Strategy = field(default_factory=Constant)

    name: ClassVar[str] = "balance"
    rules: ClassVar = {
        "low": Number(0, 1),
        "high": Number(0, 1),
        "factor": Number(0, 1, open_low=True),
        "floor": Number(0, 1, open_low=True),
        "ceiling": Number(1),
        "base": Instance((Strategy,), "a strategy"),
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.low >= self.high:
            raise ParameterError(
                "The strategy 'balance' needs low below high; "
                f"got low={self.low!r} and high={self.high!r}."
            )

    def begin(self, setting: RunSetting) -> Run:
        """See `Strategy.begin`."""
        return _Weighing(self.base.begin(setting), self, setting.optimiser)


class _Weighing(Guided):
    """The run of `Balance`; its only state is the factor."""

    def __init__(self, base: Run, options: Balance, optimiser: str) -> None:
        super().__init__(base, "accuracy")
        self._options = options
        self._optimiser = optimiser

    def _answer(self, step: int, value: float) -> str | None:  # noqa: ARG002
        before = self.factor
        self.factor = self._next(value)
        if self.factor == before:
            return None
        where = "back within"
        if value > self._options.high:
            where = "above"
        elif value < self._options.low:
            where = "below"
        return (
            f"accuracy {value:.2f} is {where} [{self._options.low:g}, {self._options.high:g}]: "
            f"the {self._optimiser}'s rate is {self.factor:.2g} of its schedule"
        )

    def _next(self, accuracy: float) -> float:
        options = self._options
        slower = max(self.factor * options.factor, options.floor)
        faster = min(self.factor / options.factor, options.ceiling)
        if accuracy > options.high:
            return slower if self._optimiser == "discriminator" else faster
        if accuracy < options.low:
            return faster if self._optimiser == "discriminator" else slower
        return min(faster, 1.0) if self.factor < 1 else max(slower, 1.0)
