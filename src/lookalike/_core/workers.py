"""Independent pieces of work on all cores."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import TypeVar

from threadpoolctl import threadpool_limits

__all__ = ["cores", "in_parallel"]

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
    with ExitStack() as around, threadpool_limits(1), ThreadPoolExecutor(cores()) as pool:
        if ignore is not None:
            around.enter_context(warnings.catch_warnings())
            warnings.simplefilter("ignore", ignore)
        return list(pool.map(lambda function: function(), work))


def cores() -> int:
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
