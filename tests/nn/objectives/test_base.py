"""The best discriminator's output, found by minimising the loss of each objective."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import minimize

from lookalike.nn import OBJECTIVES

EVERY = [*OBJECTIVES, {"name": "kl", "saturating": True}]
EVERY += [
    {"name": name, "smoothing": 0.2} for name in ("minimax", "non-saturating", "least-squares")
]
#: Those whose best discriminator tells the density ratio, and whose zero is fixed.
TELLING = [s for s in EVERY if s not in ("hinge", "wasserstein", "relativistic")]


def lowest(loss: Callable[[jax.Array], jax.Array], size: int) -> tuple[np.ndarray, float]:
    """Minimise a convex function of a few numbers; return where and how low."""
    slope = jax.jit(jax.value_and_grad(loss))

    def both(x: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient = slope(jnp.asarray(x, jnp.float32))
        return float(value), np.asarray(gradient, float)

    found = minimize(both, np.full(size, 0.1), jac=True, method="BFGS", options={"gtol": 1e-6})
    return found.x, float(found.fun)


@pytest.mark.parametrize("spec", EVERY, ids=str)
def test_the_best_constant_answer_to_equal_batches_costs_the_ideal(spec: object) -> None:
    found = OBJECTIVES.create(spec)
    ones = jnp.ones(4)
    where, value = lowest(lambda c: found.discriminator(c[0] * ones, c[0] * ones), 1)
    assert value == pytest.approx(found.ideal, abs=1e-5)
    centre = float(found.centre(where[0] * ones, where[0] * ones))
    if spec != "hinge":  # any answer within the margin is as good
        assert where[0] == pytest.approx(centre, abs=2e-3)


@pytest.mark.parametrize("spec", TELLING, ids=str)
def test_the_best_discriminator_knows_how_likely_a_row_is_real(spec: object) -> None:
    """Three kinds of rows, of which 5, 3 and 2 in ten are real and 1, 3 and 6 generated."""
    found = OBJECTIVES.create(spec)
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
    found = OBJECTIVES.create("relativistic")
    real, fake = np.repeat(np.arange(3), [5, 3, 2]), np.repeat(np.arange(3), [1, 3, 6])
    pairs = np.repeat(real, 10), np.tile(fake, 10)
    answers, _ = lowest(lambda a: found.discriminator(a[pairs[0]], a[pairs[1]]), 3)
    np.testing.assert_allclose(answers - answers[1], np.log([5, 1, 1 / 3]), atol=2e-3)
