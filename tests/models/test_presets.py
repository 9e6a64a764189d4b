"""Published systems: each says what it is, has the published settings, and trains."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from lookalike import GAN
from lookalike._core.errors import ParameterError
from lookalike.models.presets import PRESETS
from lookalike.nn import Architecture

NAMES = {
    "reddy",
    "univariate",
    "wgan-gp",
    "leitner-dense-1",
    "leitner-dense-3",
    "leitner-dense-3-wide",
    "leitner-dcgan",
    "leitner-wgan",
    "leitner-wgan-gp",
    "joshi-2d",
    "joshi-3d",
}


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    x = rng.normal(size=150)
    return pd.DataFrame(
        {"x": x, "y": x**2 + rng.normal(size=150), "c": rng.choice(["a", "b"], 150)}
    )


def test_all_systems_of_the_documents_are_there() -> None:
    assert set(PRESETS) >= NAMES
    for name, preset in PRESETS.items():
        assert preset.summary
        assert " " in preset.source, f"{name}: name a document, not a file"


@pytest.mark.parametrize(
    "name",
    # Each compiles programs of its own.
    [pytest.param(n, marks=[pytest.mark.slow] * (n != "leitner-wgan-gp")) for n in sorted(PRESETS)],
)
@pytest.mark.train
def test_a_preset_trains(name: str, table: pd.DataFrame) -> None:
    brief: dict[str, Any] = {"steps": 6, "epochs": None, "monitors": False, "random_state": 0}
    model = GAN.preset(name, **brief).fit(table)
    made = model.sample(20)
    assert made.columns.tolist() == ["x", "y", "c"]
    assert model.history_["step"][-1] == 6


@pytest.mark.parametrize(
    ("name", "generator", "discriminator"),
    [
        ("reddy", (128, 128), (128, 128)),
        ("leitner-dense-1", (64,), (64,)),
        ("leitner-dense-3-wide", (128, 128, 128), (128, 128, 128)),
        ("leitner-dcgan", (32, 64), (64, 32)),
        ("leitner-wgan", (32, 64, 128), (128, 64, 32)),
        ("joshi-2d", (15,), (25,)),
    ],
)
def test_networks_are_the_published_ones(
    name: str, generator: tuple[int, ...], discriminator: tuple[int, ...]
) -> None:
    model = GAN.preset(name)
    assert Architecture.from_mapping(model.get_params()["generator"]).widths == generator
    assert Architecture.from_mapping(model.get_params()["discriminator"]).widths == discriminator


def test_a_preset_can_be_changed_and_a_wrong_name_is_said() -> None:
    assert GAN.preset("reddy", batch_size=16).batch_size == 16
    with pytest.raises(ParameterError, match="'leitner-wgan-gp'"):
        GAN.preset("leitner-wgangp")


@pytest.mark.parametrize(
    ("start", "words"),
    [
        ("leitner-dense-1", "rate is not given: here 1e-3"),
        ("leitner-dense-3", "rate is not given"),
        ("leitner", "the uniform one"),
        ("joshi-3d", "Batches of ten"),
        ("joshi", "the document's is linear"),
        ("reddy", "in proportion to the batch"),
        ("wgan-gp", "epochs (here 500) and batch size (here 64) are not given"),
    ],
)
def test_choices_that_a_document_leaves_open_are_noted(start: str, words: str) -> None:
    systems = [start] if start in PRESETS else [name for name in PRESETS if name.startswith(start)]
    assert systems
    assert all(words in PRESETS[name].notes for name in systems)
