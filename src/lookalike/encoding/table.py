"""A whole table: which encoding each column gets, missing cells, and derived columns."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import pyarrow as pa

from lookalike._core.errors import LookalikeWarning, NotFittedError
from lookalike.encoding._arrow import flat, is_null, masked
from lookalike.encoding._base import (
    ColumnEncoding,
    ComparingEncoding,
    Context,
    RowEncoding,
    State,
)
from lookalike.encoding._choice import Choice
from lookalike.encoding._context import MOST_ROWS, numbers_of
from lookalike.encoding._derive import derivation, in_order
from lookalike.encoding._fixed import Constant
from lookalike.encoding._identifier import Identifier
from lookalike.encoding._layout import Block, Compact, Drawn, Layout
from lookalike.encoding._registry import ENCODINGS
from lookalike.encoding._rows import Rows
from lookalike.tables import Column, Kind, Schema

__all__ = ["TableEncoder"]


@dataclass(frozen=True)
class _Part:
    """One column that is not derived.

    Parameters
    ----------
    name : str
        The column.
    encoding : ColumnEncoding
        Fitted to its present cells.
    gate : str or None
        The column whose *missing* block says where this one is missing: itself, or an earlier
        column that was missing in exactly the same rows; None where nothing was.
    """

    name: str
    encoding: ColumnEncoding
    gate: str | None


@dataclass(frozen=True)
class _Span:
    """Where a column's own blocks begin, and the index of its *missing* block."""

    floats: int
    codes: int
    numbers: int
    levels: int
    gate: int | None


