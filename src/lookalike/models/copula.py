"""The Gaussian copula: every marginal as it is, and one correlation for each pair of columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float
from scipy.special import ndtr, ndtri
from scipy.stats import norm

from lookalike._core.errors import ModelFileError
from lookalike._core.parameters import Flag, GroupOf, Instance, Number, Rule
from lookalike._core.seeds import RandomState, generator
from lookalike.encoding import (
    Z_MAX,
    BlockSource,
    EncodedRows,
    Layout,
    Learned,
    SampledRows,
    TableEncoder,
)
from lookalike.models._base import Synthesizer
from lookalike.models._request import Request
from lookalike.models._task import FitTask
from lookalike.refine import Refine
from lookalike.tables import Kind

__all__ = ["GaussianCopula"]

#: The least eigenvalue of the correlation matrix, and the largest correlation.
_LEAST, _MOST = 1e-4, 0.999
#: A level costs one share here, so that no column has too many of them for one block.
_ANY_LEVELS = 2**31 - 1

Scores = Float[np.ndarray, "rows columns"]


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
    _rules: ClassVar[Mapping[str, Rule | Callable[[], Rule]]] = {
        "refine": GroupOf(Refine),
        "derive": Flag(),
        "min_category_count": Number(1, integer=True),
        "text_placeholder": Instance((str,), "a string or None", optional=True),
    }
    _groups: ClassVar[Mapping[str, Any]] = {"refine": Refine}

    #: For each softmax block, its levels in the order of the latent variable, and where they end.
    _orders: dict[int, np.ndarray]
    _cuts: dict[int, np.ndarray]
    #: The lower triangle whose square is the correlation matrix of the blocks.
    _factor: np.ndarray

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
        rows = task.split.all if task.split.refit else task.split.training
        levels = [i for i, block in enumerate(task.layout.blocks) if block.head == "softmax"]
        self._orders = {i: np.arange(task.layout.blocks[i].width) for i in levels}
        scores, _ = self._scores(rows, task.layout)
        # Levels that go with the same values of other columns become neighbours.
        for i in levels:
            others = np.delete(scores, i, axis=1)
            if others.shape[1]:
                axis = np.linalg.svd(others - others.mean(axis=0), full_matrices=False)[2][0]
                self._orders[i] = _ordered_by(
                    others @ axis, _codes(rows, task.layout, i), len(self._orders[i])
                )
        scores, present = self._scores(rows, task.layout)
        self._factor = np.linalg.cholesky(_correlations(scores, present))

    def _scores(self, rows: EncodedRows, layout: Layout) -> tuple[Scores, Scores]:
        """Return the mean of each normal variable, given its cell, and which cells are present."""
        self._cuts = {}
        scores = np.zeros((len(rows.floats), len(layout.blocks)))
        present = np.ones_like(scores)
        for i, block in enumerate(layout.blocks):
            if block.masked_by is not None:
                gate = layout.blocks[block.masked_by]
                present[:, i] = rows.codes[:, gate.source_start] == 0
            if block.head != "softmax":
                low, high = rows.floats[:, block.source_start : block.source_start + 2].T.astype(
                    float
                )
            else:
                codes, order = _codes(rows, layout, i), self._orders[i]
                shares = np.bincount(codes[present[:, i] > 0], minlength=block.width)[order]
                ends = np.concatenate([[0.0], np.cumsum(shares) / max(shares.sum(), 1)])
                self._cuts[i] = ends[1:-1]
                place = np.argsort(order)[codes]
                low, high = ends[place], ends[place + 1]
            scores[:, i] = _means(low, high) * present[:, i]
        return scores, present

    def _source(self, request: Request) -> BlockSource:
        layout = self.encoder_.layout_

        def make(block: int) -> SampledRows:
            rng = generator(request.seed, "sample", block)
            z = rng.standard_normal((self.BLOCK, len(layout.blocks))) @ self._factor.T
            return self._rows_of(np.clip(z, -Z_MAX, Z_MAX), layout)

        return make

    def _rows_of(self, z: Scores, layout: Layout) -> SampledRows:
        """Return the rows that normal variables stand for; numbers of missing cells are 0."""
        numbers = np.empty((len(z), layout.numbers), np.float32)
        levels = np.empty((len(z), layout.softmaxes), np.int32)
        starts = layout.drawn_starts
        for i in sorted(range(len(starts)), key=lambda i: layout.blocks[i].head != "softmax"):
            block, at = layout.blocks[i], starts[i]
            if block.head == "softmax":
                levels[:, at] = self._orders[i][
                    np.searchsorted(self._cuts[i], ndtr(z[:, i]), side="right")
                ]
                continue
            numbers[:, at] = z[:, i]
            if block.masked_by is not None:
                numbers[levels[:, starts[block.masked_by]] == 1, at] = 0
        return SampledRows(numbers, levels)

    def _state(self) -> Learned:
        orders = {f"order {i}": order.astype(np.int32) for i, order in self._orders.items()}
        return Learned(
            {},
            {**orders, **{f"cuts {i}": c for i, c in self._cuts.items()}, "factor": self._factor},
        )

    def _restore(self, state: Learned, layout: Layout) -> None:
        self._orders, self._cuts, arrays = {}, {}, state.arrays
        count = len(layout.blocks)
        self._factor = arrays["factor"]
        whole = self._factor.shape == (count, count) and np.isfinite(self._factor).all()
        for i, block in enumerate(layout.blocks):
            if block.head == "softmax":
                order, cuts = arrays[f"order {i}"], arrays[f"cuts {i}"]
                self._orders[i], self._cuts[i] = order, cuts
                whole &= sorted(order.tolist()) == list(range(block.width))
                whole &= len(cuts) == block.width - 1 and bool(
                    (np.diff(cuts, prepend=0, append=1) >= 0).all()
                )
        if not whole:
            raise ModelFileError(
                "The arrays of a Gaussian copula do not fit its columns: the file is damaged."
            )


def _codes(rows: EncodedRows, layout: Layout, index: int) -> np.ndarray:
    return np.asarray(rows.codes[:, layout.blocks[index].source_start])


def _means(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Return E[z | low ≤ Φ(z) ≤ high] of a standard normal z."""
    wide = np.maximum(high - low, 1e-9)
    within = (norm.pdf(ndtri(low)) - norm.pdf(ndtri(high))) / wide
    narrow = high - low < 1e-7
    return np.asarray(np.where(narrow, ndtri(np.clip((low + high) / 2, 1e-9, 1 - 1e-9)), within))


def _ordered_by(score: np.ndarray, codes: np.ndarray, levels: int) -> np.ndarray:
    """Return levels by the mean score of their rows."""
    counts = np.maximum(np.bincount(codes, minlength=levels), 1)
    return np.argsort(np.bincount(codes, score, minlength=levels) / counts, kind="stable")


def _correlations(scores: Scores, present: Scores) -> np.ndarray:
    """Return the correlations of the normal variables of which scores are the conditional means.

    To first order E[s_i s_j] = ρ_ij · E[s_i²] · E[s_j²]: cells that say little of their normal
    variable, such as two levels, say as little of its correlation.
    """
    counts = np.maximum(present.T @ present, 1)
    variance = np.maximum((scores**2).sum(axis=0) / np.maximum(present.sum(axis=0), 1), 1e-6)
    found = np.clip((scores.T @ scores) / counts / np.outer(variance, variance), -_MOST, _MOST)
    np.fill_diagonal(found, 1.0)
    values, vectors = np.linalg.eigh(found)
    whole = (vectors * np.maximum(values, _LEAST)) @ vectors.T
    sizes = np.sqrt(np.diag(whole))
    return np.asarray(whole / np.outer(sizes, sizes))
