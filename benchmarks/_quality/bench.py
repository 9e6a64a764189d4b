"""The run: data set after data set, seed after seed, ours and others by turns."""

from __future__ import annotations

import platform
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from _quality import data, environments, jobs, lines
from _quality.methods import Method, alternating, method

_HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Plan:
    """What is to be run.

    Parameters
    ----------
    folder : Path
        The folder of data.
    out : Path
        The file of results.
    methods, tables : tuple of str
        Names.
    seeds : tuple of int
        Seeds of splits and methods.
    metrics : tuple of str
        Scores of the package; none for all.
    judge : bool
        Whether XGBoost scores too.
    envs : Path
        Where environments are.
    limits : Limits
        Cores, and seconds of one job.
    most_rows : int or None
        At most so many training rows.
    retry : bool
        Whether failures are tried again.
    """

    folder: Path
    out: Path
    methods: tuple[str, ...]
    tables: tuple[str, ...]
    seeds: tuple[int, ...]
    metrics: tuple[str, ...]
    judge: bool
    envs: Path
    limits: jobs.Limits
    most_rows: int | None
    retry: bool


def run(plan: Plan) -> None:
    """Run what the file of results does not have yet."""
    chosen = {name: method(name) for name in alternating(list(plan.methods))}
    done = {
        lines.key(line) for line in lines.read(plan.out) if not (plan.retry and "error" in line)
    }
    for table in plan.tables:
        for seed in plan.seeds:
            due = [n for n in chosen if (table, n, seed, plan.most_rows) not in done]
            if due:
                _group(plan, table, seed, {name: chosen[name] for name in due})


def _group(plan: Plan, table: str, seed: int, due: dict[str, Method]) -> None:
    """Run methods on one split, which they share."""
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch)
        split = data.part(plan.folder, table, seed, work, plan.most_rows)
        for name, how in due.items():
            line = _place(plan, table, name, seed, split) | _result(plan, split, how, seed, work)
            lines.append(plan.out, line)
            print(_said(line), file=sys.stderr, flush=True)


def _place(plan: Plan, table: str, name: str, seed: int, split: data.Split) -> lines.Line:
    return {
        "data": table,
        "method": name,
        "seed": seed,
        "most_rows": plan.most_rows,
        "rows": split.rows,
        "made": split.rows,
        "columns": split.columns,
        "classes": split.classes,
        "machine": machine(plan.limits.cores),
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _result(plan: Plan, split: data.Split, how: Method, seed: int, work: Path) -> lines.Line:
    """Fit, make rows and score them; or say what failed."""
    stage = "limits"
    found: dict[str, Any] = {}
    try:
        _check_limits(how, split)
        stage = "environment"
        python = environments.interpreter(how.environment, plan.envs)
        judge = environments.interpreter("judge", plan.envs) if plan.judge else None
        stage = "fit and sample"
        found = fit(python, how, split, seed, plan.limits, work)
        stage = "score"
        return found | _scores(plan, split, judge, work)
    except (jobs.JobError, subprocess.CalledProcessError) as error:
        return found | {"error": str(error), "stage": stage}


def fit(
    python: Path, how: Method, split: data.Split, seed: int, limits: jobs.Limits, work: Path
) -> dict[str, Any]:
    """Run a driver, which writes ``fake.parquet``, and return what it cost."""
    task = task_of(how, split, seed, limits, work / "fake.parquet")
    return jobs.run(python, environments.PEERS / how.driver, task, limits)


def task_of(
    how: Method, split: data.Split, seed: int, limits: jobs.Limits, out: Path
) -> dict[str, Any]:
    """Return what a driver is asked for: as many rows as there are to train on."""
    return {
        "train": str(split.train),
        "out": str(out),
        "rows": split.rows,
        "seed": seed,
        "discrete": split.discrete,
        "cores": len(limits.cores),
        "settings": how.settings,
    }


def _check_limits(how: Method, split: data.Split) -> None:
    if how.most_rows is not None and split.rows > how.most_rows:
        raise jobs.JobError(f"left out: more than {how.most_rows:,} training rows")
    if how.most_levels is not None and split.levels > how.most_levels:
        raise jobs.JobError(f"left out: more than {how.most_levels:,} levels")


def _scores(plan: Plan, split: data.Split, judge: Path | None, work: Path) -> dict[str, Any]:
    task = {
        "train": str(split.train),
        "test": str(split.test),
        "fake": str(work / "fake.parquet"),
        "target": split.target,
        "classes": split.classes,
        "cores": len(plan.limits.cores),
        "metrics": list(plan.metrics),
    }

    def ask(python: Path, script: Path, **more: Any) -> dict[str, Any]:
        name = script.stem
        places = {"out": str(work / f"{name}.json"), "references": str(work / f"{name}_references")}
        return jobs.run(python, script, task | places | more, plan.limits)

    own = ask(Path(sys.executable), _HERE / "score.py")
    found = {"scores": own["scores"], "score_seconds": own["process_seconds"]}
    if judge is not None:
        # The columns that the package compares: no identifiers, texts and constants.
        others = ask(judge, environments.PEERS / "judge.py", columns=own["columns"])
        found["scores"] |= others["scores"]
        found["judge_versions"] = others["versions"]
    return found


def machine(cores: Sequence[int]) -> dict[str, Any]:
    """Return what the figures depend on, but for the package: cores, Python and the commit."""
    command = ["git", "-C", str(_HERE), "describe", "--always", "--dirty"]
    try:
        commit = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        commit = None
    return {
        "cores": list(cores),
        "processor": platform.machine(),
        "python": platform.python_version(),
        "commit": commit,
    }


def _said(line: lines.Line) -> str:
    place = f"{line['data']} {line['method']} seed {line['seed']}"
    if "error" in line:
        return f"{place}: {line['error']}"
    score = line["scores"].get("c2st", {}).get("value")
    known = "" if score is None else f", c2st {score:.3f}"
    return f"{place}: fit {line['fit_seconds']:.1f} s{known}"
