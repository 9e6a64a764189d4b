"""A table that combines the difficulties of real tables."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lookalike._core.parameters import Number, check_parameters
from lookalike._core.seeds import RandomState, as_seed, generator

__all__ = ["make_ugly"]

_DAY = 86_400
_2020 = 1_577_836_800  # in seconds since 1970
_WORDS = np.array(
    [
        *("the", "quick", "brown", "fox", "jumps", "over", "lazy", "dogs", "while"),
        *("über", "naïve", "犬", "🦊", '"so"', "it,", "sleeps;"),
    ],
    dtype=object,
)


def make_ugly(n: int, seed: RandomState = 0) -> pa.Table:
    """Generate a table with columns of every kind, each with a typical difficulty.

    Missing cells (in part dependent on another column), a constant, a column of nothing but
    missing cells, identifiers, free text, spikes, heavy tails, rare and many categories, date-times
    with and without a time zone, dates, times, durations, numbers and booleans as text, codes with
    leading zeros, columns that are functions of others, and names that need quoting or escaping.

    Parameters
    ----------
    n : int
        The number of rows.
    seed : int, Generator, RandomState or None
        The seed.

    Returns
    -------
    pyarrow.Table, shape (n, 29)
        There are no infinite values, no nested columns and no repeated names.

    Raises
    ------
    ParameterError
        If `n` or `seed` breaks its rule.

    Examples
    --------
    >>> make_ugly(5).num_rows
    5
    >>> make_ugly(5).equals(make_ugly(5))
    True
    """
    check_parameters("make_ugly", {"n": Number(0, integer=True)}, {"n": n})
    rng = generator(as_seed(seed), "ugly")
    return pa.table({**_numbers(n, rng), **_levels(n, rng), **_moments(n, rng), **_words(n, rng)})


def _numbers(n: int, rng: np.random.Generator) -> dict[str, pa.Array]:
    size = rng.lognormal(3, 1, n)
    return {
        "plain": pa.array(rng.normal(size=n)),
        "heavy tail": pa.array(rng.standard_t(1.2, n)),
        "spike at zero": pa.array(np.where(rng.random(n) < 0.8, 0.0, rng.exponential(50, n))),
        "price, in €": pa.array(size.round(2)),
        "price with tax": pa.array((1.19 * size.round(2)).round(4)),
        "small": pa.array(rng.normal(0, 1e-9, n).astype(np.float32)),
        "count": pa.array(rng.poisson(3, n).astype(np.int8)),
        "big": pa.array(rng.integers(2**61, 2**62, n)),
        "half missing": _missing(pa.array(rng.gamma(2.0, 2.0, n)), rng.random(n) < 0.5),
        "missing where large": _missing(pa.array(size.astype(np.int64)), size > 30),
    }


def _levels(n: int, rng: np.random.Generator) -> dict[str, pa.Array]:
    colour = rng.choice(["red", "green", "blue"], n, p=[0.7, 0.29, 0.01])
    level = rng.integers(0, 3, n)
    sizes = pa.array(["small", "middle", "large", "never seen"])
    return {
        "colour": pa.array(colour, pa.string()),
        "hex": pa.array(
            [{"red": "#f00", "green": "#0f0", "blue": "#00f"}[c] for c in colour], pa.string()
        ),
        "many levels": pa.array([f"level {i}" for i in rng.zipf(1.3, n) % 5_000], pa.string()),
        "size": pa.DictionaryArray.from_arrays(
            pa.array(level, pa.int8(), mask=rng.random(n) < 0.1), sizes, ordered=True
        ),
        "yes or no": pa.array(rng.choice(["yes", "no"], n), pa.string()),
        "truth": _missing(pa.array(rng.random(n) < 0.2), rng.random(n) < 0.05),
        "constant": pa.array(["always"] * n, pa.string()),
        "nothing": pa.nulls(n, pa.float64()),
    }


def _moments(n: int, rng: np.random.Generator) -> dict[str, pa.Array]:
    seconds = _2020 + rng.integers(0, 3 * 365 * _DAY, n)
    days = (seconds // _DAY).astype(np.int32)
    return {
        "moment": _missing(pa.array(seconds).cast(pa.timestamp("s")), rng.random(n) < 0.1),
        "moment in Berlin": pa.array(seconds * 10**6 + 1).cast(pa.timestamp("us", "Europe/Berlin")),
        "date": pa.array(days).cast(pa.date32()),
        "time": pa.array(seconds % _DAY * 10**6).cast(pa.time64("us")),
        "duration": pa.array(rng.exponential(9e6, n).astype(np.int64)).cast(pa.duration("us")),
        "date as text": pa.array(days).cast(pa.date32()).cast(pa.string()),
    }


def _words(n: int, rng: np.random.Generator) -> dict[str, pa.Array]:
    numbers = [f"{x:.1f}" if x > 0 else "?" for x in rng.normal(2, 1, n)]
    return {
        "número\n<script>alert('ñ')</script>": pa.array(numbers, pa.string()),
        "zip": pa.array(
            [f"{z:05d}" for z in rng.choice([501, 2138, 10001, 60601], n)], pa.string()
        ),
        "id": pa.array([f"AB-{i:07d}" for i in rng.permutation(n)], pa.string()),
        "row": pa.array(np.arange(n)),
        "note": pa.array(
            [" ".join(rng.choice(_WORDS, rng.integers(3, 12))) for _ in range(n)], pa.string()
        ),
    }


def _missing(values: pa.Array, where: np.ndarray) -> pa.Array:
    """Return the values with some of them missing."""
    return pc.if_else(pa.array(where), pa.scalar(None, values.type), values)
