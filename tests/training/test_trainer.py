"""The training loop: what it keeps, when it stops, and that it learns."""

from __future__ import annotations

import dataclasses
from functools import partial
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import lookalike.training._trainer as trainer
from lookalike._core.errors import TrainingError
from lookalike.encoding import Block, Layout
from lookalike.nn import OBJECTIVES, Architecture, Network, Plan
from lookalike.training import (
    MEASURES,
    REMEDIES,
    CheckpointScore,
    Data,
    EarlyStopping,
    Game,
    TrainingPlan,
    TrainingResult,
    TrainState,
    train,
)
from lookalike.training._monitoring import MonitorRunner
from lookalike.training.monitors import MONITORS, Collapse, IntervalSnapshot, MonitorData, Players

pytestmark = pytest.mark.train

RATES = {"generator": 3e-3, "discriminator": 3e-3}
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
    network = Architecture((16, 16), residual=True)
    return Game(
        plan=Plan(LAYOUT),
        generator=network,
        discriminator=network,
        latent_size=4,
        batch_size=64,
        average=0.99,
    )


def play(game: Game, data: Data, *, steps: int, interval: int, **others: Any) -> TrainingResult:
    """Train at a high rate."""
    hooks = {name: others.pop(name) for name in ("report", "on_interval") if name in others}
    rates = others.pop("rates", RATES)
    return train(game, data, 0, TrainingPlan(steps, interval, rates=rates, **others), **hooks)


def leaves(network: Network) -> list[np.ndarray]:
    return [np.asarray(leaf) for leaf in jax.tree.leaves(eqx.filter(network, eqx.is_array))]


@pytest.mark.slow
def test_it_learns_the_shares_of_levels(game: Game, data: Data) -> None:
    generator, history, *_ = play(game, data, steps=600, interval=100)
    raw = generator(jax.random.normal(jax.random.key(1), (4096, 4)))
    share = np.asarray(game.plan.level_probabilities(raw)).mean(axis=0)
    assert np.abs(share - SHARES).sum() / 2 < 0.1
    assert history["step"] == [100, 200, 300, 400, 500, 600]
    assert set(MEASURES) <= set(history.names)
    assert history.stopped == "all 600 steps were completed"


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[] if name in ("minimax", "wasserstein") else pytest.mark.slow)
        for name in OBJECTIVES
    ],
)
def test_the_halves_are_those_of_the_objective(name: str, game: Game, data: Data) -> None:
    played = dataclasses.replace(game, objective=OBJECTIVES.create(name), penalty_every=2)
    history = play(played, data, steps=12, interval=4).history
    halves = np.array([history["loss_real"], history["loss_fake"]])
    np.testing.assert_allclose(halves.sum(axis=0), history["loss_discriminator"], atol=1e-5)
    if name == "relativistic":  # both rows of a pair have the same part in the loss
        assert history["loss_real"] == history["loss_fake"]


@pytest.mark.parametrize("rows", [30, 41, 96])
def test_accuracies_are_shares(rows: int, game: Game) -> None:
    see = eqx.filter_jit(lambda real, fake: game._seen(real, fake)[:4])
    rng = np.random.default_rng(rows)
    for real, fake in (rng.normal(size=(2, rows)), (np.zeros(rows), np.ones(rows))):
        whole, on_real, on_fake, passed = (float(share) for share in see(real, fake))
        centre = (real.mean() + fake.mean()) / 2
        assert min(whole, on_real, on_fake, passed) >= 0
        assert max(whole, on_real, on_fake, passed) <= 1
        assert on_real == pytest.approx(np.mean(real > centre), abs=1e-6)
        assert on_fake == pytest.approx(np.mean(fake <= centre), abs=1e-6)
        assert whole == pytest.approx((on_real + on_fake) / 2, abs=1e-6)


def test_intervals_do_not_change_what_is_learned(game: Game, data: Data) -> None:
    one = play(game, data, steps=30, interval=30).model
    many = play(game, data, steps=30, interval=7).model
    for a, b in zip(leaves(one), leaves(many), strict=True):
        np.testing.assert_array_equal(a, b)


def test_an_interrupt_keeps_the_last_good_state(game: Game, data: Data) -> None:
    def interrupt(step: int, _: dict[str, float]) -> None:
        if step == 20:
            raise KeyboardInterrupt

    generator, history, *_ = play(game, data, steps=100, interval=20, report=interrupt)
    assert history.stopped == "interrupted after step 20"
    assert all(np.isfinite(leaf).all() for leaf in leaves(generator))


