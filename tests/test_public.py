"""The names that the package offers, and what importing it costs."""

from __future__ import annotations

import importlib
import importlib.metadata
import pkgutil
import subprocess
import sys

import pytest

import lookalike

NAMES = {
    "GAN",
    "AdversarialAutoencoder",
    "AdversarialForest",
    "Auto",
    "Autoregressive",
    "BayesianNetwork",
    "VAE",
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
    "sign",
    "stress",
    "tune",
    "verify",
    "scenarios",
    "simulate",
    "propose_rules",
    "sample_parts",
    "report",
    "split",
}
ROOMS = [f"lookalike.{m.name}" for m in pkgutil.iter_modules(lookalike.__path__) if m.ispkg]
# What must not be paid for before something is trained, read or drawn.
HEAVY = ("jax", "sklearn", "pandas", "polars", "pyarrow", "scipy", "lightgbm", "matplotlib")


def test_the_package_offers_exactly_these_names() -> None:
    assert set(lookalike.__all__) == NAMES
    assert set(dir(lookalike)) >= NAMES
    for name in NAMES:
        assert getattr(lookalike, name) is not None


def test_version_is_the_installed_one() -> None:
    assert lookalike.__version__ == importlib.metadata.version("lookalike")


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'lookalike' has no attribute 'boosted'"):
        _ = lookalike.boosted  # type: ignore[attr-defined]


@pytest.mark.parametrize("room", [r for r in ROOMS if not r.endswith("._core")])
def test_every_room_says_what_it_offers(room: str) -> None:
    module = importlib.import_module(room)
    assert module.__doc__
    assert len(set(module.__all__)) == len(module.__all__)
    for name in module.__all__:
        assert getattr(module, name) is not None, name


@pytest.mark.parametrize(
    "code",
    [
        "import lookalike",
        "from lookalike.cli import main; main(['--help'])",
        "from lookalike.cli import main; main(['fit', '--help'])",
        "import lookalike; lookalike.__version__; lookalike.errors; dir(lookalike)",
    ],
)
def test_importing_and_help_load_nothing_heavy(code: str) -> None:
    code += f"\nimport sys; print('loaded:', *(set(sys.modules) & set({HEAVY!r})))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.rstrip().splitlines()[-1] == "loaded:"


def test_only_networks_load_jax() -> None:
    code = (
        "import lookalike, sys\n"
        "lookalike.Independent, lookalike.evaluate, lookalike.load, lookalike.Schema\n"
        "lookalike.datasets.load('penguins', kind='pyarrow')\n"
        "print('jax' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
