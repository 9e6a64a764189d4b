"""A part of an event: some of its columns, drawn one after another from trees over a context."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
from jaxtyping import Int

from lookalike._core.errors import ModelFileError
from lookalike._core.seeds import generator
from lookalike._core.workers import in_parallel
from lookalike.encoding import ONE_BLOCK, EncodedRows, Learned, SampledRows, TableEncoder
from lookalike.models import ColumnTrees, Growth, States, grains_of, order_of
from lookalike.tables import Schema

__all__ = ["EventPart", "Wide", "as_wide", "fit_states", "new_encoder"]

#: The greatest number of states of a column of levels; the rarest levels share the last one.
_MOST_STATES = 256
#: The greatest number of inputs of the trees of a column, and of the events by which they are
#: chosen.
_MOST_INPUTS, _MOST_ROWS = 32, 16_384
#: The standard deviations by which an input must tell more than chance, where it has to be sure.
_SURE = 2.0


@dataclass(frozen=True)
class Wide:
    """States that are known before a part of an event is drawn.

    Parameters
    ----------
    states : ndarray of int, shape (rows, variables)
    sizes : tuple of int
    ordered : tuple of bool
    """

    states: Int[np.ndarray, "rows variables"]
    sizes: tuple[int, ...]
    ordered: tuple[bool, ...]

    def beside(self, other: Wide) -> Wide:
        """Return the variables of both."""
        return Wide(
            np.concatenate([self.states, other.states], axis=1),
            self.sizes + other.sizes,
            self.ordered + other.ordered,
        )

    def at(self, rows: np.ndarray) -> Wide:
        """Return some of the rows."""
        return Wide(self.states[rows], self.sizes, self.ordered)


@dataclass(frozen=True)
class EventPart:
    """Some columns of an event, each drawn given a context and the columns before it.

    Parameters
    ----------
    encoder : TableEncoder
        Of these columns.
    states : States
        The map between encoded rows and discrete variables.
    order : tuple of int
        The order in which variables are drawn.
    columns : tuple of ColumnTrees
        For each variable; its inputs are those of the context and, after these, the part's own.
    """

    encoder: TableEncoder
    states: States
    order: tuple[int, ...]
    columns: tuple[ColumnTrees, ...]

    @classmethod
    def fit(
        cls,
        encoder: TableEncoder,
        states: States,
        own: Int[np.ndarray, "rows variables"],
        wide: Wide,
        growth: Growth,
        seed: int,
        *,
        sure: bool = False,
    ) -> EventPart:
        """Grow the trees of all variables.

        Parameters
        ----------
        encoder : TableEncoder
            Fitted to the columns of the part.
        states : States
        own : ndarray of int, shape (rows, variables)
            The states of the rows.
        wide : Wide
            The context of each row.
        growth : Growth
        seed : int
        sure : bool
            Whether inputs must tell more than chance does: what a tree takes for a return to the
            mean, a series that goes on for long returns to at every step.
        """
        rng = generator(seed, "order")
        some = rng.permutation(len(own))[:_MOST_ROWS]
        order = _order(own[some], states)
        whole = wide.beside(as_wide(states, own))
        first = len(wide.sizes)

        def grow(v: int) -> ColumnTrees:
            before = [*range(first), *(first + w for w in order[: order.index(v)])]
            inputs = _most_informative(whole.states[some], first + v, before, whole.sizes, sure)
            return ColumnTrees.fit(
                whole.states,
                first + v,
                inputs,
                whole.sizes,
                whole.ordered,
                growth,
                generator(seed, "trees", v),
            )

        # scikit-learn warns of columns in which many rows have a state of their own.
        work = [partial(grow, v) for v in range(own.shape[1])]
        return cls(encoder, states, order, tuple(in_parallel(work, ignore=UserWarning)))

    def of_table(self, table: pa.Table) -> Wide:
        """Return the states of rows."""
        return as_wide(self.states, self.states.of_rows(self.encoder.encode(table)))

    def drawn(self, wide: Wide, rng: np.random.Generator) -> tuple[Wide, SampledRows]:
        """Draw the part of each row, as states and as encoded rows."""
        first, rows = len(wide.sizes), len(wide.states)
        whole = np.zeros((rows, first + len(self.columns)), np.int64)
        whole[:, :first] = wide.states
        for v in self.order:
            whole[:, first + v] = self.columns[v].drawn(whole, rng.random((rows, 3)))
        own = whole[:, first:]
        return as_wide(self.states, own), self.states.to_rows(own, rng.random(own.shape))

    @property
    def sizes(self) -> tuple[int, ...]:
        """The number of states of each variable."""
        return tuple(variable.states for variable in self.states.variables)

    @property
    def ordered(self) -> tuple[bool, ...]:
        """Whether the states of each variable are in an order."""
        return tuple(variable.edges is not None for variable in self.states.variables)

    def state(self) -> Learned:
        """Return the part as plain values and arrays."""
        parts = {f"column {v}": column.state() for v, column in enumerate(self.columns)}
        parts |= {"encoder": self.encoder.state(), "states": self.states.state()}
        return Learned.joined({"order": list(self.order)}, parts)

    @staticmethod
    def sizes_from_state(state: Learned, schema: Schema) -> tuple[int, ...]:
        """Return the number of states of each variable from the `state` of a part."""
        parts = state.parts()
        encoder = TableEncoder.from_state(parts["encoder"], schema)
        states = States.from_state(parts["states"], encoder.layout_)
        return tuple(variable.states for variable in states.variables)

    @classmethod
    def from_state(cls, state: Learned, schema: Schema, context: Sequence[int]) -> EventPart:
        """Restore a part from its `state`.

        Parameters
        ----------
        state : Learned
        schema : Schema
            Of its columns.
        context : sequence of int
            The number of states of each variable of the context.

        Raises
        ------
        ModelFileError
            If anything does not fit.
        """
        parts = state.parts()
        encoder = TableEncoder.from_state(parts["encoder"], schema)
        states = States.from_state(parts["states"], encoder.layout_)
        sizes = [*context, *(variable.states for variable in states.variables)]
        order = tuple(state.values["order"])
        if sorted(order) != list(range(len(states.variables))):
            raise ModelFileError("The order of the columns of an event is damaged.")
        first = len(context)
        columns = []
        for v in range(len(order)):
            before = [*range(first), *(first + w for w in order[: order.index(v)])]
            columns.append(ColumnTrees.from_state(parts[f"column {v}"], first + v, sizes, before))
        return cls(encoder, states, order, tuple(columns))


def fit_states(encoded: EncodedRows, encoder: TableEncoder, bins: int) -> States:
    """Return the map between encoded rows and discrete variables."""
    return States.fit(encoded, encoder.layout_, bins, _MOST_STATES)


def new_encoder(min_count: int, placeholder: str | None, keep: Sequence[str] = ()) -> TableEncoder:
    """Return an encoder in which every column is one variable."""
    one_block: dict[str, Any] = dict(ONE_BLOCK)
    return TableEncoder(
        min_category_count=min_count, text_placeholder=placeholder, keep=keep, **one_block
    )


def _order(own: np.ndarray, states: States) -> tuple[int, ...]:
    """Return the variables, each after one that has much information about it."""
    if own.shape[1] < 2:
        return tuple(range(own.shape[1]))
    return tuple(order_of(own, tuple(map(grains_of, states.variables)))[0].tolist())


def as_wide(states: States, own: np.ndarray) -> Wide:
    sizes = tuple(variable.states for variable in states.variables)
    return Wide(own, sizes, tuple(variable.edges is not None for variable in states.variables))


def _most_informative(
    states: np.ndarray, variable: int, others: Sequence[int], sizes: Sequence[int], sure: bool
) -> list[int]:
    """Return the other variables with the most information about one."""
    own = states[:, variable]
    if len(np.unique(own)) < 2:
        return []
    scored = []
    for other in others:
        joint = np.bincount(
            states[:, other].astype(np.int64) * sizes[variable] + own,
            minlength=sizes[other] * sizes[variable],
        ).reshape(sizes[other], sizes[variable])
        seen = joint[joint.sum(axis=1) > 0][:, joint.sum(axis=0) > 0] / len(own)
        if len(seen) < 2:
            continue
        expected = np.outer(seen.sum(axis=1), seen.sum(axis=0))
        information = float(np.sum(seen[seen > 0] * np.log(seen[seen > 0] / expected[seen > 0])))
        # Of independent variables, the estimate is about half the degrees of freedom per row.
        freedom = (seen.shape[0] - 1) * (seen.shape[1] - 1)
        gain = information - freedom / (2 * len(own))
        if not sure or gain > _SURE * np.sqrt(2 * freedom) / (2 * len(own)):
            scored.append((gain, other))
    scored.sort(key=lambda pair: (-pair[0], pair[1]))
    return [other for _, other in scored[:_MOST_INPUTS]]
