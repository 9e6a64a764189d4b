"""Rows as asked, in blocks of their own: none of them waits for those before it.

An asked block has a fixed number of rows. They are chosen from candidate blocks that belong to it
alone, so that row one million of a sample costs what its first row costs.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar, Protocol

import numpy as np
import pyarrow as pa

from lookalike._core.errors import DataError
from lookalike._core.seeds import generator
from lookalike.encoding import SampledRows, TableEncoder
from lookalike.models._asking import Asking
from lookalike.models._support import Support

__all__ = ["NEAR", "Conditioned", "Way", "find_way"]

#: Which share of the rows on each side counts as near to a number.
NEAR = 0.02
#: So often the candidates of an asked block are doubled before it is given up that any is as asked.
_DOUBLED = 2
#: So many usable rows in the first candidates are enough to tell how many others will have.
_ENOUGH = 64
#: An asked block has so many standard deviations fewer rows than its candidates are to bring.
_SURE = 4
#: How often other candidates are made for an asked block that is not full.
_PATIENCE = 100


class Conditioned(Protocol):
    """A fitted synthesizer, as far as rows that fulfil conditions are made with it."""

    BLOCK: ClassVar[int]
    encoder_: TableEncoder
    n_rows_: int
    _support: Support | None

    def _start_ordinary(self, seed: int) -> Callable[[int], SampledRows]: ...

    def _start_asking(self, seed: int, asking: Asking) -> Callable[[int], SampledRows]: ...


@dataclass(frozen=True)
class Way:
    """How rows as asked are made.

    Parameters
    ----------
    model : Conditioned
        Fitted.
    asking : Asking
    seed : int
    near : Asking or None
        What they are chosen by from ordinary rows, which is not always what is asked; None where
        rows are made to what is asked.
    ordinary : int
        How many rows of the first ordinary block are as asked.
    candidates : int
        The candidate blocks of each asked block.
    rows : int
        The rows of an asked block; each class is equally many of them.
    first : pyarrow.Table or None
        Those as asked among the candidates of block 0, where they have been made.
    """

    model: Conditioned
    asking: Asking
    seed: int
    near: Asking | None
    ordinary: int = 0
    candidates: int = 1
    rows: int = 0
    first: pa.Table | None = None

    def block(self, number: int) -> pa.Table:
        """Return canonical rows of an asked block; they depend on its number and the seed alone.

        Raises
        ------
        DataError
            If rows as asked are too rare to fill it.
        """
        found: pa.Table | None = None
        for attempt in range(1 + _PATIENCE):
            more = self.chosen(number, attempt)
            found = more if found is None else pa.concat_tables([found, more]).unify_dictionaries()
            found = self.asking.in_turn(found, self.rows)
            if len(found) == self.rows:
                first = number * self.rows
                return self.model.encoder_.numbered(found, start=first, seed=self.seed)
        assert found is not None
        made = (1 + _PATIENCE) * self.candidates * self.model.BLOCK
        raise self.asking.exhausted(len(found), made, self.rows)

    def chosen(self, number: int, attempt: int = 0) -> pa.Table:
        """Return the rows as asked among the candidates of an asked block."""
        if self.first is not None and number == attempt == 0:
            return self.first
        seed = self.seed
        if attempt:  # each time other candidates
            seed = int(generator(self.seed, "asked again", attempt).integers(2**63))
        make = self._start(seed) if attempt else self._make
        blocks = range(number * self.candidates, (number + 1) * self.candidates)
        tables = [self._as_asked(make(block), block, seed) for block in blocks]
        return tables[0] if len(tables) == 1 else pa.concat_tables(tables).unify_dictionaries()

    @cached_property
    def _make(self) -> Callable[[int], SampledRows]:
        return self._start(self.seed)

    def _start(self, seed: int) -> Callable[[int], SampledRows]:
        if self.near is None:
            return self.model._start_asking(seed, self.asking)
        return self.model._start_ordinary(seed)

    def _as_asked(self, drawn: SampledRows, block: int, seed: int) -> pa.Table:
        """Return those canonical rows of a candidate block that are as asked."""
        encoder = self.model.encoder_
        table = encoder.decode(drawn, start=block * self.model.BLOCK, seed=seed)
        possible = ~encoder.violates_zeros(drawn)
        if self.near is None:
            return self.asking.chosen(self.asking.exactly(table), possible)
        chosen = self.near.chosen(table, possible)
        return chosen if self.near is self.asking else self.asking.exactly(chosen)

    @cached_property
    def unit(self) -> int:
        """The blocks in which every class can have its turn."""
        return -(-self.asking.turns // self.model.BLOCK)

    def hopeless(self) -> DataError:
        """Return the error that says why no row of the first candidates is as asked."""
        encoder, tables, possible = self.model.encoder_, [], []
        for block in range(2**_DOUBLED * self.unit):
            drawn = self._make(block)
            table = encoder.decode(drawn, start=block * self.model.BLOCK, seed=self.seed)
            tables.append(self.asking.exactly(table))
            possible.append(~encoder.violates_zeros(drawn))
        whole = pa.concat_tables(tables).unify_dictionaries()
        return self.asking.hopeless(whole, np.concatenate(possible))


def find_way(model: Conditioned, seed: int, asking: Asking, common: float) -> Way:
    """Return how rows as asked are made, by a look at the first blocks.

    Where ordinary rows are often as asked, or near to it, they are chosen from; else rows are made
    to it.

    Parameters
    ----------
    model : Conditioned
        Fitted.
    seed : int
        Of the sample.
    asking : Asking
    common : float
        Ordinary rows are chosen from where such a share of them is as asked.

    Raises
    ------
    ParameterError
        If rows have to be made to it and the model cannot be told conditions.
    DataError
        If none of the first rows is as asked.
    """
    ordinary = 0
    for near in (asking, asking.nearby(model.encoder_, NEAR)):
        if near is None:
            continue
        way = Way(model, asking, seed, near)
        chosen = way.chosen(0)
        ordinary = len(chosen) if near is asking else ordinary
        if asking.worth(chosen) >= common * model.BLOCK:
            return _sized(replace(way, ordinary=ordinary, first=chosen))
    return _told(Way(model, asking, seed, None, ordinary))


def _told(way: Way) -> Way:
    """Return a way on which rows are made to what is asked, with as many candidates as it takes."""
    parts: list[pa.Table] = []
    for candidates in (way.unit * 2**k for k in range(_DOUBLED + 1)):
        parts += [way.chosen(k) for k in range(len(parts), candidates)]
        chosen = pa.concat_tables(parts).unify_dictionaries()
        if way.asking.worth(chosen) >= _ENOUGH:
            break
    if not way.asking.worth(chosen):
        raise way.hopeless()
    return _sized(replace(way, candidates=candidates, first=chosen))


def _sized(way: Way) -> Way:
    """Return a way with asked blocks that candidates seldom fail to fill."""
    assert way.first is not None
    turns = way.asking.turns
    each = way.asking.worth(way.first) / turns
    # Of so many rows that could have been of a class, `each` were: those of other candidates vary.
    tried = max(way.candidates * way.model.BLOCK / (turns if way.near is None else 1), each)
    spread = math.sqrt(each * (tried - each + _SURE) / tried)
    return replace(way, rows=turns * max(math.floor(each - _SURE * spread), 1))
