"""Networks that read windows: order, causality, independence of rows, refusals."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lookalike.errors import ParameterError
from lookalike.nn import Architecture, WindowArchitecture, architecture_of

KEY = jax.random.key(0)


@pytest.mark.train
@pytest.mark.parametrize("cell", ["lstm", pytest.param("gru", marks=pytest.mark.slow), "attention"])
def test_outputs_depend_on_the_past_alone_and_on_their_own_row(cell):
    network = WindowArchitecture((5,), cell=cell, steps=4, each_step=True).build(8, 4, KEY)
    x = np.random.default_rng(0).normal(size=(3, 8)).astype(np.float32)
    y = np.asarray(network(jnp.asarray(x)))
    assert y.shape == (3, 4)
    later = x.copy()
    later[0, 6:] += 1
    changed = np.asarray(network(jnp.asarray(later))) != y
    assert changed.tolist() == [[False, False, False, True], [False] * 4, [False] * 4]
    assert np.asarray(network.learn(jnp.asarray(x), KEY)[0]) == pytest.approx(y, abs=1e-6)


@pytest.mark.slow
@pytest.mark.train
def test_views_show_changes_and_spectrum():
    network = WindowArchitecture((5,), steps=6, views=True).build(6, 1, KEY)
    assert network.layers[0].cell.input_size == 2
    assert network.last.in_features == 5 + 3
    slope = jax.grad(lambda x: network(x).sum())(jnp.zeros((2, 6)))
    assert np.isfinite(np.asarray(slope)).all()


def test_plain_values_choose_the_architecture():
    given = {"cell": "gru", "widths": [3], "steps": 4}
    found = architecture_of(given)
    assert isinstance(found, WindowArchitecture)
    assert architecture_of(found.to_mapping()) == found
    assert type(architecture_of({"widths": [3]})) is Architecture


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"cell": "rnn", "widths": [3]}, "cell"),
        ({"cell": "gru", "widths": []}, "no widths"),
        ({"cell": "gru", "widths": [3], "dropout": 0.5}, "dropout="),
        ({"cell": "gru", "widths": [3], "stepz": 4}, "'stepz'"),
    ],
)
def test_wrong_values_are_refused(given, words):
    with pytest.raises(ParameterError, match=words):
        architecture_of(given)


def test_inputs_must_fill_the_steps():
    with pytest.raises(ParameterError, match="multiple of its 4 steps; got 6"):
        WindowArchitecture((3,), steps=4).build(6, 1, KEY)
