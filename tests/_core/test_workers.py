"""Work on all cores, and the threads of BLAS meanwhile."""

from __future__ import annotations

import threading

from threadpoolctl import threadpool_info, threadpool_limits

import lookalike  # noqa: F401 - loads the libraries that have threads
from lookalike._core.workers import in_parallel


def threads() -> list[int]:
    """Return how many threads each BLAS library would use."""
    return [each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"]


def test_results_come_in_order_and_each_works_on_one_core():
    found = in_parallel([lambda k=k: (k, max(threads(), default=1)) for k in range(5)])
    assert found == [(k, 1) for k in range(5)]


def test_work_that_overlaps_leaves_no_limits_behind():
    """As training does, which ends while a correction is still learned on another thread."""
    with threadpool_limits(2):
        before = threads()
        come, go = threading.Event(), threading.Event()
        worker = threading.Thread(target=in_parallel, args=([lambda: (come.set(), go.wait(10))],))
        with threadpool_limits(1):
            worker.start()
            assert come.wait(10)
        go.set()
        worker.join()
        assert threads() == before
