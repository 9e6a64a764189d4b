"""Blocks computed ahead of their use, so that all cores are busy."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from lookalike._core.workers import cores

__all__ = ["ahead"]

T = TypeVar("T")
Item = TypeVar("Item")


#: The maximum number of threads, which bounds the memory for their blocks.
_MOST = 8


def ahead(
    make: Callable[[Item], T], blocks: Iterable[Item], depth: int | None = None
) -> Iterator[T]:
    """Yield ``make(block)`` for each block in order, computed on all cores.

    Parameters
    ----------
    make : callable
        Takes a block's number, or all that a block is made of; called by several threads at once.
        Its errors are raised here.
    blocks : iterable
        The numbers, in order; taken in the thread of the caller.
    depth : int, optional
        The maximum number of blocks that wait for their use, so that memory is constant. None is
        one more than the number of threads.

    Yields
    ------
    object
        The result of `make`.

    Examples
    --------
    >>> list(ahead(lambda block: block * 10, range(3)))
    [0, 10, 20]
    """
    threads = min(cores(), _MOST)
    depth = threads + 1 if depth is None else depth
    waiting: deque[Future[T]] = deque()
    with ThreadPoolExecutor(threads, thread_name_prefix="lookalike-sample") as pool:
        try:
            for block in blocks:
                waiting.append(pool.submit(make, block))
                if len(waiting) > depth:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
