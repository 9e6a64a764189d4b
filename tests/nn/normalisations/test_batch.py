"""Batch normalisation: by the batch while training, by running statistics when sampling."""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from lookalike.nn.normalisations import BatchNorm

WEIGHT = jax.random.normal(jax.random.key(0), (4, 8))
BIAS = jnp.arange(8.0)
ROWS = 2 + 3 * jax.random.normal(jax.random.key(1), (64, 4))


@pytest.fixture
def norm() -> BatchNorm:
    return BatchNorm.begin(WEIGHT, 1.0, jax.random.key(2))


def test_units_have_mean_0_and_variance_1_over_the_batch(norm: BatchNorm) -> None:
    units, _ = norm.learn(ROWS, WEIGHT, BIAS)
    np.testing.assert_allclose(units.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(units.var(axis=0), 1, atol=1e-3)


def test_scale_and_shift_are_applied_after(norm: BatchNorm) -> None:
    moved = eqx.tree_at(lambda n: (n.scale, n.shift), norm, (2 * norm.scale, norm.shift + 5))
    before, _ = norm.learn(ROWS, WEIGHT, BIAS)
    np.testing.assert_allclose(
        moved.learn(ROWS, WEIGHT, BIAS)[0], 2 * before + 5, rtol=1e-4, atol=1e-4
    )


def test_the_first_batch_sets_the_running_statistics(norm: BatchNorm) -> None:
    _, stats = norm.learn(ROWS, WEIGHT, BIAS)
    norm = norm.absorb(stats)
    units = np.asarray(ROWS @ WEIGHT + BIAS)
    np.testing.assert_allclose(norm.mean, units.mean(axis=0), rtol=1e-4)
    np.testing.assert_allclose(norm.variance, units.var(axis=0, ddof=1), rtol=1e-4)


def test_running_statistics_come_to_those_of_the_data(norm: BatchNorm) -> None:
    """Also from small batches, whose own variance is too small, and after a change of the data."""
    rng = np.random.default_rng(0)

    @jax.jit
    def absorb(norm: BatchNorm, rows: jax.Array) -> BatchNorm:
        return norm.absorb(norm.learn(rows, WEIGHT, None)[1])

    for place, rounds in ((-5.0, 60), (3.0, 900)):
        for _ in range(rounds):
            norm = absorb(norm, jnp.asarray(place + rng.normal(size=(8, 4)), jnp.float32))
    deviations = np.sqrt((np.asarray(WEIGHT) ** 2).sum(axis=0))
    np.testing.assert_allclose(norm.mean, 3 * np.asarray(WEIGHT).sum(axis=0), atol=0.3)
    np.testing.assert_allclose(np.sqrt(norm.variance), deviations, rtol=0.1)
    assert norm.steps == pytest.approx(100)


def test_sampling_does_as_training_did_once_the_statistics_are_known(norm: BatchNorm) -> None:
    units, stats = norm.learn(ROWS, WEIGHT, BIAS)
    sampled = norm.absorb(stats)(ROWS, WEIGHT, BIAS)
    np.testing.assert_allclose(sampled, units * np.sqrt(63 / 64), atol=2e-3)


def test_when_sampling_each_row_depends_on_itself_alone(norm: BatchNorm) -> None:
    norm = norm.absorb(norm.learn(ROWS, WEIGHT, BIAS)[1])
    together, alone = norm(ROWS, WEIGHT, BIAS), norm(ROWS[3:4], WEIGHT, BIAS)
    np.testing.assert_allclose(together[3:4], alone, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("sampling", [False, True])
def test_an_optimiser_leaves_the_running_statistics_alone(norm: BatchNorm, sampling: bool) -> None:
    """Penalties follow slopes of the network as it is when sampling."""
    norm = norm.absorb(norm.learn(ROWS, WEIGHT, BIAS)[1])

    def cost(norm: BatchNorm) -> jax.Array:
        units = norm(ROWS, WEIGHT, BIAS) if sampling else norm.learn(ROWS, WEIGHT, BIAS)[0]
        return jnp.sum(units**3)

    slope = jax.grad(cost)(norm)
    for name in ("mean", "variance", "steps"):
        assert (getattr(slope, name) == 0).all()
    assert (slope.scale != 0).any()
    adam = optax.adam(0.1)
    updates, _ = adam.update(slope, adam.init(norm))
    stepped = optax.apply_updates(norm, updates)
    for name in ("mean", "variance", "steps"):
        np.testing.assert_array_equal(getattr(stepped, name), getattr(norm, name))
    assert (stepped.scale != norm.scale).all()


def test_a_batch_of_one_row_is_finite(norm: BatchNorm) -> None:
    units, stats = norm.learn(ROWS[:1], WEIGHT, BIAS)
    assert np.isfinite(units).all()
    assert np.isfinite(norm.absorb(stats)(ROWS, WEIGHT, BIAS)).all()
