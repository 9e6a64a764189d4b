"""Choosing penalties by name, and what each owes to the game."""

from __future__ import annotations

import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lookalike.errors import ParameterError
from lookalike.nn import PENALTIES, Architecture
from lookalike.nn.penalties import Interpolated, ZeroCentred


def test_names_mappings_and_penalties_are_taken() -> None:
    assert PENALTIES.create("interpolated") == Interpolated(10.0)
    assert PENALTIES.create({"name": "zero-centred", "weight": 0.1}) == ZeroCentred(0.1)
    assert PENALTIES.create(ZeroCentred(2.0)) == ZeroCentred(2.0)


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("zero-centered", "Did you mean 'zero-centred'"),
        ({"name": "interpolated", "weight": -1}, r"weight must be a number in \[0, inf\)"),
        ({"name": "interpolated", "gamma": 1}, "has no parameter 'gamma'"),
    ],
)
def test_what_is_wrong_is_said(spec: object, words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        PENALTIES.create(spec)


@pytest.mark.parametrize("name", PENALTIES)
def test_a_penalty_is_written_as_plain_values_and_read_back(name: str) -> None:
    found = PENALTIES.create({"name": name, "weight": 0.25})
    again = PENALTIES.create(json.loads(json.dumps(found.to_mapping())))
    assert again == found
    assert hash(again) == hash(found)


@pytest.mark.parametrize("name", PENALTIES)
@pytest.mark.parametrize("normalisation", [None, "layer", "spectral"])
def test_penalties_have_slopes_that_networks_can_follow(
    name: str, normalisation: str | None
) -> None:
    network = Architecture((8, 8), normalisation=normalisation, activation="selu").build(
        4, 1, jax.random.key(0)
    )
    rows = jax.random.normal(jax.random.key(1), (2, 6, 4))

    def cost(network: object) -> jax.Array:
        def logits(x: jax.Array) -> jax.Array:
            return network.learn(x, jax.random.key(3))[0][:, 0]

        return PENALTIES.create(name)(logits, *rows, jax.random.key(2))

    value, slopes = jax.value_and_grad(cost)(network)
    assert value > 0
    leaves = [np.asarray(leaf) for leaf in jax.tree.leaves(slopes)]
    assert all(np.isfinite(leaf).all() for leaf in leaves)
    assert jnp.abs(slopes.hidden[0].weight).max() > 0
