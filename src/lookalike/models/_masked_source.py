"""Sampling of states from a masked network, variable by variable, also within evidence."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, UInt32

from lookalike._core.seeds import generator
from lookalike.encoding import RowCondition, SampledRows
from lookalike.models._chosen_draws import chosen_draws
from lookalike.models._states import States, StateWeights
from lookalike.nn import Marginals, MaskedNetwork, key_of, seed_words, uniforms

__all__ = ["MaskedSource"]

#: The number of rows per forward pass: hidden layers of so small a batch stay in the CPU's cache.
_TOGETHER = 1024
#: The number of draws from which each row is chosen, if several of its variables are restricted.
_DRAWS = 16


@dataclass(frozen=True)
class MaskedSource:
    """Source of blocks of rows; block b depends on the network, the seed and b alone.

    Parameters
    ----------
    model : MaskedNetwork
    marginals : Marginals
    states : States
        Its variables are the blocks of the network's plan.
    rows : int
        The number of rows of a block without conditions, a multiple of 1,024.
    """

    model: MaskedNetwork
    marginals: Marginals
    states: States
    rows: int

    def block(
        self,
        seed: int,
        number: int,
        *,
        conditions: Callable[[int], RowCondition] | None = None,
        clipped: bool = True,  # noqa: ARG002 - numbers are always within the encoding's range
    ) -> SampledRows:
        """Return block `number` of the sample of a seed.

        Parameters
        ----------
        seed, number : int
        conditions : callable, optional
            From the number of a block to the condition of its rows.
        clipped : bool
            Ignored.
        """
        condition = None if conditions is None else conditions(number)
        if condition is None:
            words = seed_words(seed, number)
            drawn = _draw(self.model, self.marginals, self._spans, self._most, self.rows, words)
            states = np.asarray(drawn)
        else:
            rows = condition.count(self.rows)
            states = self._within(self.states.evidence(condition), rows, seed, number)
        within = generator(seed, "within states", number).random(states.shape)
        return self.states.to_rows(states, within, condition)

    def log_prob(self, states: Int[np.ndarray, "rows variables"]) -> Float[np.ndarray, " rows"]:
        """Return the log-probability of rows of states, in the order of variables."""
        logs = np.empty(len(states))
        for first in range(0, len(states), _TOGETHER):
            part = np.asarray(states[first : first + _TOGETHER], np.int32)
            padded = np.pad(part, [(0, _TOGETHER - len(part)), (0, 0)])
            found = _log_prob(
                self.model, self.marginals, self._spans, self._most, jnp.asarray(padded)
            )
            logs[first : first + len(part)] = np.asarray(found)[: len(part)]
        return logs

    def _within(
        self, evidence: StateWeights, rows: int, seed: int, block: int
    ) -> Int[np.ndarray, "rows variables"]:
        """Draw rows of states given evidence; row i depends on its evidence, the seed and i alone.

        Known states come first, then restricted variables, then the others. Where several variables
        are restricted to more than one state, each row is chosen from `_DRAWS` by their importance
        weights: exact in the limit of many.
        """
        parts = [_StateEvidence.of(v, weights, rows) for v, weights in evidence.items()]
        draws = _DRAWS if sum(part.restricts for part in parts) > 1 else 1
        result = np.empty((rows, len(self.states.variables)), np.int32)
        step = _TOGETHER // draws
        for first in range(0, rows, step):
            at = np.arange(first, min(first + step, rows))
            # Every pass of the network has the same number of rows.
            row = np.resize(np.repeat(at, draws), _TOGETHER)
            rng = generator(seed, "conditions", block, first)
            states, logs = self._drawn_within(parts, row, rng)
            states, logs = states.reshape(-1, draws, states.shape[1]), logs.reshape(-1, draws)
            chosen = chosen_draws(logs, rng.random(len(logs)))
            result[at] = states[np.arange(len(states)), chosen][: len(at)]
        return result

    def _drawn_within(
        self, parts: list[_StateEvidence], row: np.ndarray, rng: np.random.Generator
    ) -> tuple[Int[np.ndarray, "rows variables"], Float[np.ndarray, " rows"]]:
        """Draw states for rows of evidence, and the logarithm of the weight of each."""
        states = np.zeros((len(row), len(self.states.variables)), np.int32)
        done, weighted = np.zeros(states.shape, bool), np.zeros(len(row), bool)
        logs = np.zeros(len(row))
        for part in parts:
            done[:, part.variable] = part.known[row]
            states[:, part.variable] = np.where(done[:, part.variable], part.state[row], 0)
        before = _absorbed(self.model, self._spans, jnp.asarray(states), jnp.asarray(done))
        for v, due, weights in self._passes(parts, row, done):
            uniform = rng.random(len(row)).astype(np.float32)
            given = (jnp.asarray(array) for array in (weights, uniform, due))
            drawn, log, before = _draw_within(
                self.model, self.marginals, before, self._spans[v], *given
            )
            states[due, v] = np.asarray(drawn)[due]
            # The first restricted variable is drawn exactly, which needs no weight.
            logs += np.where(due & weighted, np.asarray(log), 0.0)
            weighted |= due
            done[:, v] |= due
        return states, logs

    def _passes(
        self, parts: list[_StateEvidence], row: np.ndarray, done: np.ndarray
    ) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
        """Yield variables with the rows that need them and weights: the restricted ones first."""
        for part in parts:
            if part.restricts:
                weights = np.zeros((len(row), self._most), np.float32)
                own = part.weights[row] if len(part.weights) > 1 else part.weights
                weights[:, : own.shape[1]] = own
                yield part.variable, part.open[row], weights
        every = np.ones((len(row), self._most), np.float32)
        for v in range(done.shape[1]):
            if not done[:, v].all():
                yield v, ~done[:, v], every

    @cached_property
    def _spans(self) -> Int[Array, "variables 2"]:
        """The first level of each variable in the plan's order, and the number of its states."""
        plan = self.model.plan
        spans = [(plan.starts[v], block.width) for v, block in enumerate(plan.layout.blocks)]
        return jnp.asarray(spans, jnp.int32)

    @property
    def _most(self) -> int:
        return max(block.width for block in self.model.plan.layout.blocks)


