"""Remedies: each keeps the rules playable, and the last one begins what never collapses anew."""

from __future__ import annotations

import dataclasses
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from lookalike._core.errors import TrainingError
from lookalike.encoding import Block, Layout
from lookalike.nn import Architecture, Plan, RelativisticPairing, ZeroCentred
from lookalike.nn.penalties import Interpolated
from lookalike.training import (
    REMEDIES,
    CheckpointScore,
    Data,
    EarlyStopping,
    Game,
    TrainingPlan,
    TrainingResult,
    train,
)
from lookalike.training._trainer import _next_attempt
from lookalike.training.monitors import Measure, Monitor

pytestmark = pytest.mark.train

LAYOUT = Layout((Block("c", "value", "code", 0, 0, 4, "softmax"),), 0, 1)
SMALL = Architecture(widths=(8,))
GAME = Game(Plan(LAYOUT), SMALL, SMALL, 4, 32, average=0.0)
STEPS, INTERVAL = 48, 4
RATES = {"generator": 1e-2, "discriminator": 1e-2}


@pytest.fixture(scope="module")
def data() -> Data:
    """Return 256 rows of one column of four levels."""
    codes = np.random.default_rng(0).integers(0, 4, (256, 1))
    return Data(jnp.zeros((256, 0)), jnp.asarray(codes, jnp.int32), jnp.asarray(256))


def play(game: Game, data: Data, **others: Any) -> TrainingResult:
    return train(game, data, 0, TrainingPlan(STEPS, INTERVAL, remedies=REMEDIES, **others))


class Says(Monitor):
    """Says what it was told to, from the first look on."""

    name = "says"
    cost = "nothing"
    measures = (Measure("convergence", 0, 99, "near 1"),)

    def __init__(self, **values: float) -> None:
        self.values = values

    def measure(self, snapshot: object) -> dict[str, float]:
        return self.values


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let alarms come within a short run."""
    monkeypatch.setattr("lookalike.training._failures._GRACE_STEPS", 0)


def test_every_rung_is_added_to_those_before() -> None:
    games = [GAME]
    for remedy in REMEDIES:
        games.append(remedy.change(games[-1]))
    slower, penalised, packed, anew = games[1:]
    assert slower == GAME
    assert REMEDIES[0].scales["discriminator"] < 1
    assert penalised.penalty == ZeroCentred(2.0)
    assert penalised.penalty_every == 1
    assert (packed.pack, packed.batch_size) == (2, 64)
    assert packed.penalty == penalised.penalty
    assert isinstance(anew.objective, RelativisticPairing)
    assert (anew.pack, anew.discriminator_steps, anew.average) == (1, 1, 0.999)


@pytest.mark.parametrize("penalty", [None, Interpolated(), ZeroCentred(0.1)])
def test_a_penalty_takes_the_place_of_others_and_of_clipping(penalty: Any) -> None:
    rules = dataclasses.replace(GAME, penalty=penalty, penalty_every=1, clip=0.01)
    changed = REMEDIES[1].change(rules)
    assert changed.clip is None
    assert changed.penalty == ZeroCentred(1.0)


def test_batches_of_packs_hold_whole_packs() -> None:
    packed = REMEDIES[2].change(dataclasses.replace(GAME, batch_size=3, pack=3))
    assert packed.batch_size % packed.pack == 0


def test_late_in_a_run_only_beginning_anew_is_tried() -> None:
    assert _next_attempt(0, len(REMEDIES), 0.5) == 1
    assert _next_attempt(0, len(REMEDIES), 0.1) == len(REMEDIES)
    assert REMEDIES[-1].restart_rate is not None


@pytest.mark.usefixtures("impatient")
@pytest.mark.slow
def test_the_last_remedy_begins_anew_and_what_it_makes_is_kept(data: Data) -> None:
    lasting = Says(convergence=9.0, coverage=0.25, collapsed=1.0)
    outcome = play(GAME, data, monitors=[lasting], rates=RATES)
    words = [e.words for e in outcome.history.events if e.kind == "remedy"]
    assert len(words) == len(REMEDIES)
    assert words[-1].endswith("back to step 0 with relativistic pairing from the start")
    rates = outcome.history["rate_generator"]
    assert rates[0] == pytest.approx(1e-2, rel=0.1)
    anew = outcome.history["attempt"].index(float(len(REMEDIES)))
    assert rates[anew] == pytest.approx(REMEDIES[-1].restart_rate, rel=0.1)
    assert outcome.step == STEPS
    assert not outcome.history.cut_short


@pytest.mark.usefixtures("impatient")
@pytest.mark.slow
def test_rows_that_reach_next_to_nothing_are_no_model(data: Data) -> None:
    nothing = Says(convergence=50.0, coverage=0.01, collapsed=1.0)
    with pytest.raises(TrainingError, match="no remedy helped"):
        play(GAME, data, monitors=[nothing])


@pytest.mark.usefixtures("impatient")
def test_a_run_that_is_well_sees_no_remedy(data: Data) -> None:
    well = Says(convergence=1.1, coverage=0.9, collapsed=0.0)
    assert not play(GAME, data, monitors=[well]).history.events


@pytest.mark.slow
def test_a_collapsed_run_that_no_longer_improves_sees_remedies_and_patience_anew(
    data: Data,
) -> None:
    constant = EarlyStopping(lambda _: CheckpointScore(0.0), every=1, patience=3)
    stuck = Says(convergence=1.1, coverage=0.5, collapsed=1.0)
    events = play(GAME, data, monitors=[stuck], early_stopping=constant).history.events
    remedies = [event for event in events if event.kind == "remedy"]
    assert "held-out rows showed no improvement" in remedies[0].words
    # Each attempt has all of the patience: no remedy comes sooner than after three looks.
    assert len(remedies) > 1
    well = Says(convergence=1.1, coverage=0.9, collapsed=0.0)
    outcome = play(GAME, data, monitors=[well], early_stopping=constant)
    assert [event.kind for event in outcome.history.events] == ["stop"]


@pytest.mark.usefixtures("impatient")
def test_a_kept_state_that_reaches_next_to_nothing_is_no_model_either(data: Data) -> None:
    constant = EarlyStopping(lambda _: CheckpointScore(0.0), every=1, patience=3)
    nothing = Says(convergence=50.0, coverage=0.01, collapsed=1.0)
    with pytest.raises(TrainingError, match="no remedy helped"):
        play(GAME, data, monitors=[nothing], early_stopping=constant)
