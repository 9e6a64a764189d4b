"""Learn a table and generate rows that look like it, with honest scores.

>>> import lookalike as la
>>> penguins = la.datasets.load("penguins")
>>> model = la.Independent(random_state=0).fit(penguins)
>>> model.sample(3).shape == (3, penguins.shape[1])
True

Names are imported when they are first used, so that ``import lookalike`` costs nothing.
"""

from __future__ import annotations

from importlib import metadata
from types import ModuleType
from typing import TYPE_CHECKING, Any

from lookalike._core.pages import Page, enter_page
from lookalike._core.restorers import Restore, enter_restorer

if TYPE_CHECKING:
    from lookalike import datasets, errors
    from lookalike.databases import Database
    from lookalike.experiments import Auto, Booster, Comparison, Verdict, boost, compare
    from lookalike.models import (
        GAN,
        VAE,
        BayesianNetwork,
        DenseClassifier,
        DenseRegressor,
        Diffusion,
        Forest,
        GaussianCopula,
        Independent,
        Mixture,
        Smote,
        load,
    )
    from lookalike.relational import Relational
    from lookalike.reports import Evaluation, evaluate
    from lookalike.tables import Schema

    __version__: str

__all__ = [
    "GAN",
    "VAE",
    "Auto",
    "BayesianNetwork",
    "Booster",
    "Comparison",
    "Database",
    "DenseClassifier",
    "DenseRegressor",
    "Diffusion",
    "Evaluation",
    "Forest",
    "GaussianCopula",
    "Independent",
    "Mixture",
    "Relational",
    "Schema",
    "Smote",
    "Verdict",
    "__version__",
    "boost",
    "compare",
    "datasets",
    "errors",
    "evaluate",
    "load",
]


def _experiments() -> ModuleType:
    import lookalike.experiments as room

    return room


def _models() -> ModuleType:
    import lookalike.models as room

    return room


def _reports() -> ModuleType:
    import lookalike.reports as room

    return room


def _databases() -> ModuleType:
    import lookalike.databases as room

    return room


def _relational() -> ModuleType:
    import lookalike.relational as room

    return room


def _tables() -> ModuleType:
    import lookalike.relations  # noqa: F401 - it enters how a `Schema` is inferred
    import lookalike.tables as room

    return room


def _datasets() -> ModuleType:
    import lookalike.datasets as room

    return room


def _errors() -> ModuleType:
    import lookalike.errors as room

    return room


#: The function that imports the room of each name.
_HOMES = {
    "GAN": _models,
    "VAE": _models,
    "BayesianNetwork": _models,
    "DenseClassifier": _models,
    "DenseRegressor": _models,
    "Diffusion": _models,
    "Forest": _models,
    "GaussianCopula": _models,
    "Independent": _models,
    "Mixture": _models,
    "Smote": _models,
    "load": _models,
    "Database": _databases,
    "Relational": _relational,
    "Auto": _experiments,
    "Booster": _experiments,
    "Comparison": _experiments,
    "Verdict": _experiments,
    "boost": _experiments,
    "compare": _experiments,
    "Evaluation": _reports,
    "evaluate": _reports,
    "Schema": _tables,
}
#: Names that are modules themselves.
_MODULES = {"datasets": _datasets, "errors": _errors}


def _verdict_page() -> Page:
    page: Page = _reports().verdict_page
    return page


def _comparison_page() -> Page:
    page: Page = _reports().comparison_page
    return page


def _restore_relational() -> Restore:
    restore: Restore = _relational().restore_database_model
    return restore


# `models`, which reads model files, may not know `relational`.
enter_restorer("Relational", _restore_relational)
# `experiments` may not know `reports`.
enter_page("verdict", _verdict_page)
enter_page("comparison", _comparison_page)


def __getattr__(name: str) -> Any:
    """Import a public name at its first use (PEP 562)."""
    value: Any
    if name in _HOMES:
        value = getattr(_HOMES[name](), name)
    elif name in _MODULES:
        value = _MODULES[name]()
    elif name == "__version__":
        value = metadata.version("lookalike")
    else:
        raise AttributeError(f"module 'lookalike' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
