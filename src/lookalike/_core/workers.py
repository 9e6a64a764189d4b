"""Independent pieces of work on all cores."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from typing import TypeVar

from threadpoolctl import ThreadpoolController

__all__ = ["cores", "in_parallel", "on_one_core"]

_T = TypeVar("_T")


def in_parallel(
    work: Iterable[Callable[[], _T]], *, ignore: type[Warning] | None = None
) -> list[_T]:
    """Call functions on as many threads as there are cores, and return their results in order.

    Each function computes on one core: nested pools of BLAS threads would wait for each other in
    busy loops, which costs far more than they save, above all where cores are shared. Models that
    use OpenMP must be limited by their own parameters: its limits are per thread.

    Parameters
    ----------
    work : iterable of callable
        Functions without parameters that share no state.
    ignore : type of Warning, optional
        A kind of warning that is of no use here. It cannot be silenced within the work: filters
        belong to the whole process, and threads would restore each other's.

    Returns
    -------
    list
        Their results.

    Examples
    --------
    >>> in_parallel([lambda: 1, lambda: 2])
    [1, 2]
    """
    with ExitStack() as around:
        around.enter_context(on_one_core())
        if ignore is not None:
            around.enter_context(warnings.catch_warnings())
            warnings.simplefilter("ignore", ignore)
        if len(parts := list(work)) == 1:
            return [parts[0]()]
        pool = around.enter_context(ThreadPoolExecutor(cores()))
        return list(pool.map(lambda function: function(), parts))


@contextmanager
def on_one_core() -> Iterator[None]:
    """Let BLAS compute on one core within the block.

    Examples
    --------
    >>> with on_one_core():
    ...     pass
    """
    with _controller(len(sys.modules)).limit(limits=1):
        yield


@lru_cache(1)
def _controller(_modules: int) -> ThreadpoolController:
    """Return the loaded libraries, found anew only where there are more modules than before.

    Finding them takes some 30 ms, and libraries are loaded by modules.
    """
    return ThreadpoolController()


def cores() -> int:
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