def test_an_interrupt_before_anything_is_learned_goes_on(game: Game, data: Data) -> None:
    class Interrupting(Game):
        def advance(self, *_: object, **__: object) -> tuple[TrainState, jax.Array]:
            raise KeyboardInterrupt

    fields = {f.name: getattr(game, f.name) for f in dataclasses.fields(game)}
    with pytest.raises(KeyboardInterrupt):
        play(Interrupting(**fields), data, steps=10, interval=5)


def test_losses_that_are_never_finite_are_an_error(game: Game, data: Data) -> None:
    with pytest.raises(TrainingError, match="finite"):
        play(
            game,
            data,
            steps=10,
            interval=5,
            rates=dict.fromkeys(RATES, float("inf")),
        )


def test_selection_keeps_the_best_state_and_stops(game: Game, data: Data) -> None:
    scores = iter([0.1, 0.5, 0.4, 0.3, 0.2, 0.9])
    seen: list[Network] = []

    def score(generator: Network) -> CheckpointScore:
        seen.append(generator)
        return CheckpointScore(next(scores))

    stopping = EarlyStopping(score, every=1, patience=2)
    outcome = play(game, data, steps=72, interval=12, early_stopping=stopping)
    assert outcome.model is seen[1]
    assert outcome.step == 24
    assert outcome.history["held_out"] == [0.1, 0.5, 0.4, 0.3]
    assert "no improvement" in outcome.history.stopped


def test_of_states_within_the_error_of_the_score_the_later_is_kept(game: Game, data: Data) -> None:
    scores = iter([0.1, 0.5, 0.45, 0.3])
    stopping = EarlyStopping(
        lambda _: CheckpointScore(next(scores), error=0.1), every=1, patience=9
    )
    assert play(game, data, steps=48, interval=12, early_stopping=stopping).step == 36


def test_a_state_that_copies_is_not_kept_and_that_is_said(game: Game, data: Data) -> None:
    scores = iter(
        [
            CheckpointScore(0.1, copying=False),
            CheckpointScore(0.9, copying=True),
            CheckpointScore(0.8, copying=True),
        ]
    )
    seen: list[Network] = []

    def score(generator: Network) -> CheckpointScore:
        seen.append(generator)
        return next(scores)

    outcome = play(game, data, steps=36, interval=12, early_stopping=EarlyStopping(score, 1, 9))
    assert outcome.model is seen[0]
    assert [event.kind for event in outcome.history.events] == ["copying"]
    assert outcome.history["repeats"] == [0, 1, 1]


@pytest.mark.parametrize("patience", [2, 9])
def test_if_all_states_copy_that_is_said_however_the_run_ends(
    game: Game, data: Data, patience: int
) -> None:
    copying = EarlyStopping(
        lambda _: CheckpointScore(0.5, copying=True), every=1, patience=patience
    )
    outcome = play(game, data, steps=36, interval=12, early_stopping=copying)
    words = [event.words for event in outcome.history.events if event.kind == "copying"]
    assert len(words) == 2
    assert "every scored state" in words[1]


def test_a_run_can_end_before_its_schedule(game: Game, data: Data) -> None:
    outcome = play(game, data, steps=40, stop_at=12, interval=8)
    whole = play(game, data, steps=40, interval=4)
    assert outcome.history["step"] == [8, 12]
    assert outcome.history["rate_generator"][0] == pytest.approx(
        np.mean([whole.history["rate_generator"][k] for k in (0, 1)]), rel=1e-5
    )


