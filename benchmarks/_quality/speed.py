"""What more rows cost: a fit of equal steps on ever more rows, and rows per second to Parquet.

Rows are drawn with replacement from Adult. Peers train for one epoch, on the fewest rows: what they
learn does not change what sampling costs. Ours costs more after few steps than after many, since
more of its rows cannot be and more trees correct them.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from _quality import bench, data, environments, jobs
from _quality.markdown import grid, number
from _quality.methods import Method, is_ours, method
from _quality.targets import SAMPLING_MUST, SAMPLING_MUST_CORRECTED

SEED = 0
TABLE = "adult"
#: Rows of a step of ours, whatever the table's size.
_BATCH = 512
#: What makes a peer's fit short.
_SHORT = {"ctgan": {"epochs": 1}, "tvae": {"epochs": 1}, "argn": {"max_epochs": 1}}


@dataclass(frozen=True)
class Plan:
    """What is to be measured.

    Parameters
    ----------
    folder, envs : Path
        The folder of data, and of environments.
    rows : tuple of int
        Sizes of the training table; peers have the first one.
    steps : int
        Steps of each fit of ours.
    make : int
        Rows to make.
    methods : tuple of str
        Names.
    limits : Limits
        Cores and seconds.
    """

    folder: Path
    envs: Path
    rows: tuple[int, ...]
    steps: int
    make: int
    methods: tuple[str, ...]
    limits: jobs.Limits


def report(plan: Plan) -> str:
    """Return a Markdown table of all that was measured, a row as soon as it is printed."""
    rows = []
    for size in plan.rows:
        chosen = [n for n in plan.methods if is_ours(n) or size == plan.rows[0]]
        for name in chosen:
            rows.append(_measured(plan, name, size))
            print(" | ".join(rows[-1]), file=sys.stderr, flush=True)
    head = [
        "method",
        "rows",
        "fit, wall s",
        "fit, CPU s",
        "rows per second to Parquet",
        "peak, MB",
    ]
    cores, commit = plan.limits.cores, bench.machine(plan.limits.cores)["commit"]
    about = (
        f"{plan.steps:,} steps of ours, of {_BATCH} rows; {plan.make:,} rows made; cores {cores}; "
        f"commit {commit}. Imports and compilation included. "
        f"Wanted, of the faster of CTGAN and TVAE: {SAMPLING_MUST:g} times the rows per second "
        f"with correct=false, {SAMPLING_MUST_CORRECTED:g} times with correct=true."
    )
    return f"{about}\n\n{grid(head, rows)}"


def _measured(plan: Plan, name: str, size: int) -> Sequence[str]:
    how = _short(name, method(name), plan.steps)
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch)
        split = data.resampled(plan.folder, TABLE, size, SEED, work)
        try:
            python = environments.interpreter(how.environment, plan.envs)
            found = bench.fit(python, how, split, SEED, plan.limits, work, plan.make)
        except jobs.JobError as error:
            return [name, f"{size:,}", str(error).replace("|", "/"), "", "", ""]
    return [
        name,
        f"{size:,}",
        number(found["fit_seconds"]),
        number(found["fit_cpu_seconds"]),
        f"{plan.make / found['sample_seconds']:,.0f}",
        f"{found['peak_mb']:,}",
    ]


def _short(name: str, how: Method, steps: int) -> Method:
    """Return a method whose fit has so many equal steps, or one epoch."""
    ours = {"steps": steps, "batch_size": _BATCH}
    more: dict[str, Any] = ours if is_ours(name) else _SHORT.get(name, {})
    return replace(how, settings={**how.settings, **more})
