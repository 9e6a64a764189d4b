"""A whole table: which encoding each column gets, missing cells, and derived columns."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lookalike._core.errors import LookalikeWarning, ModelFileError, NotFittedError
from lookalike._core.learned import Learned
from lookalike._core.rows import Rows
from lookalike.encoding._base import ENCODINGS, ColumnEncoding
from lookalike.encoding._choice import EncodingChoice
from lookalike.encoding._columns import EncodedColumn, fit_columns
from lookalike.encoding._condition import RowCondition
from lookalike.encoding._conflict import contradiction
from lookalike.encoding._encode_condition import encode_condition, range_about
from lookalike.encoding._fixed import ConstantEncoding
from lookalike.encoding._identifier import Identifier
from lookalike.encoding._layout import EncodedRows, SampledRows
from lookalike.encoding._proof import Proof
from lookalike.encoding._spans import encode_columns, lay_out
from lookalike.encoding._translate import feasible_condition, learned_column
from lookalike.encoding._zero_words import describe_zeros
from lookalike.encoding._zeros import StructuralZeros
from lookalike.relations import Cells, Relation, RelationGraph, cells_of, in_order, relation
from lookalike.tables import Column, ColumnCondition, Kind, Schema
from lookalike.tables.values.arrow import flat, is_null

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
        Levels and numbers that occur less often are never stored; such levels are pooled, and never
        made. 1 keeps every level, every end of a range and every single number.
    keep : sequence of str, default ()
        Columns of which every level is kept, however rare: such as the target of a prediction.
    onehot_limit : int, default 128
        The most levels of a column for which one-hot is the default.
    derive : bool, default True
        Whether columns that depend on others are derived, or learned by a residual, and what never
        occurs together is known; if not, all columns are learned as they are. A column for which an
        encoding is chosen never gives way to a residual.
    text_placeholder : str, optional
        What stands in every cell of free text; by default such cells are missing.

    Attributes
    ----------
    schema_ : Schema
        What the columns are, with the relations that proved themselves, and those that did not.
    layout_ : Layout
        What the spans of an encoded row are.
    graph_ : RelationGraph
        How columns depend on each other.
    exclusions_ : StructuralZeros
        What never occurs together.
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
        choice = EncodingChoice(
            schema,
            self.encodings or {},
            self.onehot_limit,
            self.min_category_count,
            tuple(self.keep),
            self.text_placeholder,
        )
        choice.check()
        cells = cells_of(table.select(schema.names))
        schema, relations = self._relate(schema, choice, cells)
        columns = _learned_columns(schema, relations)
        learned = {name: cells[name] for name in columns}
        learned |= {r.spec.column: r.residual(cells) for r in relations if r.learns_residual}
        choice_of = replace(choice, schema=replace(schema, columns=tuple(columns.values())))
        self._take(schema, relations, fit_columns(learned, choice_of, rng))
        self.exclusions_ = self._find_exclusions(table)
        self._warn_of_text()
        self._warn_of_rare(choice, cells)
        return self

    def _relate(
        self, schema: Schema, choice: EncodingChoice, cells: Cells
    ) -> tuple[Schema, list[Relation]]:
        """Fit the relations between columns that prove themselves, each after those it builds on.

        Returns
        -------
        Schema
            With these alone as dependencies, and the others as rejected.
        list of Relation
        """
        kept: list[Relation] = []
        rejected = []
        proof = Proof(schema, choice, cells)
        for dependency in in_order(schema.dependencies) if self.derive else ():
            made = relation(dependency, choice.least)
            against = self._against(made, choice, cells) or proof.refuted(dependency)
            if against is None and made.fit(cells, schema).is_empty:
                against = "too few rows share any of its values"
            if against is None:
                kept.append(made)
            else:
                rejected.append(replace(dependency, against=against))
        columns = {made.spec.column for made in kept}
        dependencies = tuple(d for d in schema.dependencies if d.column in columns)
        rejected_ = (*schema.rejected, *rejected)
        return replace(schema, dependencies=dependencies, rejected=rejected_), kept

    @staticmethod
    def _against(made: Relation, choice: EncodingChoice, cells: Cells) -> str | None:
        """Return why a relation is not even tried; None if it is."""
        if made.learns_residual and choice.is_chosen(made.spec.column):
            return "an encoding was chosen for the column"
        if not made.suits(cells):
            return "the table has rows that it cannot describe"
        return None

    def _take(
        self, schema: Schema, relations: Sequence[Relation], parts: tuple[EncodedColumn, ...]
    ) -> None:
        self.schema_ = schema
        self._parts = parts
        self.layout_, self._places = lay_out(parts)
        columns = _learned_columns(schema, relations)
        learned = {part.name: learned_column(part, columns[part.name]) for part in parts}
        self.graph_ = RelationGraph(schema, relations, learned)

    def _find_exclusions(self, table: pa.Table) -> StructuralZeros:
        if not self.derive:
            return StructuralZeros(self.layout_, {}, ())
        keys = [
            frozenset(made.spec.on)
            for made in self.graph_.relations
            if not made.learns_residual and len(made.spec.on) == 2
        ]

        def encode(rows: np.ndarray, columns: Collection[str]) -> EncodedRows:
            return self._encode(_rows_of(table, rows), columns)

        return StructuralZeros.fit(table.num_rows, encode, self.layout_, keys)

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

    def _warn_of_rare(self, choice: EncodingChoice, cells: Cells) -> None:
        """Say what single rows lose, and what of them stays because it is to be predicted."""
        secret = [
            part.name
            for part in self._parts
            if choice.is_secret(self.schema_[part.name], cells[part.name])
        ]
        if secret:
            warnings.warn(
                f"No value of {', '.join(map(repr, secret))} occurs in {self.min_category_count} "
                "rows, so none is kept: every cell will be missing. Leave such columns out, or set "
                "min_category_count=1 if they may be shown.",
                LookalikeWarning,
                stacklevel=3,
            )
        for name in filter(lambda name: choice.keeps_all(self.schema_[name]), self.keep):
            counted = cells[name].drop_null().value_counts()
            rare = counted.filter(pc.less(counted.field("counts"), self.min_category_count))
            if len(rare):
                words = ", ".join(repr(v) for v in rare.field("values").to_pylist()[:5])
                warnings.warn(
                    f"Every level of the target {name!r} is kept, however rare: {words} "
                    f"occur{'s' if len(rare) == 1 else ''} in fewer than "
                    f"{self.min_category_count} rows and will be stored and generated. "
                    "Drop these rows if nobody may know of them.",
                    LookalikeWarning,
                    stacklevel=3,
                )

    def encode(self, table: pa.Table) -> EncodedRows:
        """Return the encoded form of a canonical table, which may be another than that of `fit`.

        Parameters
        ----------
        table : pyarrow.Table
            n rows with the columns of the schema.

        Returns
        -------
        EncodedRows
            n rows.

        Raises
        ------
        NotFittedError
            Before `fit`.
        """
        self._check_fitted()
        return self._encode(table, self.schema_.names)

    def _encode(self, table: pa.Table, columns: Collection[str]) -> EncodedRows:
        """Return the encoded form of rows, in which other columns are left 0."""
        residuals = [r for name, r in self.graph_.residuals.items() if name in columns]
        needed = {*columns, *(on for r in residuals for on in r.spec.on)}
        cells = cells_of(table.select([n for n in table.column_names if n in needed]))
        cells |= {r.spec.column: r.residual(cells) for r in residuals}
        learned = [
            (part, place)
            for part, place in zip(self._parts, self._places, strict=True)
            if part.name in columns
        ]
        return encode_columns(cells, learned, self.layout_, table.num_rows)

    def decode(
        self, drawn: SampledRows, *, start: int = 0, seed: int = 0, known: pa.Table | None = None
    ) -> pa.Table:
        """Return drawn rows as a canonical table.

        What a row becomes depends on the row itself, its number and the seed alone, not on the
        rows that are decoded with it.

        Parameters
        ----------
        drawn : SampledRows
            n rows.
        start : int
            The number of the first row within the whole sample.
        seed : int
            The seed of the sample.
        known : pyarrow.Table, optional
            Canonical rows whose cells stand in place of drawn ones where they are not null;
            columns that are made of others are made of these.

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
        cells, _ = self._decoded(
            drawn, Rows(start, seed), None if known is None else cells_of(known)
        )
        return self._table(cells)

    def numbered(self, table: pa.Table, *, start: int, seed: int) -> pa.Table:
        """Return canonical rows with the identifiers of other row numbers.

        Parameters
        ----------
        table : pyarrow.Table
            n rows with the columns of the schema.
        start, seed : int
            As for `decode`.
        """
        nothing = SampledRows(
            np.zeros((len(table), 0), np.float32), np.zeros((len(table), 0), np.int32)
        )
        for part in self._parts:
            if isinstance(part.encoding, Identifier):
                at = table.schema.get_field_index(part.name)
                missing = is_null(flat(table.column(at)))
                made = part.decode(nothing, missing, Rows(start, seed))
                table = table.set_column(at, part.name, made)
        return table

    def whole_identifiers(self) -> frozenset[str]:
        """Return the columns of identifiers that are whole numbers, however they are stored."""
        parts = ((part.name, part.encoding) for part in self._parts)
        return frozenset(n for n, made in parts if isinstance(made, Identifier) and made.is_whole)

    def _table(self, cells: Cells) -> pa.Table:
        names = list(self.schema_.names)
        return pa.Table.from_arrays([cells[name] for name in names], names=names)

    def _decoded(self, drawn: SampledRows, rows: Rows, known: Cells | None) -> tuple[Cells, Cells]:
        """Return the columns of sampled rows, and the residuals that some are learned by."""
        sampled: dict[str, pa.Array] = {}
        residuals: dict[str, pa.Array] = {}
        for part, place in zip(self._parts, self._places, strict=True):
            missing = None
            if place.gate is not None:
                missing = drawn.levels[:, self.layout_.drawn_starts[place.gate]] == 1
            into = residuals if part.name in self.graph_.residuals else sampled
            into[part.name] = part.decode(place.of_drawn(drawn), missing, rows)
        return self.graph_.compute(sampled, residuals, rows, known), residuals

    def feasible(self, known: pa.Table) -> RowCondition:
        """Return what the blocks of rows may be, so that the known cells of others can follow.

        Parameters
        ----------
        known : pyarrow.Table
            The rows that `graph_.infer` gave.
        """
        self._check_fitted()
        pairs = zip(self._parts, self._places, strict=True)
        learned = {part.name: (part, place) for part, place in pairs}
        return feasible_condition(
            self.graph_.feasible(known), known.num_rows, self.layout_, learned
        )

    def reconcile(
        self, known: pa.Table, drawn: SampledRows, *, start: int = 0, seed: int = 0
    ) -> tuple[pa.Table, np.ndarray, np.ndarray]:
        """Choose of sampled cells, and change them, so that the known cells of rows follow.

        Parameters
        ----------
        known : pyarrow.Table
            The rows that `graph_.infer` gave, n of them.
        drawn : SampledRows
            Rows as they were sampled.
        start, seed : int
            As for `decode`.

        Returns
        -------
        pyarrow.Table
            The known cells and those that they now follow from.
        ndarray of bool, shape (n,)
            Rows in which a cell differs from the sampled one.
        ndarray, shape (n,)
            How far rows were from what is known, as they had been sampled.
        """
        rows, cells = Rows(start, seed), cells_of(known)
        made = self.graph_.reconcile(known, *self._decoded(drawn, rows, cells), rows)
        return self._table(made.cells), made.changed, made.distance

    def violates_zeros(
        self, drawn: SampledRows, *, known: Mapping[int, np.ndarray] | None = None
    ) -> np.ndarray:
        """Return which drawn rows combine what never occurred together in the table of the fit.

        Parameters
        ----------
        drawn : SampledRows
            n rows.
        known : mapping of int to ndarray of bool, shape (n,), optional
            For the index of each block: in which rows it was not drawn but known. What is known
            of two blocks is not looked at.

        Returns
        -------
        ndarray of bool, shape (n,)
            See `exclusions_`; all False where `derive` is off.

        Raises
        ------
        NotFittedError
            Before `fit`.
        """
        self._check_fitted()
        return self.exclusions_.violates(drawn, known)

    def never_together(self) -> list[str]:
        """Return in words what never occurred together in the table of the fit.

        Returns
        -------
        list of str
            Such as ``"relationship Husband: never with sex Female"``.

        Raises
        ------
        NotFittedError
            Before `fit`.
        """
        self._check_fitted()
        residuals = {
            name: f"the residual of {name}"
            for name, made in self.graph_.residuals.items()
            if made.residual_column != self.schema_[name]
        }
        return describe_zeros(self.exclusions_, self._parts, residuals)

    def encode_condition(self, condition: ColumnCondition) -> RowCondition | None:
        """Return a condition on a column as one on the blocks of rows.

        Parameters
        ----------
        condition : ColumnCondition

        Returns
        -------
        RowCondition or None
            With one row for each of several numbers, see `RowCondition.drawn`. None where no block
            says it: the column is made of several others, or of another by chance.

        Raises
        ------
        DataError
            If no row can fulfil it.
        NotFittedError
            Before `fit`.
        """
        self._check_fitted()
        found = self.graph_.condition_on_learned(condition)
        if found is None:
            return None
        at = next(i for i, part in enumerate(self._parts) if part.name == found.column)
        return encode_condition(self._parts[at], self._places[at], self.layout_, found)

    def contradiction(
        self, conditions: Sequence[ColumnCondition], encoded: Sequence[RowCondition | None]
    ) -> tuple[tuple[ColumnCondition, ...], str] | None:
        """Return conditions that no row can fulfil together, and why.

        Parameters
        ----------
        conditions : sequence of ColumnCondition
        encoded : sequence of RowCondition or None
            What `encode_condition` gave of each.

        Returns
        -------
        tuple of tuple of ColumnCondition and str, or None
            None where neither relations nor what never occurs together say so.
        """
        return contradiction(self.graph_, self.exclusions_, conditions, encoded)

    def around(self, condition: ColumnCondition, share: float) -> ColumnCondition | None:
        """Return the range about the one number that a condition is on.

        Parameters
        ----------
        condition : ColumnCondition
        share : float
            Which share of the rows of the fit lies within the range on each side.

        Returns
        -------
        ColumnCondition or None
            None where it is not on one value, or the column is not encoded by one number alone.
        """
        self._check_fitted()
        if condition.column not in self.graph_.unrelated:
            return None
        part = next(part for part in self._parts if part.name == condition.column)
        return range_about(part, condition, share)

    def gates(self) -> dict[int, tuple[str, ...]]:
        """Return the columns that each *missing* block silences, by its index in the layout."""
        self._check_fitted()
        found: dict[int, tuple[str, ...]] = {}
        for part, place in zip(self._parts, self._places, strict=True):
            if place.gate is not None:
                found[place.gate] = (*found.get(place.gate, ()), part.name)
        return found

    def missing_level(self, block: int) -> int | None:
        """Return the level of a block of several that says *missing*; None where none does.

        Parameters
        ----------
        block : int
            Its index in the layout; not that of a *missing* block.
        """
        self._check_fitted()
        name = self.layout_.blocks[block].column
        part = next(part for part in self._parts if part.name == name)
        return part.encoding.missing_level

    def known(self, table: pa.Table) -> dict[int, np.ndarray]:
        """Say which blocks of rows follow from the cells that are present in a canonical table.

        Parameters
        ----------
        table : pyarrow.Table
            n rows with the columns of the schema, null where a cell is not known.

        Returns
        -------
        dict of int to ndarray of bool, shape (n,)
            For the index of each block of the layout.
        """
        self._check_fitted()
        present = {name: ~is_null(flat(table.column(name))) for name in self.schema_.names}
        for name, made in self.graph_.residuals.items():
            for other in made.spec.on:
                present[name] = present[name] & present[other]
        known = {i: present[block.column] for i, block in enumerate(self.layout_.blocks)}
        for i, names in self.gates().items():
            known[i] = np.logical_or.reduce([present[name] for name in names])
        return known

    def state(self) -> Learned:
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
        relations = self.graph_.relations
        derived = [made.spec.column for made in relations]
        parts = {f"column {i}": part.encoding.state() for i, part in enumerate(self._parts)}
        parts |= {f"derived {i}": made.state() for i, made in enumerate(relations)}
        parts["exclusions"] = self.exclusions_.state()
        return Learned.joined({"options": options, "columns": columns, "derived": derived}, parts)

    @classmethod
    def from_state(cls, state: Learned, schema: Schema) -> Self:
        """Make a fitted encoder from what `state` gave and the schema of the fit."""
        self = cls(**state.values["options"])
        found = state.parts()
        specs = {dependency.column: dependency for dependency in schema.dependencies}
        relations = [
            relation(specs[name]).load(found[f"derived {i}"], schema)
            for i, name in enumerate(state.values["derived"])
        ]
        columns = _learned_columns(schema, relations)
        parts = []
        for i, stored in enumerate(state.values["columns"]):
            column = columns[stored["name"]]
            encoding = _encoding(stored["encoding"]).from_state(found[f"column {i}"], column)
            parts.append(EncodedColumn(column.name, encoding, stored["gate"]))
        self._take(schema, relations, tuple(parts))
        self.exclusions_ = StructuralZeros.from_state(found["exclusions"], self.layout_)
        return self

    def _check_fitted(self) -> None:
        if not hasattr(self, "layout_"):
            raise NotFittedError(
                "A TableEncoder must be fitted first: call fit(table, schema, rng)."
            )


def _learned_columns(schema: Schema, relations: Sequence[Relation]) -> dict[str, Column]:
    """Return the columns that are encoded, residuals in place of those that are learned by one."""
    learned = {column.name: column for column in schema.columns}
    for made in relations:
        if made.learns_residual:
            learned[made.spec.column] = made.residual_column
        else:
            del learned[made.spec.column]
    return learned


def _rows_of(table: pa.Table, rows: np.ndarray) -> pa.Table:
    """Return some rows by their rising numbers, without a copy where none is left out."""
    if rows[-1] - rows[0] + 1 == len(rows):
        return table.slice(int(rows[0]), len(rows))
    return table.take(rows)


def _encoding(name: str) -> type[ColumnEncoding]:
    """Return the encoding that a state names, of those that are registered."""
    own = {kind.name: kind for kind in (ConstantEncoding, Identifier)}
    found = own.get(name) or ENCODINGS.registered(name)
    if found is None:
        raise ModelFileError(f"it holds an encoding {name!r}, which is not registered.")
    return found
