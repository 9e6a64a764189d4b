"""The Gaussian copula: every marginal as it is, and one correlation for each pair of columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np

from lookalike._core.errors import ModelFileError
from lookalike._core.parameters import Flag, Group, GroupOf, Instance, Number, Rule
from lookalike._core.seeds import RandomState, generator
from lookalike.encoding import BlockSource, Layout, Learned, SampledRows, TableEncoder
from lookalike.models._base import Synthesizer
from lookalike.models._gaussian import draw_within
from lookalike.models._normal_scores import NormalScores
from lookalike.models._request import Request
from lookalike.models._task import FitTask
from lookalike.refine import Refine
from lookalike.tables import Kind

__all__ = ["GaussianCopula"]

#: The least eigenvalue of the correlation matrix, and the largest correlation.
_LEAST, _MOST = 1e-4, 0.999
#: A level costs one share here, so that no column has too many of them for one block.
_ANY_LEVELS = 2**31 - 1


class GaussianCopula(Synthesizer):
    """Learn the marginals and the rank correlations of a table (Sklar 1959; Patki et al. 2016).

    Each column is a normal variable that its quantile function turns into numbers, or its shares
    into levels; all of them are jointly normal. Levels are ordered by what they go with. It is
    fitted in about a second and knows of each pair of columns one number alone: what more there is,
    the refinement of its rows adds where held-out rows ask for it.

    Parameters
    ----------
    refine : Refine, mapping or None
        What is done to rows after the fit, such as ``Refine(correct=False)``; None for the
        defaults.
    derive : bool
        Whether columns that are functions of others are derived instead of learned.
    min_category_count : int
        Levels, numbers and parts of identifiers that fewer rows have are not stored.
    text_placeholder : str or None
        What stands in columns of free text; None for missing.
    random_state : int, Generator, RandomState or None
        The seed.

    Attributes
    ----------
    schema_ : Schema
        What each column of the training table is.
    encoder_ : TableEncoder
        The fitted encoding of the table.
    history_ : History
        What the refinement found: nothing is trained step by step.

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
    _rules: ClassVar[Mapping[str, Rule | Callable[[], Rule]]] = {
        "refine": GroupOf(Refine),
        "derive": Flag(),
        "min_category_count": Number(1, integer=True),
        "text_placeholder": Instance((str,), "a string or None", optional=True),
    }
    _groups: ClassVar[Mapping[str, type[Group]]] = {"refine": Refine}

    #: Rows as normal variables, and the correlations of these.
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

    def _encoder(self) -> TableEncoder:
        # One normal variable for each column: quantiles of numbers, and one block of all levels.
        return TableEncoder(
            encodings={str(kind): "quantile" for kind in Kind if kind.is_numeric},
            onehot_limit=_ANY_LEVELS,
            derive=self.derive,
            min_category_count=self.min_category_count,
            text_placeholder=self.text_placeholder,
        )

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
            rows = self.BLOCK if condition.rows == 1 else condition.rows
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
    """Return the correlations of the normal variables of which scores are the conditional means.

    To first order E[s_i s_j] = ρ_ij · E[s_i²] · E[s_j²]: cells that say little of their normal
    variable, such as two levels, say as little of its correlation.
    """
    known = present.astype(float)
    variance = (scores**2).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    products = scores.T @ scores / np.maximum(known.T @ known, 1)
    scale = np.maximum(variance, _LEAST)
    found = np.clip(products / np.outer(scale, scale), -_MOST, _MOST)
    np.fill_diagonal(found, 1.0)
    # The nearest matrix that is positive definite, but for its scale.
    values, vectors = np.linalg.eigh(found)
    whole = (vectors * np.maximum(values, _LEAST)) @ vectors.T
    sizes = np.sqrt(np.diag(whole))
    return np.asarray(whole / np.outer(sizes, sizes))
