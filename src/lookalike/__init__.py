"""Learn a table and make rows that look like it, with honest scores.

>>> import lookalike as la
>>> penguins = la.datasets.load("penguins")
>>> model = la.Independent(random_state=0).fit(penguins)
>>> model.sample(3).shape == (3, penguins.shape[1])
True

Names are imported when they are first used, so that ``import lookalike`` costs nothing.
"""

from __future__ import annotations

from importlib import import_module, metadata
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lookalike import datasets, errors
    from lookalike.experiments import Booster, Verdict, boost
    from lookalike.models import GAN, DenseClassifier, DenseRegressor, Independent, load
    from lookalike.reports import Evaluation, evaluate
    from lookalike.tables import Schema

    __version__: str

__all__ = [
    "GAN",
    "Booster",
    "DenseClassifier",
    "DenseRegressor",
    "Evaluation",
    "Independent",
    "Schema",
    "Verdict",
    "__version__",
    "boost",
    "datasets",
    "errors",
    "evaluate",
    "load",
]

#: Where each name lives: the module that has it as an attribute.
_HOMES = {
    "GAN": "lookalike.models",
    "DenseClassifier": "lookalike.models",
    "DenseRegressor": "lookalike.models",
    "Independent": "lookalike.models",
    "load": "lookalike.models",
    "Booster": "lookalike.experiments",
    "Verdict": "lookalike.experiments",
    "boost": "lookalike.experiments",
    "Evaluation": "lookalike.reports",
    "evaluate": "lookalike.reports",
    "Schema": "lookalike.tables",
}
#: Names that are modules themselves.
_MODULES = {"datasets": "lookalike.datasets", "errors": "lookalike.errors"}


def __getattr__(name: str) -> Any:
    """Import a public name at its first use (PEP 562)."""
    value: Any
    if name in _HOMES:
        value = getattr(import_module(_HOMES[name]), name)
    elif name in _MODULES:
        value = import_module(_MODULES[name])
    elif name == "__version__":
        value = metadata.version("lookalike")
    else:
        raise AttributeError(f"module 'lookalike' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
