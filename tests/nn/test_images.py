"""Convolutions as products of matrices, and the networks that draw and judge images."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lookalike.errors import ParameterError
from lookalike.nn import ImageArchitecture
from lookalike.nn._convolutions import overlapped, patches, resized

pytestmark = pytest.mark.train


def drawn(*shape: int) -> jax.Array:
    return jnp.asarray(np.random.default_rng(0).standard_normal(shape), jnp.float32)


def test_patches_give_the_convolution_of_the_compiler():
    images, kernel = drawn(2, 8, 6, 3), drawn(4, 4, 3, 5)
    wanted = jax.lax.conv_general_dilated(
        images, kernel, (2, 2), [(1, 1), (1, 1)], dimension_numbers=("NHWC", "HWIO", "NHWC")
    )
    matrix = kernel.reshape(2, 2, 2, 2, 3, 5).transpose(0, 2, 1, 3, 4, 5).reshape(48, 5)
    np.testing.assert_allclose(patches(images) @ matrix, wanted, atol=1e-4)


def test_overlapped_is_the_transpose_of_patches_also_for_gradients():
    images, taps = drawn(2, 8, 6, 3), drawn(2, 4, 3, 48)
    there, back = jnp.sum(overlapped(taps) * images), jnp.sum(taps * patches(images))
    np.testing.assert_allclose(there, back, rtol=1e-4)
    slope = jax.grad(lambda x: jnp.sum(patches(x) * taps))(images)
    np.testing.assert_allclose(slope, overlapped(taps), atol=1e-5)
    slope = jax.grad(lambda x: jnp.sum(overlapped(x) * images))(taps)
    np.testing.assert_allclose(slope, patches(images), atol=1e-5)


def test_resizing_crops_and_pads_about_the_middle():
    images = drawn(1, 8, 10, 2)
    padded = resized(images, 11, 12)
    assert padded.shape == (1, 11, 12, 2)
    np.testing.assert_array_equal(padded[:, 1:9, 1:11], images)
    np.testing.assert_allclose(padded.sum(), images.sum(), rtol=1e-4)
    np.testing.assert_array_equal(resized(padded, 9, 10), padded[:, 1:10, 1:11])
    np.testing.assert_array_equal(resized(images, 8, 10), images)


@pytest.mark.parametrize("sides", [(8, 8), (9, 13), (1, 1)])
def test_networks_draw_and_judge_images_of_any_sides(sides):
    height, across = sides
    pixels = height * across * 3
    form = {"height": height, "across": across, "channels": 3}
    draws = ImageArchitecture((8, 4), normalisation="batch", draws=True, **form)
    drawer = draws.build(5 + 2, pixels, jax.random.key(0))
    images = drawer(drawn(6, 7))
    assert images.shape == (6, pixels)
    trained, stats = drawer.learn(drawn(6, 7), jax.random.key(0))
    assert trained.shape == images.shape
    assert drawer.absorb(stats).layers[0].normalisation.steps == 1
    judge = ImageArchitecture((4, 8), classes=2, **form).build(pixels + 2, 1, jax.random.key(1))
    classes = jax.nn.one_hot(jnp.arange(6) % 2, 2)
    rows = jnp.concatenate([images, classes], axis=1)
    logits = judge(rows)
    assert logits.shape == (6, 1)
    # Each row's result depends on that row alone.
    np.testing.assert_allclose(judge(rows[2:4]), logits[2:4], atol=1e-5)
    # The class matters, but a penalty on slopes does not concern it.
    assert not np.allclose(judge(jnp.concatenate([images, 1 - classes], axis=1)), logits)
    slope = jax.grad(lambda x: judge(x).sum())(rows)
    assert float(jnp.abs(slope[:, pixels:]).max()) == 0
    assert float(jnp.abs(slope[:, :pixels]).max()) > 0


def test_a_judge_of_packs_reads_several_images_with_their_classes():
    form = ImageArchitecture((4,), height=4, across=4, classes=3)
    judge = form.build(2 * (16 + 3), 1, jax.random.key(0))
    assert judge.pack == 2
    assert judge(drawn(5, 38)).shape == (5, 1)


def test_the_number_of_multiplications_is_that_of_the_layers():
    judge = ImageArchitecture((4, 8), height=8, across=8)
    # 16 places × 16 pixels × 4, then 4 places × 16 · 4 × 8, then 4 · 8 units to 1.
    assert judge.products(64, 1) == 16 * 16 * 4 + 4 * 16 * 4 * 8 + 32
    drawer = ImageArchitecture((8, 4), height=8, across=8, draws=True)
    assert drawer.products(10, 64) == 10 * 4 * 8 + 4 * 16 * 8 * 4 + 16 * 16 * 4


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"widths": (4,), "dropout": 0.5}, "no dropout"),
        ({"widths": ()}, "at least one width"),
        ({"widths": (4, 4), "residual": True}, "no residuals"),
        ({"widths": (4,), "normalisation": "spectral", "draws": True}, "which is for judges"),
        ({"widths": (4,), "height": 0}, "height must be"),
    ],
)
def test_options_that_convolutions_do_not_have_are_refused(options, words):
    with pytest.raises(ParameterError, match=words):
        ImageArchitecture(**options)
