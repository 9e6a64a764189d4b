"""Supervised training of a dense network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Int, PRNGKeyArray

from lookalike.nn import DenseNetwork, Moments
from lookalike.training._checkpoints import CheckpointScore
from lookalike.training._task import Task

__all__ = ["DenseModel", "DenseSpec", "LabelledRows", "SupervisedTask"]

_ADAM = optax.scale_by_adam()


class LabelledRows(NamedTuple):
    """Rows with targets, padded to a round length; padding has weight 0.

    The padding lets tables of similar size share one compiled program.

    Parameters
    ----------
    inputs : array, shape (padded, inputs)
        Numbers.
    targets : array, shape (padded,)
        Class codes, or numbers.
    weights : array, shape (padded,)
        The weight of each row.
    length : int
        The number of rows without padding.
    """

    inputs: Float[Array, "padded inputs"]
    targets: Float[Array, " padded"]
    weights: Float[Array, " padded"]
    length: Int[Array, ""]


@dataclass(frozen=True)
class DenseSpec:
    """Settings for which a program is compiled.

    Parameters
    ----------
    inputs : int
        The width of rows, padding included.
    outputs, units, layers : int
        See `DenseNetwork`.
    activation : str
        See `DenseNetwork`.
    batch_size : int
        The number of rows in each update; the last one of an epoch may have fewer.
    classes : bool
        Whether targets are class codes; otherwise they are numbers.
    """

    inputs: int
    outputs: int
    units: int
    layers: int
    activation: str
    batch_size: int
    classes: bool


class DenseModel(NamedTuple):
    """A dense network with the moving moments of its hidden units.

    Parameters
    ----------
    network : DenseNetwork
    moments : Moments
    """

    network: DenseNetwork
    moments: Moments


class DenseState(NamedTuple):
    """The state of training between epochs.

    Parameters
    ----------
    model : DenseModel
    adam : optax.OptState
    step : array of int, shape ()
        The number of epochs.
    """

    model: DenseModel
    adam: optax.OptState
    step: Int[Array, ""]


@partial(jax.tree_util.register_dataclass, data_fields=["dropout", "fan_in"], meta_fields=["spec"])
@dataclass(frozen=True)
class SupervisedTask(Task):
    """Training of a dense network with Adam; one step is an epoch in a new random order.

    Parameters
    ----------
    spec : DenseSpec
        The settings for which the program is compiled.
    dropout : array, shape ()
        The share of hidden units that are dropped.
    fan_in : array, shape ()
        The number of inputs that are not padding.
    """

    optimisers: ClassVar[tuple[str, ...]] = ("network",)
    measures: ClassVar[tuple[str, ...]] = ("loss_network",)

    spec: DenseSpec
    dropout: Float[Array, ""]
    fan_in: Float[Array, ""]

    @property
    def batch_size(self) -> int:  # type: ignore[override]
        """See `Task.batch_size`."""
        return self.spec.batch_size

    def start(self, key: PRNGKeyArray) -> DenseState:
        """See `Task.start`."""
        network = DenseNetwork(
            self.spec.inputs,
            self.spec.outputs,
            units=self.spec.units,
            layers=self.spec.layers,
            fan_in=self.fan_in,
            activation=self.spec.activation,
            key=key,
        )
        model = DenseModel(network, network.start())
        return DenseState(model, _ADAM.init(network), jnp.zeros((), jnp.int32))

    def model(self, state: DenseState) -> DenseModel:
        """See `Task.model`."""
        return state.model

    def step(
        self,
        data: LabelledRows,
        key: PRNGKeyArray,
        rates: Mapping[str, Float[Array, ""]],
        state: DenseState,
        *,
        first: bool,  # noqa: ARG002 - all steps are alike
    ) -> tuple[DenseState, Float[Array, " measures"]]:
        """See `Task.step`: the loss is the mean over the epoch's updates."""
        size = self.spec.batch_size
        padded = len(data.weights)
        places = jax.random.uniform(jax.random.fold_in(key, 0), (padded,))
        order = jnp.argsort(jnp.where(jnp.arange(padded) < data.length, places, jnp.inf))
        order = jnp.pad(order, (0, size))

        def update(number: Array, carry: tuple[DenseState, Array]) -> tuple[DenseState, Array]:
            (model, adam, epoch), total = carry
            chosen = jax.lax.dynamic_slice_in_dim(order, number * size, size)
            present = (number * size + jnp.arange(size) < data.length).astype(jnp.float32)
            weights = present * data.weights[chosen] / present.sum()

            def loss(network: DenseNetwork) -> tuple[Array, Moments]:
                drop = jax.random.fold_in(key, number + 1)
                inputs = data.inputs[chosen]
                found, moved = network.learn(inputs, present, model.moments, self.dropout, drop)
                return weights @ _losses(found, data.targets[chosen], self.spec), moved

            (value, moments), slopes = jax.value_and_grad(loss, has_aux=True)(model.network)
            direction, adam = _ADAM.update(slopes, adam)
            rate = rates["network"]
            network = jax.tree.map(lambda p, d: p - rate * d, model.network, direction)
            return DenseState(DenseModel(network, moments), adam, epoch), total + value

        updates = -(-data.length // size)
        begin = state, jnp.zeros(())
        (model, adam, epoch), total = jax.lax.fori_loop(0, updates, update, begin)
        return DenseState(model, adam, epoch + 1), total[None] / updates

    def score(self, held_out: LabelledRows) -> Callable[[DenseModel], CheckpointScore]:
        """Return the score of a model on held-out rows, for `EarlyStopping`.

        It is the weighted accuracy, or minus the mean squared error. Among models with the same
        accuracy, the one with the lowest loss is kept.

        NOTE: differs from Leitner 2021, where the first of them is kept.

        Parameters
        ----------
        held_out : LabelledRows
        """

        def score(model: DenseModel) -> CheckpointScore:
            value, loss = np.asarray(_judge(model, held_out, self.spec)).tolist()
            return CheckpointScore(value, tie_break=-loss)

        return score


@partial(jax.jit, static_argnames="spec")
def _judge(model: DenseModel, held_out: LabelledRows, spec: DenseSpec) -> Array:
    """Return the score and the loss of a model on held-out rows, shape (2,)."""
    found = model.network(held_out.inputs, model.moments)
    shares = held_out.weights / held_out.weights.sum()
    loss = shares @ _losses(found, held_out.targets, spec)
    right = shares @ (found.argmax(axis=1) == held_out.targets).astype(jnp.float32)
    return jnp.stack([right if spec.classes else -loss, loss])


def _losses(found: Array, targets: Array, spec: DenseSpec) -> Array:
    """Return cross-entropy or squared error of each row, shape (rows,)."""
    if spec.classes:
        codes = targets.astype(jnp.int32)
        losses: Array = optax.softmax_cross_entropy_with_integer_labels(found, codes)
        return losses
    return (found[:, 0] - targets) ** 2
