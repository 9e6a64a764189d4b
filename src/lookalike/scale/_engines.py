"""Engines: processes of this machine, or the workers of a Ray cluster."""

from __future__ import annotations

import socket
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from lookalike._core.errors import ParameterError, TrainingError
from lookalike._core.optional import require
from lookalike._core.processes import ONE_THREAD, in_processes
from lookalike._core.workers import cores

__all__ = ["ENGINES", "engine_of"]

_TaskRunner = Callable[[Callable[[Any], Iterable[Any]], Sequence[Any]], Iterator[Any]]

ENGINES = ("processes", "ray")
#: How often a task is done anew after a worker died.
_RETRIES = 3
#: The tasks that each worker of a cluster has waiting.
_AHEAD = 2
#: The seconds within which a cluster must answer.
_PATIENCE = 10.0


@contextmanager
def engine_of(name: str, *, workers: int | None, address: str | None) -> Iterator[_TaskRunner]:
    """Open an engine, so that what it lacks is said before any work begins.

    Parameters
    ----------
    name : {"processes", "ray"}
    workers : int or None
        The number of processes, or of tasks that Ray does at a time; by default as many as there
        are cores.
    address : str or None
        Of a Ray cluster; by default the one of the environment, or a new one on this machine.

    Yields
    ------
    callable
        Takes the work, a function from a task to results that goes to each worker once, and the
        tasks, and yields results as they come. A worker has one thread for XLA, so that results are
        the same on any engine. A task whose worker died is done anew, up to three times.

    Raises
    ------
    TrainingError
        If workers died again and again, or a cluster does not answer.
    MissingDependencyError
        If Ray is not installed.
    """
    if name == "processes":
        if address is not None:
            raise ParameterError("An address is one of a Ray cluster: use it with engine='ray'.")
        yield lambda work, tasks: in_processes(work, tasks, workers or cores(), retries=_RETRIES)
        return
    instead = "It comes with lookalike[ray]; or use engine='processes'."
    ray: Any = require("ray", "engine='ray'", instead)
    began = not ray.is_initialized()
    if began:
        _connect(ray, address)
    try:
        yield lambda work, tasks: _results(ray, work, tasks, workers)
    except ray.exceptions.RayTaskError as error:
        raise error.as_instanceof_cause() from None
    except ray.exceptions.RayError as error:
        raise TrainingError(f"Ray cannot go on: {str(error).splitlines()[0]}") from error
    finally:
        if began:
            ray.shutdown()


def _connect(ray: Any, address: str | None) -> None:
    if address is not None:
        _check_answers(address)
    try:
        with warnings.catch_warnings():
            # A cluster of this machine is started as a process of its own, whatever runs here.
            warnings.filterwarnings("ignore", r"os\.fork\(\) was called", RuntimeWarning)
            ray.init(address=address, log_to_driver=False, logging_level="error")
    except (OSError, RuntimeError, ValueError, ray.exceptions.RayError) as error:
        said = (str(error).splitlines() or [type(error).__name__])[0]
        raise TrainingError(f"No Ray cluster answers at {address!r}: {said}") from error


def _check_answers(address: str) -> None:
    """Check that somebody listens there: Ray itself would wait for minutes, and end the process."""
    host, colon, port = address.removeprefix("ray://").rpartition(":")
    if not colon or not port.isdecimal():
        return
    try:
        socket.create_connection((host, int(port)), _PATIENCE).close()
    except OSError as error:
        raise TrainingError(f"No Ray cluster answers at {address!r}: {error}.") from error


def _results(
    ray: Any, work: Callable[[Any], Iterable[Any]], tasks: Sequence[Any], workers: int | None
) -> Iterator[Any]:
    options = {"num_cpus": 1, "max_retries": _RETRIES, "runtime_env": {"env_vars": ONE_THREAD}}
    done = ray.remote(**options)(_all_results)
    shared, waiting = ray.put(work), list(reversed(tasks))
    most = workers or _AHEAD * max(int(ray.cluster_resources().get("CPU", 1)), 1)
    running: list[Any] = []
    try:
        while waiting or running:
            while waiting and len(running) < most:
                running.append(done.remote(shared, waiting.pop()))
            ready, running = ray.wait(running)
            for one in ready:
                yield from ray.get(one)
    finally:  # after an error or an interrupt, nothing goes on
        for one in running:
            ray.cancel(one, force=True)


def _all_results(work: Callable[[Any], Iterable[Any]], task: Any) -> list[Any]:
    return list(work(task))
