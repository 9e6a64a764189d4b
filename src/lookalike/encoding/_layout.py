"""The layout of an encoded row: all that the networks know about a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, Literal, NamedTuple

import numpy as np
from jaxtyping import Float, Int

__all__ = ["Block", "BlockSource", "EncodedRows", "Layout", "SampledRows"]

#: The form in which a block is stored.
Source = Literal["interval", "value", "code"]
#: The generator's output layer for a block.
Head = Literal["linear", "tanh", "softmax"]


class EncodedRows(NamedTuple):
    """Encoded rows in the form stored on the device, before any random draw.

    Parameters
    ----------
    floats : ndarray of float32, shape (rows, float columns)
    codes : ndarray of int32, shape (rows, code columns)
    """

    floats: Float[np.ndarray, "rows floats"]
    codes: Int[np.ndarray, "rows codes"]


class SampledRows(NamedTuple):
    """Rows as a generator outputs them: numbers of linear and tanh heads, levels of softmax heads.

    Parameters
    ----------
    numbers : ndarray of float32, shape (rows, total width of the blocks that are not softmax)
    levels : ndarray of int32, shape (rows, count of softmax blocks)
    """

    numbers: Float[np.ndarray, "rows numbers"]
    levels: Int[np.ndarray, "rows levels"]


#: Generates the rows of a block by its number: reproducible, called by several threads at once.
BlockSource = Callable[[int], SampledRows]


@dataclass(frozen=True)
class Block:
    """One span of an encoded row.

    Parameters
    ----------
    column : str
        The column to which it belongs.
    part : str
        The part of the column: ``"value"``, ``"missing"``, ``"axis 0"``, …
    source : {"interval", "value", "code"}
        ``"interval"``: two floats (lo, hi) at `source_start` of ``EncodedRows.floats``, the limits
        of the value's cumulative probability; the encoded number is z = Φ⁻¹(lo + (hi − lo)·U)
        with a fresh uniform U at every use (`width` is 1).
        ``"value"``: `width` floats at `source_start` of ``EncodedRows.floats``, used unchanged.
        ``"code"``: one level number at `source_start` of ``EncodedRows.codes``, made one-hot.
    source_start : int
        The start of its encoded form.
    start, width : int
        Its span in the encoded row: ``[start, start + width)``.
    head : {"linear", "tanh", "softmax"}
        The generator's output for it: a real number, a number in (-1, 1), or a distribution over
        levels.
    masked_by : int or None
        The index of a two-level ``"missing"`` block of the same column: where that says *missing*
        (level 1) the encoded numbers of this block are 0, in real and generated rows alike.
    """

    column: str
    part: str
    source: Source
    source_start: int
    start: int
    width: int
    head: Head
    masked_by: int | None = None

    @property
    def stop(self) -> int:
        """The end of the span."""
        return self.start + self.width


@dataclass(frozen=True)
class Layout:
    """The blocks of an encoded row, in order, without gaps.

    Parameters
    ----------
    blocks : tuple of Block
    floats, codes : int
        The widths of the two arrays of `EncodedRows`.
    """

    blocks: tuple[Block, ...]
    floats: int
    codes: int

    @cached_property
    def width(self) -> int:
        """The length of an encoded row."""
        return self.blocks[-1].stop if self.blocks else 0

    @cached_property
    def softmaxes(self) -> int:
        """The number of softmax blocks: the width of ``SampledRows.levels``."""
        return sum(block.head == "softmax" for block in self.blocks)

    @cached_property
    def numbers(self) -> int:
        """The total width of the other blocks: the width of ``SampledRows.numbers``."""
        return sum(block.width for block in self.blocks if block.head != "softmax")

    def to_dict(self) -> dict[str, Any]:
        """Return the layout as JSON-ready values."""
        return asdict(self)

    @cached_property
    def drawn_starts(self) -> tuple[int, ...]:
        """The first column of each block in the numbers or (softmax) levels of `SampledRows`."""
        starts, numbers, levels = [], 0, 0
        for block in self.blocks:
            if block.head == "softmax":
                starts.append(levels)
                levels += 1
            else:
                starts.append(numbers)
                numbers += block.width
        return tuple(starts)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Layout:
        """Restore a layout from its `to_dict`."""
        blocks = tuple(Block(**block) for block in values["blocks"])
        return cls(blocks, int(values["floats"]), int(values["codes"]))
