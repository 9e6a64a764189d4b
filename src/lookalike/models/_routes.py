"""Rows that fulfil conditions, in accepted blocks that are independent of each other.

An accepted block has a fixed number of rows. They are selected from candidate blocks of its own,
so that row one million of a sample costs no more than its first row.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pyarrow as pa

from lookalike._core.errors import DataError, ParameterError
from lookalike._core.seeds import derive_seed, generator
from lookalike.encoding import BlockSource, RowCondition, SampledRows
from lookalike.models._known_cells import condition_of_cells, one_column_table
from lookalike.models._request import BlockConditions, FittedModel, Request
from lookalike.models._sample_conditions import SampleConditions

__all__ = ["MIN_ACCEPTANCE", "NEIGHBOURHOOD", "Route", "choose_route"]

#: The minimum share of ordinary rows that must fulfil conditions for rows to be selected from them.
MIN_ACCEPTANCE = 0.02
#: The share of the rows on each side of a number that counts as near to it.
NEIGHBOURHOOD = 0.02
#: The number of times that candidates are doubled before conditions are declared infeasible.
_MAX_DOUBLINGS = 2
#: The number of usable rows among the first candidates that suffices to estimate their rate.
_ENOUGH_ROWS = 64
#: The margin, in standard deviations, by which an accepted block is smaller than expected.
_SAFETY = 4
#: The maximum number of further attempts to fill an accepted block.
_MAX_RETRIES = 100


@dataclass(frozen=True)
class Route:
    """The way in which rows that fulfil conditions are generated.

    Parameters
    ----------
    model : FittedModel
        Fitted.
    conditions : SampleConditions
    seed : int
    chosen_by : SampleConditions or None
        The conditions by which ordinary rows are selected, which may be near the given ones; None
        if rows are generated for the conditions.
    ordinary : int
        The number of rows of the first ordinary block that fulfil the conditions.
    candidates : int
        The number of candidate blocks for each accepted block.
    rows : int
        The number of rows of an accepted block, the same for each balanced level.
    first : pyarrow.Table or None
        The accepted rows among the candidates of block 0, if they have been generated.
    """

    model: FittedModel
    conditions: SampleConditions
    seed: int
    chosen_by: SampleConditions | None
    ordinary: int = 0
    candidates: int = 1
    rows: int = 0
    first: pa.Table | None = None

    def block(self, number: int) -> pa.Table:
        """Return canonical rows of an accepted block, which depend on its number and the seed.

        Raises
        ------
        DataError
            If accepted rows are too rare to fill it.
        """
        table: pa.Table | None = None
        for attempt in range(1 + _MAX_RETRIES):
            more = self.accepted(number, attempt)
            table = more if table is None else pa.concat_tables([table, more]).unify_dictionaries()
            table = self.conditions.first_usable(table, self.rows)
            if len(table) == self.rows:
                first = number * self.rows
                return self.model.encoder_.numbered(table, start=first, seed=self.seed)
        assert table is not None
        tried = (1 + _MAX_RETRIES) * self.candidates * self.model.BLOCK
        raise self.conditions.exhausted_error(len(table), tried, self.rows)

    def accepted(self, number: int, attempt: int = 0) -> pa.Table:
        """Return the accepted rows among the candidates of an accepted block."""
        if self.first is not None and number == attempt == 0:
            return self.first
        seed = self.seed
        if attempt:  # new candidates for each attempt
            seed = derive_seed(self.seed, "asked again", attempt)
        make = self._start(seed) if attempt else self._source
        blocks = range(number * self.candidates, (number + 1) * self.candidates)
        tables = [self._accepted_of(make(block), block, seed) for block in blocks]
        return tables[0] if len(tables) == 1 else pa.concat_tables(tables).unify_dictionaries()

    @cached_property
    def _source(self) -> BlockSource:
        return self._start(self.seed)

    def _start(self, seed: int) -> BlockSource:
        if self.chosen_by is not None:
            return self.model._start(Request(seed))
        return self.model._start(Request(seed, _of_blocks(self.model, self.conditions, seed)))

    def _accepted_of(self, drawn: SampledRows, block: int, seed: int) -> pa.Table:
        """Return the canonical rows of a candidate block that fulfil the conditions."""
        encoder, conditions = self.model.encoder_, self.conditions
        table = encoder.decode(
            drawn, start=block * self.model.BLOCK, seed=seed, first=conditions.on
        )
        possible = ~encoder.violates_zeros(drawn)
        if self.chosen_by is None:
            return conditions.accepted(conditions.with_exact_values(table), possible)
        chosen = self.chosen_by.accepted(table, possible)
        return chosen if self.chosen_by is conditions else conditions.with_exact_values(chosen)

    @cached_property
    def unit(self) -> int:
        """The number of blocks that hold every balanced level at least once."""
        return -(-self.conditions.cycle // self.model.BLOCK)

    def infeasible_error(self) -> DataError:
        """Return the error that explains why no row of the first candidates is accepted."""
        encoder, tables, possible = self.model.encoder_, [], []
        for block in range(2**_MAX_DOUBLINGS * self.unit):
            drawn = self._source(block)
            start = block * self.model.BLOCK
            table = encoder.decode(drawn, start=start, seed=self.seed, first=self.conditions.on)
            tables.append(self.conditions.with_exact_values(table))
            possible.append(~encoder.violates_zeros(drawn))
        whole = pa.concat_tables(tables).unify_dictionaries()
        return self.conditions.infeasible_error(whole, np.concatenate(possible))


def choose_route(model: FittedModel, seed: int, conditions: SampleConditions) -> Route:
    """Choose the way to rows that fulfil conditions, from their share of the first blocks.

    If enough ordinary rows fulfil the conditions, or nearly, rows are selected from these;
    otherwise rows are generated for the conditions.

    Parameters
    ----------
    model : FittedModel
        Fitted.
    seed : int
        The seed of the sample.
    conditions : SampleConditions

    Raises
    ------
    ParameterError
        If rows have to be generated for the conditions and the model cannot.
    DataError
        If none of the first rows is accepted.
    """
    ordinary = 0
    for near in (conditions, conditions.nearby(model.encoder_, NEIGHBOURHOOD)):
        if near is None:
            continue
        route = Route(model, conditions, seed, near)
        accepted = route.accepted(0)
        ordinary = len(accepted) if near is conditions else ordinary
        if conditions.usable_rows(accepted) >= MIN_ACCEPTANCE * model.BLOCK:
            return _sized(replace(route, ordinary=ordinary, first=accepted))
    if not model._takes_conditions:
        raise ParameterError(
            f"This {type(model).__name__} cannot generate rows for conditions, and fewer than "
            f"{MIN_ACCEPTANCE:.0%} of its ordinary rows fulfil these: {conditions}. Relax the "
            "conditions, or fit a GAN with conditions=True."
        )
    return _conditional(Route(model, conditions, seed, None, ordinary))


def _conditional(route: Route) -> Route:
    """Return a route that generates rows for the conditions, with enough candidates."""
    parts: list[pa.Table] = []
    for candidates in (route.unit * 2**k for k in range(_MAX_DOUBLINGS + 1)):
        parts += [route.accepted(k) for k in range(len(parts), candidates)]
        accepted = pa.concat_tables(parts).unify_dictionaries()
        if route.conditions.usable_rows(accepted) >= _ENOUGH_ROWS:
            break
    if not route.conditions.usable_rows(accepted):
        raise route.infeasible_error()
    return _sized(replace(route, candidates=candidates, first=accepted))


def _sized(route: Route) -> Route:
    """Return a route whose accepted blocks are small enough that candidates rarely fail to fill."""
    assert route.first is not None
    cycle = route.conditions.cycle
    each = route.conditions.usable_rows(route.first) / cycle
    # Binomial: of `tried` rows that could have a level, `each` were accepted; the accepted block
    # stays `_SAFETY` standard deviations below.
    tried = route.candidates * route.model.BLOCK / (cycle if route.chosen_by is None else 1)
    tried = max(tried, each)
    spread = math.sqrt(each * (tried - each + _SAFETY) / tried)
    return replace(route, rows=cycle * max(math.floor(each - _SAFETY * spread), 1))


def _of_blocks(model: FittedModel, conditions: SampleConditions, seed: int) -> BlockConditions:
    """Return the function from a block's number to the conditions on its rows."""
    encoder, balanced = model.encoder_, conditions.balanced

    def of_block(number: int) -> RowCondition:
        rng = generator(seed, "conditions", number)
        combined = RowCondition(encoder.layout_)
        if balanced is not None:
            levels = balanced.levels_for_rows(number * model.BLOCK, model.BLOCK)
            rows = encoder.graph_.infer(one_column_table(model.schema_, balanced.column, levels))
            combined, _ = condition_of_cells(encoder, rows, frozenset((balanced.column,)))
        for condition in conditions.encoded:
            combined = combined.narrowed(condition.drawn(rng.random(model.BLOCK)))
        return combined

    return of_block
