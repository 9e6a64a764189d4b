"""Independent marginals: the baseline that every synthesizer must beat."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from scipy.special import ndtri

from lookalike._core.seeds import RandomState, generator
from lookalike.encoding import (
    ONE_BLOCK,
    BlockSource,
    EncodedRows,
    Layout,
    Learned,
    SampledRows,
)
from lookalike.models._base import Synthesizer
from lookalike.models._request import BlockConditions, Request
from lookalike.models._task import FitTask

__all__ = ["Independent"]

#: The limit to which normal numbers are clipped, beyond which the quantile encoding ends.
_Z_MAX = 5.0
#: The smallest share of an allowed level, so that one can always be drawn.
_LEAST_SHARE = 1e-12
#: Cells (rows × levels) that are handled at once where each row has its own condition.
_AT_A_TIME = 2**22


class Independent(Synthesizer):
    """Independent columns: each is sampled from its own marginal distribution.

    Categories are drawn by their frequencies, numbers and dates by their quantile functions,
    missing cells by their share. All marginals are right, and columns are unrelated: the score of
    this model is the baseline of every metric.

    Parameters
    ----------
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
        Empty: there are no training steps.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from lookalike.models import Independent
    >>> table = pa.table({"x": [1.5, 2.25, 3.0, None], "c": ["a", "b", "a", "a"]})
    >>> model = Independent(random_state=0).fit(table)
    >>> model.sample(3).column_names
    ['x', 'c']
    """

    COMPILED: ClassVar[bool] = False
    COST: ClassVar[float] = 0.05
    capabilities: ClassVar[frozenset[str]] = frozenset({"conditions"})
    _encoding: ClassVar[Mapping[str, Any]] = ONE_BLOCK

    _shares: dict[int, np.ndarray]

    def __init__(
        self,
        *,
        min_category_count: int = 2,
        text_placeholder: str | None = None,
        random_state: RandomState = None,
    ) -> None:
        self.min_category_count = min_category_count
        self.text_placeholder = text_placeholder
        self.random_state = random_state

    def _fit(self, task: FitTask) -> None:
        self._shares = {
            i: _shares(task.rows, task.layout, i)
            for i, block in enumerate(task.layout.blocks)
            if block.head == "softmax"
        }

    def _source(self, request: Request) -> BlockSource:
        if request.conditions is not None:
            return self._conditional(request.seed, request.conditions)
        layout = self.encoder_.layout_
        softmax = [i for i, block in enumerate(layout.blocks) if block.head == "softmax"]
        cumulative = [np.cumsum(self._shares[i]) for i in softmax]

        def make(block: int) -> SampledRows:
            rng = generator(request.seed, "sample", block)
            z = rng.standard_normal((self.BLOCK, len(layout.blocks) - len(softmax)), np.float32)
            u = rng.random((self.BLOCK, len(softmax)))
            levels = np.empty(u.shape, np.int32)
            for j, limits in enumerate(cumulative):
                levels[:, j] = np.searchsorted(limits[:-1], u[:, j], side="right")
            return SampledRows(np.clip(z, -_Z_MAX, _Z_MAX), levels)

        return make

    def _conditional(self, seed: int, conditions: BlockConditions) -> BlockSource:
        """Return the source of rows whose blocks are drawn within their conditions."""
        layout = self.encoder_.layout_

        def make(number: int) -> SampledRows:
            condition = conditions(number)
            rows = condition.count(self.BLOCK)
            u = generator(seed, "asked", number).random((rows, len(layout.blocks)))
            numbers = np.empty((rows, layout.numbers), np.float32)
            levels = np.empty((rows, layout.softmaxes), np.int32)
            for i, (block, at) in enumerate(zip(layout.blocks, layout.drawn_starts, strict=True)):
                if block.head == "softmax":
                    allowed = condition.allowed.get(i, np.ones((1, block.width), bool))
                    levels[:, at] = _levels(self._shares[i], allowed, u[:, i])
                else:
                    bounds = condition.bounds.get(i, np.array([[0.0, 1.0]]))
                    low, high = np.clip(bounds, 0.0, 1.0).T
                    z = ndtri(low + (high - low) * u[:, i])
                    numbers[:, at] = np.clip(z, -_Z_MAX, _Z_MAX)
            return SampledRows(numbers, levels)

        return make

    def _state(self) -> Learned:
        return Learned({}, {f"shares {i}": shares for i, shares in self._shares.items()})

    def _restore(self, state: Learned, layout: Layout) -> None:
        self._shares = {}
        for i, block in enumerate(layout.blocks):
            if block.head == "softmax":
                shares = state.arrays[f"shares {i}"]
                whole = shares.shape == (block.width,) and np.isclose(shares.sum(), 1.0)
                if not whole or (shares < 0).any():
                    raise ValueError(f"the shares of {block.column!r} are not those of its levels")
                self._shares[i] = shares


def _shares(encoded: EncodedRows, layout: Layout, index: int) -> np.ndarray:
    """Return the share of each level of a block among the rows where it is not masked."""
    block = layout.blocks[index]
    codes = encoded.codes[:, block.source_start]
    if block.masked_by is not None:
        gate = layout.blocks[block.masked_by]
        codes = codes[encoded.codes[:, gate.source_start] == 0]
    counts = np.bincount(codes, minlength=block.width)
    return np.asarray(counts / counts.sum(), np.float64)


def _levels(shares: np.ndarray, allowed: np.ndarray, uniforms: np.ndarray) -> np.ndarray:
    """Draw an allowed level for each row by the shares of levels.

    Parameters
    ----------
    shares : ndarray, shape (levels,)
    allowed : ndarray of bool, shape (n or 1, levels)
    uniforms : ndarray, shape (n,)
        Numbers in [0, 1).
    """
    shares = np.maximum(shares, _LEAST_SHARE)
    if len(allowed) == 1:
        reached = np.cumsum(shares * allowed[0])
        return np.asarray(np.searchsorted(reached[:-1], uniforms * reached[-1], side="right"))
    drawn, step = np.empty(len(uniforms), np.int64), max(_AT_A_TIME // len(shares), 1)
    for first in range(0, len(uniforms), step):
        some = slice(first, first + step)
        reached = np.cumsum(shares * allowed[some], axis=1)
        wanted = uniforms[some] * reached[:, -1]
        drawn[some] = (reached[:, :-1] <= wanted[:, None]).sum(axis=1)
    return drawn
