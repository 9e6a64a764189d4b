"""The plan by which networks read and write rows."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lookalike.encoding import Block, EncodedRows, Layout, sample_encoded
from lookalike.nn import Plan, uniforms

pytestmark = pytest.mark.train

ROWS = 400


@pytest.fixture
def layout() -> Layout:
    """Return numbers and levels of mixed widths, one number silenced by a missing block."""
    return Layout(
        (
            Block("c", "value", "code", 0, 0, 3, "softmax"),
            Block("x", "missing", "code", 1, 3, 2, "softmax"),
            Block("x", "value", "interval", 0, 5, 1, "linear", 1),
            Block("d", "value", "code", 2, 6, 2, "softmax"),
            Block("y", "value", "value", 2, 8, 2, "tanh"),
            Block("e", "value", "code", 3, 10, 3, "softmax"),
        ),
        floats=4,
        codes=4,
    )


@pytest.fixture
def encoded() -> EncodedRows:
    """Return random encoded rows of that layout."""
    rng = np.random.default_rng(0)
    low = rng.uniform(0, 0.9, ROWS)
    floats = np.column_stack([low, low + 0.1, rng.uniform(-1, 1, (ROWS, 2))])
    codes = np.column_stack([rng.integers(0, k, ROWS) for k in (3, 2, 2, 3)])
    return EncodedRows(floats.astype(np.float32), codes.astype(np.int32))


def inside(plan: Plan, rows: int) -> jax.Array:
    """Return where in its interval each number is."""
    return uniforms(jax.random.key(0, impl="threefry2x32"), (rows, plan.number_width))


def which(plan: Plan, rows: int) -> jax.Array:
    """Return the uniform number that says which level each block of a row gets."""
    return uniforms(jax.random.key(1, impl="threefry2x32"), (rows, len(plan.levels)))


def test_expanded_rows_say_what_the_encoded_rows_say(layout: Layout, encoded: EncodedRows) -> None:
    plan = Plan(layout)
    rows = np.asarray(jax.jit(plan.expand)(*map(jnp.asarray, encoded), inside(plan, ROWS)))
    assert rows.shape == (ROWS, plan.width)
    # Numbers first (x, then the two of y), then blocks of two levels (x missing, d), then c and e.
    missing = encoded.codes[:, 1] == 1
    assert (rows[missing, 0] == 0).all()
    probability = np.asarray(jax.scipy.stats.norm.cdf(rows[~missing, 0]))
    assert (probability >= encoded.floats[~missing, 0] - 1e-5).all()
    assert (probability <= encoded.floats[~missing, 1] + 1e-5).all()
    np.testing.assert_allclose(rows[:, 1:3], encoded.floats[:, 2:])
    for start, width, source in ((3, 2, 1), (5, 2, 2), (7, 3, 0), (10, 3, 3)):
        np.testing.assert_array_equal(
            rows[:, start : start + width], np.eye(width)[encoded.codes[:, source]]
        )


def test_a_generator_that_is_sure_of_real_rows_draws_them(
    layout: Layout, encoded: EncodedRows
) -> None:
    """Fresh draws of certain logits are what `encoding.sample_encoded` gives, in layout order."""
    plan = Plan(layout)
    rows = np.array(jax.jit(plan.expand)(*map(jnp.asarray, encoded), inside(plan, ROWS)))
    raw = rows.copy()
    raw[:, 1:3] = np.arctanh(np.clip(rows[:, 1:3], -0.999, 0.999))
    raw[:, 3:] = 100 * rows[:, 3:]
    numbers, levels = jax.jit(plan.harden)(jnp.asarray(raw), which(plan, ROWS))
    drawn = sample_encoded(encoded, layout, np.random.default_rng(0))
    np.testing.assert_array_equal(np.asarray(levels), drawn.levels)
    np.testing.assert_allclose(np.asarray(numbers), rows[:, :3], atol=2e-3)


def test_soft_rows_are_distributions_and_missing_numbers_are_silent(layout: Layout) -> None:
    plan = Plan(layout)
    raw = jax.random.normal(jax.random.key(0), (50, plan.width)) * 3
    raw = raw.at[:25, 3].set(-200.0)  # the first half is surely missing
    soft = np.asarray(jax.jit(plan.soften, static_argnums=2)(raw, jax.random.key(1), 0.2))
    for start, width in ((3, 2), (5, 2), (7, 3), (10, 3)):
        np.testing.assert_allclose(soft[:, start : start + width].sum(axis=1), 1, rtol=1e-5)
    assert (np.abs(soft[:25, 0]) < 1e-9).all()  # compiled, nearly 0 is rounded otherwise
    assert (np.abs(soft[:, 1:3]) <= 1).all()


def test_level_frequencies_and_probabilities_stand_in_the_same_order(
    layout: Layout, encoded: EncodedRows
) -> None:
    plan = Plan(layout)
    shares = plan.level_frequencies(encoded.codes)
    rows = np.asarray(jax.jit(plan.expand)(*map(jnp.asarray, encoded), inside(plan, ROWS)))
    np.testing.assert_allclose(shares, rows[:, 3:].mean(axis=0), atol=1e-6)
    sure = jnp.asarray(rows * 200)
    np.testing.assert_allclose(
        np.asarray(plan.level_probabilities(sure)).mean(axis=0), shares, atol=1e-6
    )


@pytest.mark.parametrize("blocks", [(), (Block("c", "value", "code", 0, 0, 2, "softmax"),)])
def test_a_layout_without_numbers_works(blocks: tuple[Block, ...]) -> None:
    plan = Plan(Layout(blocks, 0, len(blocks)))
    rows = jax.jit(plan.expand)(jnp.zeros((3, 0)), jnp.ones((3, len(blocks)), int), inside(plan, 3))
    assert rows.shape == (3, plan.width)
    numbers, levels = jax.jit(plan.harden)(rows, which(plan, 3))
    assert numbers.shape == (3, 0)
    assert levels.shape == (3, len(blocks))


def test_gradients_reach_every_output(layout: Layout) -> None:
    plan = Plan(layout)
    raw = jax.random.normal(jax.random.key(0), (8, plan.width))
    weights = jax.random.normal(jax.random.key(2), (8, plan.width))
    slope_at = jax.jit(jax.grad(lambda r: (weights * plan.soften(r, jax.random.key(1), 0.5)).sum()))
    slope = slope_at(raw)
    assert (np.abs(np.asarray(slope)).max(axis=0) > 0).all()


def test_levels_are_drawn_by_their_probabilities(layout: Layout) -> None:
    plan = Plan(layout)
    raw = jnp.tile(jax.random.normal(jax.random.key(0), (1, plan.width)), (40_000, 1))
    _, levels = jax.jit(plan.harden)(raw, which(plan, 40_000))
    due = np.asarray(plan.level_probabilities(raw))[0]
    found = plan.level_frequencies(np.asarray(levels))
    np.testing.assert_allclose(found, due, atol=0.012)


@pytest.mark.slow
def test_a_level_without_mass_is_never_drawn(layout: Layout) -> None:
    """Be it the first, the last or between others, whatever the mass of the others."""
    plan = Plan(layout)
    uniform = which(plan, 50_000)
    for without in range(3):
        raw = jnp.zeros((50_000, plan.width)).at[:, 7 + without].set(-1e9)
        _, levels = jax.jit(plan.harden)(raw, uniform)
        assert set(np.unique(np.asarray(levels)[:, 0])) == {0, 1, 2} - {without}
