"""`Gap`: rates that keep the discriminator's loss near its ideal value."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import ClassVar

from lookalike._core.errors import ParameterError
from lookalike._core.parameters import Instance, Number
from lookalike.training.strategies._base import Guided, Run, RunSetting, Strategy
from lookalike.training.strategies.constant import Constant

__all__ = ["Gap"]

#: The minimum relative change of the factor; smaller changes are postponed.
_WORTH = 0.1


@dataclass(frozen=True)
class Gap(Strategy):
    """Adapt the rate of the discriminator to the gap between its loss and the ideal one.

    At the equilibrium, the best discriminator's loss is a known number V*. Let V be the moving
    average of the measured loss and x = |V − V*| / (width·V*), at most 1. The rate is multiplied by

    - ceilingˣ if V > V*: the discriminator is too weak and is sped up;
    - floorˣ if V < V*: it is too strong and is slowed down.

    Source: Hazimeh & Ponomareva 2023, "Mind the (optimality) gap: a gap-aware learning rate
    scheduler for adversarial nets", arXiv 2302.00089, with their defaults. NOTE: differs in that
    the average is updated once an interval (with the weight of all its steps), and in that the
    generator, whose rate they leave alone, may have the strategy too: for it, both are swapped.

    Parameters
    ----------
    width : float
        The gap at which the factor is at its limit, as a share of the ideal loss.
    floor, ceiling : float
        The limits of the factor.
    memory : float
        The decay of the moving average at each step.
    base : Strategy
        The schedule that is multiplied.
    """

    width: float = 0.1
    floor: float = 0.1
    ceiling: float = 2.0
    memory: float = 0.95
    base: Strategy = field(default_factory=Constant)

    name: ClassVar[str] = "gap"
    rules: ClassVar = {
        "width": Number(0, open_low=True),
        "floor": Number(0, 1, open_low=True),
        "ceiling": Number(1),
        "memory": Number(0, 1),
        "base": Instance((Strategy,), "a strategy"),
    }

    def begin(self, setting: RunSetting) -> Run:
        """See `Strategy.begin`; an objective without an ideal loss is a `ParameterError`."""
        ideal = setting.ideal
        if ideal is None or ideal == 0:
            raise ParameterError(
                "The strategy 'gap' needs an objective whose discriminator has a known ideal loss "
                f"other than 0; this one has {ideal}. Use 'balance', or another objective."
            )
        return _Closing(self.base.begin(setting), self, setting.optimiser, ideal)


class _Closing(Guided):
    """The run of `Gap`; its state is the moving average of the loss."""

    def __init__(self, base: Run, options: Gap, optimiser: str, ideal: float) -> None:
        super().__init__(base, "loss_discriminator")
        self._options = options
        self._optimiser = optimiser
        self._ideal = ideal
        self._average = ideal
        self._step = 0

    def _answer(self, step: int, value: float) -> str | None:
        kept = self._options.memory ** max(step - self._step, 1)
        self._step = step
        self._average = kept * self._average + (1 - kept) * value
        factor = self._next_factor()
        if not _worth_a_change(self.factor, factor):
            return None
        self.factor = factor
        side = "above" if self._average > self._ideal else "below"
        return (
            f"the discriminator's loss {self._average:.3g} is {side} its ideal {self._ideal:.3g}: "
            f"the {self._optimiser}'s rate is {factor:.2g} of its schedule"
        )

    def _next_factor(self) -> float:
        options = self._options
        gap = self._average - self._ideal
        weak = gap > 0
        x = min(abs(gap) / (options.width * abs(self._ideal)), 1.0)
        hurries = weak == (self._optimiser == "discriminator")
        return float((options.ceiling if hurries else options.floor) ** x)


def _worth_a_change(before: float, after: float) -> bool:
    return abs(math.log(after / before)) > math.log1p(_WORTH)
