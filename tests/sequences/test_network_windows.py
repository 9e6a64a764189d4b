"""Windows by networks: presets train, are watched, saved and refused where damaged."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import lookalike as la
from lookalike.errors import ModelFileError, ParameterError
from lookalike.sequences import WINDOW_PRESETS
from lookalike.sequences._latent_windows import LatentWindows

BRIEF = {"steps": 6, "monitors": False, "batch_size": 16}


@pytest.fixture(scope="module")
def series():
    rng = np.random.default_rng(0)
    x = np.zeros(200)
    for k in range(1, 200):
        x[k] = 0.9 * x[k - 1] + rng.normal()
    return pd.DataFrame({"x": x, "y": np.sin(np.arange(200) / 3)})


def trained(name, series):
    model = la.Sequences(trees=2, engine=name, window=4, training=BRIEF, random_state=0)
    model.fit(series)
    assert model.engine_ == name
    assert model.history_["step"][-1] == 6
    return model


@pytest.mark.train
@pytest.mark.slow
def test_attention_trains(series):
    made = trained("attention", series).sample(windows=5)
    assert made["window"].value_counts().eq(4).all()
    assert made[["x", "y"]].notna().all().all()


@pytest.mark.slow
@pytest.mark.train
def test_recurrent_networks_train_and_come_back(series, tmp_path):
    model = trained("lstm", series)
    made = model.sample(windows=5)
    assert model.sample(windows=2, start=3).equals(made[12:].reset_index(drop=True))
    path = tmp_path / "m.lookalike"
    model.save(path)
    loaded = la.load(path)
    assert loaded.sample(windows=5).equals(made)
    assert loaded.get_params() == model.get_params()


@pytest.fixture(scope="module")
def latent(series):
    """Return a small game in the codes of windows."""
    small = {"widths": [4]}
    training = {"steps": 2, "batch_size": 16, "code_size": 2, "coding": small, "game": small}
    return la.Sequences(trees=2, engine="timegan", window=4, training=training, random_state=0).fit(
        series
    )


@pytest.mark.train
def test_a_game_in_codes_trains_and_comes_back(latent, tmp_path):
    assert latent.engine_ == "timegan"
    assert latent.history_["step"][-1] == 6
    assert np.isfinite(latent.history_["loss_discriminator"]).all()
    made = latent.sample(windows=300)
    assert made[["x", "y"]].notna().all().all()
    assert latent.sample(windows=2, start=298).equals(made[4 * 298 :].reset_index(drop=True))
    path = tmp_path / "m.lookalike"
    latent.save(path)
    loaded = la.load(path)
    assert loaded.sample(windows=300).equals(made)
    assert loaded.history_["loss_generator"] == latent.history_["loss_generator"]


@pytest.mark.train
@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        ("centre", lambda a: a[:1], "scales of windows"),
        ("spread", lambda a: a * np.nan, "scales of windows"),
        ("networks/0", lambda a: a[:1], "networks/0"),
    ],
)
def test_damaged_codes_are_refused(latent, name, change, words):
    state = latent._model.windowed.engine.state()
    state.arrays[name] = change(state.arrays[name])
    with pytest.raises((ValueError, ModelFileError), match=words):
        LatentWindows.from_state(state, 4, 2)


def test_steps_of_layers_are_those_of_the_window(series):
    layers = {"cell": "gru", "widths": [3], "steps": 99}
    model = la.Sequences(trees=2, engine="timegan", window=6, training={"coding": layers})
    with pytest.raises(ParameterError, match="99 steps"):
        model.fit(series)


def test_presets_have_the_layers_of_their_source():
    lstm = WINDOW_PRESETS["lstm"].parameters
    assert lstm["generator"] == {"cell": "lstm", "widths": [64, 32]}
    assert lstm["objective"] == "non-saturating"
    for preset in WINDOW_PRESETS.values():
        assert preset.source
        assert preset.notes


@pytest.mark.parametrize("engine", ["lstm", "autoencoder-gan"])
def test_unknown_parameters_of_training_are_refused(series, engine):
    model = la.Sequences(trees=2, engine=engine, window=6, training={"stepz": 3})
    with pytest.raises(ParameterError, match="stepz"):
        model.fit(series)
