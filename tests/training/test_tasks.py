"""The trainer takes any task: of one network, that generates rows or not, and of three."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from lookalike._core.errors import ParameterError, TrainingError
from lookalike._core.seeds import generator
from lookalike.encoding import Block, Layout
from lookalike.nn import Architecture, Network, Plan
from lookalike.reports import training_page
from lookalike.training import (
    CheckpointScore,
    Data,
    EarlyStopping,
    GeneratedRows,
    GenerativeTask,
    Task,
    TrainingPlan,
    train,
)
from lookalike.training.monitors import Convergence, IntervalSnapshot, Measure, Monitor, Players
from lookalike.training.strategies import STRATEGIES

LAYOUT = Layout(
    (
        Block("x", "value", "number", 0, 0, 1, "linear"),
        Block("c", "value", "code", 0, 1, 3, "softmax"),
    ),
    1,
    1,
)
SMALL = Architecture((16,))
ADAM = optax.scale_by_adam()


def updated(networks: Any, slope: Any, adam: Any, rates: Any) -> tuple[Any, Any]:
    """Return networks by name after a step of Adam, each at its own rate."""
    direction, adam = ADAM.update(slope, adam)
    return {
        name: jax.tree.map(lambda p, d, rate=rates[name]: p - rate * d, networks[name], by)
        for name, by in direction.items()
    }, adam


# --- one network: flow matching on encoded rows ------------------------------------------------


class FlowState(NamedTuple):
    networks: dict[str, Network]
    average: Network
    adam: optax.OptState
    step: jax.Array


@dataclass(frozen=True)
class Flow(GenerativeTask):
    """Learns the straight way from noise to rows (Lipman et al. 2023, arXiv 2210.02747)."""

    optimisers: ClassVar = ("network",)
    measures: ClassVar = ("loss_network",)
    plan: Plan
    batch_size: int = 64

    def start(self, key: jax.Array) -> FlowState:
        network = SMALL.build(self.plan.width + 1, self.plan.width, key)
        networks = {"network": network}
        return FlowState(networks, network, ADAM.init(networks), jnp.zeros((), jnp.int32))

    def model(self, state: FlowState) -> Network:
        return state.average

    def loss(self, networks: Mapping[str, Network], data: Data, key: jax.Array) -> jax.Array:
        keys = jax.random.split(key, 4)
        chosen = jax.random.randint(keys[0], (self.batch_size,), 0, data.rows)
        inside = jax.random.uniform(keys[1], (self.batch_size, self.plan.number_width))
        rows = self.plan.expand(data.floats[chosen], data.codes[chosen], inside)
        noise, time = jax.random.normal(keys[2], rows.shape), jax.random.uniform(keys[3], (64, 1))
        way = networks["network"](jnp.concatenate([time * rows + (1 - time) * noise, time], axis=1))
        return jnp.mean((way - (rows - noise)) ** 2)

    def step(
        self, data: Data, key: jax.Array, rates: Any, state: FlowState, *, first: bool
    ) -> tuple[FlowState, jax.Array]:
        value, slope = jax.value_and_grad(self.loss)(state.networks, data, key)
        networks, adam = updated(state.networks, slope, state.adam, rates)
        average = jax.tree.map(lambda a, b: 0.9 * a + 0.1 * b, state.average, networks["network"])
        return FlowState(networks, average, adam, state.step + 1), value[None]

    def generate(self, state: FlowState, seed: int, step: int, real: Any) -> GeneratedRows:
        noise = generator(seed, "flow", step).standard_normal(real.shape, np.float32)
        return integrated(self.plan, state.average, noise)


@eqx.filter_jit
def integrated(plan: Plan, network: Network, x: jax.Array) -> GeneratedRows:
    for k in range(8):
        x = x + network(jnp.concatenate([x, jnp.full((len(x), 1), k / 8)], axis=1)) / 8
    numbers, levels = plan.harden(
        x.at[:, plan.number_width :].multiply(20), jnp.full((len(x), 1), 0.5)
    )
    return GeneratedRows(plan.encode(numbers, levels), levels)


# --- three networks: an autoencoder and a density of its codes ---------------------------------


class ThreeState(NamedTuple):
    networks: dict[str, Network]
    adam: optax.OptState
    step: jax.Array


@dataclass(frozen=True)
class Three(Task):
    optimisers: ClassVar = ("encoder", "decoder", "prior")
    measures: ClassVar = ("loss_decoder", "loss_prior")
    batch_size: int = 64

    def start(self, key: jax.Array) -> ThreeState:
        widths = {"encoder": (4, 2), "decoder": (2, 4), "prior": (1, 2)}
        keys = jax.random.split(key, 3)
        parts = zip(widths.items(), keys, strict=True)
        networks = {name: SMALL.build(*width, key) for (name, width), key in parts}
        return ThreeState(networks, ADAM.init(networks), jnp.zeros((), jnp.int32))

    def model(self, state: ThreeState) -> dict[str, Network]:
        return state.networks

    def step(
        self, data: jax.Array, key: jax.Array, rates: Any, state: ThreeState, *, first: bool
    ) -> tuple[ThreeState, jax.Array]:
        rows = data[jax.random.randint(key, (self.batch_size,), 0, len(data))]

        def loss(networks: dict[str, Network]) -> tuple[jax.Array, jax.Array]:
            code = networks["encoder"](rows)
            copied = jnp.mean((networks["decoder"](code) - rows) ** 2)
            apart = jnp.mean((networks["prior"](jnp.ones((64, 1))) - code) ** 2)
            return copied + apart, jnp.stack([copied, apart])

        slope, seen = jax.grad(loss, has_aux=True)(state.networks)
        networks, adam = updated(state.networks, slope, state.adam, rates)
        return ThreeState(networks, adam, state.step + 1), seen


# --- what they have of the trainer -------------------------------------------------------------


@pytest.fixture(scope="module")
def data() -> Data:
    rng = np.random.default_rng(0)
    codes = rng.choice(3, (256, 1), p=[0.6, 0.3, 0.1])
    floats = 0.3 * rng.normal(size=(256, 1)) + codes
    return Data(*map(jnp.asarray, (floats.astype(np.float32), codes.astype(np.int32), 256)))


class Judged(Monitor):
    """Needs what only a discriminator gives."""

    name = "judged"
    cost = "nothing"
    needs = frozenset({"rows", "logits"})
    measures = (Measure("judged", 0, 1, "any"),)

    def measure(self, snapshot: IntervalSnapshot) -> dict[str, float]:
        return {"judged": 1.0}


@pytest.mark.slow
def test_one_network_learns_and_is_monitored(data: Data) -> None:
    plan = TrainingPlan(
        steps=240,
        interval=40,
        rates={"network": 1e-2},
        strategies={"network": STRATEGIES.create("constant")},
        monitors=[Players(), Convergence(), Judged()],
    )
    history = train(Flow(Plan(LAYOUT)), data, 0, plan).history
    assert history.optimisers == ("network",)
    assert history["step"] == [40, 80, 120, 160, 200, 240]
    assert history["loss_network"][-1] < 0.7 * history["loss_network"][0]
    assert history["rate_network"] == pytest.approx([0.01] * 6, rel=1e-5)
    assert history["convergence"][-1] < history["convergence"][0] / 2
    assert not {"judged", "critic_auc", "rate_generator"} & set(history.names)
    text = training_page(history)
    assert "Network’s loss" in text
    assert "Network’s learning rate" in text
    assert "robabilities" not in text


def test_the_best_model_on_held_out_rows_is_kept(data: Data) -> None:
    scores, seen = iter([0.1, 0.5, 0.4, 0.3, 0.9]), []

    def score(model: Network) -> CheckpointScore:
        seen.append(model)
        return CheckpointScore(next(scores))

    plan = TrainingPlan(240, 40, early_stopping=EarlyStopping(score, every=1, patience=2))
    result = train(Flow(Plan(LAYOUT)), data, 0, plan)
    assert result.model is seen[1]
    assert (result.step, len(result.history)) == (80, 4)
    assert "repeats" not in result.history.names


def test_an_interrupt_keeps_what_was_learned(data: Data) -> None:
    seen = []

    def interrupt(step: int, model: Network) -> None:
        seen.append(model)
        if step == 80:
            raise KeyboardInterrupt

    result = train(Flow(Plan(LAYOUT)), data, 0, TrainingPlan(240, 40), on_interval=interrupt)
    assert result.history.interrupted
    assert result.step == 80
    assert result.model is seen[-1]


def test_losses_that_are_not_finite_are_an_error_with_advice(data: Data) -> None:
    plan = TrainingPlan(240, 40, rates={"network": float("inf")})
    with pytest.raises(TrainingError, match="Lower the learning rate"):
        train(Flow(Plan(LAYOUT)), data, 0, plan)


def test_three_networks_have_rates_of_their_own() -> None:
    rows = jnp.asarray(np.random.default_rng(0).normal(size=(128, 4)), jnp.float32)
    task, rates = Three(), {"encoder": 1e-2, "decoder": 1e-2, "prior": 0.0}
    plan = TrainingPlan(120, 40, rates=rates, delays={"encoder": 120}, monitors=[Players()])
    result = train(task, rows, 3, plan)
    begun, after = task.begin(3).networks, result.model
    still = {name: eqx.tree_equal(begun[name], after[name]) for name in begun}
    assert still == {"encoder": True, "decoder": False, "prior": True}
    assert result.history["loss_decoder"][-1] < result.history["loss_decoder"][0]
    assert {"rate_encoder", "rate_decoder", "rate_prior"} <= set(result.history.names)
    assert "Prior’s learning rate" in training_page(result.history)


def test_names_that_no_optimiser_has_are_an_error() -> None:
    plan = TrainingPlan(1, 1, rates={"generator": 1e-3})
    with pytest.raises(ParameterError, match="'encoder', 'decoder', 'prior'; got 'generator'"):
        train(Three(), jnp.zeros((4, 4)), 0, plan)