class TableEncoder:
    """A reversible map between a canonical table and arrays that networks can learn.

    Each learned column has its own encoding; missing cells are a two-level block (or one more
    level); columns that are missing in exactly the same rows share that block. Derived columns,
    constants, identifiers and free text have no blocks.

    Parameters
    ----------
    encodings : mapping of str to str, optional
        The name of an encoding (see `ENCODINGS`) for a column, or for all columns of a kind.
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
            schema, self.encodings or {}, self.onehot_limit, self.min_category_count, self.keep
        )
        choice.check()
        cells = {name: flat(table.column(name)) for name in schema.names}
        derived = in_order(schema) if self.derive else ()
        self.schema_ = schema
        self._derivations = tuple(
            derivation(dependency, choice.least).fit(cells, schema) for dependency in derived
        )
        learned = [name for name in schema.names if name not in {d.column for d in derived}]
        self._parts = self._fit_parts({name: cells[name] for name in learned}, choice, rng)
        self._lay_out()
        self._warn_of_text()
        return self

    def _fit_parts(
        self, cells: Mapping[str, pa.Array], choice: Choice, rng: np.random.Generator
    ) -> tuple[_Part, ...]:
        encodings = {n: self._encoding(c, self.schema_[n], choice) for n, c in cells.items()}
        comparing = {n: e for n, e in encodings.items() if isinstance(e, ComparingEncoding)}
        parts: dict[str, _Part] = {}
        gates: dict[bytes, str] = {}
        for name, encoding in encodings.items():
            gate = None
            if _needs_gate(encoding, cells[name]):
                mask = np.packbits(is_null(cells[name])).tobytes()
                gate = gates.setdefault(mask, name)
            parts[name] = _Part(name, encoding, gate)
            if name not in comparing:
                encoding.fit(_given(encoding, cells[name]), self.schema_[name])
        if comparing:
            others = [part for part in parts.values() if part.name not in comparing]
            rows, numbers = _shown(others, cells, rng)
            for name, encoding in comparing.items():
                context = Context(cells[name].take(rows), numbers) if numbers is not None else None
                encoding.fit(cells[name].drop_null(), self.schema_[name], context)
        return tuple(parts.values())

    def _encoding(self, values: pa.Array, column: Column, choice: Choice) -> ColumnEncoding:
        if values.null_count == len(values):
            return Constant(pa.nulls(1, values.type))
        if column.kind is Kind.TEXT:
            return Constant(pa.array([self.text_placeholder], pa.string()).cast(values.type))
        if column.kind is Kind.CONSTANT:
            return Constant()
        if column.kind is Kind.IDENTIFIER:
            return Identifier()
        return choice.encoding(column, values)

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

    def _lay_out(self) -> None:
        """Put the blocks of all columns one after another."""
        blocks: list[Block] = []
        gates: dict[str, int] = {}
        spans: list[_Span] = []
        width = floats = codes = numbers = levels = 0
        for part in self._parts:
            if part.gate == part.name:
                gates[part.name] = len(blocks)
                gate = Block(part.name, "missing", "code", codes, width, 2, "softmax")
                blocks.append(gate)
                width, codes, levels = width + 2, codes + 1, levels + 1
            own = part.encoding.layout
            silenced_by = gates[part.gate] if part.gate is not None else None
            span = _Span(floats, codes, numbers, levels, silenced_by)
            spans.append(span)
            blocks += [_moved(block, width, span) for block in own.blocks]
            width, floats, codes = width + own.width, floats + own.floats, codes + own.codes
            numbers, levels = numbers + own.numbers, levels + own.softmaxes
        self.layout_ = Layout(tuple(blocks), floats, codes)
        self._spans = tuple(spans)

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
        floats = np.zeros((rows, self.layout_.floats), np.float32)
        codes = np.zeros((rows, self.layout_.codes), np.int32)
        for part, span in zip(self._parts, self._spans, strict=True):
            if not part.encoding.blocks and part.gate != part.name:
                continue
            values = flat(table.column(part.name))
            if part.gate == part.name and span.gate is not None:
                codes[:, self.layout_.blocks[span.gate].source_start] = is_null(values)
            own = _compact(part.encoding, values)
            floats[:, span.floats : span.floats + own.floats.shape[1]] = own.floats
            codes[:, span.codes : span.codes + own.codes.shape[1]] = own.codes
        return Compact(floats, codes)

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
        for part, span in zip(self._parts, self._spans, strict=True):
            cells[part.name] = self._decode_part(part, span, drawn, rows.of(part.name))
        for derived in self._derivations:
            cells[derived.dependency.column] = derived.make(cells)
        names = list(self.schema_.names)
        return pa.Table.from_arrays([cells[name] for name in names], names=names)

    def _decode_part(self, part: _Part, span: _Span, drawn: Drawn, rows: Rows) -> pa.Array:
        own = part.encoding.layout
        mine = Drawn(
            drawn.numbers[:, span.numbers : span.numbers + own.numbers],
            drawn.levels[:, span.levels : span.levels + own.softmaxes],
        )
        if isinstance(part.encoding, RowEncoding):
            values = part.encoding.decode_rows(mine, rows)
        else:
            values = part.encoding.decode(mine)
        if span.gate is None:
            return values
        return masked(values, drawn.levels[:, self.layout_.drawn_starts[span.gate]] == 1)

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
        self.schema_ = schema
        parts = state.parts()
        self._parts = tuple(
            _Part(
                stored["name"],
                _BY_NAME[stored["encoding"]].from_state(
                    parts[f"column {i}"], schema[stored["name"]]
                ),
                stored["gate"],
            )
            for i, stored in enumerate(state.values["columns"])
        )
        dependencies = {dependency.column: dependency for dependency in schema.dependencies}
        self._derivations = tuple(
            derivation(dependencies[name]).load(parts[f"derived {i}"])
            for i, name in enumerate(state.values["derived"])
        )
        self._lay_out()
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


def _needs_gate(encoding: ColumnEncoding, values: pa.Array) -> bool:
    """Return whether missing cells must be told by a block of their own."""
    if values.null_count == 0 or encoding.takes_missing:
        return False
    return not (isinstance(encoding, Constant) and encoding.is_missing)


def _moved(block: Block, width: int, span: _Span) -> Block:
    first = span.codes if block.source == "code" else span.floats
    return replace(
        block,
        start=block.start + width,
        source_start=block.source_start + first,
        silenced_by=span.gate,
    )


def _given(encoding: ColumnEncoding, values: pa.Array) -> pa.Array:
    """Return the cells that an encoding is fitted to."""
    always = isinstance(encoding, Constant) or encoding.takes_missing
    return values if always else values.drop_null()


def _compact(encoding: ColumnEncoding, values: pa.Array) -> Compact:
    """Return the compact form of a column; a missing cell's is such that it is drawn as 0."""
    if encoding.takes_missing or values.null_count == 0:
        return encoding.compact(values)
    present, layout = ~is_null(values), encoding.layout
    floats = np.zeros((len(values), layout.floats), np.float32)
    codes = np.zeros((len(values), layout.codes), np.int32)
    for block in layout.blocks:
        if block.source == "interval":
            floats[:, block.source_start : block.source_start + 2] = 0.5
    floats[present], codes[present] = encoding.compact(values.drop_null())
    return Compact(floats, codes)


def _shown(
    parts: Sequence[_Part], cells: Mapping[str, pa.Array], rng: np.random.Generator
) -> tuple[pa.Array, np.ndarray | None]:
    """Return some rows, and what the fitted parts are in them; None where there are none."""
    count = len(next(iter(cells.values())))
    rows = pa.array(np.sort(rng.choice(count, min(count, MOST_ROWS), replace=False)))
    learned = [part for part in parts if part.encoding.blocks]
    if not learned:
        return rows, None
    return rows, numbers_of(
        (part.encoding.layout, _compact(part.encoding, cells[part.name].take(rows)))
        for part in learned
    )
