"""Synthesizers: where encoding, networks and training meet. Room rule: knows no metric.

Modules that need JAX are imported at their first use, so that the others load quickly.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lookalike.models._ahead import ahead
from lookalike.models._archive import ArchiveParts, write_parts
from lookalike.models._base import Synthesizer
from lookalike.models._column_trees import ColumnTrees, Growth
from lookalike.models._conditional_table import grains_of
from lookalike.models._file import SYNTHESIZERS, build, is_of, load
from lookalike.models._find import find_synthesizer
from lookalike.models._fingerprint import fingerprint
from lookalike.models._ledger import PrivacyLedger
from lookalike.models._parents import order_of
from lookalike.models._request import BlockConditions, Request
from lookalike.models._saving import FORMAT, saved_parameters, take_apart
from lookalike.models._states import DiscreteVariable, States
from lookalike.models._task import FitTask
from lookalike.models.adversarial_forest import AdversarialForest
from lookalike.models.bayesian_network import BayesianNetwork
from lookalike.models.copula import GaussianCopula
from lookalike.models.dense import DenseClassifier, DenseRegressor
from lookalike.models.forest import Forest
from lookalike.models.independent import Independent
from lookalike.models.mixture import Mixture
from lookalike.models.private import Private
from lookalike.models.smote import Smote
from lookalike.models.vine_copula import VineCopula
from lookalike.refine import Refine

if TYPE_CHECKING:
    from lookalike.models._groups import Networks, Option, TrainingRules
    from lookalike.models._recipe import game_settings, make_plan
    from lookalike.models._weights import leaves_of, stored
    from lookalike.models.adversarial_autoencoder import AdversarialAutoencoder
    from lookalike.models.autoregressive import Autoregressive
    from lookalike.models.diffusion import Diffusion
    from lookalike.models.gan import GAN
    from lookalike.models.presets import Preset
    from lookalike.models.vae import VAE

__all__ = [
    "FORMAT",
    "GAN",
    "SYNTHESIZERS",
    "VAE",
    "AdversarialAutoencoder",
    "AdversarialForest",
    "ArchiveParts",
    "Autoregressive",
    "BayesianNetwork",
    "BlockConditions",
    "ColumnTrees",
    "DenseClassifier",
    "DenseRegressor",
    "Diffusion",
    "DiscreteVariable",
    "FitTask",
    "Forest",
    "GaussianCopula",
    "Growth",
    "Independent",
    "Mixture",
    "Networks",
    "Option",
    "Preset",
    "PrivacyLedger",
    "Private",
    "Refine",
    "Request",
    "Smote",
    "States",
    "Synthesizer",
    "TrainingRules",
    "VineCopula",
    "ahead",
    "build",
    "find_synthesizer",
    "fingerprint",
    "game_settings",
    "grains_of",
    "is_of",
    "leaves_of",
    "load",
    "make_plan",
    "order_of",
    "saved_parameters",
    "stored",
    "take_apart",
    "write_parts",
]


def _gan() -> type[GAN]:
    from lookalike.models.gan import GAN  # noqa: PLC0415 - it loads JAX

    return GAN


def _adversarial_autoencoder() -> type[AdversarialAutoencoder]:
    from lookalike.models.adversarial_autoencoder import (  # noqa: PLC0415 - it loads JAX
        AdversarialAutoencoder,
    )

    return AdversarialAutoencoder


def _autoregressive() -> type[Autoregressive]:
    from lookalike.models.autoregressive import Autoregressive  # noqa: PLC0415 - it loads JAX

    return Autoregressive


def _diffusion() -> type[Diffusion]:
    from lookalike.models.diffusion import Diffusion  # noqa: PLC0415 - it loads JAX

    return Diffusion


def _vae() -> type[VAE]:
    from lookalike.models.vae import VAE  # noqa: PLC0415 - it loads JAX

    return VAE


#: The classes that need JAX.
_NETWORKS = {
    "AdversarialAutoencoder": _adversarial_autoencoder,
    "Autoregressive": _autoregressive,
    "Diffusion": _diffusion,
    "GAN": _gan,
    "VAE": _vae,
}

#: The parts of networks and of their training, which need JAX, too.
_PARTS = (
    "Networks",
    "Option",
    "Preset",
    "TrainingRules",
    "game_settings",
    "leaves_of",
    "make_plan",
    "stored",
)

SYNTHESIZERS.enter(**_NETWORKS)
SYNTHESIZERS.enter(AdversarialForest, BayesianNetwork, Forest, GaussianCopula, Independent)
SYNTHESIZERS.enter(Mixture, Private, Smote, VineCopula)


def __getattr__(name: str) -> Any:
    """Import names that need JAX at their first use (PEP 562)."""
    if name in _NETWORKS:
        return _NETWORKS[name]()
    if name in _PARTS:
        from lookalike.models import _groups, _recipe, _weights, presets  # noqa: PLC0415

        modules = (_groups, _recipe, _weights, presets)
        return getattr(next(module for module in modules if name in module.__all__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
