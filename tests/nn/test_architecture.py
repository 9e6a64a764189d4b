"""The shape of networks, their first weights, and how they are written."""

from __future__ import annotations

import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lookalike.errors import ParameterError
from lookalike.nn import Architecture

KEY = jax.random.key(3)


@pytest.mark.parametrize("layers", [1, 2, 4])
def test_the_default_residual_network_has_these_leaves_in_this_order(layers: int) -> None:
    """Model files hold the leaves by number, and old ones must keep loading."""
    network = Architecture((16,) * layers, residual=True).build(5, 3, KEY)
    keys = jax.random.split(KEY, layers + 1)
    gain = (2 / 1.04) ** 0.5
    expected = [jax.random.normal(keys[0], (5, 16)) * (gain / 5**0.5), jnp.zeros(16)]
    for key in keys[1:-1]:
        deviation = gain / (layers - 1) ** 0.5 / 16**0.5
        expected += [jax.random.normal(key, (16, 16)) * deviation, jnp.zeros(16)]
    expected += [jax.random.normal(keys[-1], (16, 3)) * (1 / 16**0.5), jnp.zeros(3)]
    leaves = jax.tree.leaves(network)
    assert len(leaves) == len(expected)
    for leaf, by_hand in zip(leaves, expected, strict=True):
        np.testing.assert_array_equal(leaf, by_hand)


@pytest.mark.parametrize(
    ("initial", "activation", "deviation"),
    [
        ("he", "relu", np.sqrt(2 / 200)),
        ("he", "selu", np.sqrt(1 / 200)),
        ("glorot", "relu", np.sqrt(2 / 300)),
        ("dcgan", "relu", 0.02),
        ("lecun", "relu", np.sqrt(1 / 200)),
    ],
)
def test_first_weights_have_their_deviation(
    initial: str, activation: str, deviation: float
) -> None:
    network = Architecture((100,), activation=activation, initial=initial).build(200, 100, KEY)
    weight = np.asarray(network.hidden[0].weight)
    assert weight.std() == pytest.approx(deviation, rel=0.03)
    assert abs(weight.mean()) < 0.1 * deviation
    assert (network.hidden[0].bias == 0).all()


@pytest.mark.parametrize("normalisation", [None, "batch", "layer"])
def test_depth_does_not_blow_up_residual_rows(normalisation: str | None) -> None:
    architecture = Architecture((64,) * 30, residual=True, normalisation=normalisation)
    rows = jax.random.normal(KEY, (128, 8))
    outputs, _ = architecture.build(8, 8, KEY).learn(rows, KEY)
    assert 0.3 < float(outputs.std()) < 20  # without the scaling: thousands


def test_widths_double_and_their_mirror_halves() -> None:
    generator = Architecture.symmetrical(32, 3, activation="relu", normalisation="batch")
    assert generator.widths == (32, 64, 128)
    discriminator = generator.mirrored()
    assert discriminator.widths == (128, 64, 32)
    assert (discriminator.activation, discriminator.normalisation) == ("relu", "batch")
    shapes = [layer.weight.shape for layer in discriminator.build(9, 1, KEY).hidden]
    assert shapes == [(9, 128), (128, 64), (64, 32)]


def test_hidden_layers_may_go_without_biases() -> None:
    network = Architecture((8, 8), bias=False).build(4, 2, KEY)
    assert [layer.bias for layer in network.hidden] == [None, None]
    assert network.last.bias is not None
    assert len(jax.tree.leaves(network)) == 4


def test_an_architecture_is_written_as_plain_values_and_read_back() -> None:
    architecture = Architecture(
        (32, 64),
        activation="elu",
        slope=0.1,
        normalisation="layer",
        dropout=0.3,
        bias=False,
        initial="glorot",
    )
    again = Architecture.from_mapping(json.loads(json.dumps(architecture.to_mapping())))
    assert again == architecture
    assert hash(again) == hash(architecture)
    assert Architecture.from_mapping({"widths": [8], "dropout": 0}) == Architecture((8,))
    assert Architecture.from_mapping(architecture) is architecture


def test_an_activation_may_be_the_function_itself() -> None:
    given = Architecture((8,), activation=jax.nn.gelu)
    assert given == Architecture((8,), activation="gelu")
    assert given.to_mapping()["activation"] == "gelu"
    assert Architecture.from_mapping({"widths": [8], "activation": jax.nn.gelu}) == given
    for other in (jax.numpy.sin, lambda x: x):
        with pytest.raises(ParameterError, match="activation must be one of"):
            Architecture((8,), activation=other)


def test_doubling_widths_can_be_written() -> None:
    sizes = {"first": 32, "layers": 3}
    doubling = Architecture.from_mapping({"symmetrical": sizes, "bias": False})
    assert doubling == Architecture.symmetrical(32, 3, bias=False)
    assert Architecture.from_mapping({"mirrored": sizes}).widths == (128, 64, 32)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "mapping with 'widths'"),
        ({"widths": [8, 0]}, r"widths must be a list of integers in \[1, 65536\]"),
        ({"widths": "88"}, "widths must be a list"),
        ({"widths": 8}, "widths must be a list"),
        ({"widths": [8] * 258}, "widths must name at most 257 hidden layers, but names 258"),
        ({"widths": range(1, 10**12)}, "names 999,999,999,999"),
        ({"widths": [8], "activation": "rely"}, "Did you mean 'relu'"),
        ({"widths": [8], "activation": "softmax"}, "activation must be one of"),
        ({"widths": [8], "normalization": "batch"}, "Did you mean 'normalisation'"),
        ({"widths": [8], "normalisation": "group"}, "'batch', 'layer', 'spectral'"),
        ({"widths": [8], "dropout": 1.0}, r"dropout must be a number in \[0, 0.99\]"),
        ({"widths": [8], "slope": float("nan")}, "slope must be a number"),
        ({"widths": [8, 16], "residual": True}, "residual network must be equal"),
        ({"widths": [8], "initial": "hee"}, "initial must be one of"),
        ({"symmetrical": {"first": 8, "layers": 2}, "widths": [8]}, "Give one of them"),
        ({"symmetrical": {"first": 8}}, "needs 'first' and 'layers'"),
        ({"symmetrical": [8, 2]}, "needs 'first' and 'layers'"),
        ({"mirrored": {"first": 8, "layers": 17}}, r"layers must be an integer in \[1, 16\]"),
        ({"mirrored": {"first": 8, "layers": 2}, "activation": "rely"}, "Did you mean 'relu'"),
    ],
)
def test_what_is_wrong_is_said(values: dict[str, object], words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        Architecture.from_mapping(values)


def test_there_may_be_many_hidden_layers() -> None:
    assert len(Architecture((8,) * 257, residual=True).widths) == 257


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(ParameterError) as caught:
        Architecture.from_mapping({"widths": [0], "dropout": 2, "bais": False})
    assert len(str(caught.value).splitlines()) == 3


def test_equal_architectures_share_one_compiled_program() -> None:
    traces = []

    def outputs(architecture: Architecture, rows: jax.Array) -> jax.Array:
        traces.append(architecture)
        return architecture.build(4, 2, KEY)(rows)

    compiled = jax.jit(outputs, static_argnums=0)
    rows = jnp.ones((3, 4))
    first = compiled(Architecture((8, 8), activation="gelu"), rows)
    second = compiled(Architecture.from_mapping({"widths": [8, 8], "activation": "gelu"}), rows)
    np.testing.assert_array_equal(first, second)
    assert len(traces) == 1
