"""Rows that carry a watermark: of candidates for each row, the one that the key likes best."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator

import numpy as np
import pyarrow as pa

from lookalike._core.errors import LookalikeWarning
from lookalike._core.seeds import derive_seed
from lookalike.models._request import FittedModel
from lookalike.models._rows import rebatch
from lookalike.tables import Kind, render
from lookalike.watermark import REFERENCE, Watermark

__all__ = ["marked_tables"]

#: From a number of rows, a seed and the first row to canonical rows.
RowMaker = Callable[[int, int, int], Iterator[pa.Table]]

#: Below this share of rows that carry the mark, it will hardly be found.
_FEW = 0.1


def marked_tables(
    model: FittedModel, watermark: Watermark, make: RowMaker, n: int, seed: int, start: int
) -> Iterator[pa.Table]:
    """Yield canonical rows ``[start, start + n)`` that carry a watermark, one block at a time.

    Candidate ``j`` of row i is row i of a seed that follows from `seed` and j, so that a row does
    not depend on other rows.

    Parameters
    ----------
    model : FittedModel
    watermark : Watermark
    make : callable
    n, seed, start : int

    Warns
    -----
    LookalikeWarning
        If few rows can carry the mark.
    """
    schema = model.schema_
    # What comes often is a fact of the model and the conditions, the same for all of their rows.
    often = make(REFERENCE, derive_seed(0, "watermark", "reference"), 0)
    reference = pa.concat_tables(often).unify_dictionaries().combine_chunks()
    unmarked = [c.name for c in schema.columns if c.kind in (Kind.IDENTIFIER, Kind.TEXT)]
    preference = watermark.preference(render(reference, schema, encoded=True), unmarked)
    if preference.marked < _FEW:
        warnings.warn(
            f"Only {preference.marked:.0%} of the rows of this model can carry the watermark: the "
            "others are too frequent. It may not be found.",
            LookalikeWarning,
            stacklevel=4,
        )
    seeds = [seed, *(derive_seed(seed, "candidate", j) for j in range(1, watermark.candidates))]
    sources = [rebatch(make(n, one, start), model.BLOCK) for one in seeds]
    first = start
    for batches in zip(*sources, strict=True):
        candidates = [pa.Table.from_batches([one]) for one in batches]
        rows = len(candidates[0])
        chosen = preference.choose([render(t, schema, encoded=True) for t in candidates], first)
        whole = pa.concat_tables(candidates).unify_dictionaries().combine_chunks()
        taken = whole.take(pa.array(chosen * rows + np.arange(rows))).combine_chunks()
        yield model.encoder_.numbered(taken, start=first, seed=seed)
        first += rows
