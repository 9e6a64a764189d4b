"""Completing rows of which some cells are known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lookalike._core.errors import DataError, ParameterError
from lookalike.encoding import Compact, Drawn, Rows
from lookalike.models._conditions import Told, told_by_cells
from lookalike.tables import Schema, Wish, canonical_type, conform, render

if TYPE_CHECKING:
    from lookalike.models.gan import GAN

__all__ = ["imputed"]


def imputed(model: GAN, table: pa.Table, seed: int) -> pa.Table:
    """Return rows in storage types with their missing cells made, see `GAN.impute`.

    Parameters
    ----------
    model : GAN
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
    parts = [
        _completed(model, whole.slice(first, model.BLOCK), seed, first, given)
        for first in range(0, whole.num_rows, model.BLOCK)
    ]
    return pa.concat_tables([model._empty(), *(render(part, model.schema_) for part in parts)])


def _canonical(table: pa.Table, schema: Schema) -> pa.Table:
    """Return the table with all columns of the schema, null where it has none."""
    present = {schema[name].name for name in table.column_names}
    own = conform(table, Schema(tuple(c for c in schema.columns if c.name in present)))
    cells = [
        own[c.name] if c.name in present else pa.nulls(len(own), canonical_type(c))
        for c in schema.columns
    ]
    return pa.table(cells, names=list(schema.names))


def _completed(
    model: GAN, rows: pa.Table, seed: int, first: int, given: frozenset[str]
) -> pa.Table:
    """Complete one block of rows."""
    learned = model.encoder_.layout_.blocks
    drawn = _drawn(model, rows, seed, first, given) if learned else model._nothing(0)
    drawn = Drawn(drawn.numbers[: rows.num_rows], drawn.levels[: rows.num_rows])
    made = model.encoder_.decode(drawn, start=first, seed=seed)
    return pa.table(
        [_kept(rows[name], made[name]) for name in rows.column_names], names=rows.column_names
    )


def _drawn(model: GAN, rows: pa.Table, seed: int, first: int, given: frozenset[str]) -> Drawn:
    """Draw the learned columns of one block of rows, told what is known of them."""
    encoder, plan = model.encoder_, model._plan
    layout = encoder.layout_
    compact = encoder.compact(rows)
    known = encoder.known(rows)
    codes = compact.codes.copy()
    for i, names in encoder.gates().items():
        # A cell that is to be made is not to be missing; its column may be, where none was given.
        if not given.isdisjoint(names):
            codes[:, layout.blocks[i].source_start] = 0
            known[i] = np.ones(rows.num_rows, bool)
    told = told_by_cells(plan, Compact(compact.floats, codes), known, layout)
    for i, block in enumerate(layout.blocks):
        missing = None if block.part == "missing" else encoder.missing_level(i)
        if missing is not None and block.column in given:
            allowed = np.arange(block.width) != missing
            told.allow(plan, i, allowed, slice(None))
    _tell_of_derived(model, told, rows, Rows(first, seed))
    return model._complete().draw(told, seed, first // model.BLOCK)


def _tell_of_derived(model: GAN, told: Told, table: pa.Table, rows: Rows) -> None:
    """Ask what columns are derived from to be such that the known cells of those follow."""
    encoder = model.encoder_
    learned = {block.column for block in encoder.layout_.blocks}
    for name in sorted({d.column for d in model.schema_.dependencies} - learned):
        cells = table[name].unify_dictionaries().combine_chunks()
        values = pc.unique(cells).drop_null()
        if pa.types.is_dictionary(values.type):
            values = values.dictionary_decode()
        for k in range(len(values)):
            wish = Wish(name, values=values.slice(k, 1))
            try:
                asked = encoder.ask(wish)
            except DataError:  # never so in the training table: the cell alone is kept
                continue
            if asked is None:
                break
            which = np.flatnonzero(wish.fulfilled(cells))
            told.ask_one(model._plan, asked, which, rows.of(name).uniforms(which))


def _kept(known: pa.ChunkedArray, made: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return known cells, and made ones where none is known."""
    if pa.types.is_dictionary(known.type):
        whole = pc.coalesce(known.cast(known.type.value_type), made.cast(known.type.value_type))
        return whole.dictionary_encode()
    return pc.coalesce(known, made.cast(known.type))
