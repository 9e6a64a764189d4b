"""Rows per second to Parquet, ours and others in turns; and what more steps, rows and samples cost.

In turns: each method is fitted in a process of its own, which stays alive. Then, turn after turn,
each makes as many rows, one process after the other, in one order and then in the other. A machine
that is faster at one hour than at the next is so for all of them: ratios are taken within a turn.
Peers train for one epoch, since what they learn does not change what sampling costs. Ours is
trained as by default: after few steps its rows are dearer than after many, since more of them
cannot be and more trees correct them.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from _quality import bench, data, environments, jobs
from _quality.markdown import grid, number
from _quality.methods import Method, is_ours, method
from _quality.targets import SAMPLING_MUST, SAMPLING_MUST_CORRECTED
from _quality.worker import Worker, started

SEED = 0
TABLE = "adult"
#: Rows of the first sample, which is not timed: compilation, threads, caches.
WARM_UP = 10_000
#: Rows of a step of ours, where steps are to be equal whatever the table's size.
_BATCH = 512
#: What makes a peer's fit short.
_SHORT = {"ctgan": {"epochs": 1}, "tvae": {"epochs": 1}, "argn": {"max_epochs": 1}}


@dataclass(frozen=True)
class Plan:
    """What is to be measured in turns.

    Parameters
    ----------
    folder, envs : Path
        The folder of data, and of environments.
    methods : tuple of str
        Names.
    steps : int or None
        Steps of our fits; None for the default.
    turns, make : int
        How often each makes how many rows.
    limits : Limits
        Cores, and seconds of one answer.
    """

    folder: Path
    envs: Path
    methods: tuple[str, ...]
    steps: int | None
    turns: int
    make: int
    limits: jobs.Limits


@dataclass(frozen=True)
class LinearPlan:
    """What of ours is to be measured alone.

    Parameters
    ----------
    folder : Path
        The folder of data.
    method : str
        One of ours.
    steps, rows, make : tuple of int
        Steps of fits; sizes of training tables that are learned in the most of these; and of
        samples.
    limits : Limits
        Cores, and seconds of one answer.
    """

    folder: Path
    method: str
    steps: tuple[int, ...]
    rows: tuple[int, ...]
    make: tuple[int, ...]
    limits: jobs.Limits


@dataclass(frozen=True)
class Turns:
    """What was measured of some methods.

    Parameters
    ----------
    fits : dict
        For each method what its fit cost.
    samples : dict
        For each method what each of its turns cost.
    make : int
        The rows of a turn.
    failures : dict
        For each method that failed, why.
    """

    fits: dict[str, dict[str, Any]]
    samples: dict[str, list[dict[str, Any]]]
    make: int
    failures: dict[str, str]

    def rates(self, name: str) -> list[float]:
        """Return rows per second of each turn."""
        return [self.make / cost["sample_seconds"] for cost in self.samples[name]]

    def ratios(self, name: str) -> list[float]:
        """Return the rate per that of the fastest peer of the same turn, where there are peers."""
        peers = [self.rates(other) for other in self.samples if not is_ours(other)]
        best = [max(rates) for rates in zip(*peers, strict=True)]
        return [a / b for a, b in zip(self.rates(name), best, strict=bool(best))]

    def idle(self) -> float:
        """Return the largest share of a core that a process used while it waited."""
        waits = [cost for costs in self.samples.values() for cost in costs]
        shares = [w["idle_cpu_seconds"] / max(w["idle_seconds"], 1e-3) for w in waits]
        return max(shares, default=0.0)


# --- in turns --------------------------------------------------------------------------------


def report(plan: Plan) -> str:
    """Return Markdown tables of all that was measured in turns."""
    found = _in_turns(plan)
    steps = "as many steps as by default" if plan.steps is None else f"{plan.steps:,} steps"
    about = (
        f"Adult's training rows; ours {steps}, peers one epoch, then {plan.turns} turns of "
        f"{plan.make:,} rows to Parquet, after {WARM_UP:,} that are not timed. {_machine(plan)} "
        "Fits: imports and compilation included. Rows per second: median (least to most). The "
        "ratio is that to the fastest peer of the same turn, the median of turns. A process that "
        f"waited used at most {found.idle():.1%} of a core."
    )
    return "\n\n".join([about, _summary(found), _every_turn(found)])


def _in_turns(plan: Plan) -> Turns:
    found = Turns({}, {}, plan.make, {})
    with tempfile.TemporaryDirectory() as scratch, ExitStack() as stack:
        work = Path(scratch)
        split = data.part(plan.folder, TABLE, SEED, work)
        workers = {}
        for place, name in enumerate(plan.methods):
            how, out = _short(name, plan.steps), work / f"{place}.parquet"
            try:
                python = environments.interpreter(how.environment, plan.envs)
                worker = stack.enter_context(_driver(python, how, split, out, plan.limits))
                found.fits[name] = worker.fitted()
                worker.make(WARM_UP)
            except jobs.JobError as error:
                found.failures[name] = str(error)
                continue
            workers[name], found.samples[name] = worker, []
            _say(f"{name}: fit {found.fits[name]['fit_seconds']:.1f} s")
        for turn in range(plan.turns):
            _take_turn(turn, workers, found)
    return found


def _take_turn(turn: int, workers: dict[str, Worker], found: Turns) -> None:
    """Let each make its rows; one that fails is left out, and its turns with it."""
    for name in list(workers)[:: -1 if turn % 2 else 1]:
        try:
            found.samples[name].append(workers[name].make(found.make))
        except jobs.JobError as error:
            found.failures[name] = str(error)
            del workers[name], found.samples[name]
        else:
            _say(f"turn {turn + 1}, {name}: {found.rates(name)[-1]:,.0f} rows/s")


def _summary(found: Turns) -> str:
    head = [
        "method",
        "fit, wall s",
        "fit, CPU s",
        "rows/s",
        "CPU µs per row",
        "peak, MB",
        "ratio",
        "wanted",
    ]
    rows = []
    for name, costs in found.samples.items():
        fit, rates, ratios = found.fits[name], found.rates(name), found.ratios(name)
        cpu = median(cost["sample_cpu_seconds"] for cost in costs) / found.make
        rows.append(
            [
                name,
                number(fit["fit_seconds"]),
                number(fit["fit_cpu_seconds"]),
                f"{median(rates):,.0f} ({min(rates):,.0f} to {max(rates):,.0f})",
                f"{1e6 * cpu:.2f}",
                f"{costs[-1]['peak_mb']:,}",
                f"{median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})" if ratios else "",
                _wanted(name),
            ]
        )
    rows += [
        [name, why.replace("|", "/"), *[""] * (len(head) - 2)]
        for name, why in found.failures.items()
    ]
    return grid(head, rows)


def _wanted(name: str) -> str:
    if not is_ours(name):
        return ""
    plain = method(name).settings.get("correct") is False
    return f"≥ {SAMPLING_MUST if plain else SAMPLING_MUST_CORRECTED:g}"


def _every_turn(found: Turns) -> str:
    names = list(found.samples)
    turns = zip(*(found.rates(name) for name in names), strict=True)
    rows = [[f"{k}", *(f"{rate:,.0f}" for rate in rates)] for k, rates in enumerate(turns, 1)]
    return "Rows per second of every turn:\n\n" + grid(["turn", *names], rows)


# --- ours alone ------------------------------------------------------------------------------


def linear_report(plan: LinearPlan) -> str:
    """Return Markdown tables of seconds by steps, by training rows and by rows made."""
    parts = [f"`{plan.method}`. {_machine(plan)} Every fit is a process of its own."]
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch)
        split = data.part(plan.folder, TABLE, SEED, work)
        fits, samples = [], []
        for steps in plan.steps:
            with _ours(plan, split, steps, work) as worker:
                fits.append(worker.fitted())
                _say(f"{steps:,} steps: {fits[-1]['fit_seconds']:.1f} s")
                if steps == plan.steps[-1]:
                    samples = _samples(worker, plan.make)
        parts += [_by_steps(plan.steps, fits), _by_made(plan, samples)]
        if plan.rows:
            parts.append(_by_rows(plan, work))
    return "\n\n".join(parts)


def _samples(worker: Worker, make: tuple[int, ...]) -> list[dict[str, Any]]:
    worker.make(WARM_UP)
    found = []
    for rows in make:
        found.append(worker.make(rows))
        _say(f"{rows:,} rows: {found[-1]['sample_seconds']:.1f} s")
    return found


def _by_steps(steps: tuple[int, ...], fits: list[dict[str, Any]]) -> str:
    rows = [
        [f"{n:,}", number(fit["fit_seconds"]), number(fit["fit_cpu_seconds"])]
        for n, fit in zip(steps, fits, strict=True)
    ]
    words = "Adult's training rows."
    if len(set(steps)) > 2:
        for clock, name in (("Wall", "fit_seconds"), ("CPU", "fit_cpu_seconds")):
            slope, rest, r2 = line_through(steps, [fit[name] for fit in fits])
            words += (
                f" {clock} seconds by least squares: {rest:.1f} + {1000 * slope:.2f} per 1,000 "
                f"steps, R² {r2:.4f}."
            )
        words += " What does not grow with steps is imports, compilation and encoding."
    return grid(["steps", "fit, wall s", "fit, CPU s"], rows) + "\n\n" + words


def line_through(x: tuple[int, ...], y: list[float]) -> tuple[float, float, float]:
    """Return slope, intercept and R² of the least-squares line."""
    slope, rest = np.polyfit(x, y, 1)
    left = np.asarray(y) - (slope * np.asarray(x) + rest)
    return float(slope), float(rest), float(1 - left.var() / np.var(y))


def _by_made(plan: LinearPlan, samples: list[dict[str, Any]]) -> str:
    rows = [
        [
            f"{n:,}",
            number(cost["sample_seconds"]),
            number(cost["sample_cpu_seconds"]),
            f"{n / cost['sample_seconds']:,.0f}",
            f"{cost['peak_mb']:,}",
        ]
        for n, cost in zip(plan.make, samples, strict=True)
    ]
    table = grid(["rows made", "wall s", "CPU s", "rows/s", "peak so far, MB"], rows)
    return f"{table}\n\nTo Parquet, after the fit of {plan.steps[-1]:,} steps."


def _by_rows(plan: LinearPlan, work: Path) -> str:
    rows = []
    for size in plan.rows:
        split = data.resampled(plan.folder, TABLE, size, SEED, work)
        with _ours(plan, split, plan.steps[-1], work, batch_size=_BATCH) as worker:
            fit = worker.fitted()
        _say(f"{size:,} training rows: {fit['fit_seconds']:.1f} s")
        costs = [number(fit["fit_seconds"]), number(fit["fit_cpu_seconds"]), f"{fit['peak_mb']:,}"]
        rows.append([f"{size:,}", *costs])
    table = grid(["training rows", "fit, wall s", "fit, CPU s", "peak, MB"], rows)
    words = f"{plan.steps[-1]:,} steps of {_BATCH} rows; rows drawn from Adult with replacement."
    return f"{table}\n\n{words}"


@contextmanager
def _ours(
    plan: LinearPlan, split: data.Split, steps: int, work: Path, **more: Any
) -> Iterator[Worker]:
    how = _short(plan.method, steps, **more)
    python = Path(sys.executable)
    with _driver(python, how, split, work / "fake.parquet", plan.limits) as worker:
        yield worker


# --- both ------------------------------------------------------------------------------------


@contextmanager
def _driver(
    python: Path, how: Method, split: data.Split, out: Path, limits: jobs.Limits
) -> Iterator[Worker]:
    task = bench.task_of(how, split, SEED, limits, out)
    with started(python, environments.PEERS / how.driver, task, limits) as worker:
        yield worker


def _short(name: str, steps: int | None, **more: Any) -> Method:
    """Return a method: ours with so many steps, a peer with one epoch."""
    how = method(name)
    if is_ours(name):
        more |= {} if steps is None else {"steps": steps}
    else:
        more = _SHORT.get(name, {})
    return replace(how, settings={**how.settings, **more})


def _machine(plan: Plan | LinearPlan) -> str:
    cores = plan.limits.cores
    return f"Cores {', '.join(map(str, cores))}; commit {bench.machine(cores)['commit']}."


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)
