"""A whole table: which encoding each column gets, missing cells, and derived columns."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Self

import numpy as np
import pyarrow as pa

from lookalike._core.errors import LookalikeWarning, NotFittedError
from lookalike.encoding._arrow import flat, is_null
from lookalike.encoding._base import ColumnEncoding, State
from lookalike.encoding._choice import Choice
from lookalike.encoding._derive import derivation, in_order
from lookalike.encoding._fixed import Constant
from lookalike.encoding._identifier import Identifier
from lookalike.encoding._layout import Compact, Drawn
from lookalike.encoding._parts import Part, fit_parts
from lookalike.encoding._places import lay_out
from lookalike.encoding._registry import ENCODINGS
from lookalike.encoding._rows import Rows
from lookalike.tables import Kind, Schema

__all__ = ["TableEncoder"]


class TableEncoder:
    """A reversible map between a canonical table and arrays that networks can learn.

    Each learned column has its own encoding; missing cells are a two-level block (or one more
    level); columns that are missing in exactly the same rows share that block. Derived columns,
    constants, identifiers and free text have no blocks.

    Parameters
    ----------
    encodings : mapping of str to str, optional
        The name of an encoding (see `ENCODINGS`) for a column, or for all columns of a kind; a
        name that is both means the kind.
        By default: numbers, times and durations ``"quantile"``; dates and datetimes
        ``"datetime"``; categories and booleans ``"onehot"``, and ``"embedding"`` beyond
        `onehot_limit` levels.
    min_category_count : int, default 2
        Levels that occur less often are pooled and never stored or made; 1 keeps every level.
    keep : sequence of str, default ()
        Columns of which every level is kept, however rare: such as the target of a prediction.
    onehot_limit : int, default 128
        The most levels of a column for which one-hot is the default.
    derive : bool, default True
        Whether columns that depend on others are derived; if not, they are learned.
    text_placeholder : str, optional
        What stands in every cell of free text; by default such cells are missing.

    Attributes
    ----------
    schema_ : Schema
        What the columns are.
    layout_ : Layout
        What the spans of an encoded row are.
    """

    def __init__(
        self,
        *,
        encodings: Mapping[str, str] | None = None,
        min_category_count: int = 2,
        keep: Sequence[str] = (),
        onehot_limit: int = 128,
        derive: bool = True,
        text_placeholder: str | None = None,
    ) -> None:
        self.encodings = encodings
        self.min_category_count = min_category_count
        self.keep = keep
        self.onehot_limit = onehot_limit
        self.derive = derive
        self.text_placeholder = text_placeholder

    def fit(self, table: pa.Table, schema: Schema, rng: np.random.Generator) -> Self:
        """Learn every column of a canonical table.

        Parameters
        ----------
        table : pyarrow.Table
            What `lookalike.tables.conform` gave, at least one row.
        schema : Schema
            What its columns are.
        rng : numpy.random.Generator
            Chooses the rows on which columns of many levels are compared with the others.

        Returns
        -------
        TableEncoder
            Itself.

        Raises
        ------
        ParameterError
            If `encodings` names an unknown column, kind or encoding, or one that does not fit.
        """
        choice = Choice(
            schema,
            self.encodings or {},
            self.onehot_limit,
            self.min_category_count,
            tuple(self.keep),
            self.text_placeholder,
        )
        choice.check()
        cells = {name: flat(table.column(name)) for name in schema.names}
        derived = in_order(schema) if self.derive else ()
        self._derivations = tuple(
            derivation(dependency, choice.least).fit(cells, schema) for dependency in derived
        )
        waiting = {dependency.column for dependency in derived}
        learned = {name: values for name, values in cells.items() if name not in waiting}
        self._take(schema, fit_parts(learned, choice, rng))
        self._warn_of_text()
        return self

    def _take(self, schema: Schema, parts: tuple[Part, ...]) -> None:
        self.schema_ = schema
        self._parts = parts
        self.layout_, self._places = lay_out(parts)

    def _warn_of_text(self) -> None:
        texts = self.schema_.of(Kind.TEXT)
        if not texts:
            return
        outcome = "missing" if self.text_placeholder is None else repr(self.text_placeholder)
        warnings.warn(
            f"Free text is not learned: every cell of {', '.join(map(repr, texts))} will be "
            f"{outcome}. Give a kind to learn it as, or set text_placeholder.",
            LookalikeWarning,
            stacklevel=3,
        )

    def compact(self, table: pa.Table) -> Compact:
        """Return the compact form of a canonical table, which may be another than that of `fit`.

        Parameters
        ----------
        table : pyarrow.Table
            n rows with the columns of the schema.

        Returns
        -------
        Compact
            n rows.

        Raises
        ------
        NotFittedError
            Before `fit`.
        """
        self._check_fitted()
        rows = table.num_rows
        whole = Compact(
            np.zeros((rows, self.layout_.floats), np.float32),
            np.zeros((rows, self.layout_.codes), np.int32),
        )
        for part, place in zip(self._parts, self._places, strict=True):
            if not (place.own.blocks or part.has_gate):
                continue
            values = flat(table.column(part.name))
            if part.has_gate and place.gate is not None:
                gate = self.layout_.blocks[place.gate]
                whole.codes[:, gate.source_start] = is_null(values)
            for mine, made in zip(place.of_compact(whole), part.compact(values), strict=True):
                mine[:] = made
        return whole

    def decode(self, drawn: Drawn, *, start: int = 0, seed: int = 0) -> pa.Table:
        """Return drawn rows as a canonical table.

        What a row becomes depends on the row itself, its number and the seed alone, not on the
        rows that are decoded with it.

        Parameters
        ----------
        drawn : Drawn
            n rows.
        start : int
            The number of the first row within the whole sample.
        seed : int
            The seed of the sample.

        Returns
        -------
        pyarrow.Table
            n rows, all columns of the schema in its order.

        Raises
        ------
        NotFittedError
            Before `fit`.
        """
        self._check_fitted()
        rows = Rows(start, seed)
        cells: dict[str, pa.Array] = {}
        for part, place in zip(self._parts, self._places, strict=True):
            missing = None
            if place.gate is not None:
                missing = drawn.levels[:, self.layout_.drawn_starts[place.gate]] == 1
            cells[part.name] = part.decode(place.of_drawn(drawn), missing, rows)
        for derived in self._derivations:
            cells[derived.dependency.column] = derived.make(cells)
        names = list(self.schema_.names)
        return pa.Table.from_arrays([cells[name] for name in names], names=names)

    def state(self) -> State:
        """Return what was learned: no training rows, see each encoding."""
        self._check_fitted()
        options = {
            "encodings": None if self.encodings is None else dict(self.encodings),
            "min_category_count": self.min_category_count,
            "keep": list(self.keep),
            "onehot_limit": self.onehot_limit,
            "derive": self.derive,
            "text_placeholder": self.text_placeholder,
        }
        columns = [
            {"name": part.name, "encoding": part.encoding.name, "gate": part.gate}
            for part in self._parts
        ]
        derived = [made.dependency.column for made in self._derivations]
        parts = {f"column {i}": part.encoding.state() for i, part in enumerate(self._parts)}
        parts |= {f"derived {i}": made.state() for i, made in enumerate(self._derivations)}
        return State.joined({"options": options, "columns": columns, "derived": derived}, parts)

    @classmethod
    def from_state(cls, state: State, schema: Schema) -> Self:
        """Make a fitted encoder from what `state` gave and the schema of the fit."""
        self = cls(**state.values["options"])
        found = state.parts()
        dependencies = {dependency.column: dependency for dependency in schema.dependencies}
        self._derivations = tuple(
            derivation(dependencies[name]).load(found[f"derived {i}"])
            for i, name in enumerate(state.values["derived"])
        )
        parts = []
        for i, stored in enumerate(state.values["columns"]):
            kind, column = _BY_NAME[stored["encoding"]], schema[stored["name"]]
            encoding = kind.from_state(found[f"column {i}"], column)
            parts.append(Part(column.name, encoding, stored["gate"]))
        self._take(schema, tuple(parts))
        return self

    def _check_fitted(self) -> None:
        if not hasattr(self, "layout_"):
            raise NotFittedError(
                "A TableEncoder must be fitted first: call fit(table, schema, rng)."
            )


#: Every encoding that a state can name.
_BY_NAME: dict[str, type[ColumnEncoding]] = {
    **ENCODINGS,
    Constant.name: Constant,
    Identifier.name: Identifier,
}