def test_the_generator_waits_while_it_is_held_back(game: Game, data: Data) -> None:
    begun = game.begin(0).generator
    held = play(game, data, steps=8, interval=8, delays={"generator": 8}).model
    for a, b in zip(leaves(begun), leaves(held), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


class Saboteur(Game):
    """Loses its losses after a while, until it is told to play otherwise."""

    def advance(self, state: TrainState, *args: Any) -> tuple[TrainState, jax.Array]:
        after, means = super().advance(state, *args)
        lost = int(after.step) > 24 and self.penalty_every == 4
        return after, means * jnp.nan if lost else means


def test_a_run_that_is_lost_goes_back_and_on_with_remedies(game: Game, data: Data) -> None:
    fields = {f.name: getattr(game, f.name) for f in dataclasses.fields(game)}
    outcome = play(Saboteur(**fields), data, steps=40, interval=8, remedies=REMEDIES)
    words = [event.words for event in outcome.history.events if event.kind == "remedy"]
    assert len(words) == 2
    assert "back to step 24 with a slower discriminator" in words[0]
    assert "stronger gradient penalty" in words[1]
    assert outcome.history["step"] == [8, 16, 24, 32, 40]
    assert outcome.history["attempt"][-1] == 2
    assert outcome.task.penalty_every == 1


@pytest.mark.slow
def test_a_run_goes_back_to_a_state_that_was_looked_at(game: Game, data: Data) -> None:
    """Nobody knows what is between two looks, of which the second sees a collapse."""

    class Judge(Collapse):
        def measure(self, snapshot: IntervalSnapshot) -> dict[str, float]:
            return {"collapsed": float(snapshot.step > 16)}

    fields = {f.name: getattr(game, f.name) for f in dataclasses.fields(game)}
    watching = {"remedies": REMEDIES, "monitors": [Judge()], "monitor_every": 2}
    outcome = play(Saboteur(**fields), data, steps=40, interval=8, **watching)
    first = next(event.words for event in outcome.history.events if event.kind == "remedy")
    assert "back to step 16" in first


@pytest.mark.parametrize(("far", "kept"), [(3.0, 40), (9.0, 16)])
def test_of_a_run_that_ends_collapsed_the_nearer_state_is_kept(
    far: float, kept: int, game: Game, data: Data
) -> None:
    """No alarm sounds where rows come nearer: an early state would be no better."""

    class Judge(Collapse):
        def measure(self, snapshot: IntervalSnapshot) -> dict[str, float]:
            early = snapshot.step <= 16
            return {"collapsed": float(not early), "convergence": 6.0 if early else far}

    watching = {"remedies": REMEDIES, "monitors": [Judge()]}
    assert play(game, data, steps=40, interval=8, **watching).step == kept


@pytest.mark.slow
def test_a_remedied_run_is_watched_by_its_new_rules(game: Game, data: Data) -> None:
    class Unpacked(Game):
        def advance(self, *args: Any) -> tuple[TrainState, jax.Array]:
            after, means = super().advance(*args)
            return after, means * jnp.nan if self.pack == 1 else means

    fields = {f.name: getattr(game, f.name) for f in dataclasses.fields(game)}
    watching = {"remedies": REMEDIES, "monitors": MONITORS.create_all(["diversity"])}
    outcome = play(Unpacked(**fields), data, steps=16, interval=8, **watching)
    assert outcome.task.pack == 2
    assert "diversity" in outcome.history.names


def test_monitors_see_the_same_on_one_core_and_on_more(
    game: Game, data: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They get ready before the first steps, or beside them."""
    histories = []
    for cores in (1, 2):
        monkeypatch.setattr("lookalike.training._monitoring.cores", partial(int, cores))
        looking = MONITORS.create_all(["diversity", "collapse", "convergence"])
        histories.append(play(game, data, steps=80, interval=20, monitors=looking).history)
    assert histories[0] == histories[1]
    assert {"diversity", "coverage", "convergence"} <= set(histories[0].names)


def test_a_monitor_that_cannot_get_ready_says_so(game: Game, data: Data) -> None:
    class Broken(Players):
        def begin(self, data: MonitorData) -> None:
            raise ZeroDivisionError("nothing to divide by")

    with pytest.raises(ZeroDivisionError, match="nothing to divide by"):
        play(game, data, steps=40, interval=20, monitors=[Broken()])


@pytest.mark.slow
def test_a_run_that_no_remedy_helps_is_given_up(game: Game, data: Data) -> None:
    class Lost(Game):
        def advance(self, *args: Any) -> tuple[TrainState, jax.Array]:
            after, means = super().advance(*args)
            return after, means * jnp.nan

    fields = {f.name: getattr(game, f.name) for f in dataclasses.fields(game)}
    with pytest.raises(TrainingError, match="no remedy helped"):
        play(Lost(**fields), data, steps=40, interval=8, remedies=REMEDIES)


def test_a_run_of_which_no_state_is_whole_keeps_its_last(game: Game, data: Data) -> None:
    def stop(step: int, measures: dict[str, float]) -> None:
        raise KeyboardInterrupt

    class Narrow(MonitorRunner):
        def measure(self, *args: Any) -> dict[str, float]:
            return {"collapsed": 1.0}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trainer, "MonitorRunner", Narrow)
        outcome = play(game, data, steps=16, interval=8, remedies=REMEDIES, report=stop)
    assert outcome.step == 8


@pytest.mark.slow
def test_a_warm_start_that_is_lost_at_once_goes_back_to_it(game: Game, data: Data) -> None:
    class Late(Game):
        def advance(self, state: TrainState, *args: Any) -> tuple[TrainState, jax.Array]:
            after, means = super().advance(state, *args)
            return after, means * jnp.nan if self.penalty_every == 4 else means

    lost = Late(**{f.name: getattr(game, f.name) for f in dataclasses.fields(game)})
    start = game.begin(7)
    course = TrainingPlan(8, 8, rates=dict.fromkeys(RATES, 0.0), remedies=REMEDIES)
    outcome = train(lost, data, 0, course, start=start)
    for kept, begun in zip(leaves(outcome.model), leaves(start.generator), strict=True):
        np.testing.assert_allclose(kept, begun, atol=1e-6)
