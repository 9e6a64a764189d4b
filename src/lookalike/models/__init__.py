"""Synthesizers: where encoding, networks and training meet. Room rule: knows no metric.

`GAN` is imported when it is first used, so that nothing else pays for JAX.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lookalike.models._base import Synthesizer
from lookalike.models._file import SYNTHESIZERS, load
from lookalike.models.copula import GaussianCopula
from lookalike.models.dense import DenseClassifier, DenseRegressor
from lookalike.models.independent import Independent

if TYPE_CHECKING:
    from lookalike.models.gan import GAN

__all__ = [
    "GAN",
    "DenseClassifier",
    "DenseRegressor",
    "GaussianCopula",
    "Independent",
    "Synthesizer",
    "load",
]


def _gan() -> type[GAN]:
    from lookalike.models.gan import GAN  # noqa: PLC0415 - it loads JAX

    return GAN


SYNTHESIZERS.update(
    {"GAN": _gan, "GaussianCopula": lambda: GaussianCopula, "Independent": lambda: Independent}
)


def __getattr__(name: str) -> Any:
    """Import `GAN` at its first use (PEP 562)."""
    if name == "GAN":
        return _gan()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
