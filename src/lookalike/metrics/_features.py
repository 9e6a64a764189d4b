"""Rows as inputs of a model that predicts a target, learned from its training rows alone."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from lookalike.metrics._codebook import Codebook, Floats
from lookalike.metrics._view import View

__all__ = ["Table", "preprocessor", "supervised"]

#: One-hot columns for each column, and for all together.
_WIDEST = 100
_WIDTH_BUDGET = 2_000
_NARROWEST = 5

#: Inputs, shape (n, columns), and the target, shape (n,).
Table = tuple[Floats, Floats]


def supervised(view: View, target: str) -> Table:
    """Return inputs and target of the rows whose target is present.

    Parameters
    ----------
    view : View
        A table.
    target : str
        A compared column.

    Returns
    -------
    inputs : ndarray of float, shape (n, columns)
        Numbers with NaN where missing, then levels as numbers, without the target.
    target : ndarray of float, shape (n,)
        A number (in units of the real range), or a level.
    """
    book = view.codebook
    # In units of the real range: no model of the battery minds, and no number is too large.
    cells = np.concatenate([book.scaled(view.numbers), view.codes], axis=1)
    place = (*book.numeric, *book.discrete).index(target)
    values = cells[:, place]
    if target in book.discrete:
        missing = values == book.sizes[book.discrete.index(target)] - 1
    else:
        missing = np.isnan(values)
    return np.delete(cells, place, axis=1)[~missing], values[~missing]


def preprocessor(book: Codebook, target: str) -> ColumnTransformer:
    """Build the preprocessing of inputs: impute, mark missing cells, scale, encode levels one-hot.

    Missing numbers take the median. In a column of very many levels, only the most frequent ones
    get a code; a level that no training row has gets none.

    Parameters
    ----------
    book : Codebook
        The columns.
    target : str
        A compared column, which is not among the inputs.

    Returns
    -------
    ColumnTransformer
        Unfitted; its inputs are those of `supervised`.
    """
    numeric = sum(name != target for name in book.numeric)
    discrete = sum(name != target for name in book.discrete)
    filled = SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)
    widest = int(np.clip(_WIDTH_BUDGET // max(discrete, 1), _NARROWEST, _WIDEST))
    onehot = OneHotEncoder(
        handle_unknown="ignore", max_categories=widest, sparse_output=False, dtype=np.float64
    )
    places: npt.NDArray[np.int64] = np.arange(numeric + discrete)
    return ColumnTransformer(
        [
            ("numbers", make_pipeline(filled, StandardScaler()), places[:numeric]),
            ("levels", onehot, places[numeric:]),
        ]
    )
