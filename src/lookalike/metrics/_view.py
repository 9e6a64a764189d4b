"""A table as arrays, each computed at its first use and then cached."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lookalike._core.numerics import Floats32
from lookalike._core.seeds import generator
from lookalike.metrics._codebook import Codebook, Cuts, Floats, as_floats, as_levels

__all__ = ["Floats32", "LevelCodes", "View"]

LevelCodes = npt.NDArray[np.int32]
_T = TypeVar("_T")

#: The widest one-hot code, and how wide all codes together may become in an embedding.
WIDEST = 128
WIDTH_BUDGET = 1024
NARROWEST = 8
#: The largest distance of a number from the real range in an embedding, in real ranges.
FARTHEST = 1e3


class View:
    """A canonical table as arrays, relative to a codebook.

    Parameters
    ----------
    table : pyarrow.Table
        Canonical.
    codebook : Codebook
        The real table's levels, ranges and bins.
    seed : int
        The seed of samples and of codes for columns of many levels.
    """

    def __init__(self, table: pa.Table, codebook: Codebook, seed: int) -> None:
        self.table = table
        self.codebook = codebook
        self.seed = seed
        self._kept: dict[Hashable, Any] = {}

    def __len__(self) -> int:
        return len(self.table)

    def keep(self, key: Hashable, make: Callable[[], _T]) -> _T:
        """Return the cached value of `key`, computed at its first use."""
        if key not in self._kept:
            self._kept[key] = make()
        kept: _T = self._kept[key]
        return kept

    def sample(self, rows: int) -> View:
        """Return at most `rows` rows, drawn without replacement from the seed, in order."""
        if rows >= len(self):
            return self
        return self.keep(("sample", rows), lambda: self._sample(rows))

    def _sample(self, rows: int) -> View:
        drawn = generator(self.seed, "metrics", "sample", rows).permutation(len(self))[:rows]
        return View(self.table.take(pa.array(np.sort(drawn))), self.codebook, self.seed)

    @cached_property
    def numbers(self) -> Floats:
        """The numeric columns, NaN where missing; shape (n, p)."""
        columns = [as_floats(self.table[name]) for name in self.codebook.numeric]
        return np.stack(columns, axis=1) if columns else np.empty((len(self), 0))

    @cached_property
    def codes(self) -> LevelCodes:
        """The discrete columns as numbers of levels; shape (n, q).

        With L levels in the codebook, L stands for any other one, L + 1 for a missing cell.
        """
        book = self.codebook
        pairs = zip(book.discrete, book.levels, strict=True)
        columns = [_coded(self.table[name], levels) for name, levels in pairs]
        return np.stack(columns, axis=1) if columns else np.empty((len(self), 0), np.int32)

    @cached_property
    def width_levels(self) -> tuple[LevelCodes, tuple[int, ...]]:
        """All columns as levels, numbers cut into equal widths of the real range.

        Returns codes, shape (n, columns), in the order of the codebook's columns, and the number
        of levels of each column; the last one is "missing".
        """
        return self._as_levels(self.codebook.width_cuts)

    @cached_property
    def quantile_levels(self) -> tuple[LevelCodes, tuple[int, ...]]:
        """All columns as levels, numbers cut at the real quantiles; see `width_levels`."""
        return self._as_levels(self.codebook.quantile_cuts)

    def _as_levels(self, cuts: tuple[Cuts, ...]) -> tuple[LevelCodes, tuple[int, ...]]:
        book = self.codebook
        codes: list[npt.NDArray[np.int64]] = []
        sizes: list[int] = []
        for name in book.columns:
            if name in book.numeric:
                place = book.numeric.index(name)
                codes.append(cuts[place].cut(self.numbers[:, place]))
                sizes.append(cuts[place].size + 1)
            else:
                place = book.discrete.index(name)
                codes.append(self.codes[:, place].astype(np.int64))
                sizes.append(book.sizes[place])
        return np.stack(codes, axis=1).astype(np.int32), tuple(sizes)

    @cached_property
    def embedding(self) -> Floats32:
        """The rows as points, shape (n, d), for distances.

        Numbers are scaled so that the real range is [0, 1]; a missing one lies at the middle of
        the range and is marked in a column of its own. Levels are one-hot; those of a column with
        too many are random directions of length 1, so that any two different levels are about as
        far apart as with a one-hot code (Johnson & Lindenstrauss 1984).
        """
        scaled = np.clip(self.codebook.scaled(self.numbers), -FARTHEST, FARTHEST)
        missing = np.isnan(scaled)
        parts = [np.where(missing, 0.5, scaled).astype(np.float32), missing.astype(np.float32)]
        widths = _widths(self.codebook.sizes)
        for place, (size, width) in enumerate(zip(self.codebook.sizes, widths, strict=True)):
            parts.append(_directions(size, width, self.seed, place)[self.codes[:, place]])
        return np.concatenate(parts, axis=1)

    def points(self, columns: Collection[str]) -> Floats32:
        """Return the embedding of some columns, shape (n, width).

        Parameters
        ----------
        columns : collection of str
            Compared columns.

        Returns
        -------
        ndarray of float32
            The columns of `embedding` that belong to them.
        """
        book = self.codebook
        wanted = [name in columns for name in book.numeric]
        kept = [*wanted, *wanted]
        for name, width in zip(book.discrete, _widths(book.sizes), strict=True):
            kept += [name in columns] * width
        return np.ascontiguousarray(self.embedding[:, np.array(kept, bool)])


def _coded(values: pa.ChunkedArray, levels: pa.Array) -> LevelCodes:
    plain = as_levels(values, levels.type)
    found = pc.index_in(plain, levels).fill_null(len(levels)).to_numpy()
    absent = plain.is_null().to_numpy()
    return np.where(absent, len(levels) + 1, found).astype(np.int32)


def _widths(sizes: tuple[int, ...]) -> tuple[int, ...]:
    """Return the width of each column's code: its number of levels, or a limit that all share."""
    limit = WIDEST
    while limit > NARROWEST and sum(min(size, limit) for size in sizes) > WIDTH_BUDGET:
        limit //= 2
    return tuple(min(size, limit) for size in sizes)


def _directions(size: int, width: int, seed: int, place: int) -> Floats32:
    if size <= width:
        return np.eye(size, dtype=np.float32)
    signs = generator(seed, "metrics", "directions", place).integers(0, 2, (size, width))
    directions: Floats32 = ((2 * signs - 1) / np.sqrt(width)).astype(np.float32)
    return directions
