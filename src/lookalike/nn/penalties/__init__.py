"""Gradient penalties of the discriminator: one file each, with its formula and its source."""

from __future__ import annotations

from lookalike._core.registry import Registry
from lookalike.nn.penalties._base import Penalty
from lookalike.nn.penalties._clipping import clip_weights
from lookalike.nn.penalties.interpolated import Interpolated
from lookalike.nn.penalties.zero_centred import ZeroCentred

__all__ = [
    "PENALTIES",
    "Interpolated",
    "Penalty",
    "ZeroCentred",
    "clip_weights",
]

#: The penalties that a user can choose; yours may join them.
PENALTIES: Registry[Penalty] = Registry("penalty", Penalty, "penalties")
PENALTIES.enter(ZeroCentred, Interpolated)
