"""Shows monitors what they look at: real rows, generated rows, and what the discriminator says."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from lookalike._core.seeds import generator
from lookalike._core.workers import cores
from lookalike.nn import Plan
from lookalike.training._game import Data, Game, TrainState
from lookalike.training.monitors import Monitor, Panel, Rows, Sight, View

__all__ = ["Watch"]

#: Real and generated rows that monitors compare, at most.
_ROWS = 512
#: Samples of so many training rows together show modes that are rare.
_CROWD = 3


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
    state : TrainState
        The game before its first step.
    every : int
        Intervals between two looks.

    Attributes
    ----------
    passed_over : bool
        Whether nobody looked after the last interval, though somebody looks for a collapse.
    seconds : float
        The time for which training has waited so far, wall clock. Nothing depends on it.
    """

    def __init__(
        self,
        monitors: Sequence[Monitor],
        game: Game,
        data: Data,
        held_out: Data | None,
        seed: int,
        state: TrainState,
        *,
        every: int = 1,
    ) -> None:
        self.monitors, self.game, self.seed = monitors, game, seed
        self.panel = Panel(monitors, every)
        self.intervals, self.passed_over, self.seconds = 0, False, 0.0
        measures = [measure.name for monitor in monitors for measure in monitor.measures]
        self.judges = "collapsed" in measures
        if not monitors:
            return
        started = time.perf_counter()
        worker = ThreadPoolExecutor(1, thread_name_prefix="lookalike-watch")
        self.scene = worker.submit(_prepare, self.panel, game, data, held_out, seed, state)
        # Compiling the steps of the game, meanwhile, leaves a second core idle.
        worker.shutdown(wait=cores() == 1)
        self.seconds = time.perf_counter() - started

    def look(
        self, state: TrainState, step: int, total: int, measures: Mapping[str, float]
    ) -> dict[str, float]:
        """Return what those monitors measure whose turn it is.

        Parameters
        ----------
        state : TrainState
            The game after the interval.
        step, total : int
            How far the run is, and how long.
        measures : mapping of str to float
            What the game measured over the interval.
        """
        self.intervals += 1
        last = step >= total
        due = self.panel.due(self.intervals, last=last)
        self.passed_over = self.judges and not due
        if not due:
            return {}
        started = time.perf_counter()
        sight, encoded = self.scene.result()
        shown = jax.device_get(self.game.show(state, self.seed, step, encoded))
        view = View(
            step=step,
            total=total,
            real=sight.real,
            held_out=sight.held_out,
            fake=_rows(self.game.plan, shown.rows, shown.levels),
            logits_real=shown.logits_real,
            logits_fake=shown.logits_fake,
            measures=measures,
            widths=sight.widths,
        )
        found = self.panel.look(self.intervals, view, last=last)
        self.seconds += time.perf_counter() - started
        return found


def _prepare(
    panel: Panel, game: Game, data: Data, held_out: Data | None, seed: int, state: TrainState
) -> tuple[Sight, jax.Array]:
    """Get monitors ready; return what they see, and the encoded real rows."""
    real, encoded = _some(game, data, seed, "real")
    others = None if held_out is None else _some(game, held_out, seed, "held out")[0]
    widths = tuple(b.width for b in game.plan.layout.blocks if b.head == "softmax")
    sight = Sight(real, others, widths, _crowd(game, data, seed))
    panel.begin(sight)
    game.show(state, seed, 0, encoded)  # compiles what is needed at every look
    return sight, encoded


def _some(game: Game, data: Data, seed: int, name: str) -> tuple[Rows, jax.Array]:
    """Return rows that are the same for the whole run, for monitors and for the discriminator."""
    rng = generator(seed, "watch", name)
    chosen = rng.permutation(int(data.rows))[:_ROWS]
    encoded = _encoded(game.plan, data, chosen, rng)
    sources = [game.plan.code_source(p) for p in range(len(game.plan.levels))]
    levels = np.asarray(data.codes)[chosen][:, np.array(sources, int)]
    return _rows(game.plan, encoded, levels), jnp.asarray(encoded)


def _crowd(game: Game, data: Data, seed: int) -> np.ndarray | None:
    """Return the encoded numbers of more training rows, or None where there are no more."""
    rows = int(data.rows)
    if rows <= _ROWS:
        return None
    rng = generator(seed, "watch", "crowd")
    chosen = rng.permutation(rows)[: _CROWD * _ROWS]
    parts = [
        _encoded(game.plan, data, chosen[start : start + _ROWS], rng)
        for start in range(0, len(chosen), _ROWS)
    ]
    return np.concatenate(parts)[:, : game.plan.number_width]


def _encoded(plan: Plan, data: Data, chosen: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return chosen rows as they stand in the networks, 512 at most."""
    floats, codes = (_filled(np.asarray(part)[chosen]) for part in (data.floats, data.codes))
    uniform = rng.random((_ROWS, plan.number_width), np.float32)
    return np.asarray(_expanded(plan, floats, codes, uniform))[: len(chosen)]


def _filled(part: np.ndarray) -> np.ndarray:
    """Return as many rows as one compiled program expects, the last ones zeros."""
    return np.pad(part, ((0, _ROWS - len(part)), (0, 0)))


@eqx.filter_jit  # many small programs would each be compiled
def _expanded(plan: Plan, floats: np.ndarray, codes: np.ndarray, uniform: np.ndarray) -> jax.Array:
    return plan.expand(jnp.asarray(floats), jnp.asarray(codes), jnp.asarray(uniform))


def _rows(plan: Plan, encoded: np.ndarray, levels: np.ndarray) -> Rows:
    """Return encoded rows in which two different levels are at distance 1."""
    matrix = encoded.copy()
    matrix[:, plan.number_width :] *= np.float32(0.5**0.5)
    return Rows(matrix, levels)
