"""`Shape`: the distribution of each column."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import numpy.typing as npt

from lookalike._core.seeds import generator
from lookalike.metrics._base import Metric
from lookalike.metrics._chance import adjusted, clipped, expected_variation
from lookalike.metrics._codebook import Floats
from lookalike.metrics._details import ColumnScore, Details
from lookalike.metrics._pair import Pair
from lookalike.metrics._result import Measured
from lookalike.metrics._view import LevelCodes

__all__ = ["Bridges", "Shape", "kolmogorov", "total_variation"]

#: The largest number of points at which a simulated distribution function is evaluated.
_PLACES = 20_000
#: The number of simulated walks; all columns share them.
_WALKS = 20


class Shape(Metric):
    """Compare the distribution of each column, and average over columns.

    Numbers, dates, times and durations: 1 − the Kolmogorov-Smirnov statistic. Categories and
    booleans: 1 − total variation. A missing cell counts: as a level of a discrete column; of a
    numeric one as a value below, then above all others, and the larger statistic is taken.

    Each is relative to its mean for two samples of one distribution of the same sizes, so that
    another sample of the real rows scores 1 whatever its columns are (see `_chance`).

    `raw` in the details is the unadjusted similarity: without missing cells it is that of
    SDMetrics 0.32 (``KSComplement``, ``TVComplement``), which drops missing cells.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from lookalike.metrics import Pair
    >>> from lookalike.tables import Column, Kind, Schema
    >>> schema = Schema((Column("x", Kind.INTEGER, "int64"),))
    >>> real, synthetic = (pa.table({"x": list(range(i, 400 + i))}) for i in (0, 200))
    >>> found = Shape().compute(Pair(real, synthetic, schema))
    >>> found.details.raw, round(found.value, 2)
    (0.5, 0.53)
    """

    name: ClassVar[str] = "shape"
    title: ClassVar[str] = "Single columns"
    subject: ClassVar[str] = "the distribution of single columns"
    meaning: ClassVar[str] = (
        "How alike each column is distributed, averaged over columns; missing cells count."
    )
    noise: ClassVar[float] = 0.2

    def _measure(self, pair: Pair) -> Measured:
        book, real, synthetic = pair.codebook, pair.real_view, pair.synthetic_view
        raw, value = {}, {}
        bridges = Bridges(len(real), len(synthetic), pair.seed) if book.numeric else None
        # Numbers: Kolmogorov-Smirnov, with its chance by simulated random walks.
        for place, column in enumerate(book.numeric):
            numbers = real.numbers[:, place], synthetic.numbers[:, place]
            raw[column] = 1 - kolmogorov(*numbers)
            assert bridges is not None  # there are numbers
            value[column] = adjusted(raw[column], 1 - bridges.expected(np.concatenate(numbers)))
        # Categories: total variation, with its chance in closed form.
        for place, (column, size) in enumerate(zip(book.discrete, book.sizes, strict=True)):
            codes = real.codes[:, place], synthetic.codes[:, place]
            raw[column] = 1 - total_variation(*codes, size)
            counts = np.bincount(np.concatenate(codes))
            usual = 1 - expected_variation(counts, len(real), len(synthetic))
            value[column] = adjusted(raw[column], usual)
        columns = tuple(ColumnScore(c, clipped(value[c]), raw[c]) for c in book.columns)
        mean, plain = (float(np.mean(list(part.values()))) for part in (value, raw))
        return Measured(clipped(mean), details=Details(raw=plain, columns=columns))


def kolmogorov(real: Floats, synthetic: Floats) -> float:
    """Return the Kolmogorov-Smirnov statistic of two samples with missing values.

    Parameters
    ----------
    real, synthetic : ndarray of float, shapes (n,) and (m,)
        NaN where missing.

    Returns
    -------
    float
        The largest distance of the two distribution functions, in [0, 1], over both places
        (below and above all numbers) where missing values can stand.
    """
    present = [np.sort(values[~np.isnan(values)]) for values in (real, synthetic)]
    points = np.concatenate(present)
    below = [
        np.searchsorted(values, points, side="right") / len(whole)
        for values, whole in zip(present, (real, synthetic), strict=True)
    ]
    absent = np.mean(np.isnan(real)) - np.mean(np.isnan(synthetic))
    gaps = np.append(below[0] - below[1], 0.0)
    return float(max(np.abs(gaps).max(), np.abs(gaps + absent).max()))


class Bridges:
    """The Kolmogorov-Smirnov statistic of two samples of one distribution, by simulation.

    If the pooled rows are split at random, the difference of the two distribution functions is,
    over the sorted pooled rows, a random walk that returns to 0, whatever the values are; equal
    values only restrict the points at which it is evaluated. The walks are the same for all
    columns.

    Parameters
    ----------
    first, second : int
        The sizes of the samples.
    seed : int
        The seed of the walks.
    """

    def __init__(self, first: int, second: int, seed: int) -> None:
        rows = first + second
        # Of very many rows, some walk in the place of all: a walk's size goes with the root of
        # 1 / first + 1 / second.
        size = min(rows, _PLACES)
        one = int(np.clip(round(first * size / rows), 1, size - 1)) if rows > 1 else rows
        other = size - one
        self._rows = rows
        self._walks = np.zeros((_WALKS, size + 1))
        if first and second:
            steps = np.repeat([1 / one, -1 / other], [one, other])
            random = generator(seed, "metrics", "bridges")
            shuffled = random.permuted(np.tile(steps, (_WALKS, 1)), axis=1)
            scale = np.sqrt((1 / first + 1 / second) / (1 / one + 1 / other))
            np.cumsum(shuffled, axis=1, out=self._walks[:, 1:])
            self._walks *= scale

    def expected(self, pooled: Floats) -> float:
        """Return the mean statistic for the pooled values of a column."""
        present = np.sort(pooled[~np.isnan(pooled)])
        # Where blocks of equal values end, as shares of all rows.
        last = np.append(np.flatnonzero(present[1:] != present[:-1]) + 1, len(present))
        places = np.unique((last * ((self._walks.shape[1] - 1) / self._rows)).astype(np.int64))
        seen: npt.NDArray[np.float64] = self._walks[:, places]
        # Missing values stand above all others, then below them, as in `kolmogorov`.
        above = np.abs(seen).max(axis=1)
        below = np.maximum(np.abs(seen - seen[:, -1:]).max(axis=1), np.abs(seen[:, -1]))
        return float(np.maximum(above, below).mean())


def total_variation(real: LevelCodes, synthetic: LevelCodes, size: int) -> float:
    """Return half the summed differences of the shares of `size` levels, in [0, 1]."""
    shares = [np.bincount(codes, minlength=size) / len(codes) for codes in (real, synthetic)]
    return float(np.abs(shares[0] - shares[1]).sum() / 2)
