"""The encoded columns of a table: attributes and summaries, between cells and discrete states."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pyarrow as pa

from lookalike._core.errors import LookalikeWarning
from lookalike._core.learned import Learned
from lookalike._core.seeds import generator
from lookalike.encoding import ONE_BLOCK, SampledRows, TableEncoder
from lookalike.models import DiscreteVariable, States
from lookalike.relations import infer_schema
from lookalike.tables import Column, Kind, Schema, conform, render

__all__ = ["AttributeCells", "EncodedColumns"]

#: The greatest number of states of a number and of levels.
_BINS, _LEVELS = 32, 256
_ROWS_AT_ONCE = 65_536
_REDRAWS = 8


@dataclass(frozen=True)
class AttributeCells:
    """The columns of a table that belong to no key.

    Parameters
    ----------
    schema : Schema
    cells : pyarrow.Table
        Canonical.
    """

    schema: Schema
    cells: pa.Table

    @classmethod
    def of(cls, table: pa.Table, kinds: Mapping[str, Kind | str] | None) -> AttributeCells:
        """Infer the kinds and relations of columns, at least one."""
        schema = infer_schema(table, dict(kinds) if kinds else None)
        return cls(schema, conform(table, schema))


@dataclass(frozen=True)
class EncodedColumns:
    """A map between canonical cells and discrete states, with the number of attributes.

    Parameters
    ----------
    encoder : TableEncoder
    states : States
    attributes : tuple of str
        The columns that are no summaries.
    """

    encoder: TableEncoder
    states: States
    attributes: tuple[str, ...]

    @classmethod
    def fit(
        cls,
        attributes: AttributeCells | None,
        summaries: Mapping[str, pa.Array],
        columns: Sequence[Column],
        options: Mapping[str, object],
        seed: int,
    ) -> tuple[EncodedColumns, np.ndarray]:
        """Learn columns, and return their states, shape (n, variables)."""
        own = () if attributes is None else attributes.schema.names
        cells = {} if attributes is None else {n: attributes.cells[n] for n in own}
        table = pa.table({**cells, **summaries})
        base = Schema(()) if attributes is None else attributes.schema
        schema = replace(base, columns=(*base.columns, *columns), rows=len(table))
        encoder = TableEncoder(**{**ONE_BLOCK, **options})  # type: ignore[arg-type]
        with warnings.catch_warnings():
            # Of summaries nobody need be warned; of attributes, once for the whole database.
            warnings.simplefilter("ignore", LookalikeWarning)
            encoder.fit(table, schema, generator(seed, "encode"))
        rows = encoder.encode(table)
        # Summaries are drawn after attributes: no attribute is drawn again because of them.
        blocks, zeros = encoder.layout_.blocks, encoder.exclusions_
        pairs = tuple(
            p for p in zeros.pairs if {blocks[p.left].column, blocks[p.right].column} <= set(own)
        )
        encoder.exclusions_ = replace(zeros, pairs=pairs)
        states = States.fit(rows, encoder.layout_, _BINS, _LEVELS)
        return cls(encoder, states, tuple(own)), states.of_rows(rows)

    @property
    def variables(self) -> tuple[DiscreteVariable, ...]:
        """The discrete variables."""
        return self.states.variables

    @property
    def of_attributes(self) -> list[int]:
        """The indices of the variables that are no summaries."""
        own = set(self.attributes)
        return [v for v, column in enumerate(self.columns_of_variables) if column in own]

    @property
    def columns_of_variables(self) -> list[str]:
        """The column of each variable."""
        blocks = self.states.layout.blocks
        return [blocks[variable.block].column for variable in self.variables]

    def decoded(self, states: np.ndarray, seed: int) -> pa.Table:
        """Return canonical cells of rows, of all columns."""
        parts = []
        for first in range(0, max(len(states), 1), _ROWS_AT_ONCE):
            part = states[first : first + _ROWS_AT_ONCE]
            rng = generator(seed, "within", first)
            rows = self.states.to_rows(part, rng.random(part.shape))
            parts.append(self.encoder.decode(rows, start=first, seed=seed))
        return pa.concat_tables(parts).unify_dictionaries()

    def is_impossible(self, states: np.ndarray) -> np.ndarray:
        """Return a mask of rows that have a structural zero."""
        if not self.has_zeros:
            return np.zeros(len(states), bool)
        rows = self.states.to_rows(states, np.full(states.shape, 0.5))
        return np.asarray(self.encoder.violates_zeros(rows))

    @cached_property
    def conflicts(self) -> dict[tuple[int, int], np.ndarray]:
        """For pairs of variables, the states that never occur together, shape (states, states)."""
        zeros = self.encoder.exclusions_
        codes: dict[int, tuple[int, np.ndarray]] = {}
        for v, variable in enumerate(self.variables):
            states = np.zeros((variable.states, len(self.variables)), np.int32)
            states[:, v] = np.arange(variable.states)
            rows = self.states.to_rows(states, np.full(states.shape, 0.5))
            own = {variable.block} if variable.gate is None else {variable.block, variable.gate}
            for block in own & zeros.involved:
                codes[block] = v, zeros.codes_of_drawn(rows, block)
        found: dict[tuple[int, int], np.ndarray] = {}
        for pair in zeros.pairs:
            (a, left), (b, right) = codes[pair.left], codes[pair.right]
            # One more cell on both sides, for masked blocks, never conflicts.
            never = np.pad(pair.never, ((0, 1), (0, 1)))[np.ix_(left, right)]
            for key, table in (((a, b), never), ((b, a), never.T)):
                found[key] = found[key] | table if key in found else table
        return found

    @property
    def has_zeros(self) -> bool:
        """True if some combinations never occur."""
        return bool(self.encoder.exclusions_.pairs)

    def rendered(self, cells: pa.Table) -> pa.Table:
        """Return the attributes in the types and formats of the training table."""
        schema = self.encoder.schema_
        columns = tuple(schema[name] for name in self.attributes)
        return render(cells.select(list(self.attributes)), Schema(columns))

    def state(self) -> Learned:
        """Return the learned state."""
        values = {"schema": self.encoder.schema_.to_dict(), "attributes": list(self.attributes)}
        parts = {"encoder": self.encoder.state(), "states": self.states.state()}
        return Learned.joined(values, parts)

    @classmethod
    def from_state(cls, state: Learned) -> EncodedColumns:
        """Restore columns from their `state`."""
        parts = state.parts()
        schema = Schema.from_dict(state.values["schema"])
        encoder = TableEncoder.from_state(parts["encoder"], schema)
        states = States.from_state(parts["states"], encoder.layout_)
        return cls(encoder, states, tuple(schema[n].name for n in state.values["attributes"]))

    def proof(self) -> None:
        """Decode a few rows, so that damaged columns are found."""
        sizes = [variable.states for variable in self.variables]
        states = np.random.default_rng(0).integers(0, sizes, (8, len(sizes))).astype(np.int32)
        rows: SampledRows = self.states.to_rows(states, np.full(states.shape, 0.5))
        self.rendered(self.encoder.decode(rows)) if self.attributes else self.encoder.decode(rows)
