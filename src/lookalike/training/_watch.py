"""Shows monitors what they look at: real rows, generated rows, and what the discriminator says."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import PRNGKeyArray

from lookalike._core.seeds import generator
from lookalike.nn import Plan
from lookalike.training._game import Data, Game, State
from lookalike.training.monitors import Monitor, Panel, Rows, Sight, View

__all__ = ["Watch"]

#: Real and generated rows that monitors compare, at most.
_ROWS = 512


class Watch:
    """Runs monitors after intervals.

    Parameters
    ----------
    monitors : sequence of Monitor
    game : Game
    data : Data
        Rows that train.
    held_out : Data or None
        Rows that do not.
    seed : int
        Of the rows that are shown.
    every : int
        Intervals between two looks.

    Attributes
    ----------
    seconds : float
        The time spent watching so far, wall clock. Nothing depends on it.
    """

    def __init__(
        self,
        monitors: Sequence[Monitor],
        game: Game,
        data: Data,
        held_out: Data | None,
        seed: int,
        *,
        every: int = 1,
    ) -> None:
        self.monitors, self.game, self.seed = monitors, game, seed
        self.intervals, self.seconds = 0, 0.0
        if not monitors:
            return
        started = time.perf_counter()
        self.real, self.encoded = _some(game, data, seed, "real")
        others = None if held_out is None else _some(game, held_out, seed, "held out")[0]
        layout = game.plan.layout
        widths = tuple(b.width for b in layout.blocks if b.head == "softmax")
        self.sight = Sight(self.real, others, widths)
        self.panel = Panel(monitors, self.sight, every)
        self.seconds = time.perf_counter() - started

    def look(
        self, state: State, step: int, total: int, measures: Mapping[str, float]
    ) -> dict[str, float]:
        """Return what those monitors measure whose turn it is.

        Parameters
        ----------
        state : State
            The game after the interval.
        step, total : int
            How far the run is, and how long.
        measures : mapping of str to float
            What the game measured over the interval.
        """
        self.intervals += 1
        last = step >= total
        if not self.monitors or not self.panel.due(self.intervals, last=last):
            return {}
        started = time.perf_counter()
        encoded, levels = self.game.show(state.average, self.seed, step, len(self.encoded))
        fake = Rows(_distances_mean_something(self.game, encoded), levels)
        view = View(
            step=step,
            total=total,
            real=self.real,
            held_out=self.sight.held_out,
            fake=fake,
            logits_real=self.game.judge(state.discriminator, self.encoded),
            logits_fake=self.game.judge(state.discriminator, encoded),
            measures=measures,
            widths=self.sight.widths,
        )
        found = self.panel.look(self.intervals, view, last=last)
        self.seconds += time.perf_counter() - started
        return found


def _some(game: Game, data: Data, seed: int, name: str) -> tuple[Rows, jax.Array]:
    """Return rows that are the same for the whole run, for monitors and for the discriminator."""
    rng = generator(seed, "watch", name)
    chosen = rng.permutation(int(data.rows))[:_ROWS]
    key = jax.random.key(int(rng.integers(2**32)))
    floats, codes = data.floats[chosen], data.codes[chosen]
    encoded = _expanded(game.plan, floats, codes, key)
    levels = [game.plan.code_source(p) for p in range(len(game.plan.levels))]
    return Rows(_distances_mean_something(game, encoded), codes[:, np.array(levels, int)]), encoded


def _distances_mean_something(game: Game, encoded: jax.Array) -> jax.Array:
    """Return encoded rows in which two different levels are at distance 1."""
    numbers = game.plan.number_width
    return jnp.concatenate([encoded[:, :numbers], encoded[:, numbers:] * 0.5**0.5], axis=1)


@eqx.filter_jit  # many small programs would each be compiled
def _expanded(plan: Plan, floats: jax.Array, codes: jax.Array, key: PRNGKeyArray) -> jax.Array:
    return plan.expand(floats, codes, key)
