"""Ugly columns, and the way there and back."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import settings
from hypothesis import strategies as st

from lookalike.encoding import ColumnEncoding, Learned, sample_encoded
from lookalike.tables import Column, Kind

#: Machines may be busy: no time limit.
TRIED = settings(deadline=None, max_examples=60)

INT64 = st.integers(-(2**63), 2**63 - 1)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
TICKS = st.integers(-(2**55), 2**55)


def lists(elements: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    """Columns of 1 to 60 cells, many of them equal."""
    return st.lists(elements, min_size=1, max_size=8).flatmap(
        lambda few: st.lists(st.sampled_from(few), min_size=1, max_size=60)
    )


def column(kind: Kind, **what: Any) -> Column:
    return Column("x", kind, "int64", **what)


def there_and_back(encoding: ColumnEncoding, values: pa.Array, seed: int = 0) -> pa.Array:
    """Return what becomes of values that are encoded, drawn and decoded."""
    rng = np.random.default_rng(seed)
    return encoding.decode(sample_encoded(encoding.encode(values), encoding.layout, rng))


def stored(encoding: ColumnEncoding, what: Column) -> ColumnEncoding:
    """Return the encoding made again of its state, through JSON."""
    state = encoding.state()
    values = json.loads(json.dumps(state.values, allow_nan=False))
    return type(encoding).from_state(Learned(values, state.arrays), what)
