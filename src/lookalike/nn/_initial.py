"""How large weights are before the first step."""

from __future__ import annotations

import math
from collections.abc import Callable

__all__ = ["INITIALS"]


def _he(inputs: int, outputs: int, gain: float) -> float:  # noqa: ARG001 - one form for all
    """Return gain / √inputs (He et al. 2015, arXiv 1502.01852)."""
    return gain / math.sqrt(max(inputs, 1))


def _lecun(inputs: int, outputs: int, gain: float) -> float:  # noqa: ARG001 - one form for all
    """Return 1 / √inputs, whatever the activation (LeCun et al. 1998)."""
    return 1 / math.sqrt(max(inputs, 1))


def _glorot(inputs: int, outputs: int, gain: float) -> float:  # noqa: ARG001 - one form for all
    """Return √(2 / (inputs + outputs)), whatever the activation (Glorot and Bengio 2010)."""
    return math.sqrt(2 / max(inputs + outputs, 1))


def _dcgan(inputs: int, outputs: int, gain: float) -> float:  # noqa: ARG001 - one form for all
    """Return 0.02 (Radford, Metz and Chintala 2015, arXiv 1511.06434)."""
    return 0.02


#: For each name, the standard deviation of normal weights from the numbers of inputs and outputs
#: and the gain of the activation that follows (1 where none does).
INITIALS: dict[str, Callable[[int, int, float], float]] = {
    "he": _he,
    "glorot": _glorot,
    "dcgan": _dcgan,
    "lecun": _lecun,
}
