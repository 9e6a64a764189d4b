"""Processes in which XLA has one thread.

The order of XLA's sums depends on its number of threads: that of the cores when it is first used in
a process, and no option changes it later. Numbers that must be the same on every machine are
computed in processes that begin with one thread.
"""

from __future__ import annotations

import pickle
import signal
import traceback
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from typing import Any, TypeVar, cast

from joblib.externals.loky.backend import get_context
from joblib.externals.loky.backend.reduction import dumps
from sklearn.exceptions import ConvergenceWarning

from lookalike._core.errors import TrainingError

__all__ = ["ONE_THREAD", "in_processes"]

_T = TypeVar("_T")
_R = TypeVar("_R")

#: The setting of XLA's number of threads, where it has not been used yet.
ONE_THREAD = {"NPROC": "1"}


def in_processes(
    work: Callable[[_T], Iterable[_R]], tasks: Sequence[_T], count: int
) -> Iterator[_R]:
    """Do tasks in processes of their own, each with one thread for XLA.

    Scripts need no guard of their main module, and classes and functions of a notebook go along.

    Parameters
    ----------
    work : callable
        Takes a task and yields results.
    tasks : sequence
        The tasks to do.
    count : int
        The largest number of processes.

    Yields
    ------
    object
        Each result as it comes, of any task.

    Raises
    ------
    TrainingError
        If a process died. An error of `work` is raised as it is.
    """
    waiting = list(reversed(tasks))
    workers = [_Worker(work) for _ in range(min(count, len(tasks)))]
    try:
        for worker in workers:
            worker.give(waiting.pop())
        while busy := {worker.line: worker for worker in workers if worker.busy}:
            for line in wait(list(busy)):
                worker = busy[cast("Connection", line)]
                yield from worker.take()
                if not worker.busy and waiting:
                    worker.give(waiting.pop())
    finally:
        for worker in workers:
            worker.end()


class _Worker:
    """A process that does one task at a time."""

    def __init__(self, work: Callable[[Any], Iterable[Any]]) -> None:
        context = get_context("loky")
        self.line, other = context.Pipe()
        self.process = context.Process(
            target=_serve, args=(other, bytes(dumps(work))), env=ONE_THREAD, daemon=True
        )
        self.process.start()
        other.close()
        self.busy = False

    def give(self, task: Any) -> None:
        """Hand over a task."""
        self.busy = True
        with suppress(BrokenPipeError):  # said by `take`
            self.line.send_bytes(dumps(task))

    def take(self) -> tuple[Any, ...]:
        """Return the next result, or nothing where the task is done."""
        try:
            what, value = self.line.recv()
        except (EOFError, ConnectionResetError) as error:
            self.process.join()
            raise TrainingError(
                f"A process of the study died (exit code {self.process.exitcode}). If memory was "
                "short, lower n_jobs; with records, the study resumes where it stopped."
            ) from error
        if what == "failed":
            raise value
        self.busy = what == "found"
        return (value,) if self.busy else ()

    def end(self) -> None:
        """End the process in any state."""
        self.line.close()
        self.process.terminate()
        self.process.join()


def _serve(line: Connection, work: bytes) -> None:
    """Do tasks until the caller sends no more."""
    # An interrupt is for the caller to handle, and ends this process. The caller's warning filters
    # do not apply here.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    warnings.simplefilter("ignore", ConvergenceWarning)
    with suppress(EOFError, OSError):
        while True:
            for message in _messages(work, line.recv_bytes()):
                line.send(message)


def _messages(work: bytes, task: bytes) -> Iterator[tuple[str, Any]]:
    try:
        for found in pickle.loads(work)(pickle.loads(task)):
            yield "found", found
    except (Exception, KeyboardInterrupt) as error:
        error.add_note(f"In a process of the study:\n{traceback.format_exc()}")
        yield "failed", error
    else:
        yield "done", None
