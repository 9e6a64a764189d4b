"""Every normalisation by its name: the one place where a new one is entered."""

from __future__ import annotations

from lookalike.nn.normalisations._base import Normalisation
from lookalike.nn.normalisations.batch import BatchNorm
from lookalike.nn.normalisations.layer import LayerNorm
from lookalike.nn.normalisations.nothing import Nothing
from lookalike.nn.normalisations.spectral import SpectralNorm

__all__ = ["NORMALISATIONS"]

#: Normalisation classes by name; None is none.
NORMALISATIONS: dict[str | None, type[Normalisation]] = {
    None: Nothing,
    "batch": BatchNorm,
    "layer": LayerNorm,
    "spectral": SpectralNorm,
}
