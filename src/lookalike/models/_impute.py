"""Completion of rows: missing cells are generated, given the known ones.

Rows are generated on the condition of their known cells. Cells that known ones are computed from
are reconciled with them, and rows that break a relation or have a structural zero are regenerated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lookalike._core.errors import DataError
from lookalike.encoding import BlockSource, RowCondition, SampledRows
from lookalike.models._hot_deck import HotDeck
from lookalike.models._known_cells import condition_of_cells
from lookalike.models._request import FittedModel, Request
from lookalike.relations import describe
from lookalike.tables import Schema, canonical_type, conform, natural, render

__all__ = ["Completion", "completed_like"]

#: The maximum number of further attempts for rows that break a relation or have structural zeros.
_ROUNDS = 8
#: The number of draws from which the nearest is chosen where several parts of a known sum are
#: generated.
_CHOICE = 8
#: The maximum number of draws per attempt for rows with structural zeros.
_REDRAWS = 16
#: The distance of draws, in blocks: 2**20 blocks are 8 * 10**9 rows.
_APART = 2**20


#: From conditions and the number of the block of rows that they are on, to a source of rows.
_Conditional = Callable[[RowCondition, int], BlockSource]


@dataclass
class Completion:
    """Completion of a table, one block of rows at a time.

    Parameters
    ----------
    model : FittedModel
    table : pyarrow.Table
        Rows with some of the model's columns.
    seed : int
        The seed; row i of the result depends on the given row, i and the seed alone.
    """

    model: FittedModel
    table: pa.Table
    seed: int
    _broken: dict[str, int] = field(default_factory=dict)
    _unlike: int = 0

    def tables(self) -> Iterator[pa.Table]:
        """Yield canonical rows with their missing cells filled."""
        model = self.model
        whole = _canonical(self.table, model.schema_)
        given, source = frozenset(self.table.column_names), self._conditional()
        for first in range(0, whole.num_rows, model.BLOCK):
            known = whole.slice(first, model.BLOCK).combine_chunks()
            made, broken = _RowGroup(model, known, given, self.seed, first, source).completed()
            for name, rows in broken.items():
                self._broken[name] = self._broken.get(name, 0) + int(rows.sum())
            yield made

    def _conditional(self) -> _Conditional:
        """Return the source of rows for conditions: the model itself, or a hot deck."""
        model = self.model
        if model._takes_conditions or not model.encoder_.layout_.blocks:
            return lambda condition, _: model._start(Request(self.seed, lambda _: condition))
        rows = model._start(Request(self.seed))(0)
        wrong = model.encoder_.violates_zeros(rows)
        rows = SampledRows(*(part[~wrong | wrong.all()] for part in rows))
        deck = HotDeck(model.encoder_.layout_, rows, self.seed)
        counted = set()

        def source(condition: RowCondition, number: int) -> BlockSource:
            donors = deck.donors(condition, number)
            if number not in counted:  # each block of rows once, by its first conditions
                counted.add(number)
                self._unlike += int(donors.unlike.sum())
            return donors.block

        return source

    def warnings(self) -> list[str]:
        """Return the warnings about completed rows, after the last table."""
        warnings = []
        broken = [
            f"{describe(dependency, why=False)} (not in "
            f"{self._broken[dependency.column]:,} of the rows)"
            for dependency in self.model.schema_.dependencies
            if self._broken.get(dependency.column)
        ]
        broken += [
            f"{text} (not in {self._broken[text]:,} of the rows)"
            for text in self.model.schema_.rules
            if self._broken.get(text)
        ]
        if broken:
            warnings.append(
                "Some completed rows break a relation that holds in the training table: "
                f"{'; '.join(broken)}. Their known cells may contradict it; otherwise try another "
                "random_state."
            )
        if self._unlike:
            warnings.append(
                f"The known cells of {self._unlike:,} of {len(self.table):,} rows are unlike all "
                f"rows of this {type(self.model).__name__}, which cannot generate rows for "
                "conditions: their other cells are those of the most similar row, and uncertain."
            )
        return warnings


def completed_like(
    table: pa.Table, canonical: pa.Table, made: pa.Table, schema: Schema
) -> pa.Table:
    """Return completed rows with the original cells and column types of the given table.

    Parameters
    ----------
    table : pyarrow.Table
        The given rows, with some of the columns.
    canonical : pyarrow.Table
        The completed rows, canonical.
    made : pyarrow.Table
        The completed rows, with the final types of columns that were not given.
    schema : Schema
    """
    plain, written = natural(canonical, schema), render(canonical, schema)
    known = _canonical(table, schema)
    for k, name in enumerate(schema.names):
        if name in table.column_names:
            given = table[name]
            if pa.types.is_null(given.type):
                continue  # a column without any cell has no type of its own
            # Text is completed with text, in the format of the training table.
            source = written if _is_text(given.type) else plain
            made = made.set_column(k, name, _filled(given, known[name], source[name], name))
    return made


def _filled(
    given: pa.ChunkedArray, known: pa.ChunkedArray, made: pa.ChunkedArray, name: str
) -> pa.ChunkedArray:
    """Return the given cells, and generated ones where a given cell means missing."""
    absent = known.is_null().combine_chunks()
    kind = given.type.value_type if pa.types.is_dictionary(given.type) else given.type
    try:
        cells = [part.cast(kind).combine_chunks() for part in (made, given)]
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise DataError(
            f"Completed cells must fit the type of their column, but {name!r} is {given.type}: "
            f"{error}. Cast the column to a wider type first."
        ) from error
    whole = pc.if_else(absent, *cells)
    if pa.types.is_dictionary(given.type):
        whole = whole.dictionary_encode()
    return pa.chunked_array([whole])


def _is_text(kind: pa.DataType) -> bool:
    plain = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(
        pa.types.is_string(plain) or pa.types.is_large_string(plain) or pa.types.is_null(plain)
    )


def _canonical(table: pa.Table, schema: Schema) -> pa.Table:
    """Return the table with all columns of the schema; those that it lacks are null."""
    present = {schema[name].name for name in table.column_names}
    own = conform(table, Schema(tuple(c for c in schema.columns if c.name in present)))
    cells = [
        own[c.name] if c.name in present else pa.nulls(len(own), canonical_type(c))
        for c in schema.columns
    ]
    return pa.table(cells, names=list(schema.names))


@dataclass(frozen=True)
class _Attempt:
    """Completed rows and their faults.

    Parameters
    ----------
    made : pyarrow.Table
    broken : dict of str to ndarray of bool, shape (n,)
        For each column with a relation, the rows that break it.
    impossible : ndarray of bool, shape (n,)
        True for rows with a structural zero that their known cells do not have.
    """

    made: pa.Table
    broken: dict[str, np.ndarray]
    impossible: np.ndarray

    @property
    def faults(self) -> np.ndarray:
        """The number of faults of each row; a broken relation counts twice."""
        count = self.impossible.astype(int)
        for rows in self.broken.values():
            count += 2 * rows
        return count

    def or_better(self, other: _Attempt) -> _Attempt:
        """Return these rows, replaced by those of another attempt where they have fewer faults."""
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
class _RowGroup:
    """A group of rows that are completed together.

    Parameters
    ----------
    model : FittedModel
    rows : pyarrow.Table
        Canonical rows, null where a cell is to be generated.
    given : frozenset of str
        The columns of the caller's table.
    seed, first : int
        The seed, and the number of the first row.
    conditional : callable
        From conditions to a source of rows.
    """

    model: FittedModel
    rows: pa.Table
    given: frozenset[str]
    seed: int
    first: int
    conditional: _Conditional

    def completed(self) -> tuple[pa.Table, dict[str, np.ndarray]]:
        """Return completed rows, and for each column with a relation the rows that break it."""
        encoder = self.model.encoder_
        known = encoder.graph_.infer(self.rows)
        condition, fixed = condition_of_cells(encoder, known, self.given)
        source = self._source(condition)
        best = self._attempt(known, source, fixed, 0)
        for round_ in range(1, _ROUNDS + 1):
            if not best.faults.any():
                break
            best = best.or_better(self._attempt(known, source, fixed, round_))
        return best.made, best.broken

    def _attempt(
        self, known: pa.Table, source: BlockSource, fixed: Mapping[int, np.ndarray], round_: int
    ) -> _Attempt:
        """Draw rows, reconcile them with known cells, and redraw what depends on the changes."""
        encoder, place = self.model.encoder_, round_ * (_CHOICE + 1) * _REDRAWS
        drawn = self._possible(source, place, fixed)
        settled, changed, misfit = self._settled(known, drawn)
        # Where drawn cells are far from what known cells demand, try other draws and keep the
        # nearest for each row.
        for k in range(1, _CHOICE):
            if not misfit.any():
                break
            redrawn = source(place + k * _REDRAWS)
            more, also, far = self._settled(known, redrawn)
            nearer = far < misfit
            settled, drawn = _either(nearer, more, settled), _either_drawn(nearer, redrawn, drawn)
            changed, misfit = np.where(nearer, also, changed), np.where(nearer, far, misfit)
        # Reconciled cells are known from now on: redraw the other cells of their rows given them.
        if changed.any():
            settled = encoder.graph_.infer(settled)
            condition, now_fixed = condition_of_cells(encoder, settled, self.given)
            again = self._possible(self._source(condition), place + _CHOICE * _REDRAWS, now_fixed)
            drawn = _either_drawn(changed, again, drawn)
        made = encoder.decode(drawn, start=self.first, seed=self.seed, known=settled, fixed=known)
        impossible = encoder.violates_zeros(drawn, known=fixed)
        broken = encoder.graph_.violations(self.rows, made)
        broken |= encoder.graph_.broken_rules(self.rows, made)
        return _Attempt(made, broken, impossible)

    def _possible(
        self, source: BlockSource, place: int, fixed: Mapping[int, np.ndarray]
    ) -> SampledRows:
        """Draw rows, and redraw those with structural zeros that known cells do not force."""
        drawn = source(place)
        for k in range(1, _REDRAWS):
            wrong = self.model.encoder_.violates_zeros(drawn, known=fixed)
            if not wrong.any():
                break
            drawn = _either_drawn(wrong, source(place + k), drawn)
        return drawn

    def _source(self, condition: RowCondition) -> BlockSource:
        """Return the source of these rows on a condition, a different draw for each number."""
        number, rows = self.first // self.model.BLOCK, self.rows.num_rows
        make = self.conditional(condition, number)

        def draw(place: int) -> SampledRows:
            drawn = make((number + place * _APART) % 2**32)
            return SampledRows(drawn.numbers[:rows], drawn.levels[:rows])

        return draw

    def _settled(
        self, known: pa.Table, drawn: SampledRows
    ) -> tuple[pa.Table, np.ndarray, np.ndarray]:
        return self.model.encoder_.reconcile(known, drawn, start=self.first, seed=self.seed)


def _either(which: np.ndarray, these: pa.Table, those: pa.Table) -> pa.Table:
    """Return rows of the first table where `which` is true, and else of the second."""
    at = np.arange(len(which)) + np.where(which, 0, len(which))
    return pa.concat_tables([these, those]).unify_dictionaries().take(pa.array(at)).combine_chunks()


def _either_drawn(which: np.ndarray, these: SampledRows, those: SampledRows) -> SampledRows:
    return SampledRows(*(np.where(which[:, None], a, b) for a, b in zip(these, those, strict=True)))
