"""Training tasks: the networks that a run trains, and one step of their training."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PRNGKeyArray, UInt32

from lookalike.nn import Plan, key_of, seed_words

__all__ = ["CHUNK", "GeneratedRows", "GenerativeTask", "Remedy", "Task"]

#: The maximum number of steps of one call of the compiled program.
CHUNK = 256

Scalar = Float[Array, ""]
Measures = Float[Array, " measures"]


class Task(ABC):
    """Base class of training tasks: any number of networks with named optimisers.

    A subclass is a frozen dataclass, and equal tasks share a compiled program; or a pytree, whose
    arrays can change without recompilation. It defines the initial state (`start`), one step
    (`step`), and the part of a state that is scored, kept and returned (`model`). A state is a
    named tuple of arrays and networks; its field ``step`` counts the steps.

    Attributes
    ----------
    optimisers : tuple of str
        The names of the optimisers, each with its own learning rate, such as ``("generator",
        "discriminator")`` or ``("network",)``. Rates, schedules and columns of the history are
        named after them.
    measures : tuple of str
        The names of the measures of a step, such as ``loss_network``. Values that are not finite
        are a failure.
    shows : frozenset of str
        The kinds of data that monitors can use besides measures; see `GenerativeTask`.
    advice : str
        A sentence that advises the user if training fails.
    batch_size : int
        The number of rows in one step.
    """

    optimisers: ClassVar[tuple[str, ...]]
    measures: ClassVar[tuple[str, ...]]
    shows: ClassVar[frozenset[str]] = frozenset()
    advice: ClassVar[str] = "Lower the learning rate."
    batch_size: int

    @property
    def round_steps(self) -> int:
        """The number of steps of a round; every interval consists of whole rounds."""
        return 1

    @property
    def ideal(self) -> float | None:
        """The discriminator's loss at the equilibrium, or None if it is unknown."""
        return None

    @abstractmethod
    def start(self, key: PRNGKeyArray) -> Any:
        """Return the state before the first step; this method is compiled.

        Parameters
        ----------
        key : PRNG key
        """

    @abstractmethod
    def step(
        self, data: Any, key: PRNGKeyArray, rates: Mapping[str, Scalar], state: Any, *, first: bool
    ) -> tuple[Any, Measures]:
        """Return the state after one step, and the values of `measures`; this method is compiled.

        Parameters
        ----------
        data : pytree of arrays
            The training data.
        key : PRNG key
            The key of this step.
        rates : mapping of str to array, shape ()
            The learning rate of each optimiser.
        state : NamedTuple
        first : bool
            Whether the step is the first one of a round.
        """

    @abstractmethod
    def model(self, state: Any) -> Any:
        """Return the part of a state that is scored, kept and returned, such as an average.

        Parameters
        ----------
        state : NamedTuple
        """

    def resume(self, state: Any, fresh: Any) -> Any:  # noqa: ARG002 - many go on as they are
        """Return the state from which a run continues after a remedy has changed the task.

        Parameters
        ----------
        state : NamedTuple
            The last good state.
        fresh : NamedTuple
            An untrained state of the changed task.
        """
        return state

    def begin(self, seed: int) -> Any:
        """Return the state before the first step of the run of a seed.

        Parameters
        ----------
        seed : int
        """
        return _begin(self, seed_words(seed))

    def advance(
        self, state: Any, data: Any, seed: int, rates: Mapping[str, np.ndarray]
    ) -> tuple[Any, Measures]:
        """Train for some steps in one call of a compiled program.

        Parameters
        ----------
        state : NamedTuple
        data : pytree of arrays
        seed : int
            The seed of the run; random numbers of a step depend on it and on the step's number.
        rates : mapping of str to array, shape (steps,)
            The learning rate of each optimiser at every step. Their length is the number of steps,
            at most `CHUNK`. Other rates or lengths need no recompilation.

        Returns
        -------
        NamedTuple
            The state after these steps.
        array, shape (measures,)
            The means of `measures` over them.
        """
        stacked = np.stack([rates[name] for name in self.optimisers])
        steps = stacked.shape[1]
        padded = np.zeros((len(stacked), CHUNK), np.float32)
        padded[:, :steps] = stacked
        count = jnp.asarray(steps, jnp.int32)
        return _advance(self, state, data, seed_words(seed), count, jnp.asarray(padded))


