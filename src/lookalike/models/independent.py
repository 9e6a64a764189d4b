"""Every column drawn on its own: the floor that any synthesizer must beat."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

import numpy as np
from scipy.special import ndtri

from lookalike._core.parameters import Instance, Number, Rule
from lookalike._core.seeds import RandomState, generator
from lookalike.encoding import Asked, EncodedRows, Layout, Learned, SampledRows, TableEncoder
from lookalike.models._asking import Asking
from lookalike.models._base import Synthesizer
from lookalike.models._task import FitTask
from lookalike.tables import ColumnCondition, Kind

__all__ = ["Independent"]

#: Probability integral transforms beyond ±5 are not told apart by the quantile encoding either.
_Z_MAX = 5.0
#: A level costs one share here, so that no column has too many of them for one block.
_ANY_LEVELS = 2**31 - 1


class Independent(Synthesizer):
    """Draw every column on its own, by its own distribution.

    Categories are drawn by their frequencies, numbers and moments by their quantile functions,
    missing cells by their share. Every marginal is right and nothing else is: what a score gives
    this model is the floor of that score.

    Parameters
    ----------
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
        Empty: nothing is trained step by step.

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
    _rules: ClassVar[Mapping[str, Rule | Callable[[], Rule]]] = {
        "min_category_count": Number(1, integer=True),
        "text_placeholder": Instance((str,), "a string or None", optional=True),
    }

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

    def _encoder(self) -> TableEncoder:
        # Quantiles make every number one uniform draw, and one block per column keeps its levels
        # together: only so is a column's whole distribution known from its blocks one by one.
        numeric = {str(kind): "quantile" for kind in Kind if kind.is_numeric}
        return TableEncoder(
            encodings=numeric,
            onehot_limit=_ANY_LEVELS,
            min_category_count=self.min_category_count,
            text_placeholder=self.text_placeholder,
        )

    def _fit(self, task: FitTask) -> None:
        self._shares = {
            i: _shares(task.rows, task.layout, i)
            for i, block in enumerate(task.layout.blocks)
            if block.head == "softmax"
        }

    def _start_sampling(self, seed: int) -> Callable[[int], SampledRows]:
        layout = self.encoder_.layout_
        softmax = [i for i, block in enumerate(layout.blocks) if block.head == "softmax"]
        cumulative = [np.cumsum(self._shares[i]) for i in softmax]

        def make(block: int) -> SampledRows:
            rng = generator(seed, "sample", block)
            z = rng.standard_normal((self.BLOCK, len(layout.blocks) - len(softmax)), np.float32)
            u = rng.random((self.BLOCK, len(softmax)))
            levels = np.empty(u.shape, np.int32)
            for j, limits in enumerate(cumulative):
                levels[:, j] = np.searchsorted(limits[:-1], u[:, j], side="right")
            return SampledRows(np.clip(z, -_Z_MAX, _Z_MAX), levels)

        return make

    def _start_asking(self, seed: int, asking: Asking) -> Callable[[int], SampledRows]:
        layout, classes = self.encoder_.layout_, asking.classes
        turns = [asking.told]
        if classes is not None:
            levels = (classes.levels.slice(k, 1) for k in range(len(classes)))
            told = (
                self.encoder_.ask(ColumnCondition(classes.column, values=level)) for level in levels
            )
            turns = [(*asking.told, *([] if one is None else [one])) for one in told]

        def make(block: int) -> SampledRows:
            rng = generator(seed, "asked", block)
            u = rng.random((self.BLOCK, len(layout.blocks)))
            options = rng.random((self.BLOCK, len(asking.wishes) + 1))
            numbers = np.empty((self.BLOCK, layout.numbers), np.float32)
            levels = np.empty((self.BLOCK, layout.softmaxes), np.int32)
            turn = (block * self.BLOCK + np.arange(self.BLOCK)) % len(turns)
            for k in np.unique(turn):
                rows = np.flatnonzero(turn == k)
                for i, (part, at) in enumerate(
                    zip(layout.blocks, layout.drawn_starts, strict=True)
                ):
                    if part.head == "softmax":
                        shares = _allowed(self._shares[i], i, turns[k])
                        limits = np.cumsum(shares)[:-1]
                        levels[rows, at] = np.searchsorted(limits, u[rows, i], side="right")
                    else:
                        low, high = _limits(i, turns[k], options[rows])
                        z = ndtri(low + (high - low) * u[rows, i])
                        numbers[rows, at] = np.clip(z, -_Z_MAX, _Z_MAX)
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
    """Return the share of each level of a block among the rows where it is not silenced."""
    block = layout.blocks[index]
    codes = encoded.codes[:, block.source_start]
    if block.masked_by is not None:
        gate = layout.blocks[block.masked_by]
        codes = codes[encoded.codes[:, gate.source_start] == 0]
    counts = np.bincount(codes, minlength=block.width)
    return np.asarray(counts / counts.sum(), np.float64)


def _allowed(shares: np.ndarray, index: int, told: Sequence[Asked]) -> np.ndarray:
    """Return the shares of a block's levels among those that are allowed."""
    for asked in told:
        if index in asked.allowed:
            shares = np.where(asked.allowed[index], shares, 0.0)
    whole = shares.sum()
    return shares / whole if whole > 0 else shares


def _limits(
    index: int, told: Sequence[Asked], options: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return between which cumulative probabilities a block's numbers lie, for each row.

    Parameters
    ----------
    index : int
        Of the block.
    told : sequence of Asked
    options : ndarray, shape (rows, len(told) or more)
        Numbers in [0, 1) that take one of the options of each, by their shares.
    """
    low, high = np.zeros(len(options)), np.ones(len(options))
    for k, asked in enumerate(told):
        if index in asked.limits:
            option = np.searchsorted(np.cumsum(asked.shares)[:-1], options[:, k], side="right")
            limits = asked.limits[index][option]
            low, high = np.maximum(low, limits[:, 0]), np.minimum(high, limits[:, 1])
    return low, np.maximum(low, high)
