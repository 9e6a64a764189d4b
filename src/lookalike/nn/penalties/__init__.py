"""What holds the discriminator's slopes: one file each, with its formula and its source."""

from __future__ import annotations

from lookalike.nn.penalties._base import Penalty
from lookalike.nn.penalties._clipping import clip_weights
from lookalike.nn.penalties._registry import PENALTIES, penalty
from lookalike.nn.penalties.interpolated import Interpolated
from lookalike.nn.penalties.zero_centred import ZeroCentred

__all__ = [
    "PENALTIES",
    "Interpolated",
    "Penalty",
    "ZeroCentred",
    "clip_weights",
    "penalty",
]
