"""Fixtures of the tests of experiments: small tables, and a synthesizer that copies them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pytest

from lookalike.models import Independent
from lookalike.training import History


class Copycat(Independent):
    """Give back the very rows that were learned, over and over."""

    def fit(self, data: Any, **_: Any) -> Self:
        """Keep the rows."""
        self.rows_ = data
        return self

    def sample(self, n: int, **_: Any) -> pa.Table:
        """Return them."""
        return self.rows_.take(pa.array(np.arange(n) % len(self.rows_)))


class Cut(Copycat):
    """Give back the rows that were learned, in a fit that was interrupted and left usable."""

    def fit(self, data: Any, **options: Any) -> Self:
        """Keep the rows, and say that this is not all."""
        self.history_ = History(stopped="interrupted after step 4", cut_short=True)
        self.history_.interrupted = True
        return super().fit(data, **options)


def _two_classes(rows: int, seed: int, *, signal: float = 1.0) -> pa.Table:
    rng = np.random.default_rng(seed)
    late = rng.random(rows) < 0.4
    x = rng.normal(size=rows) + signal * late
    town = np.where(rng.random(rows) < 0.3 + 0.2 * signal * late, "Ulm", "Bonn").tolist()
    town[::17] = [None] * len(town[::17])
    return pa.table({"x": x, "town": town, "late": np.where(late, "yes", "no")})


@pytest.fixture(scope="session")
def two_classes() -> Callable[..., pa.Table]:
    """Return a maker of rows: a number, levels with missing cells, a class that both hint at."""
    return _two_classes


@pytest.fixture(scope="session")
def trains() -> pa.Table:
    """Return 120 such rows."""
    return _two_classes(120, 0)


@pytest.fixture
def copycat() -> Independent:
    """Return a synthesizer that gives back the rows that it has learned."""
    return Copycat()


@pytest.fixture
def cut() -> Independent:
    """Return a synthesizer whose fit is always interrupted, and usable none the less."""
    return Cut()