@dataclass(frozen=True)
class Remedy:
    """A change of the task after a failure.

    Parameters
    ----------
    name : str
        The change in words.
    change : callable
        From the current task to the changed one.
    scales : mapping of str to float
        Factors of future learning rates, by optimiser.
    restart_rate : float or None
        The learning rate of every optimiser with which the run restarts from step 0; None
        continues from the last good state.
    """

    name: str
    change: Callable[[Any], Any]
    scales: Mapping[str, float] = field(default_factory=dict)
    restart_rate: float | None = None


class GeneratedRows(NamedTuple):
    """Generated rows for the monitors after an interval.

    Parameters
    ----------
    rows : array, shape (rows, width)
        Encoded rows, every level 0 or 1.
    levels : array of int32, shape (rows, blocks of levels)
        The same levels, in layout order.
    logits_real, logits_fake : array, shape (rows,), or None
        The discriminator's logits of real rows and of these, if there is a discriminator.
    """

    rows: Float[Array, "rows width"]
    levels: Int[Array, "rows blocks"]
    logits_real: Float[Array, " rows"] | None = None
    logits_fake: Float[Array, " rows"] | None = None


class GenerativeTask(Task):
    """A task whose model generates encoded rows, which monitors compare with real ones.

    Attributes
    ----------
    plan : Plan
        The layout of rows in the networks.
    """

    shows: ClassVar[frozenset[str]] = frozenset({"rows"})
    plan: Plan

    @abstractmethod
    def generate(
        self, state: Any, seed: int, step: int, real: Float[Array, "rows width"]
    ) -> GeneratedRows:
        """Return rows that the model of a state generates.

        Parameters
        ----------
        state : NamedTuple
        seed, step : int
            The seed of the run and the current step, which determine the rows.
        real : array, shape (rows, width)
            Encoded real rows for the discriminator; the same number is generated.
        """


@eqx.filter_jit
def _begin(task: Task, words: UInt32[Array, " words"]) -> Any:
    return task.start(jax.random.fold_in(key_of(words, "rbg"), 0))


@eqx.filter_jit
def _advance(
    task: Task,
    state: Any,
    data: Any,
    words: UInt32[Array, " words"],
    steps: Int[Array, ""],
    rates: Float[Array, "optimisers chunk"],
) -> tuple[Any, Measures]:
    key = jax.random.fold_in(key_of(words, "rbg"), 1)
    begun = state.step

    def play(carry: tuple[Any, Measures], *, first: bool) -> tuple[Any, Measures]:
        state, sums = carry
        at = state.step - begun
        drawn = jax.random.fold_in(key, state.step)
        now = {name: rates[k, at] for k, name in enumerate(task.optimisers)}
        state, measures = task.step(data, drawn, now, state, first=first)
        return state, sums + measures

    # The first step of a round and the others are two programs, one outside the inner loop:
    # choosing between them at every step would copy the results (measured: 6 to 13 % of a step).
    def rounds(number: Int[Array, ""], carry: tuple[Any, Measures]) -> tuple[Any, Measures]:
        left = jnp.minimum(steps - number * task.round_steps, task.round_steps)
        carry = play(carry, first=True)
        if task.round_steps == 1:
            return carry
        after: tuple[Any, Measures] = jax.lax.fori_loop(
            1, left, lambda _, carry: play(carry, first=False), carry
        )
        return after

    count = (steps + task.round_steps - 1) // task.round_steps
    begin = (state, jnp.zeros(len(task.measures)))
    state, sums = jax.lax.fori_loop(0, count, rounds, begin)
    return state, sums / jnp.maximum(steps, 1)
