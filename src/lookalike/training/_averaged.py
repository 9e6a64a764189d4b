"""Training of one model of encoded rows by a loss that draws random numbers."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Int, PRNGKeyArray

from lookalike._core.seeds import generator
from lookalike.encoding import EncodedRows
from lookalike.nn import normals
from lookalike.training._checkpoints import CheckpointScore
from lookalike.training._data import Data
from lookalike.training._task import Task

__all__ = ["AveragedState", "AveragedTask"]

_ADAM = optax.scale_by_adam(b2=0.99)
#: The decay of the moving average of weights.
_AVERAGE = 0.999
#: The number of held-out rows, with repetitions, that judge a model, and those judged together.
_JUDGED, _PART = 8_192, 1_024
#: The step at which models are judged: that of a training which is over.
_OVER = 2**30


class AveragedState(NamedTuple):
    """The state of training between steps.

    Parameters
    ----------
    model, average : eqx.Module
        The model, and the moving average of its weights.
    adam : optax.OptState
    step : array of int, shape ()
    """

    model: Any
    average: Any
    adam: optax.OptState
    step: Int[Array, ""]


class AveragedTask(Task):
    """Base class of tasks that train one model with Adam and keep the average of its weights.

    A subclass implements `begin_model` and `loss`, and has the attributes `batch_size` and `draws`.

    Attributes
    ----------
    draws : tuple of int
        The number of uniform and of standard normal random numbers that the loss of a row needs.
    measures : tuple of str
        The name of each loss.
    """

    optimisers: ClassVar[tuple[str, ...]] = ("network",)
    measures: ClassVar[tuple[str, ...]] = ("loss_network",)

    @property
    @abstractmethod
    def draws(self) -> tuple[int, int]:
        """The number of uniform and of normal random numbers that the loss of a row needs."""

    @abstractmethod
    def begin_model(self, key: PRNGKeyArray) -> Any:
        """Return the untrained model.

        Parameters
        ----------
        key : PRNG key
        """

    @abstractmethod
    def loss(
        self,
        model: Any,
        rows: tuple[Float[Array, "rows floats"], Int[Array, "rows codes"]],
        uniform: Float[Array, "rows _"],
        normal: Float[Array, "rows _"],
        step: Int[Array, ""],
    ) -> Float[Array, "*losses"]:
        """Return the mean loss of encoded rows, or several of which the sum is minimised.

        Parameters
        ----------
        model : eqx.Module
        rows : tuple of array
            Floats and codes, as of `EncodedRows`.
        uniform, normal : array, shape (rows, numbers)
            The random numbers, as many as `draws`.
        step : array of int, shape ()
            The number of completed steps.
        """

    def start(self, key: PRNGKeyArray) -> AveragedState:
        """See `Task.start`."""
        model = self.begin_model(key)
        adam = _ADAM.init(eqx.filter(model, eqx.is_array))
        return AveragedState(model, model, adam, jnp.zeros((), jnp.int32))

    def model(self, state: AveragedState) -> Any:
        """See `Task.model`: the moving average."""
        return state.average

    def step(
        self,
        data: Data,
        key: PRNGKeyArray,
        rates: Mapping[str, Float[Array, ""]],
        state: AveragedState,
        *,
        first: bool,  # noqa: ARG002 - all steps are alike
    ) -> tuple[AveragedState, Float[Array, " measures"]]:
        """See `Task.step`."""
        keys, size = jax.random.split(key, 3), self.batch_size
        chosen = jax.random.randint(keys[0], (size,), 0, data.rows)
        uniform = jax.random.uniform(keys[1], (size, self.draws[0]))
        normal = normals(keys[2], (size, self.draws[1]))
        rows = data.floats[chosen], data.codes[chosen]

        def summed(model: Any) -> tuple[Float[Array, ""], Float[Array, " losses"]]:
            losses = jnp.atleast_1d(self.loss(model, rows, uniform, normal, state.step))
            return losses.sum(), losses

        slope, losses = jax.grad(summed, has_aux=True)(state.model)
        direction, adam = _ADAM.update(slope, state.adam)
        rate = rates["network"]
        model = jax.tree.map(lambda p, d: p - rate * d, state.model, direction)
        # The average forgets the first steps quickly, for the benefit of short runs.
        decay = jnp.minimum(_AVERAGE, (state.step + 1) / (state.step + 10))
        average = jax.tree.map(lambda a, p: decay * a + (1 - decay) * p, state.average, model)
        return AveragedState(model, average, adam, state.step + 1), losses

    def score(self, held_out: EncodedRows, seed: int) -> Callable[[Any], CheckpointScore]:
        """Return the score of a model, for `EarlyStopping`: minus its loss on held-out rows.

        Parameters
        ----------
        held_out : EncodedRows
        seed : int
            The seed of the loss's random numbers, which are the same for every model.
        """
        rng = generator(seed, "held-out loss")
        chosen = rng.permutation(np.resize(np.arange(len(held_out.floats)), _JUDGED))
        given = (
            (held_out.floats[chosen], held_out.codes[chosen]),
            rng.random((_JUDGED, self.draws[0]), np.float32),
            rng.standard_normal((_JUDGED, self.draws[1]), np.float32),
        )
        # In parts whose hidden layers stay in the cache.
        parts = jax.tree.map(
            lambda a: jnp.asarray(a.reshape(_JUDGED // _PART, _PART, *a.shape[1:])), given
        )
        return lambda model: CheckpointScore(-float(_judged(self, model, parts)))


@eqx.filter_jit
def _judged(task: AveragedTask, model: Any, parts: tuple[Any, Array, Array]) -> Float[Array, ""]:
    over = jnp.asarray(_OVER, jnp.int32)

    def loss(part: tuple[Any, Array, Array]) -> Array:
        rows, uniform, normal = part
        return task.loss(model, rows, uniform, normal, over)

    losses: Array = jax.lax.map(loss, parts)
    return losses.mean()
