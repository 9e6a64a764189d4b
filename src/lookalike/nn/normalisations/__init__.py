"""What stands between a layer's weights and its activation: one file each."""

from __future__ import annotations

from lookalike.nn.normalisations._base import Normalisation
from lookalike.nn.normalisations._registry import NORMALISATIONS
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
