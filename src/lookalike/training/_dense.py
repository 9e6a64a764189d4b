"""Training of a dense network with early stopping: all epochs are one compiled program."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Int, PRNGKeyArray

from lookalike.nn import DenseNetwork, Moments

__all__ = ["Fitted", "Lesson", "Rates", "Rows", "train_dense"]


class Rows(NamedTuple):
    """Rows to learn or to validate on, padded to a round length; padding has weight 0.

    The padding lets tables of similar size share one compiled program.

    Parameters
    ----------
    inputs : array, shape (padded, inputs)
        Numbers.
    targets : array, shape (padded,)
        Numbers of classes, or amounts.
    weights : array, shape (padded,)
        How much each row counts.
    length : int
        How many rows are not padding.
    """

    inputs: Float[Array, "padded inputs"]
    targets: Float[Array, " padded"]
    weights: Float[Array, " padded"]
    length: Int[Array, ""]


class Rates(NamedTuple):
    """Settings that can change without a new compilation.

    Parameters
    ----------
    learning_rate : float
        The step size of Adam.
    dropout : float
        The share of hidden units that are dropped.
    epochs, patience : int
        The most epochs, and how many of them without improvement end the training.
    fan_in : float
        How many inputs are not padding.
    """

    learning_rate: Float[Array, ""]
    dropout: Float[Array, ""]
    epochs: Int[Array, ""]
    patience: Int[Array, ""]
    fan_in: Float[Array, ""]


@dataclass(frozen=True)
class Lesson:
    """Settings that a compiled program is made for.

    Parameters
    ----------
    outputs, units, layers : int
        See `DenseNetwork`.
    activation : str
        See `DenseNetwork`.
    batch_size : int
        Rows in each step; the last step of an epoch may have fewer.
    classes : bool
        Whether targets are numbers of classes; otherwise they are amounts.
    """

    outputs: int
    units: int
    layers: int
    activation: str
    batch_size: int
    classes: bool


class Fitted(NamedTuple):
    """The best state of a run.

    Parameters
    ----------
    network : DenseNetwork
        Its weights.
    moments : Moments
        Its moving moments.
    score : float
        Its accuracy, or minus its mean squared error, on the validation rows.
    epochs : int
        How many epochs were played.
    """

    network: DenseNetwork
    moments: Moments
    score: Float[Array, ""]
    epochs: Int[Array, ""]


class _State(NamedTuple):
    """All that changes from step to step."""

    network: DenseNetwork
    moments: Moments
    adam: optax.OptState


class _Run(NamedTuple):
    """All that changes from epoch to epoch."""

    state: _State
    kept: _State
    score: Float[Array, ""]
    loss: Float[Array, ""]
    epoch: Int[Array, ""]
    waited: Int[Array, ""]


@partial(jax.jit, static_argnames="lesson")
def train_dense(
    rows: Rows, held: Rows, rates: Rates, key: PRNGKeyArray, *, lesson: Lesson
) -> Fitted:
    """Train a dense network by Adam until it no longer improves on held-out rows.

    An epoch improves a classifier if its weighted accuracy on `held` is higher than any before,
    a regressor if its squared error is lower. ``rates.patience`` epochs without improvement end
    the training. Among epochs of the same accuracy, the one of the lowest loss is kept.

    NOTE: differs from Leitner 2021 in that last point: there, the first of them is kept.

    Parameters
    ----------
    rows, held : Rows
        To learn, and to validate on.
    rates : Rates
        What needs no new compilation.
    key : PRNG key
        The seed of weights, order and dropout.
    lesson : Lesson
        What the program is compiled for.

    Returns
    -------
    Fitted
        The state of the best epoch.
    """
    network = DenseNetwork(
        rows.inputs.shape[1],
        lesson.outputs,
        units=lesson.units,
        layers=lesson.layers,
        fan_in=rates.fan_in,
        activation=lesson.activation,
        key=jax.random.fold_in(key, 0),
    )
    state = _State(network, network.start(), optax.adam(rates.learning_rate).init(network))
    zero, worst = jnp.zeros((), jnp.int32), jnp.asarray(jnp.inf, jnp.float32)
    first = _Run(state, state, -worst, worst, zero, zero)

    def unfinished(run: _Run) -> Array:
        return (run.epoch < rates.epochs) & (run.waited < rates.patience)

    def epoch(run: _Run) -> _Run:
        drawn = jax.random.fold_in(key, run.epoch + 1)
        state = _play(run.state, rows, rates, drawn, lesson)
        return _judge(run, state, held, lesson)

    run = jax.lax.while_loop(unfinished, epoch, first)
    return Fitted(run.kept.network, run.kept.moments, run.score, run.epoch)


def _play(state: _State, rows: Rows, rates: Rates, key: PRNGKeyArray, lesson: Lesson) -> _State:
    """Play one epoch: every row once, in a fresh order."""
    size = lesson.batch_size
    padded = len(rows.weights)
    places = jax.random.uniform(jax.random.fold_in(key, 0), (padded,))
    order = jnp.argsort(jnp.where(jnp.arange(padded) < rows.length, places, jnp.inf))
    order = jnp.pad(order, (0, size))
    adam = optax.adam(rates.learning_rate)

    def step(number: Array, state: _State) -> _State:
        chosen = jax.lax.dynamic_slice_in_dim(order, number * size, size)
        present = (number * size + jnp.arange(size) < rows.length).astype(jnp.float32)
        weights = present * rows.weights[chosen] / present.sum()

        def loss(network: DenseNetwork) -> tuple[Array, Moments]:
            drop = jax.random.fold_in(key, number + 1)
            inputs = rows.inputs[chosen]
            found, moved = network.learn(inputs, present, state.moments, rates.dropout, drop)
            return weights @ _losses(found, rows.targets[chosen], lesson), moved

        slopes, moments = jax.grad(loss, has_aux=True)(state.network)
        updates, moved = adam.update(slopes, state.adam)
        return _State(optax.apply_updates(state.network, updates), moments, moved)

    steps = -(-rows.length // size)
    played: _State = jax.lax.fori_loop(0, steps, step, state)
    return played


def _judge(run: _Run, state: _State, held: Rows, lesson: Lesson) -> _Run:
    """Score an epoch on the held-out rows, and keep it where it is the best so far."""
    found = state.network(held.inputs, state.moments)
    shares = held.weights / held.weights.sum()
    loss = shares @ _losses(found, held.targets, lesson)
    score = -loss
    if lesson.classes:
        score = shares @ (found.argmax(axis=1) == held.targets).astype(jnp.float32)
    improved = score > run.score
    better = improved | ((score == run.score) & (loss < run.loss))
    return _Run(
        state,
        jax.tree.map(lambda new, old: jnp.where(better, new, old), state, run.kept),
        jnp.where(better, score, run.score),
        jnp.where(better, loss, run.loss),
        run.epoch + 1,
        jnp.where(improved, 0, run.waited + 1),
    )


def _losses(found: Array, targets: Array, lesson: Lesson) -> Array:
    """Return cross-entropy or squared error of each row, shape (rows,)."""
    if lesson.classes:
        codes = targets.astype(jnp.int32)
        losses: Array = optax.softmax_cross_entropy_with_integer_labels(found, codes)
        return losses
    return (found[:, 0] - targets) ** 2