@dataclass(frozen=True)
class _StateEvidence:
    """The evidence on one variable: its state where one alone is possible, else weights.

    Parameters
    ----------
    variable : int
    weights : ndarray, shape (rows or 1, states)
    known, open : ndarray of bool, shape (rows,)
        Whether one state alone is possible, and whether several are.
    state : ndarray of int, shape (rows,)
        The most probable state.
    """

    variable: int
    weights: np.ndarray
    known: np.ndarray
    open: np.ndarray
    state: np.ndarray

    @property
    def restricts(self) -> bool:
        """Whether several states are possible in a row, but not all alike."""
        return bool(self.open.any())

    @classmethod
    def of(cls, variable: int, weights: np.ndarray, rows: int) -> _StateEvidence:
        possible = (weights > 0).sum(axis=1)
        known = possible == 1
        alike = (weights == weights[:, :1]).all(axis=1)
        shape = (rows,)
        return cls(
            variable,
            weights,
            np.broadcast_to(known, shape),
            np.broadcast_to(~known & ~alike, shape),
            np.broadcast_to(weights.argmax(axis=1), shape),
        )


def _logits(
    model: MaskedNetwork,
    marginals: Marginals,
    before: Float[Array, "rows units"],
    span: Int[Array, " 2"],
    most: int,
) -> Float[Array, "rows most"]:
    """Return the logits of the states of one variable; beyond them they are -∞."""
    logits = model.logits_of(before, span[0], most, marginals)
    return jnp.where(jnp.arange(most) < span[1], logits, -jnp.inf)


def _picked(
    logits: Float[Array, "rows most"], uniform: Float[Array, " rows"]
) -> Int[Array, " rows"]:
    """Draw a state of each row by inversion of the cumulative sum; never one without mass."""
    mass = jnp.exp(logits - logits.max(axis=1, keepdims=True))
    reached = jnp.cumsum(mass, axis=1)
    state = (reached <= uniform[:, None] * reached[:, -1:]).sum(axis=1)
    last = (mass.shape[1] - 1) - jnp.argmax((mass > 0)[:, ::-1], axis=1)
    return jnp.minimum(state, last)


