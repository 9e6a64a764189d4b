"""Training of a denoiser: noise is added to rows, and the network learns to remove it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Int, PRNGKeyArray

from lookalike._core.seeds import generator
from lookalike.encoding import EncodedRows
from lookalike.nn import Architecture, Denoiser, Marginals, Plan, normals
from lookalike.training._checkpoints import CheckpointScore
from lookalike.training._data import Data
from lookalike.training._task import Task

__all__ = ["DiffusionState", "DiffusionTask"]

_ADAM = optax.scale_by_adam(b2=0.99)
#: The decay of the moving average of weights.
_AVERAGE = 0.999
#: The number of noisy held-out rows that judge a model, and of those that are judged together.
_JUDGED, _PART = 8_192, 1_024


class Drawn(NamedTuple):
    """The random numbers of the loss of some rows.

    Parameters
    ----------
    within : array, shape (rows, numbers)
        Uniform; the positions within intervals.
    noise : array, shape (rows, width)
        Standard normal.
    spare : array, shape (rows, numbers)
        Standard normal, for numbers of missing cells.
    shift : array, shape (rows,)
        Uniform; the angles.
    """

    within: Float[Array, "rows numbers"]
    noise: Float[Array, "rows width"]
    spare: Float[Array, "rows numbers"]
    shift: Float[Array, " rows"]


class DiffusionState(NamedTuple):
    """The state of training between steps.

    Parameters
    ----------
    model, average : Denoiser
        The denoiser, and the moving average of its weights.
    adam : optax.OptState
    step : array of int, shape ()
    """

    model: Denoiser
    average: Denoiser
    adam: optax.OptState
    step: Int[Array, ""]


@partial(
    jax.tree_util.register_dataclass,
    data_fields=["marginals"],
    meta_fields=["plan", "architecture", "batch_size"],
)
@dataclass(frozen=True)
class DiffusionTask(Task):
    """Training of a denoiser on rows with noise of every strength.

    The loss is the squared error of the velocity of numbers (Salimans and Ho 2022, arXiv
    2202.00512) plus the cross-entropy of levels (Dieleman et al. 2022, arXiv 2211.15089; Eijkelboom
    et al. 2024, arXiv 2406.04843).

    Parameters
    ----------
    plan : Plan
    architecture : Architecture
        The architecture of the network.
    batch_size : int
        The number of rows in a step.
    marginals : Marginals
    """

    optimisers: ClassVar[tuple[str, ...]] = ("network",)
    measures: ClassVar[tuple[str, ...]] = ("loss_network",)

    plan: Plan
    architecture: Architecture
    batch_size: int
    marginals: Marginals

    def start(self, key: PRNGKeyArray) -> DiffusionState:
        """See `Task.start`."""
        model = Denoiser.begin(self.plan, self.architecture, key)
        adam = _ADAM.init(eqx.filter(model, eqx.is_array))
        return DiffusionState(model, model, adam, jnp.zeros((), jnp.int32))

    def model(self, state: DiffusionState) -> Denoiser:
        """See `Task.model`: the moving average."""
        return state.average

    def step(
        self,
        data: Data,
        key: PRNGKeyArray,
        rates: Mapping[str, Float[Array, ""]],
        state: DiffusionState,
        *,
        first: bool,  # noqa: ARG002 - all steps are alike
    ) -> tuple[DiffusionState, Float[Array, " measures"]]:
        """See `Task.step`."""
        keys = jax.random.split(key, 5)
        size, numbers = self.batch_size, self.plan.number_width
        rows = jax.random.randint(keys[0], (size,), 0, data.rows)
        drawn = Drawn(
            jax.random.uniform(keys[1], (size, numbers)),
            normals(keys[2], (size, self.plan.width)),
            normals(keys[3], (size, numbers)),
            jax.random.uniform(keys[4], (size,)),
        )
        loss, slope = jax.value_and_grad(self._loss)(
            state.model, data.floats[rows], data.codes[rows], drawn
        )
        direction, adam = _ADAM.update(slope, state.adam)
        rate = rates["network"]
        model = jax.tree.map(lambda p, d: p - rate * d, state.model, direction)
        decay = jnp.minimum(_AVERAGE, (state.step + 1) / (state.step + 10))
        average = jax.tree.map(lambda a, p: decay * a + (1 - decay) * p, state.average, model)
        return DiffusionState(model, average, adam, state.step + 1), loss[None]

    def score(self, held_out: EncodedRows, seed: int) -> Callable[[Denoiser], CheckpointScore]:
        """Return the score of a model, for `EarlyStopping`: minus its loss on held-out rows.

        Parameters
        ----------
        held_out : EncodedRows
        seed : int
            The seed of the noise, which is the same for every model.
        """
        rng = generator(seed, "held-out noise")
        # Each row about equally often, at angles spread evenly over the range.
        chosen = rng.permutation(np.resize(np.arange(len(held_out.floats)), _JUDGED))
        drawn = Drawn(
            rng.random((_JUDGED, self.plan.number_width), np.float32),
            rng.standard_normal((_JUDGED, self.plan.width), np.float32),
            rng.standard_normal((_JUDGED, self.plan.number_width), np.float32),
            rng.random(_JUDGED, np.float32),
        )
        given = (held_out.floats[chosen], held_out.codes[chosen], drawn)
        # In parts whose hidden layers stay in the cache.
        parts = jax.tree.map(lambda a: jnp.asarray(a.reshape(-1, _PART, *a.shape[1:])), given)

        def score(model: Denoiser) -> CheckpointScore:
            return CheckpointScore(-float(_judged(self, model, parts)))

        return score

    def _loss(
        self,
        model: Denoiser,
        floats: Float[Array, "rows floats"],
        codes: Int[Array, "rows codes"],
        drawn: Drawn,
    ) -> Float[Array, ""]:
        """Return the mean loss of rows, divided by the number of blocks."""
        plan, marginals, count = self.plan, self.marginals, self.plan.number_width
        clean = plan.expand(floats, codes, drawn.within)
        numbers, levels = clean[:, :count], clean[:, count:]
        # Numbers of missing cells are noise, so that all are standardised.
        standard = (plan.unbound(numbers) - marginals.centre) / marginals.spread
        standard = jnp.where(plan.present(numbers), standard, drawn.spare)
        whole = jnp.concatenate([standard, levels], axis=1)
        # One angle from each of equal parts of [0, π/2], for less variance.
        rows = len(floats)
        angle = (jnp.arange(rows) + drawn.shift) / rows * (np.pi / 2)
        sine, cosine = jnp.sin(angle)[:, None], jnp.cos(angle)[:, None]
        found = model(sine * whole + cosine * drawn.noise, angle, marginals)
        velocity = cosine * standard - sine * drawn.noise[:, :count]
        errors = ((found.velocity - velocity) ** 2).sum(axis=1)
        surprise = -(levels * plan.log_probabilities(found.logits)).sum(axis=1)
        return (errors + surprise).mean() / len(plan.layout.blocks)


@eqx.filter_jit
def _judged(task: DiffusionTask, model: Denoiser, parts: tuple[Array, Array, Drawn]) -> Array:
    """Return the mean loss of held-out rows."""
    losses = jax.lax.map(lambda part: task._loss(model, *part), parts)
    return losses.mean()
