"""SMOTE: rows between a training row and one of its nearest neighbours."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Int

from lookalike._core.errors import ModelFileError, ParameterError
from lookalike._core.numerics import as_points, nearest_rows
from lookalike._core.parameters import Flag, Number, Rule
from lookalike._core.seeds import RandomState, generator
from lookalike.encoding import (
    ONE_BLOCK_OR_RESIDUAL,
    BlockSource,
    EncodedRows,
    Layout,
    Learned,
    SampledRows,
    sample_encoded,
)
from lookalike.models._base import Synthesizer
from lookalike.models._request import Request
from lookalike.models._task import FitTask
from lookalike.refine import Refine, level_points

__all__ = ["Smote"]

#: The greatest number of rows between which others are interpolated: a search among all pairs.
_MOST_ROWS = 50_000


class Smote(Synthesizer):
    """SMOTE: interpolation between near rows of one class (Chawla et al. 2002).

    **Its rows give training rows away, and its model file holds them.** Every row lies between a
    training row and one of its nearest neighbours of the same class, so that whoever sees many of
    them can tell who was in the training table: see "Which model for which table" in the guide for
    its measured membership score. `save` therefore refuses, unless ``save_rows=True``. It needs no
    training, and keeps rare classes; use it where the synthetic rows stay where the real ones are.

    The target of the fit is the class, if it is categorical. Numbers are interpolated as in SMOTE,
    in units of their normal scores. Each category is that of the row or one of its neighbours,
    drawn by their shares: SMOTE-NC and SMOTEN take the most frequent one, which makes rare
    categories rarer. A number is missing if it is in the nearer of the two rows.

    Rows for conditions are selected from ordinary ones: rare conditions are refused.

    Parameters
    ----------
    neighbours : int
        The number of nearest neighbours of a row.
    save_rows : bool
        Whether `save` may write the training rows, encoded, to a model file.
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
    >>> from lookalike.models import Smote
    >>> table = pa.table({"x": [1.5, 2.25, 3.0, None] * 4, "c": ["a", "b", "a", "a"] * 4})
    >>> Smote(random_state=0).fit(table, target="c").sample(3).column_names
    ['x', 'c']
    """

    COMPILED: ClassVar[bool] = False
    HOLDS_ROWS: ClassVar[bool] = True
    COST: ClassVar[float] = 0.6
    _encoding: ClassVar[Mapping[str, Any]] = ONE_BLOCK_OR_RESIDUAL
    _rules: ClassVar[Mapping[str, Rule | Callable[[], Rule]]] = {
        "neighbours": Number(1, 1_000, integer=True),
        "save_rows": Flag(),
    }

    #: Training rows, and the numbers of the nearest neighbours of each.
    _rows: EncodedRows
    _near: Int[np.ndarray, "rows neighbours"]

    def __init__(
        self,
        *,
        neighbours: int = 5,
        save_rows: bool = False,
        refine: Refine | Mapping[str, Any] | None = None,
        derive: bool = True,
        min_category_count: int = 2,
        text_placeholder: str | None = None,
        random_state: RandomState = None,
    ) -> None:
        self.neighbours = neighbours
        self.save_rows = save_rows
        self.refine = refine
        self.derive = derive
        self.min_category_count = min_category_count
        self.text_placeholder = text_placeholder
        self.random_state = random_state

    def _fit(self, task: FitTask) -> None:
        split, rng = task.split, generator(task.seed, "neighbours")
        rows = split.all if split.refit else split.training
        # Rows in random order, so that neither their number nor the file tells which one it was.
        some = rng.permutation(len(rows.codes))[:_MOST_ROWS]
        self._rows = EncodedRows(rows.floats[some], rows.codes[some])
        drawn = sample_encoded(self._rows, task.layout, rng)
        widths = [block.width for block in task.layout.blocks if block.head == "softmax"]
        points = as_points(drawn.numbers, drawn.levels, [level_points(w, rng) for w in widths])
        classes = np.zeros(len(some), np.int64)
        for block, start in zip(task.layout.blocks, task.layout.drawn_starts, strict=True):
            if block.column == self.target_ and block.head == "softmax" and block.part != "missing":
                classes = drawn.levels[:, start].astype(np.int64)
        self._near = _neighbours(points.astype(np.float32), classes, self.neighbours)

    def _source(self, request: Request) -> BlockSource:
        layout, rows, near = self.encoder_.layout_, self._rows, self._near

        def make(number: int) -> SampledRows:
            rng = generator(request.seed, "sample", number)
            first = rng.integers(0, len(near), self.BLOCK)
            second = near[first, rng.integers(0, near.shape[1], self.BLOCK)]
            share = rng.random(self.BLOCK).astype(np.float32)
            ends = [
                sample_encoded(EncodedRows(rows.floats[at], rows.codes[at]), layout, rng)
                for at in (first, second)
            ]
            # Each category is that of the row or of one of its neighbours.
            donor = rng.integers(0, near.shape[1] + 1, (self.BLOCK, len(layout.blocks)))
            around = np.concatenate([first[:, None], near[first]], axis=1)
            levels = np.empty((self.BLOCK, layout.softmaxes), np.int32)
            for i, start in _softmax(layout):
                at = around[np.arange(self.BLOCK), donor[:, i]]
                levels[:, start] = rows.codes[at, layout.blocks[i].source_start]
            numbers = ends[0].numbers + share[:, None] * (ends[1].numbers - ends[0].numbers)
            for block, start in zip(layout.blocks, layout.drawn_starts, strict=True):
                if block.masked_by is not None:
                    gate, span = layout.drawn_starts[block.masked_by], slice(start, start + 1)
                    levels[:, gate] = np.where(share < 0.5, *(e.levels[:, gate] for e in ends))
                    numbers[:, span] = _masked(ends, gate, span, numbers[:, span])
                    numbers[levels[:, gate] == 1, span] = 0.0
            return SampledRows(numbers, levels)

        return make

    def save(self, path: str | os.PathLike[str]) -> None:
        """Save the model, training rows included, if ``save_rows=True`` allows it.

        Parameters
        ----------
        path : str or path-like
            The file, by convention with the suffix ``.lookalike``.

        Raises
        ------
        ParameterError
            If the model was not fitted with ``save_rows=True``.
        NotFittedError
            If the model has not been fitted.
        OutputError
            If the file cannot be written; then no partial file remains.
        """
        self._check_fitted()
        if not self._fitted_with["save_rows"]:
            raise ParameterError(
                "The file of a Smote holds its training rows, so saving it must be allowed; got "
                "save_rows=False. Fit Smote(save_rows=True) if the file may be as widely read as "
                "the table itself, or use another model."
            )
        super().save(path)

    def _state(self) -> Learned:
        arrays = {"floats": self._rows.floats, "codes": self._rows.codes, "near": self._near}
        return Learned({}, arrays)

    def _restore(self, state: Learned, layout: Layout) -> None:
        floats, codes, near = (state.arrays[name] for name in ("floats", "codes", "near"))
        count = len(floats)
        whole = (
            floats.shape == (count, layout.floats)
            and codes.shape == (count, layout.codes)
            and near.ndim == 2
            and len(near) == count > 0
            and min(near.shape) > 0
            and floats.dtype == np.float32
            and codes.dtype.kind == near.dtype.kind == "i"
            and ((near >= 0) & (near < count)).all()
            and ((floats >= 0) & (floats <= 1)).all()
        )
        starts = [(b.source_start, b.width) for b in layout.blocks if b.head == "softmax"]
        if not whole or not all(
            ((codes[:, at] >= 0) & (codes[:, at] < width)).all() for at, width in starts
        ):
            raise ModelFileError("The rows of a Smote are damaged.")
        self._rows, self._near = EncodedRows(floats, codes), near


def _softmax(layout: Layout) -> Iterator[tuple[int, int]]:
    """Yield the index of each block of levels, and its column in the levels of sampled rows."""
    for i, (block, start) in enumerate(zip(layout.blocks, layout.drawn_starts, strict=True)):
        if block.head == "softmax":
            yield i, start


def _masked(ends: list[SampledRows], gate: int, span: slice, between: np.ndarray) -> np.ndarray:
    """Return interpolated numbers; where one end is missing, that of the other."""
    first, second = (end.levels[:, [gate]] == 1 for end in ends)
    present = np.where(second & ~first, ends[0].numbers[:, span], between)
    return np.where(first & ~second, ends[1].numbers[:, span], present)


def _neighbours(
    points: np.ndarray, classes: Int[np.ndarray, " rows"], count: int
) -> Int[np.ndarray, "rows neighbours"]:
    """Return the numbers of the nearest rows of each row, of its class where that has others.

    Where there are fewer than `count`, they are repeated.
    """
    near = np.zeros((len(points), count), np.int32)
    near[:] = np.arange(len(points))[:, None]
    for one in np.unique(classes):
        own = np.flatnonzero(classes == one)
        others = own if len(own) > 1 else np.arange(len(points))
        if len(others) < 2:
            continue
        few = min(count, len(others) - 1)
        if len(own) > 1:
            found = nearest_rows(points[own], points[own], few, same=True)[1]
        else:
            found = nearest_rows(points[own], np.delete(points, own, axis=0), few)[1]
            others = np.delete(others, own)
        near[own] = np.take(others[found], np.arange(count) % few, axis=1)
    return near
