"""Checks of a synthesizer's rows: their number, their order, and their reproducibility."""

from __future__ import annotations

import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pyarrow as pa

from lookalike._core.errors import ParameterError
from lookalike.encoding import SampledRows
from lookalike.models import Request
from lookalike.testing._checks import must, must_raise
from lookalike.testing._subject import Subject

__all__ = ["CHECKS"]


def exact_number_of_rows(subject: Subject) -> None:
    """Samples of no row, one, an odd number, one block and more than one are right."""
    block = subject.fitted.BLOCK
    for n in (0, 1, 7, block, block + 1):
        rows = subject.fitted.sample(n)
        must(rows.num_rows == n, f"sample({n}) gives {rows.num_rows} rows")
        must(rows.schema.equals(subject.table.schema), f"sample({n}) has {rows.schema}")


def bad_numbers_are_refused(subject: Subject) -> None:
    """A count must be a whole number that is not negative."""
    for n in (-1, 2.5, True, "3", None):
        must_raise(ParameterError, f"sample({n!r})", subject.fitted.sample, n)
    must_raise(ParameterError, "start=-1", subject.fitted.sample, 1, start=-1)
    must_raise(ParameterError, "batch_size=0", subject.fitted.sample_batches, 1, batch_size=0)
    must_raise(ParameterError, "a bad seed", subject.fitted.sample, 1, random_state="now")


def same_seed_same_rows(subject: Subject) -> None:
    """The seed decides the rows; none is the model's own."""
    model = subject.fitted
    first = model.sample(50, random_state=3)
    must(first.equals(model.sample(50, random_state=3)), "one seed gives two different samples")
    must(not first.equals(model.sample(50, random_state=4)), "two seeds give the same sample")
    must(model.sample(50).equals(model.sample(50)), "no seed gives two different samples")


def a_row_depends_on_its_number_alone(subject: Subject) -> None:
    """A sample is the head of a longer one, and can be begun anywhere."""
    model, block = subject.fitted, subject.fitted.BLOCK
    long = model.sample(block + 9)
    must(model.sample(5).equals(long.slice(0, 5)), "sample(5) is not the head of a longer sample")
    for start, n in ((block - 4, 12), (block + 2, 5)):
        part = model.sample(n, start=start).to_pydict()
        same = part == long.slice(start, n).to_pydict()
        must(same, f"sample({n}, start={start}) is not that part of a sample from the beginning")


def blocks_are_made_at_once(subject: Subject) -> None:
    """Blocks sampled by several threads at once, in any order, equal those sampled alone."""
    order = (2, 0, 1, 0, 2, 1)
    alone = [subject.fitted._source(Request(3))(block) for block in range(3)]
    make, barrier = subject.fitted._source(Request(3)), threading.Barrier(len(order))

    def at_once(block: int) -> SampledRows:
        barrier.wait(timeout=60)
        return make(block)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # so that threads take turns within a block on one core, too
    try:
        with ThreadPoolExecutor(len(order)) as pool:
            blocks = [*pool.map(at_once, order), *map(make, order)]
    finally:
        sys.setswitchinterval(interval)
    for block, drawn in zip(2 * order, blocks, strict=True):
        same = all(np.array_equal(a, b) for a, b in zip(drawn, alone[block], strict=True))
        must(same, f"block {block} differs where several threads sample, or in another order")


def batches_are_the_same_rows(subject: Subject) -> None:
    """Any batch size gives the table of `sample`, in batches of just that size."""
    n = subject.fitted.BLOCK + 9
    whole = subject.fitted.sample(n).to_pydict()
    for size in (1000, n, 65_536):
        batches = list(subject.fitted.sample_batches(n, batch_size=size))
        sizes = [batch.num_rows for batch in batches]
        full, rest = divmod(n, size)
        must(sizes == [size] * full + [rest] * (rest > 0), f"batch_size={size} gives {sizes}")
        same = pa.Table.from_batches(batches).to_pydict() == whole
        must(same, f"sample_batches(batch_size={size}) gives other rows than sample")
    must(list(subject.fitted.sample_batches(0)) == [], "sample_batches(0) gives a batch")


def batches_can_be_left(subject: Subject) -> None:
    """A reader who stops early leaves no work behind."""
    batches = subject.fitted.sample_batches(10 * subject.fitted.BLOCK, batch_size=10)
    must(next(batches).num_rows == 10, "the first batch does not have the given size")
    close = getattr(batches, "close", None)
    must(close is not None, "sample_batches must return a generator, which can be closed")
    batches.close()  # type: ignore[attr-defined]
    must(next(batches, None) is None, "a closed generator of batches still gives some")


CHECKS = (
    exact_number_of_rows,
    bad_numbers_are_refused,
    same_seed_same_rows,
    a_row_depends_on_its_number_alone,
    blocks_are_made_at_once,
    batches_are_the_same_rows,
    batches_can_be_left,
)
