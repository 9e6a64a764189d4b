"""`Shape`: each column alone."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from lookalike.metrics._base import Measured, Metric
from lookalike.metrics._codebook import Floats
from lookalike.metrics._pair import Pair
from lookalike.metrics._view import Codes

__all__ = ["Shape", "kolmogorov", "total_variation"]


class Shape(Metric):
    """Compare the distribution of each column, and average over columns.

    Numbers, dates, times and durations: 1 − the Kolmogorov-Smirnov statistic. Categories and
    booleans: 1 − total variation. A missing cell counts: as a level of a discrete column; of a
    numeric one as a value below, then above all others, and the larger statistic is taken.

    Without missing cells the scores of columns are those of SDMetrics 0.32 (``KSComplement``,
    ``TVComplement``), which drops missing cells.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from lookalike.metrics import Pair
    >>> from lookalike.tables import Column, Kind, Schema
    >>> schema = Schema((Column("x", Kind.INTEGER, "int64"),))
    >>> real, synthetic = pa.table({"x": [1, 2, 3, 4]}), pa.table({"x": [3, 4, 5, 6]})
    >>> Shape().compute(Pair(real, synthetic, schema)).value
    0.5
    """

    name: ClassVar[str] = "shape"

    def _measure(self, pair: Pair) -> Measured:
        book, real, synthetic = pair.codebook, pair.real_view, pair.synthetic_view
        found = {}
        for place, column in enumerate(book.numeric):
            found[column] = kolmogorov(real.numbers[:, place], synthetic.numbers[:, place])
        for place, (column, size) in enumerate(zip(book.discrete, book.sizes, strict=True)):
            codes = real.codes[:, place], synthetic.codes[:, place]
            found[column] = total_variation(*codes, size)
        columns = tuple({"column": c, "value": 1 - found[c]} for c in book.columns)
        return Measured(float(np.mean([entry["value"] for entry in columns])), columns=columns)


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


def total_variation(real: Codes, synthetic: Codes, size: int) -> float:
    """Return half the summed differences of the shares of `size` levels, in [0, 1]."""
    shares = [np.bincount(codes, minlength=size) / len(codes) for codes in (real, synthetic)]
    return float(np.abs(shares[0] - shares[1]).sum() / 2)
