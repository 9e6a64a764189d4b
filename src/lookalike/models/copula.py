"""The Gaussian copula: exact marginals, and one correlation for each pair of columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from lookalike._core.errors import ModelFileError
from lookalike._core.seeds import RandomState, generator
from lookalike.encoding import ONE_BLOCK_OR_RESIDUAL, BlockSource, Layout, Learned, SampledRows
from lookalike.models._base import Synthesizer
from lookalike.models._gaussian import draw_within
from lookalike.models._normal_scores import NormalScores
from lookalike.models._request import Request
from lookalike.models._task import FitTask
from lookalike.refine import Refine

__all__ = ["GaussianCopula"]

#: The smallest eigenvalue of the correlation matrix, and the largest correlation.
_LEAST, _MOST = 1e-4, 0.999


class GaussianCopula(Synthesizer):
    """Gaussian copula: marginals and pairwise correlations (Sklar 1959; Patki et al. 2016).

    Each column is the transform of a latent normal variable: numbers by their quantile function,
    categories by cutting its range into intervals as long as their frequencies. The latent
    variables are jointly normal, so that each pair of columns has one correlation; categories are
    first ordered by their association with other columns. The fit itself takes about a second.
    Dependence beyond correlations is added by the refinement, where it helps on held-out rows.
    Conditions on columns are drawn from the conditional normal distribution.

    Parameters
    ----------
    refine : Refine, mapping or None
        Calibration and correction of the generated rows after the fit, such as
        ``Refine(correct=False)``; None for the defaults.
    derive : bool
        Whether columns that are functions of others are computed from them instead of learned.
    min_category_count : int
        The minimum number of rows that must share a category, a number or a part of an identifier
        for the model to store it.
    text_placeholder : str or None
        The text that fills columns of free text; None leaves them missing.
    random_state : int, Generator, RandomState or None
        The seed of the fit, and the default seed of sampling.

    Attributes
    ----------
    schema_ : Schema
        The kinds of the training table's columns and the relations between them.
    encoder_ : TableEncoder
        The fitted encoding of the table.
    history_ : History
        The result of the refinement; there are no training steps.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from lookalike.models import GaussianCopula
    >>> table = pa.table({"x": [1.5, 2.25, 3.0, None] * 4, "c": ["a", "b", "a", "a"] * 4})
    >>> GaussianCopula(random_state=0).fit(table).sample(3).column_names
    ['x', 'c']
    """

    COMPILED: ClassVar[bool] = False
    capabilities: ClassVar[frozenset[str]] = frozenset({"conditions"})
    _encoding: ClassVar[Mapping[str, Any]] = ONE_BLOCK_OR_RESIDUAL

    #: The map between rows and latent normal variables, and the correlations of the latter.
    _scores: NormalScores
    _correlation: np.ndarray

    def __init__(
        self,
        *,
        refine: Refine | Mapping[str, Any] | None = None,
        derive: bool = True,
        min_category_count: int = 2,
        text_placeholder: str | None = None,
        random_state: RandomState = None,
    ) -> None:
        self.refine = refine
        self.derive = derive
        self.min_category_count = min_category_count
        self.text_placeholder = text_placeholder
        self.random_state = random_state

    def _fit(self, task: FitTask) -> None:
        rows = task.rows if task.split.refit else task.split.training
        self._scores = NormalScores.fit(rows, task.layout)
        self._correlation = _correlations(*self._scores.of_rows(rows))

    def _source(self, request: Request) -> BlockSource:
        conditions, columns = request.conditions, len(self._correlation)
        factor = np.linalg.cholesky(self._correlation)

        def ordinary(block: int) -> SampledRows:
            rng = generator(request.seed, "sample", block)
            return self._scores.to_rows(rng.standard_normal((self.BLOCK, columns)) @ factor.T)

        def conditional(block: int) -> SampledRows:
            assert conditions is not None
            condition = conditions(block)
            rows = condition.count(self.BLOCK)
            rng = generator(request.seed, "conditions", block)
            within = self._scores.intervals(condition)
            return self._scores.to_rows(draw_within(self._correlation, within, rows, rng))

        return ordinary if conditions is None else conditional

    def _state(self) -> Learned:
        arrays = self._scores.state().arrays
        return Learned({}, {**arrays, "correlation": self._correlation})

    def _restore(self, state: Learned, layout: Layout) -> None:
        self._scores = NormalScores.from_state(state, layout)
        self._correlation = np.asarray(state.arrays["correlation"], float)
        count = len(layout.blocks)
        whole = self._correlation.shape == (count, count)
        if not whole or not (np.linalg.eigvalsh(self._correlation) > 0).all():
            raise ModelFileError("The correlations of a Gaussian copula are damaged.")


def _correlations(scores: np.ndarray, present: np.ndarray) -> np.ndarray:
    """Return the correlations of latent normal variables from their conditional means, the scores.

    To first order E[s_i s_j] = ρ_ij · E[s_i²] · E[s_j²]: scores of coarse columns, such as those of
    two categories, vary less than their latent variables, and their products have to be scaled up.
    """
    # Moments over the rows in which a column, or both columns of a pair, are present.
    weights = present.astype(float)
    variance = (scores**2).sum(axis=0) / np.maximum(weights.sum(axis=0), 1)
    products = scores.T @ scores / np.maximum(weights.T @ weights, 1)
    scale = np.maximum(variance, _LEAST)
    correlation = np.clip(products / np.outer(scale, scale), -_MOST, _MOST)
    np.fill_diagonal(correlation, 1.0)
    # Estimated pair by pair it need not be positive definite: raise the eigenvalues that are too
    # small, then restore the unit diagonal.
    values, vectors = np.linalg.eigh(correlation)
    covariance = (vectors * np.maximum(values, _LEAST)) @ vectors.T
    deviations = np.sqrt(np.diag(covariance))
    return np.asarray(covariance / np.outer(deviations, deviations))
