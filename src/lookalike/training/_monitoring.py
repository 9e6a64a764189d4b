"""The runner of monitors: it provides real rows, generated rows and discriminator outputs."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from lookalike._core.seeds import generator
from lookalike._core.workers import cores
from lookalike.nn import Plan
from lookalike.training._data import Data
from lookalike.training._task import GeneratedRows, GenerativeTask, Task
from lookalike.training.monitors import IntervalSnapshot, Monitor, MonitorData, MonitoredRows

__all__ = ["MonitorRunner"]

#: The maximum number of real and of generated rows that monitors compare.
_ROWS = 512
#: The number of such samples of training rows that are searched for rare modes.
_CROWD = 3
#: The rows of a task that generates none.
_NONE = MonitoredRows(np.zeros((0, 0), np.float32), np.zeros((0, 0), np.int32))


class MonitorRunner:
    """Runs the monitors whose needs a task meets, after training intervals.

    Parameters
    ----------
    monitors : sequence of Monitor
    task : Task
    data : Data
        The training rows; unused for a task that generates no rows.
    held_out : Data or None
        The held-out rows.
    seed : int
        The seed of the rows that are shown.
    state : NamedTuple
        The state of the task before its first step.
    every : int
        The number of intervals between measurements.

    Attributes
    ----------
    passed_over : bool
        True if a monitor detects collapse but did not measure after the last interval.
    seconds : float
        The wall-clock time for which training has waited so far. Nothing depends on it.
    """

    def __init__(
        self,
        monitors: Sequence[Monitor],
        task: Task,
        data: Any,
        held_out: Any,
        seed: int,
        state: Any,
        *,
        every: int = 1,
    ) -> None:
        self.monitors = [monitor for monitor in monitors if monitor.needs <= task.shows]
        self.task, self.seed, self.every = task, seed, every
        self.intervals, self.passed_over, self.seconds = 0, False, 0.0
        measures = [measure.name for monitor in self.monitors for measure in monitor.measures]
        self.judges = "collapsed" in measures
        if not self.monitors:
            return
        started = time.perf_counter()
        worker = ThreadPoolExecutor(1, thread_name_prefix="lookalike-monitors")
        self.scene = worker.submit(_prepare, self.monitors, task, data, held_out, seed, state)
        # Meanwhile, the task's steps are compiled on another core, if there is one.
        worker.shutdown(wait=cores() == 1)
        self.seconds = time.perf_counter() - started

    def measure(
        self, state: Any, step: int, total: int, measures: Mapping[str, float]
    ) -> dict[str, float]:
        """Return the measurements of the monitors that are scheduled after this interval.

        Parameters
        ----------
        state : NamedTuple
            The state of the task after the interval.
        step, total : int
            The current step and the total number of steps.
        measures : mapping of str to float
            The task's own measures of the interval.
        """
        self.intervals += 1
        last = step >= total
        turn = _turn(self.monitors, self.intervals, self.every, last=last)
        self.passed_over = self.judges and not turn
        if not turn:
            return {}
        started = time.perf_counter()
        data, encoded = self.scene.result()
        fake, logits_real, logits_fake = self._generated(state, step, encoded)
        snapshot = IntervalSnapshot(
            step=step,
            total=total,
            real=data.real,
            held_out=data.held_out,
            fake=fake,
            logits_real=logits_real,
            logits_fake=logits_fake,
            measures=measures,
            widths=data.widths,
        )
        values = _measured(turn, snapshot)
        self.seconds += time.perf_counter() - started
        return values

    def _generated(self, state: Any, step: int, encoded: Any) -> tuple[MonitoredRows, Any, Any]:
        """Return freshly generated rows, and the logits of real rows and of these."""
        if not isinstance(self.task, GenerativeTask):
            return _NONE, None, None
        made: GeneratedRows = jax.device_get(self.task.generate(state, self.seed, step, encoded))
        fake = _rows(self.task.plan, np.asarray(made.rows), np.asarray(made.levels))
        return fake, made.logits_real, made.logits_fake


def _turn(monitors: Sequence[Monitor], interval: int, every: int, *, last: bool) -> list[Monitor]:
    """Return the monitors that measure after an interval; all of them after the last one."""
    return [m for m in monitors if last or interval % math.lcm(every, m.every) == 0]


def _measured(monitors: Sequence[Monitor], snapshot: IntervalSnapshot) -> dict[str, float]:
    """Return finite values by name; none if generated rows are not finite."""
    values: dict[str, float] = {}
    if bool(np.isfinite(snapshot.fake.matrix).all()):
        for monitor in monitors:
            values |= monitor.measure(snapshot)
    return {name: value for name, value in values.items() if math.isfinite(value)}


def _prepare(
    monitors: Sequence[Monitor], task: Task, data: Any, held_out: Any, seed: int, state: Any
) -> tuple[MonitorData, Any]:
    """Prepare the monitors; return their reference rows, and the encoded real rows."""
    shown, encoded = MonitorData(_NONE, None, ()), None
    if isinstance(task, GenerativeTask):
        plan = task.plan
        real, encoded = _some(plan, data, seed, "real")
        others = None if held_out is None else _some(plan, held_out, seed, "held out")[0]
        widths = tuple(b.width for b in plan.layout.blocks if b.head == "softmax")
        shown = MonitorData(real, others, widths, _crowd(plan, data, seed))
        task.generate(state, seed, 0, encoded)  # compiles the program of every measurement
    for monitor in monitors:
        monitor.begin(shown)
    return shown, encoded


def _some(plan: Plan, data: Data, seed: int, name: str) -> tuple[MonitoredRows, jax.Array]:
    """Return fixed rows for the whole run, for monitors and for the discriminator."""
    rng = generator(seed, "watch", name)
    chosen = rng.permutation(int(data.rows))[:_ROWS]
    encoded = _encoded(plan, data, chosen, rng)
    sources = [plan.code_source(p) for p in range(len(plan.levels))]
    levels = np.asarray(data.codes)[chosen][:, np.array(sources, int)]
    return _rows(plan, encoded, levels), jnp.asarray(encoded)


def _crowd(plan: Plan, data: Data, seed: int) -> np.ndarray | None:
    """Return the encoded numbers of a larger sample of training rows, or None for small tables."""
    rows = int(data.rows)
    if rows <= _ROWS:
        return None
    rng = generator(seed, "watch", "crowd")
    chosen = rng.permutation(rows)[: _CROWD * _ROWS]
    parts = [
        _encoded(plan, data, chosen[start : start + _ROWS], rng)
        for start in range(0, len(chosen), _ROWS)
    ]
    return np.concatenate(parts)[:, : plan.number_width]


def _encoded(plan: Plan, data: Data, chosen: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return at most 512 chosen rows as the networks encode them."""
    floats, codes = (_filled(np.asarray(part)[chosen]) for part in (data.floats, data.codes))
    uniform = rng.random((_ROWS, plan.number_width), np.float32)
    return np.asarray(_expanded(plan, floats, codes, uniform))[: len(chosen)]


def _filled(part: np.ndarray) -> np.ndarray:
    """Return rows padded with zeros to the number that the compiled program expects."""
    return np.pad(part, ((0, _ROWS - len(part)), (0, 0)))


@eqx.filter_jit  # many small programs would each be compiled
def _expanded(plan: Plan, floats: np.ndarray, codes: np.ndarray, uniform: np.ndarray) -> jax.Array:
    return plan.expand(jnp.asarray(floats), jnp.asarray(codes), jnp.asarray(uniform))


def _rows(plan: Plan, encoded: np.ndarray, levels: np.ndarray) -> MonitoredRows:
    """Return encoded rows in which two different levels are at distance 1."""
    matrix = encoded.copy()
    matrix[:, plan.number_width :] *= np.float32(0.5**0.5)
    return MonitoredRows(matrix, levels)
