"""The vine copula: exact marginals, and pairs of columns given others, in trees."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np
from scipy.special import ndtri

from lookalike._core.optional import require
from lookalike._core.parameters import Number, Rule
from lookalike._core.seeds import RandomState, generator
from lookalike.encoding import (
    ONE_BLOCK_OR_RESIDUAL,
    BlockSource,
    EncodedRows,
    Layout,
    Learned,
    SampledRows,
    TableEncoder,
)
from lookalike.models._base import Synthesizer
from lookalike.models._normal_scores import NormalScores
from lookalike.models._request import Request
from lookalike.models._task import FitTask
from lookalike.models._vine import Vine
from lookalike.refine import Refine

__all__ = ["VineCopula"]

#: The greatest number of rows by which the vine is chosen.
_MOST_ROWS = 10_000


class VineCopula(Synthesizer):
    """Vine copula: marginals, and copulas of pairs of columns given others (Bedford, Cooke 2002).

    Each column is the transform of a latent uniform variable, as in `GaussianCopula`. Their joint
    distribution is a truncated vine: in the first tree, pairs of columns that depend most on each
    other have a copula of their own; in the next ones, pairs given the columns between them; beyond
    the last tree, columns are independent given the others (Aas et al. 2009; Dissmann et al. 2013).
    Dependence is measured by Hoeffding's D, which need not be monotone. Each copula is what
    describes its pair best: independence, a Gaussian copula, or a smoothed one
    of any shape. Levels, and numbers of few values, are discrete variables, whose probabilities are
    differences of the copula.

    The library pyvinecopulib (Nagler and Vatter) fits and samples: ``pip install
    'lookalike[copula]'``. Rows for conditions are selected from ordinary ones: rare conditions are
    refused.

    Parameters
    ----------
    trees : int
        The number of trees of the vine, which are the columns that a pair can depend on, and one.
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
    >>> import lookalike as la
    >>> vine = la.VineCopula(trees=2)  # vine.fit(table) needs pyvinecopulib
    >>> vine.get_params()["trees"]
    2
    """

    COMPILED: ClassVar[bool] = False
    EXTRA: ClassVar[str] = "copula"
    COST: ClassVar[float] = 2.5
    SPACE: ClassVar[Mapping[str, tuple[Any, ...]]] = {"trees": (1, 2, 3, 5)}
    _encoding: ClassVar[Mapping[str, Any]] = ONE_BLOCK_OR_RESIDUAL
    _rules: ClassVar[Mapping[str, Rule | Callable[[], Rule]]] = {
        "trees": Number(1, 100, integer=True),
    }

    #: The map between rows and latent variables, and the distribution of the latter.
    _scores: NormalScores
    _vine: Vine

    def __init__(
        self,
        *,
        trees: int = 3,
        refine: Refine | Mapping[str, Any] | None = None,
        derive: bool = True,
        min_category_count: int = 2,
        text_placeholder: str | None = None,
        random_state: RandomState = None,
    ) -> None:
        self.trees = trees
        self.refine = refine
        self.derive = derive
        self.min_category_count = min_category_count
        self.text_placeholder = text_placeholder
        self.random_state = random_state

    def _encoder(self) -> TableEncoder:
        _library()  # before any work
        return super()._encoder()

    def _fit(self, task: FitTask) -> None:
        rows = task.rows if task.split.refit else task.split.training
        rng = generator(task.seed, "vine")
        self._scores = NormalScores.fit(rows, task.layout)
        some = np.sort(rng.permutation(len(rows.floats))[:_MOST_ROWS])
        learned = EncodedRows(rows.floats[some], rows.codes[some])
        cells = [self._scores.cells(learned, i) for i in range(len(task.layout.blocks))]
        self._vine = Vine.fit(cells, self.trees, rng)

    def _source(self, request: Request) -> BlockSource:
        _library()

        def make(block: int) -> SampledRows:
            rng = generator(request.seed, "sample", block)
            uniforms = rng.random((self.BLOCK, self._vine.variables))
            return self._scores.to_rows(ndtri(self._vine.drawn(uniforms)))

        return make

    def _state(self) -> Learned:
        vine, arrays = self._vine.state(), self._scores.state().arrays
        return Learned(vine.values, {**arrays, **vine.arrays})

    def _restore(self, state: Learned, layout: Layout) -> None:
        _library()
        self._scores = NormalScores.from_state(state, layout)
        self._vine = Vine.from_state(state, len(layout.blocks))


def _library() -> None:
    require("pyvinecopulib", "A vine copula", "It comes with lookalike[copula].")
