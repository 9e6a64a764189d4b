"""The static row of an entity: its constant columns, its length, its first time, first numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from lookalike._core.bounds import finite, whole
from lookalike._core.seeds import derive_seed
from lookalike.encoding import Learned
from lookalike.models import Forest, States
from lookalike.sequences._changes import Change
from lookalike.sequences._histories import Histories
from lookalike.sequences._part import Wide, as_wide
from lookalike.sequences._roles import Roles
from lookalike.sequences._running import numbers_of
from lookalike.sequences._warnings import warnings_about
from lookalike.tables import Kind, Schema, conform
from lookalike.tables.values.arrow import flat, is_null
from lookalike.tables.values.grid import raw_of

__all__ = ["EntityModel", "EntityNames", "decimals_of", "static_rows"]

_MOST_STATES = 256


@dataclass(frozen=True)
class EntityNames:
    """The names of the columns of a static row that the caller's table does not have.

    Parameters
    ----------
    length : str
        The number of events.
    first : str
        The time of the first event.
    levels, means : tuple of str
        The first number and the mean of each column that is learned by changes.
    """

    length: str
    first: str
    levels: tuple[str, ...]
    means: tuple[str, ...]

    @property
    def all(self) -> tuple[str, ...]:
        """All of the names."""
        return (self.length, self.first, *self.levels, *self.means)

    @classmethod
    def beside(cls, taken: Sequence[str], changed: Sequence[str]) -> EntityNames:
        """Return names that no column has."""
        names: list[str] = []
        firsts, means = ([f"{word} {name}" for name in changed] for word in ("first", "mean"))
        for wanted in ("length", "first time", *firsts, *means):
            name = wanted
            while name in taken or name in names:
                name += "'"
            names.append(name)
        of_columns, count = names[2:], len(changed)
        return cls(names[0], names[1], tuple(of_columns[:count]), tuple(of_columns[count:]))


def static_rows(
    histories: Histories,
    schema: Schema,
    entity: str | None,
    time: str | None,
    changes: Sequence[Change],
    names: EntityNames,
) -> tuple[pa.Table, dict[str, Kind]]:
    """Return the static row of each entity, and the kinds of its columns."""
    first = histories.table.take(pa.array(histories.starts))
    own = () if entity is None else (entity,)
    table = first.select([*own, *histories.static])
    kinds = {name: schema[name].kind for name in table.column_names}
    table = table.append_column(names.length, pa.array(histories.lengths))
    kinds[names.length] = Kind.INTEGER
    if time is not None:
        table = table.append_column(names.first, first[time])
        kinds[names.first] = schema[time].kind
    for name, change in zip(names.levels, changes, strict=True):
        table = table.append_column(name, first[change.column])
        kinds[name] = schema[change.column].kind
    for name, change in zip(names.means, changes, strict=True):
        means = histories.means(numbers_of(histories.table, [change.column]))[:, 0]
        table = table.append_column(name, pa.array(means))
        kinds[name] = Kind.CONTINUOUS
    return table, kinds


def decimals_of(
    names: EntityNames, schema: Schema, time: str | None, changes: Sequence[Change]
) -> dict[str, int | None]:
    """Return the decimals by which raw numbers of a static row are scaled; None for full floats."""
    decimals: dict[str, int | None] = {names.length: None}
    if time is not None:
        decimals[names.first] = schema[time].decimals
    for level, mean, change in zip(names.levels, names.means, changes, strict=True):
        decimals[level], decimals[mean] = change.decimals, None
    return decimals


@dataclass(frozen=True)
class EntityModel:
    """The model of static rows, and their states as the context of events.

    Parameters
    ----------
    rows : Forest
        Fitted to the static rows.
    states : States
    names : EntityNames
    decimals : dict of str to int or None
        The decimals by which raw numbers of those columns are scaled, as those of events are.
    usual : dict of str to float
        A usual length, first time and so on, raw, for rows in which these are missing:
        a column of which no value may be stored has none.
    longest : int
        The greatest length of a real history.
    """

    rows: Forest
    states: States
    names: EntityNames
    decimals: dict[str, int | None]
    usual: dict[str, float]
    longest: int

    @classmethod
    def fit(
        cls,
        table: pa.Table,
        kinds: Mapping[str, Kind],
        names: EntityNames,
        decimals: dict[str, int | None],
        parameters: Mapping[str, Any],
        bins: int,
    ) -> EntityModel:
        """Fit the model of static rows.

        Parameters
        ----------
        table : pyarrow.Table
            The rows of `static_rows`.
        kinds : mapping of str to Kind
        names : EntityNames
        decimals : dict of str to int or None
            Those of `decimals_of`.
        parameters : mapping
            Of the `Forest`.
        bins : int
            The greatest number of bins of a number in the context.
        """
        model = Forest(**parameters)
        with warnings_about([n for n in table.column_names if n not in names.all]):
            model.fit(table, kinds=dict(kinds))
        encoder = model.encoder_
        canonical = conform(table, model.schema_)
        states = States.fit(encoder.encode(canonical), encoder.layout_, bins, _MOST_STATES)
        usual = {}
        for name in names.all:
            if name in table.column_names:
                # Between two quantiles, so that no number of a single row is stored.
                raw = raw_of(flat(canonical[name]), decimals[name]).astype(float)
                usual[name] = float(np.quantile(raw, [0.4, 0.6]).mean())
        longest = int(canonical[names.length].to_numpy().max())
        return cls(model, states, names, decimals, usual, longest)

    def numbered(self, rows: pa.Table, start: int, seed: int) -> pa.Table:
        """Return static rows with the identifiers of other row numbers."""
        encoder = self.rows.encoder_
        return encoder.numbered(rows, start=start, seed=derive_seed(seed, "entities"))

    def nothing(self) -> Wide:
        """Return the variables of static rows, without any row."""
        return as_wide(self.states, np.zeros((0, len(self.states.variables)), np.int64))

    def wide(self, table: pa.Table) -> Wide:
        """Return the states of static rows."""
        canonical = conform(table, self.rows.schema_)
        return as_wide(self.states, self.states.of_rows(self.rows.encoder_.encode(canonical)))

    def numbers(self, table: pa.Table, name: str) -> np.ndarray:
        """Return a column as raw numbers; a missing one is the usual one."""
        cells = flat(table[name])
        missing = is_null(cells)
        present = raw_of(cells.drop_null(), self.decimals[name])
        raw = np.full(len(cells), self.usual[name]).astype(present.dtype)
        raw[~missing] = present
        return raw

    def state(self) -> Learned:
        """Return the states of the context; the model of rows has a state of its own."""
        values = {"usual": dict(self.usual), "longest": self.longest}
        return Learned.joined(values, {"states": self.states.state()})

    @classmethod
    def from_state(
        cls, state: Learned, rows: Forest, changes: Sequence[Change], schema: Schema, roles: Roles
    ) -> EntityModel:
        """Restore the model from its `state`.

        Parameters
        ----------
        state : Learned
        rows : Forest
        changes : sequence of Change
        schema : Schema
        roles : Roles

        Raises
        ------
        ValueError
            If anything does not fit.
        """
        names = EntityNames.beside(schema.names, [change.column for change in changes])
        decimals = decimals_of(names, schema, roles.time, changes)
        expected = [str(roles.entity), *roles.static, names.length, *names.levels, *names.means]
        expected += [names.first] if roles.time is not None else []
        if sorted(rows.schema_.names) != sorted(expected):
            raise ValueError("the columns of static rows are not those of the schema")
        states = States.from_state(state.parts()["states"], rows.encoder_.layout_)
        usual = {str(k): finite(v, "a usual value") for k, v in state.values["usual"].items()}
        expected = [n for n in names.all if n in rows.schema_.names]
        if names.length not in usual or sorted(usual) != sorted(expected):
            raise ValueError("the usual values of a static row are incomplete")
        longest = whole(state.values["longest"], 1, 2**40, "the greatest length")
        return cls(rows, states, names, decimals, usual, longest)
