"""Make blocks a little ahead of their use, so that one core computes while the other writes."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

__all__ = ["ahead"]

T = TypeVar("T")


def ahead(make: Callable[[int], T], blocks: Iterable[int], depth: int = 2) -> Iterator[T]:
    """Yield ``make(block)`` for each block in order, computed in one other thread.

    Parameters
    ----------
    make : callable
        Takes a block's number. What it raises is raised here.
    blocks : iterable of int
        The numbers, in order.
    depth : int
        How many blocks are kept waiting at most: memory stays constant.

    Yields
    ------
    object
        What `make` returned.

    Examples
    --------
    >>> list(ahead(lambda block: block * 10, range(3)))
    [0, 10, 20]
    """
    waiting: deque[Future[T]] = deque()
    with ThreadPoolExecutor(1, thread_name_prefix="lookalike-sample") as pool:
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
