"""The training loop: what it keeps, when it stops, and that it learns."""

from __future__ import annotations

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lookalike._core.errors import TrainingError
from lookalike.encoding import Block, Layout
from lookalike.nn import Plan, ResidualMLP
from lookalike.training import MEASURES, Data, Game, Selection, State, train

LAYOUT = Layout((Block("c", "value", "code", 0, 0, 4, "softmax"),), 0, 1)
SHARES = np.array([0.6, 0.25, 0.1, 0.05])


@pytest.fixture(scope="module")
def data() -> Data:
    """Return 512 rows of one column of four levels."""
    codes = np.random.default_rng(0).choice(4, (512, 1), p=SHARES)
    return Data(jnp.zeros((512, 0)), jnp.asarray(codes, jnp.int32), jnp.asarray(512))


@pytest.fixture(scope="module")
def game() -> Game:
    """Return a small game."""
    return Game(
        plan=Plan(LAYOUT),
        latent_size=4,
        width=16,
        depth=1,
        batch_size=64,
        learning_rate=3e-3,
        penalty=0.5,
        penalty_every=4,
        average=0.99,
        temperature=0.2,
    )


def leaves(network: ResidualMLP) -> list[np.ndarray]:
    return [np.asarray(leaf) for leaf in jax.tree.leaves(eqx.filter(network, eqx.is_array))]


def test_it_learns_the_shares_of_levels(game: Game, data: Data) -> None:
    generator, history = train(game, data, 0, steps=600, interval=100)
    raw = generator(jax.random.normal(jax.random.key(1), (4096, 4)))
    share = np.asarray(game.plan.level_probabilities(raw)).mean(axis=0)
    assert np.abs(share - SHARES).sum() / 2 < 0.1
    assert history["step"] == [100, 200, 300, 400, 500, 600]
    assert set(MEASURES) <= set(history.names)
    assert history.stopped == "all 600 steps were played"


def test_intervals_do_not_change_what_is_learned(game: Game, data: Data) -> None:
    one, _ = train(game, data, 0, steps=30, interval=30)
    many, _ = train(game, data, 0, steps=30, interval=7)
    for a, b in zip(leaves(one), leaves(many), strict=True):
        np.testing.assert_array_equal(a, b)


def test_an_interrupt_keeps_the_last_good_state(game: Game, data: Data) -> None:
    def interrupt(step: int, _: dict[str, float]) -> None:
        if step == 20:
            raise KeyboardInterrupt

    generator, history = train(game, data, 0, steps=100, interval=20, report=interrupt)
    assert history.stopped == "interrupted after step 20"
    assert all(np.isfinite(leaf).all() for leaf in leaves(generator))


def test_an_interrupt_before_anything_is_learned_goes_on(game: Game, data: Data) -> None:
    class Interrupting(Game):
        def advance(self, *_: object, **__: object) -> tuple[State, jax.Array]:
            raise KeyboardInterrupt

    fields = {f.name: getattr(game, f.name) for f in dataclasses.fields(game)}
    with pytest.raises(KeyboardInterrupt):
        train(Interrupting(**fields), data, 0, steps=10, interval=5)


def test_losses_that_are_never_finite_are_an_error(game: Game, data: Data) -> None:
    broken = dataclasses.replace(game, learning_rate=float("inf"))
    with pytest.raises(TrainingError, match="finite"):
        train(broken, data, 0, steps=10, interval=5)


def test_selection_keeps_the_best_state_and_stops(game: Game, data: Data) -> None:
    scores = iter([0.1, 0.5, 0.4, 0.3, 0.2, 0.9])
    seen: list[ResidualMLP] = []

    def score(generator: ResidualMLP) -> float:
        seen.append(generator)
        return next(scores)

    selection = Selection(score, every=1, patience=2)
    kept, history = train(game, data, 0, steps=72, interval=12, selection=selection)
    assert kept is seen[1]
    assert history["held_out"] == [0.1, 0.5, 0.4, 0.3]
    assert "no improvement" in history.stopped
