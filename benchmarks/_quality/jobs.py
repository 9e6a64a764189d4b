"""Jobs: each a process of its own, on the same cores, with a limit of time."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: How many characters of what a failed process printed are kept.
_KEPT = 600


class JobError(Exception):
    """A job that failed: what it said last."""


@dataclass(frozen=True)
class Limits:
    """What a job may use.

    Parameters
    ----------
    cores : tuple of int
        The cores that it is pinned to, where the system can.
    seconds : float
        How long it may take.
    """

    cores: tuple[int, ...]
    seconds: float


def pin(cores: list[int] | None) -> tuple[int, ...]:
    """Pin this process, and all that it starts, to cores.

    Parameters
    ----------
    cores : list of int or None
        Their numbers; None for all that this process may use.

    Returns
    -------
    tuple of int
        The cores, or as many numbers where the system cannot tell which.
    """
    if not hasattr(os, "sched_setaffinity"):
        return tuple(range(os.cpu_count() or 1)) if cores is None else tuple(cores)
    if cores is not None:
        os.sched_setaffinity(0, cores)
    return tuple(sorted(os.sched_getaffinity(0)))


def run(python: Path, script: Path, task: Mapping[str, Any], limits: Limits) -> dict[str, Any]:
    """Run a script on a task and return what it wrote.

    Parameters
    ----------
    python : Path
        The interpreter.
    script : Path
        It takes the path of the task as its argument, and writes ``task["out"]`` with the suffix
        ``.json``.
    task : mapping
        Plain values.
    limits : Limits
        Cores and seconds.

    Returns
    -------
    dict
        What the script wrote, and ``process_seconds``.

    Raises
    ------
    JobError
        If it fails, takes too long, or writes nothing.
    """
    out = Path(task["out"]).with_suffix(".json")
    out.unlink(missing_ok=True)
    asked = out.with_suffix(".task")
    asked.write_text(json.dumps(task), encoding="utf-8")
    begin = time.perf_counter()
    code, said = _finished([str(python), str(script), str(asked)], limits)
    seconds = time.perf_counter() - begin
    if code is None:
        raise JobError(f"stopped after {limits.seconds:g} seconds")
    if code != 0 or not out.exists():
        raise JobError(f"ended with code {code}: {said}")
    # A score that is no number is none, whoever wrote it.
    found: dict[str, Any] = json.loads(out.read_text("utf-8"), parse_constant=lambda _: None)
    return {**found, "process_seconds": round(seconds, 3)}


def _finished(command: list[str], limits: Limits) -> tuple[int | None, str]:
    """Return the exit code, None after a time-out, and the end of what was printed."""
    environment = {**os.environ, "OMP_NUM_THREADS": str(len(limits.cores))}
    # A session of its own: with a time-out, whatever the job has started ends too.
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=environment,
        start_new_session=os.name == "posix",
    ) as process:
        try:
            said, _ = process.communicate(timeout=limits.seconds)
        except subprocess.TimeoutExpired:
            end(process)
            return None, ""
        except BaseException:
            end(process)
            raise
    return process.returncode, last_words(said)


def last_words(said: bytes) -> str:
    """Return the end of what a process printed, in one line."""
    return " ".join(said.decode(errors="replace").split())[-_KEPT:]


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process, if it has not ended, and what it has started."""
    if os.name == "posix":
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.communicate()
