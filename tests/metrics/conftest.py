"""Canonical tables made by hand: metrics are tested without inference."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from lookalike.metrics import Pair
from lookalike.tables import Column, Kind, Schema

TYPES = {
    Kind.CONTINUOUS: pa.float64(),
    Kind.INTEGER: pa.int64(),
    Kind.BOOLEAN: pa.bool_(),
    Kind.DATETIME: pa.timestamp("us"),
    Kind.DATE: pa.date32(),
    Kind.TIME: pa.time64("us"),
    Kind.DURATION: pa.duration("us"),
}


def _table(kinds, values):
    def column(kind, cells):
        cells = cells.tolist() if isinstance(cells, np.ndarray) else list(cells)
        if kind is Kind.CATEGORICAL:
            return pa.array(cells).dictionary_encode()
        return pa.array(cells, TYPES.get(kind, pa.string()))

    return pa.table({name: column(kind, values[name]) for name, kind in kinds.items()})


@pytest.fixture(scope="session")
def table():
    """A function: kinds by name, cells by name -> canonical table."""
    return _table


@pytest.fixture(scope="session")
def schema_of():
    """A function: kinds by name -> schema."""
    return lambda kinds: Schema(
        tuple(Column(n, k, "string" if k not in TYPES else str(TYPES[k])) for n, k in kinds.items())
    )


@pytest.fixture(scope="session")
def pair_of(schema_of):
    """A function: kinds, real cells, synthetic cells, and more of a pair -> pair."""

    def make(kinds, real, synthetic, **more):
        if isinstance(more.get("test"), dict):
            more["test"] = _table(kinds, more["test"])
        return Pair(_table(kinds, real), _table(kinds, synthetic), schema_of(kinds), **more)

    return make


MIXED = {
    "id": Kind.IDENTIFIER,
    "x": Kind.CONTINUOUS,
    "y": Kind.CONTINUOUS,
    "n": Kind.INTEGER,
    "when": Kind.DATETIME,
    "level": Kind.CATEGORICAL,
    "flag": Kind.BOOLEAN,
    "one": Kind.CONSTANT,
}


def _mixed(rows, seed):
    """Draw a table of many kinds, with missing cells and columns that depend on each other."""
    random = np.random.default_rng(seed)
    x = random.normal(size=rows)
    y = 0.9 * x + 0.4 * random.normal(size=rows)
    n = random.poisson(np.exp(0.4 * x + 1))
    level = np.array(["low", "middle", "high"])[np.digitize(y, [-0.6, 0.6])]
    flag = random.random(rows) < 1 / (1 + np.exp(-2 * x))
    gone = random.random((rows, 3)) < 0.1
    cells = {
        "id": [f"k{i}" for i in range(rows)],
        "x": x,
        "y": [None if g else v for g, v in zip(gone[:, 0], y, strict=True)],
        "n": n,
        "when": (1_600_000_000_000_000 + np.round(x * 1e12).astype(np.int64)),
        "level": [None if g else v for g, v in zip(gone[:, 1], level.tolist(), strict=True)],
        "flag": [None if g else bool(v) for g, v in zip(gone[:, 2], flag, strict=True)],
        "one": ["same"] * rows,
    }
    return _table(MIXED, cells)


@pytest.fixture(scope="session")
def mixed_schema(schema_of):
    """The schema of `mixed` tables."""
    return schema_of(MIXED)


@pytest.fixture(scope="session")
def mixed():
    """A function: rows, seed -> a table of many kinds with dependent columns."""
    return _mixed


@pytest.fixture(scope="session")
def trio(mixed):
    """Training, synthetic and held-out rows, all of one population."""
    return mixed(300, 1), mixed(300, 2), mixed(200, 3)
