"""Tasks side by side: on this machine, or wherever joblib works."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from multiprocessing import current_process
from typing import TypeVar

from joblib import Parallel, delayed, effective_n_jobs
from joblib.parallel import BACKENDS, get_active_backend
from sklearn.exceptions import ConvergenceWarning

from lookalike._core.parameters import AnyOf, Number
from lookalike._core.processes import ONE_THREAD, in_processes
from lookalike._core.workers import cores, on_one_core

__all__ = ["JOBS", "in_jobs", "jobs_for"]

_T = TypeVar("_T")
_R = TypeVar("_R")

#: Tasks that are done at once where nothing is said: each process holds a compiler.
_MOST_JOBS = 4
#: The rule for the number of tasks to do at once.
JOBS = AnyOf((Number(1, integer=True), Number(high=-1, integer=True)), none=True)


def jobs_for(n_jobs: int | None, *, compiled: bool) -> int | None:
    """Return the number of tasks to do at once: more than one where processes are needed.

    Parameters
    ----------
    n_jobs : int or None
        What the caller has asked for, as in joblib.
    compiled : bool
        As for `in_jobs`.
    """
    if n_jobs is not None or current_process().daemon:  # a daemon may have no children
        return n_jobs
    if effective_n_jobs(None) == 1 and _here() and compiled:
        return min(cores(), _MOST_JOBS)
    return None


def in_jobs(
    work: Callable[[_T], Iterable[_R]],
    tasks: Sequence[_T],
    n_jobs: int | None,
    *,
    compiled: bool,
) -> Iterator[_R]:
    """Do tasks, and yield the results of each as they come, of any task.

    On another backend of joblib than its own, such as that of Ray, they are done there. A task
    computes with one thread wherever numbers depend on that, so that results are the same on any
    backend and for any number of jobs.

    Parameters
    ----------
    work : callable
        Takes a task and yields results.
    tasks : sequence
        Tasks that do not depend on each other.
    n_jobs : int or None
        The number of tasks to do at once, as in joblib.
    compiled : bool
        Whether XLA computes some of the numbers: they depend on its number of threads, which a
        process chooses once.

    Yields
    ------
    object

    Examples
    --------
    >>> list(in_jobs(lambda n: [n, -n], [1, 2], None, compiled=False))
    [1, -1, 2, -2]
    """
    if not _here():
        yield from _by_joblib(work, tasks, n_jobs)
    elif compiled and not current_process().daemon:
        yield from in_processes(partial(_one_core, work), tasks, effective_n_jobs(n_jobs))
    elif effective_n_jobs(n_jobs) == 1:
        # No process of its own where no number depends on threads; and a daemon may have no
        # children.
        for task in tasks:
            yield from _one_core(work, task)
    else:
        yield from _by_joblib(work, tasks, n_jobs)


def _here() -> bool:
    """Return whether joblib would work on this machine, rather than on a cluster."""
    own = [BACKENDS.get(name) for name in ("loky", "multiprocessing", "sequential", "threading")]
    return type(get_active_backend()[0]) in own


def _one_core(work: Callable[[_T], Iterable[_R]], task: _T) -> Iterator[_R]:
    """Do a task with one thread, so that sums have one order whatever the number of cores."""
    results = iter(work(task))
    while True:
        with on_one_core():
            try:
                result = next(results)
            except StopIteration:
                return
        yield result


def _by_joblib(
    work: Callable[[_T], Iterable[_R]], tasks: Sequence[_T], n_jobs: int | None
) -> Iterator[_R]:
    """Do tasks on joblib's backend, and yield the results of each when it is done."""
    calls = [delayed(_whole)(work, task, os.getpid()) for task in tasks]
    try:
        parallel = Parallel(n_jobs=n_jobs, return_as="generator_unordered")
    except ValueError:
        # A backend that returns results only together: as many at a time as it works on.
        size = max(1, effective_n_jobs(n_jobs))
        for start in range(0, len(calls), size):
            for found in Parallel(n_jobs=n_jobs)(calls[start : start + size]):
                yield from found
    else:
        for found in parallel(calls):
            yield from found


def _whole(work: Callable[[_T], Iterable[_R]], task: _T, caller: int) -> list[_R]:
    """Do a task as a whole, in the process that joblib has chosen."""
    if os.getpid() != caller:
        # The caller's warning filters and its single thread of XLA do not apply in another process.
        warnings.simplefilter("ignore", ConvergenceWarning)
        os.environ.update(ONE_THREAD)
    return list(_one_core(work, task))
