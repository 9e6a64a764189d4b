"""What every registered objective owes to the game, and what the best discriminator answers."""

from __future__ import annotations

import json
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import minimize

from lookalike.nn import OBJECTIVES, Objective, objective

EVERY = [*OBJECTIVES, {"name": "kl", "saturating": True}]
EVERY += [
    {"name": name, "smoothing": 0.2} for name in ("minimax", "non-saturating", "least-squares")
]
#: Those whose best discriminator tells the density ratio, and whose zero is fixed.
TELLING = [s for s in EVERY if s not in ("hinge", "wasserstein", "relativistic")]
EXTREMES = jnp.asarray([-1e4, -100.0, 0.0, 100.0, 1e4])

every = pytest.mark.parametrize("spec", EVERY, ids=str)


def lowest(loss: Callable[[jax.Array], jax.Array], size: int) -> tuple[np.ndarray, float]:
    """Minimise a convex function of a few numbers; return where and how low."""
    slope = jax.jit(jax.value_and_grad(loss))

    def both(x: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient = slope(jnp.asarray(x, jnp.float32))
        return float(value), np.asarray(gradient, float)

    found = minimize(both, np.full(size, 0.1), jac=True, method="BFGS", options={"gtol": 1e-6})
    return found.x, float(found.fun)


@every
def test_losses_and_slopes_are_finite_however_sure_the_discriminator_is(spec: object) -> None:
    found = objective(spec)
    for loss in (found.discriminator, found.generator):
        for other in (EXTREMES, EXTREMES[::-1]):
            assert np.isfinite(loss(EXTREMES, other))
            slopes = jax.grad(loss, (0, 1))(EXTREMES, other)
            assert np.isfinite(slopes).all()


@every
def test_both_halves_add_up_to_the_discriminators_loss(spec: object) -> None:
    found = objective(spec)
    real, fake = jnp.asarray([0.4, 2.0, -0.3]), jnp.asarray([0.1, -1.0, 0.6])
    assert sum(found.halves(real, fake)) == pytest.approx(float(found.discriminator(real, fake)))


@every
def test_the_best_constant_answer_to_equal_batches_costs_the_ideal(spec: object) -> None:
    found = objective(spec)
    ones = jnp.ones(4)
    where, value = lowest(lambda c: found.discriminator(c[0] * ones, c[0] * ones), 1)
    assert value == pytest.approx(found.ideal, abs=1e-5)
    centre = float(found.centre(where[0] * ones, where[0] * ones))
    if spec != "hinge":  # any answer within the margin is as good
        assert where[0] == pytest.approx(centre, abs=2e-3)


@every
def test_no_answers_to_equal_batches_cost_less_than_the_ideal(spec: object) -> None:
    found = objective(spec)
    rng = np.random.default_rng(0)
    for scale in (0.1, 1.0, 5.0):
        # All pairs, as objectives that pair rows see them on average.
        logits = scale * rng.normal(size=30).astype(np.float32)
        real, fake = jnp.repeat(logits, 30), jnp.tile(logits, 30)
        assert found.discriminator(real, fake) >= found.ideal - 1e-4 * scale


@every
def test_the_centre_parts_rows_that_are_told_apart_and_no_others(spec: object) -> None:
    found = objective(spec)
    apart = jnp.asarray([1.0, 2.0, 3.0, 4.0])
    middle = float(found.centre(apart * 0, apart * 0))
    real, fake = middle + apart, middle - apart
    centre = found.centre(real, fake)
    assert (real > centre).all()
    assert (fake < centre).all()
    mixed = jnp.concatenate([real, fake])
    centre = found.centre(mixed, mixed[::-1])
    right = jnp.mean(mixed > centre) + jnp.mean(mixed[::-1] <= centre)
    assert right / 2 == 0.5
    assert jnp.mean(mixed > centre) == 0.5


@every
def test_probabilities_rise_with_logits_from_0_over_a_half_to_1(spec: object) -> None:
    found = objective(spec)
    centre = found.centre(EXTREMES, -EXTREMES)
    chances = np.asarray(found.probability(centre + EXTREMES, centre))
    np.testing.assert_allclose(chances, [0, 0, 0.5, 1, 1], atol=1e-6)


@every
def test_the_generator_gains_by_higher_logits(spec: object) -> None:
    found = objective(spec)
    real, fake = jnp.asarray([0.3, -0.2]), jnp.asarray([0.1, -0.4])
    assert (jax.grad(found.generator, 1)(real, fake) < 0).all()


@pytest.mark.parametrize("spec", TELLING, ids=str)
def test_the_best_discriminator_knows_how_likely_a_row_is_real(spec: object) -> None:
    """Three kinds of rows, of which 5, 3 and 2 in ten are real and 1, 3 and 6 generated."""
    found = objective(spec)
    real, fake = np.repeat(np.arange(3), [5, 3, 2]), np.repeat(np.arange(3), [1, 3, 6])
    answers, _ = lowest(lambda a: found.discriminator(a[real], a[fake]), 3)
    logits = jnp.asarray(answers, jnp.float32)
    chances = found.probability(logits, found.centre(logits[real], logits[fake]))
    if getattr(found, "smoothing", 0) and spec["name"] != "least-squares":
        # Odds are bent by smoothing, but for rows that are as likely the one as the other.
        assert chances[1] == pytest.approx(0.5, abs=1e-3)
    else:
        np.testing.assert_allclose(chances, [5 / 6, 1 / 2, 1 / 4], atol=2e-3)


def test_the_best_relativistic_discriminator_knows_the_ratio_up_to_a_constant() -> None:
    found = objective("relativistic")
    real, fake = np.repeat(np.arange(3), [5, 3, 2]), np.repeat(np.arange(3), [1, 3, 6])
    pairs = np.repeat(real, 10), np.tile(fake, 10)
    answers, _ = lowest(lambda a: found.discriminator(a[pairs[0]], a[pairs[1]]), 3)
    np.testing.assert_allclose(answers - answers[1], np.log([5, 1, 1 / 3]), atol=2e-3)


@every
def test_an_objective_is_written_as_plain_values_and_read_back(spec: object) -> None:
    found = objective(spec)
    again = objective(json.loads(json.dumps(found.to_mapping())))
    assert again == found
    assert hash(again) == hash(found)
    assert isinstance(found, Objective)
