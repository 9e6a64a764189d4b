"""Conversion of blocks to tables of canonical rows, and of these to batches."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from lookalike.encoding import Layout, SampledRows
from lookalike.models._ahead import ahead
from lookalike.models._request import FittedModel, Request
from lookalike.models._routes import Route

__all__ = ["accepted_tables", "is_frame", "ordinary_tables", "rebatch", "zeros"]


def ordinary_tables(model: FittedModel, n: int, seed: int, start: int) -> Iterator[pa.Table]:
    """Yield ordinary canonical rows ``[start, start + n)``, one block at a time."""
    stop = start + n
    make = model._start(Request(seed))
    blocks = range(start // model.BLOCK, (stop - 1) // model.BLOCK + 1)
    for block, drawn in zip(blocks, ahead(make, blocks), strict=True):
        first = block * model.BLOCK
        rows = slice(max(start - first, 0), min(stop - first, model.BLOCK))
        kept = SampledRows(*(part[rows] for part in drawn))
        yield model.encoder_.decode(kept, start=first + rows.start, seed=seed)


def accepted_tables(route: Route, n: int, start: int) -> Iterator[pa.Table]:
    """Yield canonical rows ``[start, start + n)`` that fulfil conditions, one block at a time."""
    stop = start + n
    blocks = range(start // route.rows, (stop - 1) // route.rows + 1)
    for block, table in zip(blocks, ahead(route.block, blocks), strict=True):
        first = block * route.rows
        begin, end = max(start - first, 0), min(stop - first, route.rows)
        yield table.slice(begin, end - begin)


def rebatch(tables: Iterator[pa.Table], batch_size: int) -> Iterator[pa.RecordBatch]:
    """Yield batches of exactly `batch_size` rows, except for the last one."""
    waiting: list[pa.Table] = []
    rows = 0
    for table in tables:
        waiting.append(table)
        rows += table.num_rows
        if rows >= batch_size:
            whole = pa.concat_tables(waiting).unify_dictionaries().combine_chunks()
            cut = rows - rows % batch_size
            yield from whole.slice(0, cut).to_batches(max_chunksize=batch_size)
            waiting, rows = [whole.slice(cut)], rows - cut
    if rows:
        yield from pa.concat_tables(waiting).unify_dictionaries().combine_chunks().to_batches()


def zeros(rows: int, layout: Layout) -> SampledRows:
    """Return rows whose numbers and levels are 0."""
    return SampledRows(
        np.zeros((rows, layout.numbers), np.float32), np.zeros((rows, layout.softmaxes), np.int32)
    )


def is_frame(given: Any) -> bool:
    """Return whether `given` is a dataframe or the path of a file, rather than conditions."""
    named = hasattr(given, "columns") or hasattr(given, "schema")
    return isinstance(given, str | os.PathLike) or (named and not isinstance(given, Mapping))
