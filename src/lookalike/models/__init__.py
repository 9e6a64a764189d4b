"""Synthesizers: where encoding, networks and training meet. Room rule: knows no metric.

`GAN` is imported when it is first used, so that nothing else pays for JAX.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lookalike.models._base import Synthesizer
from lookalike.models._file import SYNTHESIZERS, load
from lookalike.models._request import BlockConditions, Request
from lookalike.models.copula import GaussianCopula
from lookalike.models.dense import DenseClassifier, DenseRegressor
from lookalike.models.independent import Independent

if TYPE_CHECKING:
    from lookalike.models.gan import GAN

__all__ = [
    "GAN",
    "SYNTHESIZERS",
    "BlockConditions",
    "DenseClassifier",
    "DenseRegressor",
    "GaussianCopula",
    "Independent",
    "Request",
    "Synthesizer",
    "load",
]


def _gan() -> type[GAN]:
    from lookalike.models.gan import GAN  # noqa: PLC0415 - it loads JAX

    return GAN


SYNTHESIZERS.enter(GAN=_gan)
SYNTHESIZERS.enter(GaussianCopula, Independent)


def __getattr__(name: str) -> Any:
    """Import `GAN` at its first use (PEP 562)."""
    if name == "GAN":
        return _gan()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
