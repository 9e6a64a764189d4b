"""A request for rows: a seed and conditions; and the protocol of the models that serve it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Protocol

from lookalike.encoding import BlockSource, RowCondition, TableEncoder
from lookalike.models._support import Support
from lookalike.tables import Schema

__all__ = ["BlockConditions", "FittedModel", "Request"]

#: From the number of a block to the conditions on its rows; called by several threads at once.
BlockConditions = Callable[[int], RowCondition]


@dataclass(frozen=True)
class Request:
    """A request for rows from a block source.

    Parameters
    ----------
    seed : int
    conditions : callable or None
        From the number of a block to the conditions on its rows, the same every time: one for all
        of them, or one for each, which then sets the number of rows. None for ordinary rows.
    """

    seed: int
    conditions: BlockConditions | None = None


class FittedModel(Protocol):
    """The part of a fitted synthesizer that generates rows."""

    BLOCK: ClassVar[int]
    schema_: Schema
    encoder_: TableEncoder
    n_rows_: int
    _support: Support | None

    @property
    def _takes_conditions(self) -> bool: ...

    def _start(self, request: Request, /) -> BlockSource: ...
