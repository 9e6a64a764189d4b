"""Synthesizers: where encoding, networks and training meet. Room rule: knows no metric.

`GAN` is imported when it is first used, so that nothing else pays for JAX.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from lookalike.models._base import Synthesizer
from lookalike.models._file import load
from lookalike.models.dense import DenseClassifier, DenseRegressor
from lookalike.models.independent import Independent

if TYPE_CHECKING:
    from lookalike.models.gan import GAN

__all__ = ["GAN", "DenseClassifier", "DenseRegressor", "Independent", "Synthesizer", "load"]


def __getattr__(name: str) -> Any:
    """Import `GAN` at its first use (PEP 562)."""
    if name == "GAN":
        return import_module("lookalike.models.gan").GAN
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
