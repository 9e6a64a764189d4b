"""A driver that stays alive: it has fitted, and makes rows whenever it is asked."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Timer
from typing import Any

from _quality import jobs

#: Threads that have nothing to do sleep, in whatever library.
_IDLE = {"OMP_WAIT_POLICY": "passive"}
#: Seconds that a driver has to leave when nothing more is asked.
_PATIENCE = 10


class Worker:
    """A driver in a process of its own; use `started`, which ends it.

    Parameters
    ----------
    process : Popen
        A number of rows is a line of its input; what they cost is a line of its output.
    said : file
        What it printed otherwise.
    seconds : float
        How long an answer may take.
    """

    def __init__(self, process: subprocess.Popen[bytes], said: Any, seconds: float) -> None:
        self._process, self._said, self._seconds = process, said, seconds

    def fitted(self) -> dict[str, Any]:
        """Wait until it has fitted and return what that cost.

        Raises
        ------
        JobError
            If it fails or takes too long.
        """
        return self._answer()

    def make(self, rows: int) -> dict[str, Any]:
        """Let it make so many rows and write them, and return what that cost.

        Raises
        ------
        JobError
            If it fails or takes too long.
        """
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(f"{rows}\n".encode())
            self._process.stdin.flush()
        except BrokenPipeError:
            raise self._failure() from None
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        begin = time.monotonic()
        late = Timer(self._seconds, self._process.kill)
        late.start()
        try:
            line = self._process.stdout.readline()
        finally:  # or it would keep an interrupted script from ending
            late.cancel()
        if not line and time.monotonic() - begin >= self._seconds:
            raise jobs.JobError(f"stopped after {self._seconds:g} seconds")
        if not line:
            raise self._failure()
        found: dict[str, Any] = json.loads(line)
        return found

    def _failure(self) -> jobs.JobError:
        code = self._process.wait(_PATIENCE)
        self._said.seek(0)
        return jobs.JobError(f"ended with code {code}: {jobs.last_words(self._said.read())}")


@contextmanager
def started(
    python: Path, script: Path, task: Mapping[str, Any], limits: jobs.Limits
) -> Iterator[Worker]:
    """Start a driver, and end it and what it has started at the end.

    Parameters
    ----------
    python, script : Path
        The interpreter and the driver.
    task : mapping
        Plain values; its file is written beside ``task["out"]``.
    limits : Limits
        Cores, and seconds of one answer.
    """
    asked = Path(task["out"]).with_suffix(".task")
    asked.write_text(json.dumps({**task, "turns": True}), encoding="utf-8")
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            [str(python), str(script), str(asked)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            env={**os.environ, **_IDLE, "OMP_NUM_THREADS": str(len(limits.cores))},
            start_new_session=os.name == "posix",
        )
        try:
            yield Worker(process, said, limits.seconds)
            _leave(process)
        finally:
            jobs.end(process)


def _leave(process: subprocess.Popen[bytes]) -> None:
    """Let a driver that nothing more is asked of tidy up."""
    assert process.stdin is not None
    process.stdin.close()
    process.stdin = None
    with suppress(subprocess.TimeoutExpired):
        process.wait(_PATIENCE)
