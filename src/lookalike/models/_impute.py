"""Completing rows of which some cells are known.

A row is drawn, told what is known of it; what known cells follow from is put right; and rows in
which relations do not hold, or that combine what never occurs, are drawn again.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lookalike._core.errors import DataError, LookalikeWarning, ParameterError
from lookalike.encoding import EncodedRows, SampledRows, TableEncoder
from lookalike.models._conditions import Completer, Told, told_by_cells
from lookalike.nn import Network, Plan
from lookalike.tables import Schema, canonical_type, conform, natural, render

__all__ = ["blank", "imputed", "told_of"]

#: How often rows are drawn anew that do not fit, …
_ROUNDS = 8
#: … and how many draws the nearest is chosen of, where several parts of a known sum are made.
_CHOICE = 8
#: Rounds and draws lie so many blocks apart: 2**24 blocks are 10**11 rows.
_APART = 2**24


class Completing(Protocol):
    """A synthesizer that may have learned to complete rows, as `GAN` does."""

    BLOCK: ClassVar[int]
    schema_: Schema
    encoder_: TableEncoder
    _plan: Plan
    _completer: Network | None

    def _complete(self) -> Completer: ...

    def _nothing(self, block: int, /) -> SampledRows: ...

    def _no_rows(self) -> pa.Table: ...


def imputed(model: Completing, table: pa.Table, seed: int) -> pa.Table:
    """Return canonical rows with their missing cells made, see `GAN.impute`.

    Parameters
    ----------
    model : Completing
        Fitted.
    table : pyarrow.Table
        Rows of some of its columns.
    seed : int
        Row i of the result depends on the row, its number and the seed alone.
    """
    if model._completer is None and model.encoder_.layout_.blocks:
        raise ParameterError(
            "This GAN cannot complete rows: it was fitted without conditions. "
            "Fit it with conditions=True."
        )
    whole = _canonical(table, model.schema_)
    given = frozenset(table.column_names)
    parts: list[pa.Table] = []
    left: dict[str, int] = {}
    for first in range(0, whole.num_rows, model.BLOCK):
        known = whole.slice(first, model.BLOCK).combine_chunks()
        made, broken = _Block(model, known, given, seed, first).completed()
        parts.append(made)
        left = {name: left.get(name, 0) + int(rows.sum()) for name, rows in broken.items()}
    _warn(model.schema_, left)
    return pa.concat_tables([model._no_rows(), *parts]).unify_dictionaries()


def completed_like(
    table: pa.Table, canonical: pa.Table, made: pa.Table, schema: Schema
) -> pa.Table:
    """Return completed rows with the cells of a table as they were, and columns of its types.

    Parameters
    ----------
    table : pyarrow.Table
        Rows of some columns, as they came.
    canonical : pyarrow.Table
        What `imputed` gave of them.
    made : pyarrow.Table
        The same in the types in which other columns are wanted.
    schema : Schema
    """
    plain, written = natural(canonical, schema), render(canonical, schema)
    known = _canonical(table, schema)
    for k, name in enumerate(schema.names):
        if name in table.column_names:
            came = table[name]
            # Where text came, it is completed with text as the training table has it.
            source = written if _is_text(came.type) else plain
            made = made.set_column(k, name, _filled(came, known[name], source[name], name))
    return made


def _filled(
    came: pa.ChunkedArray, known: pa.ChunkedArray, made: pa.ChunkedArray, name: str
) -> pa.ChunkedArray:
    """Return the cells that came, and made ones where what came says missing."""
    absent = known.is_null().combine_chunks()
    kind = came.type.value_type if pa.types.is_dictionary(came.type) else came.type
    try:
        cells = [part.cast(kind).combine_chunks() for part in (made, came)]
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise DataError(
            f"Completed cells must fit the type of their column, but {name!r} is {came.type}: "
            f"{error}. Give it a wider type first."
        ) from error
    whole = pc.if_else(absent, *cells)
    if pa.types.is_dictionary(came.type):
        whole = whole.dictionary_encode()
    return pa.chunked_array([whole])


def _is_text(kind: pa.DataType) -> bool:
    plain = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(
        pa.types.is_string(plain) or pa.types.is_large_string(plain) or pa.types.is_null(plain)
    )


def _warn(schema: Schema, left: Mapping[str, int]) -> None:
    """Say which relations could not be kept."""
    words = [
        f"{replace(dependency, why='').in_words()} (not in {left[dependency.column]:,} of the rows)"
        for dependency in schema.dependencies
        if left.get(dependency.column)
    ]
    if words:
        warnings.warn(
            "Not all rows could be completed so that what holds in the training table holds in "
            f"them: {'; '.join(words)}. Their known cells may not go together; other seeds may do.",
            LookalikeWarning,
            stacklevel=4,
        )


def _canonical(table: pa.Table, schema: Schema) -> pa.Table:
    """Return the table with all columns of the schema, null where it has none."""
    present = {schema[name].name for name in table.column_names}
    own = conform(table, Schema(tuple(c for c in schema.columns if c.name in present)))
    cells = [
        own[c.name] if c.name in present else pa.nulls(len(own), canonical_type(c))
        for c in schema.columns
    ]
    return pa.table(cells, names=list(schema.names))


def blank(schema: Schema, name: str, cells: pa.Array) -> pa.Table:
    """Return canonical rows of which one column is known, and no other."""
    kinds = {column.name: canonical_type(column) for column in schema.columns}
    own = kinds[name]
    known = cells.dictionary_encode().cast(own) if pa.types.is_dictionary(own) else cells.cast(own)
    return pa.table(
        [known if n == name else pa.nulls(len(cells), kind) for n, kind in kinds.items()],
        names=list(kinds),
    )


@dataclass(frozen=True)
class _Attempt:
    """Completed rows.

    Parameters
    ----------
    made : pyarrow.Table
    broken : dict of str to ndarray of bool, shape (n,)
        In which rows the relation of each column does not hold.
    impossible : ndarray of bool, shape (n,)
        Which rows combine what never occurs, though their known cells do not.
    """

    made: pa.Table
    broken: dict[str, np.ndarray]
    impossible: np.ndarray

    @property
    def faults(self) -> np.ndarray:
        """How much is wrong with each row: relations that do not hold count most."""
        count = self.impossible.astype(int)
        for rows in self.broken.values():
            count += 2 * rows
        return count

    def or_better(self, other: _Attempt) -> _Attempt:
        """Return these rows, and others in their place where fewer faults are in them."""
        better = other.faults < self.faults
        return _Attempt(
            _either(better, other.made, self.made),
            {
                name: np.where(better, other.broken[name], rows)
                for name, rows in self.broken.items()
            },
            np.where(better, other.impossible, self.impossible),
        )


@dataclass(frozen=True)
class _Block:
    """Rows that are completed together.

    Parameters
    ----------
    model : Completing
    rows : pyarrow.Table
        Canonical, null where a cell is to be made.
    given : frozenset of str
        The columns that the caller's table has.
    seed, first : int
        Of the rows, and the number of the first one.
    """

    model: Completing
    rows: pa.Table
    given: frozenset[str]
    seed: int
    first: int

    def completed(self) -> tuple[pa.Table, dict[str, np.ndarray]]:
        """Return completed rows, and for each column in which its relation does not hold."""
        encoder = self.model.encoder_
        known = encoder.follow(self.rows)
        if not encoder.layout_.blocks:
            made = self._decoded(self.model._nothing(0), known)
            return made, encoder.broken(self.rows, made)
        told, fixed = told_of(self.model, known, self.given)
        best = self._attempt(known, told, fixed, 0)
        for round_ in range(1, _ROUNDS + 1):
            if not best.faults.any():
                break
            best = best.or_better(self._attempt(known, told, fixed, round_))
        return best.made, best.broken

    def _attempt(
        self, known: pa.Table, told: Told, fixed: Mapping[int, np.ndarray], round_: int
    ) -> _Attempt:
        """Draw rows, settle what known cells follow from, and draw what goes with it."""
        encoder, place = self.model.encoder_, round_ * (_CHOICE + 1)
        drawn = self._draw(told, place)
        settled, changed, misfit = self._settled(known, drawn)
        for k in range(1, _CHOICE):
            if not misfit.any():
                break
            other = self._draw(told, place + k)
            more, also, far = self._settled(known, other)
            nearer = far < misfit
            settled, drawn = _either(nearer, more, settled), _either_drawn(nearer, other, drawn)
            changed, misfit = np.where(nearer, also, changed), np.where(nearer, far, misfit)
        if changed.any():
            settled = encoder.follow(settled)
            again = self._draw(told_of(self.model, settled, self.given)[0], place + _CHOICE)
            drawn = _either_drawn(changed, again, drawn)
        made = self._decoded(drawn, settled)
        impossible = encoder.violates_zeros(drawn, known=fixed)
        return _Attempt(made, encoder.broken(self.rows, made), impossible)

    def _draw(self, told: Told, place: int) -> SampledRows:
        block = self.first // self.model.BLOCK + place * _APART
        return self.model._complete().draw(told, self.seed, block % 2**32)

    def _settled(
        self, known: pa.Table, drawn: SampledRows
    ) -> tuple[pa.Table, np.ndarray, np.ndarray]:
        return self.model.encoder_.settle(known, drawn, start=self.first, seed=self.seed)

    def _decoded(self, drawn: SampledRows, known: pa.Table) -> pa.Table:
        drawn = SampledRows(drawn.numbers[: known.num_rows], drawn.levels[: known.num_rows])
        return self.model.encoder_.decode(drawn, start=self.first, seed=self.seed, known=known)


def told_of(
    model: Completing, rows: pa.Table, given: frozenset[str]
) -> tuple[Told, dict[int, np.ndarray]]:
    """Return what the generator is told of rows, and which blocks follow from known cells.

    Parameters
    ----------
    model : Completing
        Fitted, with conditions.
    rows : pyarrow.Table
        Canonical rows, null where a cell is not known.
    given : frozenset of str
        Columns of which no cell is to be missing.
    """
    encoder, plan = model.encoder_, model._plan
    layout = encoder.layout_
    encoded = encoder.encode(rows)
    known = encoder.known(rows)
    codes = encoded.codes.copy()
    for i, names in encoder.gates().items():
        # A cell that is to be made is not to be missing; its column may be, where none was given.
        if not given.isdisjoint(names):
            codes[:, layout.blocks[i].source_start] = 0
            known[i] = np.ones(rows.num_rows, bool)
    encoded = EncodedRows(encoded.floats, codes)
    told = told_by_cells(plan, encoded, known, layout)
    for i, block in enumerate(layout.blocks):
        missing = None if block.part == "missing" else encoder.missing_level(i)
        if missing is not None and block.column in given:
            told.allow(plan, i, np.arange(block.width) != missing, slice(None))
    open_to = encoder.open_to(rows)
    encoder.exclusions_.narrow(open_to, encoded, known)
    for i, allowed in open_to.allowed.items():
        at = np.flatnonzero(~known[i])
        told.allow(plan, i, allowed[at], at)
    for i, limits in open_to.limits.items():
        at = np.flatnonzero(~known[i])
        told.bound(plan, i, limits[at], at)
    return told, known


def _either(which: np.ndarray, these: pa.Table, those: pa.Table) -> pa.Table:
    """Return rows of one table where that is said, and else of the other."""
    at = np.arange(len(which)) + np.where(which, 0, len(which))
    return pa.concat_tables([these, those]).unify_dictionaries().take(pa.array(at)).combine_chunks()


def _either_drawn(which: np.ndarray, these: SampledRows, those: SampledRows) -> SampledRows:
    return SampledRows(*(np.where(which[:, None], a, b) for a, b in zip(these, those, strict=True)))