@eqx.filter_jit
def _draw(
    model: MaskedNetwork,
    marginals: Marginals,
    spans: Int[Array, "variables 2"],
    most: int,
    rows: int,
    words: UInt32[Array, " words"],
) -> Int[Array, "rows variables"]:
    # Threefry gives the same stream on every kind of device.
    key, count = key_of(words, "threefry2x32"), len(spans)

    def part(number: Int[Array, ""]) -> Array:
        uniform = uniforms(jax.random.fold_in(key, number), (_TOGETHER, count))

        def step(v: Int[Array, ""], carry: tuple[Array, Array]) -> tuple[Array, Array]:
            before, states = carry
            logits = _logits(model, marginals, before, spans[v], most)
            state = _picked(logits, uniform[:, v])
            return before + model.learned_of(spans[v, 0] + state), states.at[:, v].set(state)

        nothing = jnp.broadcast_to(model.nothing_known, (_TOGETHER, len(model.nothing_known)))
        begin = nothing, jnp.zeros((_TOGETHER, count), jnp.int32)
        states: Array = jax.lax.fori_loop(0, count, step, begin)[1]
        return states

    drawn: Array = jax.lax.map(part, jnp.arange(rows // _TOGETHER)).reshape(rows, count)
    return drawn


@eqx.filter_jit
def _draw_within(
    model: MaskedNetwork,
    marginals: Marginals,
    before: Float[Array, "rows units"],
    span: Int[Array, " 2"],
    weights: Float[Array, "rows most"],
    uniform: Float[Array, " rows"],
    due: Bool[Array, " rows"],
) -> tuple[Int[Array, " rows"], Float[Array, " rows"], Float[Array, "rows units"]]:
    """Draw states by their probabilities times weights, where due; return the log mean weight."""
    logits = _logits(model, marginals, before, span, weights.shape[1])
    weighted = logits + jnp.log(weights)
    state = _picked(weighted, uniform)
    log = jax.nn.logsumexp(weighted, axis=1) - jax.nn.logsumexp(logits, axis=1)
    after = before + model.learned_of(span[0] + state)
    return state, log, jnp.where(due[:, None], after, before)


@eqx.filter_jit
def _absorbed(
    model: MaskedNetwork,
    spans: Int[Array, "variables 2"],
    states: Int[Array, "rows variables"],
    known: Bool[Array, "rows variables"],
) -> Float[Array, "rows units"]:
    """Return the first hidden layer before its activation, given known states."""

    def step(v: Int[Array, ""], before: Array) -> Array:
        after = before + model.learned_of(spans[v, 0] + states[:, v])
        return jnp.where(known[:, v, None], after, before)

    nothing = jnp.broadcast_to(model.nothing_known, (len(states), len(model.nothing_known)))
    done: Array = jax.lax.fori_loop(0, len(spans), step, nothing)
    return done


@eqx.filter_jit
def _log_prob(
    model: MaskedNetwork,
    marginals: Marginals,
    spans: Int[Array, "variables 2"],
    most: int,
    states: Int[Array, "rows variables"],
) -> Float[Array, " rows"]:
    def step(v: Int[Array, ""], carry: tuple[Array, Array]) -> tuple[Array, Array]:
        before, logs = carry
        logits = jax.nn.log_softmax(_logits(model, marginals, before, spans[v], most), axis=1)
        own = jnp.take_along_axis(logits, states[:, v, None], axis=1)[:, 0]
        return before + model.learned_of(spans[v, 0] + states[:, v]), logs + own

    nothing = jnp.broadcast_to(model.nothing_known, (len(states), len(model.nothing_known)))
    logs: Array = jax.lax.fori_loop(0, len(spans), step, (nothing, jnp.zeros(len(states))))[1]
    return logs
