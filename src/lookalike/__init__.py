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

from lookalike._core.late import JUDGES, PAGES, READERS

if TYPE_CHECKING:
    from lookalike import datasets, errors, scenarios, simulate
    from lookalike.databases import Database
    from lookalike.experiments import (
        Auto,
        Booster,
        Comparison,
        PipelineReport,
        Tuning,
        Verdict,
        boost,
        compare,
        pipeline,
        tune,
    )
    from lookalike.images import Images
    from lookalike.metrics import HeldOutScorer
    from lookalike.models import (
        GAN,
        VAE,
        AdversarialAutoencoder,
        AdversarialForest,
        Autoregressive,
        BayesianNetwork,
        DenseClassifier,
        DenseRegressor,
        Diffusion,
        Forest,
        GaussianCopula,
        Independent,
        Mixture,
        Private,
        Smote,
        VineCopula,
        load,
    )
    from lookalike.privacy import PrivacyAudit, audit
    from lookalike.provenance import sign, verify
    from lookalike.relational import Relational
    from lookalike.reports import Evaluation, evaluate
    from lookalike.rules import check_rules, propose_rules
    from lookalike.scale import sample_parts
    from lookalike.scenarios import StressReport, stress
    from lookalike.sequences import Sequences
    from lookalike.simulate import Procedural
    from lookalike.tables import Schema
    from lookalike.watermark import Watermark
    from lookalike.workflow import report, split

    __version__: str

__all__ = [
    "GAN",
    "VAE",
    "AdversarialAutoencoder",
    "AdversarialForest",
    "Auto",
    "Autoregressive",
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
    "HeldOutScorer",
    "Images",
    "Independent",
    "Mixture",
    "PipelineReport",
    "PrivacyAudit",
    "Private",
    "Procedural",
    "Relational",
    "Schema",
    "Sequences",
    "Smote",
    "StressReport",
    "Tuning",
    "Verdict",
    "VineCopula",
    "Watermark",
    "__version__",
    "audit",
    "boost",
    "check_rules",
    "compare",
    "datasets",
    "errors",
    "evaluate",
    "load",
    "pipeline",
    "propose_rules",
    "report",
    "sample_parts",
    "scenarios",
    "sign",
    "simulate",
    "split",
    "stress",
    "tune",
    "verify",
]


def _experiments() -> ModuleType:
    import lookalike.experiments as room

    return room


def _models() -> ModuleType:
    import lookalike.models as room

    return room


def _metrics() -> ModuleType:
    import lookalike.metrics as room

    return room


def _privacy() -> ModuleType:
    import lookalike.privacy as room

    return room


def _provenance() -> ModuleType:
    import lookalike.provenance as room

    return room


def _reports() -> ModuleType:
    import lookalike.reports as room

    return room


def _images() -> ModuleType:
    import lookalike.images as room

    return room


def _sequences() -> ModuleType:
    import lookalike.sequences as room

    return room


def _databases() -> ModuleType:
    import lookalike.databases as room

    return room


def _rules() -> ModuleType:
    import lookalike.rules as room

    return room


def _relational() -> ModuleType:
    import lookalike.relational as room

    return room


def _workflow() -> ModuleType:
    import lookalike.workflow as room

    return room


def _tables() -> ModuleType:
    import lookalike.relations  # noqa: F401 - it enters how a `Schema` is inferred
    import lookalike.tables as room

    return room


def _datasets() -> ModuleType:
    import lookalike.datasets as room

    return room


def _scenarios() -> ModuleType:
    import lookalike.scenarios as room

    return room


def _scale() -> ModuleType:
    import lookalike.scale as room

    return room


def _watermark() -> ModuleType:
    import lookalike.watermark as room

    return room


def _simulate() -> ModuleType:
    import lookalike.simulate as room

    return room


def _errors() -> ModuleType:
    import lookalike.errors as room

    return room


#: The function that imports the room of each name.
_HOMES = {
    "GAN": _models,
    "VAE": _models,
    "AdversarialAutoencoder": _models,
    "AdversarialForest": _models,
    "Autoregressive": _models,
    "BayesianNetwork": _models,
    "DenseClassifier": _models,
    "DenseRegressor": _models,
    "Diffusion": _models,
    "Forest": _models,
    "GaussianCopula": _models,
    "Independent": _models,
    "Mixture": _models,
    "Private": _models,
    "Smote": _models,
    "VineCopula": _models,
    "load": _models,
    "check_rules": _rules,
    "propose_rules": _rules,
    "Database": _databases,
    "Relational": _relational,
    "Auto": _experiments,
    "Booster": _experiments,
    "Comparison": _experiments,
    "PipelineReport": _experiments,
    "Tuning": _experiments,
    "Verdict": _experiments,
    "boost": _experiments,
    "compare": _experiments,
    "pipeline": _experiments,
    "tune": _experiments,
    "HeldOutScorer": _metrics,
    "PrivacyAudit": _privacy,
    "audit": _privacy,
    "sample_parts": _scale,
    "Procedural": _simulate,
    "StressReport": _scenarios,
    "stress": _scenarios,
    "sign": _provenance,
    "verify": _provenance,
    "Images": _images,
    "Sequences": _sequences,
    "Evaluation": _reports,
    "evaluate": _reports,
    "report": _workflow,
    "split": _workflow,
    "Schema": _tables,
    "Watermark": _watermark,
}
#: Names that are modules themselves.
_MODULES = {
    "datasets": _datasets,
    "errors": _errors,
    "scenarios": _scenarios,
    "simulate": _simulate,
}


def _training() -> ModuleType:
    import lookalike.training as room

    return room


# `experiments`, `images`, `privacy` and `scenarios` may not know `reports`.
PAGES.enter("verdict", lambda: _reports().verdict_page)
PAGES.enter("comparison", lambda: _reports().comparison_page)
PAGES.enter("pipeline", lambda: _reports().pipeline_page)
PAGES.enter("audit", lambda: _reports().audit_page)
PAGES.enter("stress", lambda: _reports().stress_page)
PAGES.enter("images", lambda: _reports().image_scores_page)
# `metrics` may not know `training`.
JUDGES.enter("recurrent", lambda: _training().recurrent_judge)
# `models` reads all model files, and may not know the rooms above it.
READERS.enter("Images", lambda: _images().read)
READERS.enter("Sequences", lambda: _sequences().read)
READERS.enter("Relational", lambda: _relational().restore_database_model)
READERS.enter("Procedural", lambda: _simulate().read_procedural)


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
