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
    work: Callable[[_T], Iterable[_R]], tasks: Sequence[_T], count: int, *, retries: int = 0
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
    retries : int
        How often a task is done anew, in another process, after its process died. What it had
        yielded before comes again.

    Yields
    ------
    object
        Each result as it comes, of any task.

    Raises
    ------
    TrainingError
        If a process died. An error of `work` is raised as it is.
    """
    waiting = [(task, retries) for task in reversed(tasks)]
    workers = [_Worker(work) for _ in range(min(count, len(tasks)))]
    try:
        for worker in workers:
            worker.give(*waiting.pop())
        while busy := {worker.line: worker for worker in workers if worker.busy}:
            for line in wait(list(busy)):
                worker = busy[cast("Connection", line)]
                try:
                    yield from worker.take()
                except ProcessDied:
                    if not worker.left:
                        raise
                    waiting.append((worker.task, worker.left - 1))
                    worker.end()
                    workers[workers.index(worker)] = worker = _Worker(work)
                if not worker.busy and waiting:
                    worker.give(*waiting.pop())
    finally:
        for worker in workers:
            worker.end()


class ProcessDied(TrainingError):
    """A process ended before its task did."""


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
        self.busy, self.left = False, 0
        self.task: Any = None

    def give(self, task: Any, left: int) -> None:
        """Hand over a task, and how often it may be done anew."""
        self.busy, self.task, self.left = True, task, left
        with suppress(BrokenPipeError):  # said by `take`
            self.line.send_bytes(dumps(task))

    def take(self) -> tuple[Any, ...]:
        """Return the next result, or nothing where the task is done."""
        try:
            what, value = self.line.recv()
        except (EOFError, ConnectionResetError) as error:
            self.process.join()
            raise ProcessDied(
                f"A process died (exit code {self.process.exitcode}). If memory was short, let "
                "fewer processes work side by side; what was written goes on where it stopped."
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
        error.add_note(f"In another process:\n{traceback.format_exc()}")
        yield "failed", error
    else:
        yield "done", None
