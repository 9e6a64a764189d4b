"""Normalisations of layers before their activation, one file each."""

from __future__ import annotations

from lookalike._core.registry import Registry
from lookalike.nn.normalisations._base import Normalisation
from lookalike.nn.normalisations.batch import BatchNorm
from lookalike.nn.normalisations.layer import LayerNorm
from lookalike.nn.normalisations.nothing import Nothing
from lookalike.nn.normalisations.spectral import SpectralNorm

__all__ = [
    "NORMALISATIONS",
    "BatchNorm",
    "LayerNorm",
    "Normalisation",
    "Nothing",
    "SpectralNorm",
]

#: The normalisations that a user can choose; `Nothing` has no name.
NORMALISATIONS: Registry[Normalisation] = Registry("normalisation", Normalisation)
NORMALISATIONS.enter(BatchNorm, LayerNorm, SpectralNorm)
