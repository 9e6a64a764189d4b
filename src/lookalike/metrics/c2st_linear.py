"""`LinearDetection`: a logistic regression that tries to tell synthetic rows from real ones."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import RobustScaler

from lookalike.metrics._base import Metric
from lookalike.metrics._codebook import Codebook, Floats
from lookalike.metrics._details import Details
from lookalike.metrics._detector import FOLDS, MOST_ROWS, Labels, indistinguishable
from lookalike.metrics._pair import Pair
from lookalike.metrics._rare import PooledLevels
from lookalike.metrics._result import Measured
from lookalike.metrics._view import View

__all__ = ["LinearDetection"]

#: Beyond this size, numbers are given in units of the real range: as they are, they would
#: overflow where a column has no interquartile range to be scaled by.
_LARGEST = 1e12


class LinearDetection(Metric):
    """Let logistic regression tell the synthetic rows from the training rows.

    As `Detection`, with the model and the transformation of SDMetrics 0.32
    (``LogisticDetection``): missing numbers take the mean, categories are one-hot (a missing cell
    is a level), columns are centred and scaled by median and interquartile range, then
    ``LogisticRegression()`` as it is. NOTE: differs in that means and levels are those of both
    tables, for those of the real one alone would reveal a row's table; in that a missing number is
    marked by a column of its own; in that the rare levels of a column of many are one level beside
    how often each occurs (see `PooledLevels`); and in that shuffling follows the seed. `raw` in
    the details is the form of the score that SDMetrics gives, see `Detection`.
    """

    name: ClassVar[str] = "c2st_linear"
    title: ClassVar[str] = "Detection by a line"
    subject: ClassVar[str] = "detection by a line"
    meaning: ClassVar[str] = (
        "The same with logistic regression, which sees single columns and hardly their interplay."
    )
    noise: ClassVar[float] = 0.8
    fewest_rows: ClassVar[int] = FOLDS

    def _measure(self, pair: Pair) -> Measured:
        views = pair.equal_views(MOST_ROWS)
        numbers, levels = _inputs(pair.codebook, *views)
        labels = np.repeat([1, 0], [len(view) for view in views]).astype(np.int64)

        def judged(fit: Labels, judge: Labels, place: int) -> Floats:  # noqa: ARG001
            # One-hot columns stay as they are: their interquartile range is 0 or 1, and to
            # centre them is the intercept's business.
            scaler = RobustScaler().fit(numbers[fit])
            train, test = (
                sparse.csr_matrix(sparse.hstack([scaler.transform(numbers[rows]), levels[rows]]))
                for rows in (fit, judge)
            )
            model = LogisticRegression()
            model.fit(train, labels[fit])
            found: Floats = model.decision_function(test)
            return found

        found = indistinguishable(labels, pair.seed, judged)
        return Measured(found.value, details=Details(raw=found.raw, rows=len(views[0])))


def _inputs(book: Codebook, *views: View) -> tuple[Floats, sparse.csr_matrix]:
    """Return numbers and booleans, filled and marked where missing, and one-hot levels."""
    levels = PooledLevels.of(*views)
    numbers = np.concatenate([view.numbers for view in views])
    missing = np.isnan(numbers)
    large = (np.abs(np.where(missing, 0.0, numbers)) > _LARGEST).any(axis=0)
    numbers = np.where(large, book.scaled(numbers), numbers)
    means = np.where(missing, 0.0, numbers).sum(axis=0) / np.maximum((~missing).sum(axis=0), 1)
    codes = np.concatenate([view.codes for view in views])
    # A column of zeros, so that there is one where all columns are categories.
    parts = [
        np.zeros((len(numbers), 1)),
        np.where(missing, means, numbers),
        missing[:, missing.any(axis=0)].astype(float),
        levels.frequencies(codes),
    ]
    boolean = np.array([name in book.boolean for name in book.discrete], dtype=bool)
    for place in np.flatnonzero(boolean):
        # A missing boolean is level 0, the most frequent one, and has a column of its own.
        absent = codes[:, place] > 1
        parts.append(np.column_stack([codes[:, place] == 1, *([absent] if absent.any() else [])]))
    places = np.flatnonzero(~boolean)
    sizes = [levels.sizes[place] for place in places]
    return np.concatenate(parts, axis=1), _onehot(levels.codes(codes)[:, places], sizes)


def _onehot(codes: np.ndarray, sizes: list[int]) -> sparse.csr_matrix:
    rows, count = codes.shape
    starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    columns = (codes + starts[:-1]).ravel()
    ends = np.arange(rows + 1) * count
    matrix = sparse.csr_matrix((np.ones(len(columns)), columns, ends), (rows, int(starts[-1])))
    used = np.flatnonzero(np.bincount(columns, minlength=int(starts[-1])))
    return matrix[:, used]
