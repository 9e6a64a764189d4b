"""One step of the game between generator and discriminator, and many of them compiled as one."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Int, PRNGKeyArray, UInt32

from lookalike.nn import Objective, Plan, RelativisticPairing, ResidualMLP, zero_centred
from lookalike.training._schedules import cosine

__all__ = ["MEASURES", "Data", "Game", "State"]

#: What `Game.advance` measures, as means over its steps.
MEASURES = (
    "loss_discriminator",
    "loss_generator",
    "accuracy",
    "gradient_discriminator",
    "gradient_generator",
    "learning_rate",
)


class Data(NamedTuple):
    """Training rows on the device, in compact form, padded to a round length.

    The padding lets tables of similar length share one compiled program.

    Parameters
    ----------
    floats : array of float32, shape (padded, floats)
    codes : array of int32, shape (padded, codes)
        The two arrays of `lookalike.encoding.Compact`, padded with zeros.
    rows : array of int, shape ()
        How many rows are real.
    """

    floats: Float[Array, "padded floats"]
    codes: Int[Array, "padded codes"]
    rows: Int[Array, ""]


class State(NamedTuple):
    """All that changes from step to step.

    Parameters
    ----------
    generator, discriminator : ResidualMLP
        The two players.
    average : ResidualMLP
        The moving average of the generator.
    generator_moments, discriminator_moments : optax.OptState
        What Adam remembers of each.
    step : array of int, shape ()
        How many steps have been played.
    """

    generator: ResidualMLP
    discriminator: ResidualMLP
    average: ResidualMLP
    generator_moments: optax.OptState
    discriminator_moments: optax.OptState
    step: Int[Array, ""]


@dataclass(frozen=True)
class Game:
    """The rules of one training run; equal games share one compiled program.

    Parameters
    ----------
    plan : Plan
        How rows stand in the networks.
    latent_size, width, depth : int
        The generator's input, and the hidden rows and residual layers of both networks.
    batch_size : int
        Rows of each kind in one step.
    learning_rate : float
        The peak rate of both networks.
    penalty : float
        γ of γ/2·(R1 + R2).
    penalty_every : int
        The penalties are taken at every so many steps, so many times as strong.
    average : float
        The decay of the generator's moving average.
    temperature : float
        τ of the Gumbel-softmax.
    objective : Objective
        What the two play for.
    """

    plan: Plan
    latent_size: int
    width: int
    depth: int
    batch_size: int
    learning_rate: float
    penalty: float
    penalty_every: int
    average: float
    temperature: float
    objective: Objective = field(default_factory=RelativisticPairing)

    def begin(self, seed: int) -> State:
        """Return the state before the first step of the run of a seed."""
        return _begin(self, _words(seed))

    def _start(self, key: PRNGKeyArray) -> State:
        keys = jax.random.split(key)
        size = {"width": self.width, "depth": self.depth}
        generator = ResidualMLP(self.latent_size, self.plan.width, **size, key=keys[0])
        discriminator = ResidualMLP(self.plan.width, 1, **size, key=keys[1])
        return State(
            generator,
            discriminator,
            generator,
            _ADAM.init(generator),
            _ADAM.init(discriminator),
            jnp.zeros((), jnp.int32),
        )

    def advance(
        self, state: State, data: Data, seed: int, steps: int, total: int
    ) -> tuple[State, Float[Array, " measures"]]:
        """Play some steps on the device; the first of them, and every so many after, is penalised.

        Parameters
        ----------
        state : State
        data : Data
        seed : int
            Of the run; what a step draws depends on it and on the step's number.
        steps, total : int
            How many steps to play, and how many the whole run has. Neither is compiled in.

        Returns
        -------
        State
        array
            The means of `MEASURES` over these steps.
        """
        return _advance(
            self, state, data, _words(seed), jnp.asarray(steps), jnp.asarray(total, jnp.float32)
        )

    def _step(
        self,
        data: Data,
        key: PRNGKeyArray,
        total: Float[Array, ""],
        state: State,
        *,
        penalised: bool,
    ) -> tuple[State, Float[Array, " measures"]]:
        which, within, latent, levels = jax.random.split(jax.random.fold_in(key, state.step), 4)
        rows = jax.random.randint(which, (self.batch_size,), 0, data.rows)
        real = self.plan.expand(data.floats[rows], data.codes[rows], within)
        z = jax.random.normal(latent, (self.batch_size, self.latent_size))
        fake, back_to_generator = jax.vjp(
            lambda g: self.plan.soften(g(z), levels, self.temperature), state.generator
        )
        rate = self.learning_rate * cosine(state.step / total)
        loss_d, slope_d = self._discriminator_slope(state.discriminator, real, fake, penalised)
        discriminator, moments_d = _update(
            state.discriminator, slope_d, state.discriminator_moments, rate
        )
        loss_g, slope_fake, accuracy = self._fake_slope(discriminator, real, fake)
        (slope_g,) = back_to_generator(slope_fake)
        generator, moments_g = _update(state.generator, slope_g, state.generator_moments, rate)
        # The average forgets the first steps quickly, so that short runs are not held back.
        decay = jnp.minimum(self.average, (state.step + 1) / (state.step + 10))
        average = jax.tree.map(lambda a, g: decay * a + (1 - decay) * g, state.average, generator)
        measures = jnp.stack([loss_d, loss_g, accuracy, _norm(slope_d), _norm(slope_g), rate])
        after = State(generator, discriminator, average, moments_g, moments_d, state.step + 1)
        return after, measures

    def _discriminator_slope(
        self,
        discriminator: ResidualMLP,
        real: Float[Array, "rows width"],
        fake: Float[Array, "rows width"],
        penalised: bool,
    ) -> tuple[Float[Array, ""], ResidualMLP]:
        def loss(d: ResidualMLP) -> Float[Array, ""]:
            return self.objective.discriminator(_logits(d, real), _logits(d, fake))

        def penalty(d: ResidualMLP) -> Float[Array, ""]:
            both = zero_centred(partial(_logits, d), real) + zero_centred(partial(_logits, d), fake)
            return self.penalty_every * self.penalty / 2 * both

        value, slope = jax.value_and_grad(loss)(discriminator)
        if penalised:
            slope = jax.tree.map(jnp.add, slope, jax.grad(penalty)(discriminator))
        return value, slope

    def _fake_slope(
        self,
        discriminator: ResidualMLP,
        real: Float[Array, "rows width"],
        fake: Float[Array, "rows width"],
    ) -> tuple[Float[Array, ""], Float[Array, "rows width"], Float[Array, ""]]:
        logits_real = _logits(discriminator, real)

        def loss(x: Float[Array, "rows width"]) -> tuple[Float[Array, ""], Float[Array, ""]]:
            logits_fake = _logits(discriminator, x)
            accuracy = jnp.mean((logits_real > logits_fake).astype(jnp.float32))
            return self.objective.generator(logits_real, logits_fake), accuracy

        (value, accuracy), slope = jax.value_and_grad(loss, has_aux=True)(fake)
        return value, slope, accuracy


Carry = tuple[State, Float[Array, " measures"]]

# β₁ = 0: momentum makes two players overshoot each other (Huang et al. 2024).
_ADAM = optax.scale_by_adam(b1=0.0, b2=0.99)


def _logits(discriminator: ResidualMLP, rows: Float[Array, "rows width"]) -> Float[Array, " rows"]:
    return discriminator(rows)[:, 0]


def _norm(slope: ResidualMLP) -> Float[Array, ""]:
    return jnp.sqrt(sum(jnp.sum(leaf**2) for leaf in jax.tree.leaves(slope)))


def _update(
    network: ResidualMLP,
    slope: ResidualMLP,
    moments: optax.OptState,
    rate: Float[Array, ""],
) -> tuple[ResidualMLP, optax.OptState]:
    direction, moments = _ADAM.update(slope, moments)
    return jax.tree.map(lambda p, d: p - rate * d, network, direction), moments


def _words(seed: int) -> UInt32[Array, " words"]:
    return jnp.asarray([seed % 2**32, seed // 2**32], jnp.uint32)


def _key(words: UInt32[Array, " words"]) -> PRNGKeyArray:
    # The hardware-friendly generator: training draws tens of thousands of numbers at every step.
    return jax.random.fold_in(jax.random.key(words[0], impl="rbg"), words[1])


@eqx.filter_jit
def _begin(game: Game, words: UInt32[Array, " words"]) -> State:
    return game._start(jax.random.fold_in(_key(words), 0))


@eqx.filter_jit
def _advance(
    game: Game,
    state: State,
    data: Data,
    words: UInt32[Array, " words"],
    steps: Int[Array, ""],
    total: Float[Array, ""],
) -> tuple[State, Float[Array, " measures"]]:
    key = jax.random.fold_in(_key(words), 1)

    def play(carry: Carry, penalised: bool) -> Carry:
        state, sums = carry
        state, measures = game._step(data, key, total, state, penalised=penalised)
        return state, sums + measures

    # Two programs of a step, one inside the other's loop: choosing between them at every step
    # would copy the discriminator's slope each time (measured: 6 to 13 % of a step).
    def rounds(number: Int[Array, ""], carry: Carry) -> Carry:
        left = jnp.minimum(steps - number * game.penalty_every, game.penalty_every)
        carry = play(carry, True)
        after: Carry = jax.lax.fori_loop(1, left, lambda _, c: play(c, False), carry)
        return after

    count = (steps + game.penalty_every - 1) // game.penalty_every
    begin = (state, jnp.zeros(len(MEASURES)))
    state, sums = jax.lax.fori_loop(0, count, rounds, begin)
    return state, sums / jnp.maximum(steps, 1)
