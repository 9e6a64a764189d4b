"""What all tests and doctests share."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import settings
from jaxtyping import install_import_hook

ROOT = Path(__file__).parent
#: Examples in docstrings that call one of these train a network, which the README's do, too.
_TRAINS = re.compile(
    r"\b(GAN|VAE|Diffusion|Autoregressive|AdversarialAutoencoder|DenseClassifier|DenseRegressor"
    r"|learn_function|tune)\("
)
#: The checks of the contract that look at what a family of networks does itself. The others look at
#: the base class, which GANs are checked for: of further families they are slow.
_OWN_CHECKS = {
    "same_seed_same_rows",
    "conditions_are_met",
    "loaded_model_makes_the_same_rows",
    "model_file_holds_no_training_row",
}
_FURTHER_FAMILIES = {
    "test_adversarial_autoencoder.py",
    "test_autoregressive.py",
    "test_diffusion.py",
    "test_vae.py",
}
#: Examples that call one of these need an optional package.
_SIGNS = re.compile(r"\bla\.(sign|verify)\(|\bnew_key\(")

# Before JAX is imported: compiled programs are kept between runs, they are compiled in less
# than half the time (and run slowly; see `optimised`), and each of several test processes keeps to
# one thread instead of all of them fighting for every core.
os.environ.setdefault("JAX_DISABLE_MOST_OPTIMIZATIONS", "1")
os.environ.setdefault("LOOKALIKE_CACHE", str(ROOT / ".pytest_cache" / "compiled"))
_xla_flags = [os.environ.get("XLA_FLAGS", "")]
# XLA ends a process whose flags it does not know; this one is known since jaxlib 0.10 at least.
if tuple(map(int, version("jaxlib").split(".")[:2])) >= (0, 10):
    _xla_flags.append("--xla_cpu_use_fusion_emitters=false")
if "PYTEST_XDIST_WORKER" in os.environ:
    _xla_flags.append("--xla_cpu_multi_thread_eigen=false")
    for name in ("NPROC", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = "1"
os.environ["XLA_FLAGS"] = " ".join(_xla_flags)
os.environ["MPLBACKEND"] = "agg"

# Shapes and types that the signatures state are checked at every call, where arrays are handled.
install_import_hook("lookalike.nn", "beartype.beartype")

# No clock decides over a test, and the same examples are tried everywhere and every time.
settings.register_profile("lookalike", deadline=None, derandomize=True)
settings.load_profile("lookalike")


@pytest.hookimpl(tryfirst=True)  # before items are deselected by their marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark doctests that train networks, and slow checks; others are marked where they stand."""
    for item in items:
        check = re.fullmatch(r"test_contract\[(.*)\]", item.name)
        if item.path.name in _FURTHER_FAMILIES and check and check[1] not in _OWN_CHECKS:
            item.add_marker(pytest.mark.slow)
        if item.name.startswith("test_scikit_learn_contract[DenseRegressor"):
            item.add_marker(pytest.mark.slow)  # its base class is that of DenseClassifier
        if isinstance(item, pytest.DoctestItem):
            sources = [example.source for example in item.dtest.examples]
            if any(_TRAINS.search(source) for source in sources):
                item.add_marker(pytest.mark.train)
                item.add_marker(pytest.mark.slow)
            if find_spec("cryptography") is None and any(map(_SIGNS.search, sources)):
                item.add_marker(pytest.mark.skip("cryptography is not installed"))


@pytest.fixture(scope="module")
def optimised() -> Iterator[None]:
    """Compile as users do: for what trains long, and where rounding is what is tested."""
    import jax  # noqa: PLC0415 - most tests need none

    before = jax.config.values["jax_disable_most_optimizations"]
    jax.config.update("jax_disable_most_optimizations", False)
    yield
    jax.config.update("jax_disable_most_optimizations", before)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real tables that are not part of the repository, or skip."""
    folder = Path(os.environ.get("LOOKALIKE_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"there is no folder of real tables at {folder} (set LOOKALIKE_DATA)")
    return folder
