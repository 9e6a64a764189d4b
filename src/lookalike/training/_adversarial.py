"""The adversarial game of a generator and a discriminator, step by step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import ClassVar, Literal, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Int, PRNGKeyArray, PyTree

from lookalike._core.seeds import generator
from lookalike.nn import (
    Architecture,
    DeviceCondition,
    Latent,
    Network,
    Objective,
    Penalty,
    Plan,
    RelativisticPairing,
    ZeroCentred,
    clip_weights,
    condition_width,
    constrain,
    draw_conditions,
    no_condition,
    noise,
)
from lookalike.training._data import Data
from lookalike.training._task import GeneratedRows, GenerativeTask

__all__ = ["MEASURES", "Game", "Optimiser", "TrainState"]

#: The measures of a step of a `Game`.
MEASURES = (
    "loss_discriminator",
    "loss_generator",
    "loss_real",
    "loss_fake",
    "accuracy",
    "accuracy_real",
    "accuracy_fake",
    "accuracy_generator",
    "probability_real",
    "probability_fake",
    "gradient_discriminator",
    "gradient_generator",
    "rate_discriminator",
    "rate_generator",
)

RowMatrix = Float[Array, "rows width"]
Logits = Float[Array, " rows"]
#: The discriminator's loss without penalty, and its parts from real and from generated rows.
Losses = tuple[Float[Array, ""], Float[Array, ""], Float[Array, ""]]


class TrainState(NamedTuple):
    """The state of a game between steps.

    Parameters
    ----------
    generator, discriminator : Network
        The two networks.
    average : Network
        The moving average of the generator.
    generator_moments, discriminator_moments : optax.OptState
        The optimiser states of both.
    step : array of int, shape ()
        The number of completed steps.
    """

    generator: Network
    discriminator: Network
    average: Network
    generator_moments: optax.OptState
    discriminator_moments: optax.OptState
    step: Int[Array, ""]


@dataclass(frozen=True)
class Optimiser:
    """An optimiser: Adam (Kingma and Ba 2015, arXiv 1412.6980) or RMSprop (Tieleman, Hinton 2012).

    Parameters
    ----------
    name : {"adam", "rmsprop"}
    betas : tuple of float
        Adam's decays of the gradient and of its square; RMSprop uses the second. β₁ = 0 is the
        default, since momentum makes adversarial networks overshoot (Huang et al. 2024).
    """

    name: Literal["adam", "rmsprop"] = "adam"
    betas: tuple[float, float] = (0.0, 0.99)

    @cached_property
    def transform(self) -> optax.GradientTransformation:
        """The optax transformation, to be scaled by minus the learning rate."""
        if self.name == "adam":
            return optax.scale_by_adam(b1=self.betas[0], b2=self.betas[1])
        return optax.scale_by_rms(decay=self.betas[1], eps=1e-7)


@dataclass(frozen=True)
class Game(GenerativeTask):
    """Adversarial training of a generator and a discriminator; equal games share their programs.

    Parameters
    ----------
    plan : Plan
        The layout of rows in the networks.
    generator, discriminator : Architecture
        The architectures of the two networks.
    latent_size : int
        The width of the generator's random input.
    batch_size : int
        The number of real and of generated rows in one step, a multiple of `pack`.
    objective : Objective
        The losses of the two networks.
    penalty : Penalty or None
        The penalty that is added to the discriminator's loss.
    penalty_every : int
        The number of steps between penalties, whose weight is multiplied by it.
    clip : float or None
        The bound to whose ± the discriminator's weights are clipped.
    discriminator_steps : int
        The number of discriminator updates, each on fresh rows, for each generator update.
    pack : int
        The number of rows that the discriminator judges together (Lin et al. 2018, arXiv
        1712.04086).
    latent : {"normal", "uniform"}
        The distribution of the random input: N(0, 1), or uniform in [-1, 1].
    average : float
        The decay of the generator's moving average.
    temperature : float
        τ of the Gumbel-softmax.
    optimiser : Optimiser
        The optimiser of both networks.
    conditioned : bool
        Whether the networks are conditional, with new random conditions at every step.
    """

    optimisers: ClassVar[tuple[str, ...]] = ("generator", "discriminator")
    measures: ClassVar[tuple[str, ...]] = MEASURES
    shows: ClassVar[frozenset[str]] = frozenset({"rows", "logits"})
    advice: ClassVar[str] = (
        "Lower learning_rate, raise the weight of penalty, or use another objective; "
        "remedies=False accepts the run as it is."
    )

    plan: Plan
    generator: Architecture
    discriminator: Architecture
    latent_size: int
    batch_size: int
    objective: Objective = field(default_factory=RelativisticPairing)
    penalty: Penalty | None = field(default_factory=lambda: ZeroCentred(0.5))
    penalty_every: int = 4
    clip: float | None = None
    discriminator_steps: int = 1
    pack: int = 1
    latent: Latent = "normal"
    average: float = 0.999
    temperature: float = 0.2
    optimiser: Optimiser = field(default_factory=Optimiser)
    conditioned: bool = False

    @property
    def _condition_width(self) -> int:
        """The width of a condition as an input of the networks; 0 without conditions."""
        return condition_width(self.plan) if self.conditioned else 0

    def build_generator(self, key: PRNGKeyArray) -> Network:
        """Return an untrained generator."""
        return self.generator.build(self.latent_size + self._condition_width, self.plan.width, key)

    def build_discriminator(self, key: PRNGKeyArray) -> Network:
        """Return an untrained discriminator."""
        return self.discriminator.build(
            self.pack * (self.plan.width + self._condition_width), 1, key
        )

    def begin(
        self,
        seed: int,
        *,
        generator: Network | None = None,
        discriminator: Network | None = None,
    ) -> TrainState:
        """Return the state before the first step of the run of a seed.

        Parameters
        ----------
        seed : int
        generator, discriminator : Network, optional
            Networks to start from, instead of untrained ones.
        """
        fresh: TrainState = super().begin(seed)
        generator = fresh.generator if generator is None else generator
        discriminator = fresh.discriminator if discriminator is None else discriminator
        return fresh._replace(generator=generator, discriminator=discriminator, average=generator)

    @property
    def round_steps(self) -> int:
        """See `Task.round_steps`: the penalty is taken at the first step of each round."""
        return self.penalty_every

    @property
    def ideal(self) -> float | None:
        """See `Task.ideal`."""
        return self.objective.ideal

    def start(self, key: PRNGKeyArray) -> TrainState:
        """See `Task.start`."""
        keys = jax.random.split(key)
        generator, discriminator = self.build_generator(keys[0]), self.build_discriminator(keys[1])
        begin = self.optimiser.transform.init
        return TrainState(
            generator,
            discriminator,
            generator,
            begin(eqx.filter(generator, eqx.is_array)),
            begin(eqx.filter(discriminator, eqx.is_array)),
            jnp.zeros((), jnp.int32),
        )

    def model(self, state: TrainState) -> Network:
        """See `Task.model`: the moving average of the generator."""
        return state.average

    def resume(self, state: TrainState, fresh: TrainState) -> TrainState:
        """See `Task.resume`: optimisers are reset, and so is a discriminator of other sizes."""
        # Packs make the discriminator wider.
        fits = _shapes(state.discriminator) == _shapes(fresh.discriminator)
        return fresh._replace(
            generator=state.generator,
            discriminator=state.discriminator if fits else fresh.discriminator,
            average=state.average,
            step=state.step,
        )

    def generate(self, state: TrainState, seed: int, step: int, real: RowMatrix) -> GeneratedRows:
        """See `GenerativeTask.generate`: rows are generated without conditions.

        If the discriminator judges packs of rows, each row has the logit of its pack, and rows
        beyond the last whole pack have none.
        """
        # Drawn by numpy: a program that draws takes twice as long to compile.
        rng, rows = generator(seed, "show", step), len(real)
        size = rows, self.latent_size
        if self.latent == "normal":
            latent = rng.standard_normal(size, np.float32)
        else:
            latent = rng.uniform(-1, 1, size).astype(np.float32)
        uniform = rng.random((rows, len(self.plan.levels)), np.float32)
        drawn = jnp.asarray(latent), jnp.asarray(uniform)
        return _generate(self, state.average, state.discriminator, real, *drawn)

    # --- one step ----------------------------------------------------------------------------

    def step(
        self,
        data: Data,
        key: PRNGKeyArray,
        rates: Mapping[str, Float[Array, ""]],
        state: TrainState,
        *,
        first: bool,
    ) -> tuple[TrainState, Float[Array, " measures"]]:
        """See `Task.step`."""
        rate_g, rate_d = rates["generator"], rates["discriminator"]
        for extra in range(1, self.discriminator_steps):
            state = self._extra(data, jax.random.fold_in(key, extra), rate_d, state, first)
        draw = jax.random.split(key, 7)
        real, told, condition = self._real(data, draw[0], draw[1], draw[4])
        # Generate once: the discriminator is updated first, then the gradient of its new judgement
        # is pulled back through the same rows to the generator.
        (fake, stats), back_to_generator = jax.vjp(
            lambda g: self._fake(g, told, condition, draw[2], draw[3]), state.generator
        )
        losses_d, slope_d, absorbed = self._discriminator_slope(
            state.discriminator, real, fake, told, draw[5], first
        )
        discriminator, moments_d = self._update(
            absorbed, slope_d, state.discriminator_moments, rate_d
        )
        discriminator = self._clipped(discriminator)
        loss_g, slope_fake, seen = self._fake_slope(discriminator, real, fake, told, draw[6])
        (slope_g,) = back_to_generator((slope_fake, jax.tree.map(jnp.zeros_like, stats)))
        generator, moments_g = self._update(
            state.generator.absorb(stats), slope_g, state.generator_moments, rate_g
        )
        # The average forgets the first steps quickly, for the benefit of short runs.
        decay = jnp.minimum(self.average, (state.step + 1) / (state.step + 10))
        average = _mixed(state.average, generator, decay)
        norms = (_norm(slope_d), _norm(slope_g))
        loss_d, *halves = losses_d
        measures = jnp.stack([loss_d, loss_g, *halves, *seen, *norms, rate_d, rate_g])
        after = TrainState(generator, discriminator, average, moments_g, moments_d, state.step + 1)
        return after, measures

    def _extra(
        self, data: Data, key: PRNGKeyArray, rate: Array, state: TrainState, penalised: bool
    ) -> TrainState:
        """Update the discriminator alone, on fresh rows."""
        draw = jax.random.split(key, 6)
        real, told, condition = self._real(data, draw[0], draw[1], draw[4])
        fake, _ = self._fake(state.generator, told, condition, draw[2], draw[3])
        _, slope, absorbed = self._discriminator_slope(
            state.discriminator, real, fake, told, draw[5], penalised
        )
        network, moments = self._update(absorbed, slope, state.discriminator_moments, rate)
        return state._replace(discriminator=self._clipped(network), discriminator_moments=moments)

    def _real(
        self, data: Data, which: PRNGKeyArray, within: PRNGKeyArray, asking: PRNGKeyArray
    ) -> tuple[RowMatrix, RowMatrix, DeviceCondition]:
        """Return a batch of real rows, and the conditions that are drawn for them."""
        rows = jax.random.randint(which, (self.batch_size,), 0, data.rows)
        told: Int[Array, " rows"] | None = None
        if data.by_level is not None:
            rows, told = data.by_level.rare(rows, jax.random.fold_in(which, 1))
        inside = jax.random.uniform(within, (self.batch_size, self.plan.number_width))
        real = self.plan.expand(data.floats[rows], data.codes[rows], inside)
        if not self.conditioned:
            nothing = no_condition(self.plan, self.batch_size)
            return real, jnp.zeros((self.batch_size, 0)), nothing
        condition = draw_conditions(self.plan, real, asking, told)
        return real, condition.vector(), condition

    def _fake(
        self,
        generator: Network,
        told: RowMatrix,
        condition: DeviceCondition,
        latent: PRNGKeyArray,
        levels: PRNGKeyArray,
    ) -> tuple[RowMatrix, PyTree]:
        """Return generated rows with soft levels, and the network's statistics of them."""
        within, dropped = jax.random.split(latent)
        z = jnp.concatenate([self._noise(within, self.batch_size), told], axis=1)
        raw, stats = generator.learn(z, dropped)
        if self.conditioned:
            raw = constrain(self.plan, raw, condition)
        return self.plan.soften(raw, levels, self.temperature), stats

    def _noise(self, key: PRNGKeyArray, rows: int) -> RowMatrix:
        return noise(key, (rows, self.latent_size), self.latent)

    def _packed(self, rows: RowMatrix, told: RowMatrix) -> RowMatrix:
        """Return the discriminator's input: rows with their conditions, in packs."""
        whole = jnp.concatenate([rows, told], axis=1)
        return whole.reshape(len(rows) // self.pack, -1)

    def _discriminator_slope(
        self,
        discriminator: Network,
        real: RowMatrix,
        fake: RowMatrix,
        told: RowMatrix,
        key: PRNGKeyArray,
        penalised: bool,
    ) -> tuple[Losses, Network, Network]:
        """Return the losses, the gradient, and the network with updated statistics."""
        keys = jax.random.split(key, 3)
        packed_real, packed_fake = self._packed(real, told), self._packed(fake, told)

        def loss(d: Network) -> tuple[Float[Array, ""], tuple[Losses, tuple[PyTree, PyTree]]]:
            logits_real, stats_real = d.learn(packed_real, keys[0])
            logits_fake, stats_fake = d.learn(packed_fake, keys[1])
            logits = logits_real[:, 0], logits_fake[:, 0]
            value = self.objective.discriminator(*logits)
            return value, ((value, *self.objective.halves(*logits)), (stats_real, stats_fake))

        def penalty(d: Network) -> Float[Array, ""]:
            assert self.penalty is not None
            weight = self.penalty_every
            value = self.penalty(partial(_logits, d), packed_real, packed_fake, keys[2])
            return weight * value

        slope, (losses, stats) = jax.grad(loss, has_aux=True)(discriminator)
        if penalised and self.penalty is not None:
            slope = jax.tree.map(jnp.add, slope, jax.grad(penalty)(discriminator))
        return losses, slope, discriminator.absorb(stats[0]).absorb(stats[1])

    def _fake_slope(
        self,
        discriminator: Network,
        real: RowMatrix,
        fake: RowMatrix,
        told: RowMatrix,
        key: PRNGKeyArray,
    ) -> tuple[Float[Array, ""], RowMatrix, list[Float[Array, ""]]]:
        """Return the generator's loss, its gradient at the generated rows, and measures."""
        keys = jax.random.split(key)
        logits_real, _ = discriminator.learn(self._packed(real, told), keys[0])

        def loss(x: RowMatrix) -> tuple[Float[Array, ""], Logits]:
            logits_fake, _ = discriminator.learn(self._packed(x, told), keys[1])
            value = self.objective.generator(logits_real[:, 0], logits_fake[:, 0])
            return value, logits_fake[:, 0]

        (value, logits_fake), slope = jax.value_and_grad(loss, has_aux=True)(fake)
        return value, slope, self._seen(logits_real[:, 0], logits_fake)

    def _seen(self, real: Logits, fake: Logits) -> list[Float[Array, ""]]:
        """Return the accuracies and probabilities of logits, in the order of `MEASURES`."""
        centre = self.objective.centre(real, fake)
        on_real, on_fake = jnp.mean(real > centre), jnp.mean(fake <= centre)
        return [
            (on_real + on_fake) / 2,
            on_real,
            on_fake,
            jnp.mean(fake > centre),
            jnp.mean(self.objective.probability(real, centre)),
            jnp.mean(self.objective.probability(fake, centre)),
        ]

    def _update(
        self,
        network: Network,
        slope: Network,
        moments: optax.OptState,
        rate: Float[Array, ""],
    ) -> tuple[Network, optax.OptState]:
        direction, moments = self.optimiser.transform.update(slope, moments)
        return jax.tree.map(lambda p, d: p - rate * d, network, direction), moments

    def _clipped(self, discriminator: Network) -> Network:
        return discriminator if self.clip is None else clip_weights(discriminator, self.clip)


def _logits(discriminator: Network, rows: RowMatrix) -> Logits:
    return discriminator(rows)[:, 0]


def _mixed(a: Network, b: Network, decay: Float[Array, ""]) -> Network:
    mixed: Network = jax.tree.map(lambda x, y: decay * x + (1 - decay) * y, a, b)
    return mixed


def _norm(slope: Network) -> Float[Array, ""]:
    return jnp.sqrt(sum(jnp.sum(leaf**2) for leaf in jax.tree.leaves(slope)))


def _shapes(network: Network) -> list[tuple[int, ...]]:
    return [leaf.shape for leaf in jax.tree.leaves(network)]


@eqx.filter_jit
def _generate(
    game: Game,
    network: Network,
    discriminator: Network,
    real: RowMatrix,
    latent: Float[Array, "rows latent"],
    uniform: Float[Array, "rows levels"],
) -> GeneratedRows:
    told = jnp.zeros((len(real), game._condition_width))
    raw = network(jnp.concatenate([latent, told], axis=1))
    numbers, drawn = game.plan.harden(raw, uniform)
    made = game.plan.encode(numbers, drawn)
    return GeneratedRows(made, drawn, *(judged(game, discriminator, rows) for rows in (real, made)))


def judged(game: Game, discriminator: Network, rows: RowMatrix) -> Logits:
    """Return the logit of each row without a condition, that of its pack where there are packs."""
    rows = rows[: len(rows) - len(rows) % game.pack]
    packed = game._packed(rows, jnp.zeros((len(rows), game._condition_width)))
    return jnp.repeat(_logits(discriminator, packed), game.pack)
