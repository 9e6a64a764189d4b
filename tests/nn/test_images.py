"""Convolutions as products of matrices, and the networks that draw and judge images."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lookalike.errors import ParameterError
from lookalike.nn import ImageArchitecture
from lookalike.nn._convolutions import convolved, patches, resized, transposed

pytestmark = pytest.mark.train


def drawn(*shape: int) -> jax.Array:
    return jnp.asarray(np.random.default_rng(0).standard_normal(shape), jnp.float32)


def test_patches_are_what_a_convolution_reads():
    images, weight = drawn(8, 6, 2, 3), drawn(48, 5)
    np.testing.assert_allclose(patches(images) @ weight, convolved(images, weight), atol=1e-4)


@pytest.mark.parametrize("sides", [(2, 4), (14, 28), (32, 10)])
def test_few_multiplications_give_the_same(sides):
    """Sides of one tile, of two and of five."""
    images, weight = drawn(*sides, 3, 8), drawn(128, 9) / 10
    found, wanted = jax.jit(convolved)(images, weight), patches(images) @ weight
    np.testing.assert_allclose(found, wanted, atol=3e-4 * float(jnp.abs(wanted).max()))


@pytest.mark.parametrize("channels", [1, 8])
def test_the_transpose_doubles_sides(channels):
    images, slopes, weight = drawn(8, 6, 2, channels), drawn(4, 3, 2, 8), drawn(16 * channels, 8)
    there = jnp.sum(jax.jit(convolved)(images, weight) * slopes)
    back = jnp.sum(images * jax.jit(transposed)(slopes, weight))
    np.testing.assert_allclose(back, there, rtol=1e-4)


@pytest.mark.parametrize("channels", [3, 8])
def test_gradients_are_those_of_the_compiler_at_any_order(channels):
    """The penalty of slopes needs gradients of gradients."""

    def plain(x, weight):
        kernel = weight.reshape(2, 2, 2, 2, channels, 8).transpose(0, 2, 1, 3, 4, 5)
        return jax.lax.conv_general_dilated(
            *(x, kernel.reshape(4, 4, channels, 8), (2, 2), [(1, 1), (1, 1)]),
            dimension_numbers=("HWNC", "HWIO", "HWNC"),
        )

    x, weight = drawn(10, 6, 2, channels), 0.1 * drawn(16 * channels, 8)

    def penalty(convolve):
        def slopes(x, weight):
            return jax.grad(lambda x: jnp.sum(jnp.tanh(convolve(x, weight))))(x)

        return jax.jit(jax.grad(lambda x, w: jnp.sum(slopes(x, w) ** 2), (0, 1)))(x, weight)

    for own, wanted in zip(penalty(convolved), penalty(plain), strict=True):
        np.testing.assert_allclose(own, wanted, atol=1e-3)
    backwards = jax.jit(jax.grad(lambda s, w: jnp.sum(transposed(s, w) * x), (0, 1)))
    of_slopes, of_weight = backwards(plain(x, weight), weight)
    np.testing.assert_allclose(of_slopes, plain(x, weight), atol=1e-4)
    wanted = jax.grad(lambda w: jnp.sum(plain(x, w) ** 2) / 2)(weight)
    np.testing.assert_allclose(of_weight, wanted, atol=1e-2, rtol=1e-3)


def test_resizing_crops_and_pads_about_the_middle():
    images = drawn(8, 10, 1, 2)
    padded = resized(images, 11, 12)
    assert padded.shape == (11, 12, 1, 2)
    np.testing.assert_array_equal(padded[1:9, 1:11], images)
    np.testing.assert_allclose(padded.sum(), images.sum(), rtol=1e-4)
    np.testing.assert_array_equal(resized(padded, 9, 10), padded[1:10, 1:11])
    np.testing.assert_array_equal(resized(images, 8, 10), images)
    # Each side for itself: one is padded or kept where the other is cropped.
    np.testing.assert_array_equal(resized(images, 8, 9), images[:, 1:])
    np.testing.assert_array_equal(resized(images, 7, 10), images[1:])
    np.testing.assert_array_equal(resized(images, 10, 8)[1:9], images[:, 1:9])


@pytest.mark.slow
@pytest.mark.parametrize("sides", [(8, 8), (9, 13), (1, 1), (8, 7)])
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


@pytest.mark.slow
def test_a_judge_may_have_spectral_normalisation():
    form = ImageArchitecture((4, 8), height=8, across=8, normalisation="spectral")
    judge = form.build(64, 1, jax.random.key(0))
    rows = drawn(5, 64)
    logits, stats = judge.learn(rows, jax.random.key(0))
    assert judge.absorb(stats)(rows).shape == logits.shape == (5, 1)
    # No pair of images is further apart in logits than in pixels, times 2 for each convolution.
    apart = np.abs(np.subtract.outer(logits[:, 0], logits[:, 0]))
    far = np.linalg.norm(rows[:, None] - rows[None], axis=2)
    assert (apart <= 4 * far + 1e-5).all()
