"""`Players`: the measures of the training step for both networks."""

from __future__ import annotations

import math
from typing import ClassVar

from lookalike.training.monitors._base import IntervalSnapshot, Measure, Monitor

__all__ = ["Players"]

_INF = math.inf


class Players(Monitor):
    """Measures of the compiled step for both networks, as means over the interval."""

    name: ClassVar[str] = "players"
    cost: ClassVar[str] = "nothing: the compiled step measures it"
    needs: ClassVar[frozenset[str]] = frozenset()
    measures: ClassVar[tuple[Measure, ...]] = (
        Measure("loss_discriminator", -_INF, _INF, "steady, near the objective's ideal"),
        Measure("loss_generator", -_INF, _INF, "steady"),
        Measure("loss_real", -_INF, _INF, "near loss_fake; they add up to the loss"),
        Measure("loss_fake", -_INF, _INF, "near loss_real; they add up to the loss"),
        Measure("accuracy", 0, 1, "between 0.5, chance, and about 0.8"),
        Measure("accuracy_real", 0, 1, "near accuracy_fake"),
        Measure("accuracy_fake", 0, 1, "near accuracy_real"),
        Measure("accuracy_generator", 0, 1, "near 0.5: half of its rows pass as real"),
        Measure("probability_real", 0, 1, "near probability_fake"),
        Measure("probability_fake", 0, 1, "near probability_real"),
        Measure("gradient_discriminator", 0, _INF, "neither vanishing nor growing"),
        Measure("gradient_generator", 0, _INF, "neither vanishing nor growing"),
        Measure("rate_generator", 0, _INF, "as the strategy says"),
        Measure("rate_discriminator", 0, _INF, "as the strategy says"),
    )

    def measure(self, snapshot: IntervalSnapshot) -> dict[str, float]:
        """See `Monitor.measure`."""
        known = ((m.name, snapshot.measures.get(m.name)) for m in self.measures)
        return {k: float(v) for k, v in known if v is not None and math.isfinite(v)}
