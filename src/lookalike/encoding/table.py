"""The encoder of a whole table: an encoding for each column, missing cells, derived columns."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import Any, Literal, Self

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
from lookalike.encoding._origins import ValueOrigin, value_origins
from lookalike.encoding._proof import Proof
from lookalike.encoding._spans import encode_columns, lay_out
from lookalike.encoding._translate import feasible_condition, learned_column
from lookalike.encoding._zero_words import describe_zeros
from lookalike.encoding._zeros import StructuralZeros
from lookalike.relations import (
    Cells,
    Relation,
    RelationGraph,
    Settling,
    cells_of,
    in_order,
    relation,
)
from lookalike.rules import Ruleset
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
        `onehot_limit` categories.
    min_category_count : int, default 2
        Categories and numbers that occur less often are never stored; such categories are pooled,
        and never generated. 1 keeps every category, every end of a range and every single number.
    keep : sequence of str, default ()
        Columns that keep all their categories, however rare, such as the target of a prediction.
    onehot_limit : int, default 128
        The greatest number of categories for which one-hot is the default.
    derive : bool, default True
        Whether columns that depend on others are derived, or learned by a residual, and structural
        zeros are found; if not, all columns are learned unchanged. A column with a chosen encoding
        is never replaced by a residual, but a residual may have the encoding of its kind.
    residuals : {"all", "visible", "none"}, default "all"
        Which residuals of inferred relations may replace columns: all, those that hide no cell of
        their column from the model, or none. Where a declared rule computes the column that
        another one often equals, cells are hidden nonetheless: the model does not see that column.
    text_placeholder : str, optional
        The value generated for every cell of free text; by default such cells are missing.

    Attributes
    ----------
    schema_ : Schema
        The columns, with the relations that proved themselves, and those that did not.
    layout_ : Layout
        The spans of an encoded row.
    graph_ : RelationGraph
        The relations between columns.
    exclusions_ : StructuralZeros
        The structural zeros: combinations that never occur.
    """

    def __init__(
        self,
        *,
        encodings: Mapping[str, str] | None = None,
        min_category_count: int = 2,
        keep: Sequence[str] = (),
        onehot_limit: int = 128,
        derive: bool = True,
        residuals: Literal["all", "visible", "none"] = "all",
        text_placeholder: str | None = None,
    ) -> None:
        self.encodings = encodings
        self.min_category_count = min_category_count
        self.keep = keep
        self.onehot_limit = onehot_limit
        self.derive = derive
        self.residuals = residuals
        self.text_placeholder = text_placeholder

    def least(self, column: Column) -> int:
        """Return the least count with which a value of a column is kept."""
        every = column.name in self.keep and column.kind.is_discrete
        return 1 if every else self.min_category_count

    def fit(self, table: pa.Table, schema: Schema, rng: np.random.Generator) -> Self:
        """Learn every column of a canonical table.

        Parameters
        ----------
        table : pyarrow.Table
            The result of `lookalike.tables.conform`, with at least one row.
        schema : Schema
            The table's schema.
        rng : numpy.random.Generator
            Samples the rows on which columns of many categories are compared with the others.

        Returns
        -------
        TableEncoder
            The fitted encoder.

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
        self._rules = Ruleset.read(schema.rules, schema, cells, self.least)
        schema = self._rules.with_dependencies(schema, cells)
        schema, relations = self._relate(schema, choice, cells)
        columns = _learned_columns(schema, relations)
        learned = {name: cells[name] for name in columns}
        learned |= {r.spec.column: r.residual(cells) for r in relations if r.learns_residual}
        choice_of = replace(choice, schema=replace(schema, columns=tuple(columns.values())))
        settling = self._rules.settling(schema.dependencies)
        if settling is not None:
            settling.fit(cells, self.min_category_count)
        self._take(schema, relations, fit_columns(learned, choice_of, rng), settling)
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
            The schema with these alone as dependencies, and the others as rejected.
        list of Relation
        """
        kept: list[Relation] = []
        rejected = []
        proof = Proof(schema, choice, cells)
        computed = {d.column for d in schema.dependencies if d.rule}
        for dependency in in_order(schema.dependencies):
            if not (self.derive or dependency.rule):
                continue
            candidate = relation(dependency, choice.least)
            against = self._against(candidate, choice, cells, computed)
            if against is None and not dependency.rule:  # declared rules bind
                against = proof.refuted(dependency)
            if against is None and candidate.fit(cells, schema).is_empty:
                against = "too few rows share any of its values"
            if against is None:
                kept.append(candidate)
            else:
                rejected.append(replace(dependency, against=against))
        columns = {accepted.spec.column for accepted in kept}
        dependencies = tuple(d for d in schema.dependencies if d.column in columns)
        rejected_ = (*schema.rejected, *rejected)
        return replace(schema, dependencies=dependencies, rejected=rejected_), kept

    def _against(
        self, candidate: Relation, choice: EncodingChoice, cells: Cells, computed: AbstractSet[str]
    ) -> str | None:
        """Return the reason not to try a relation; None where it is tried."""
        if candidate.learns_residual:
            if choice.is_chosen(candidate.spec.column):
                return "an encoding was chosen for the column"
            hidden = candidate.hides_cells and not computed & set(candidate.spec.on)
            unwanted = self.residuals == "none" or (self.residuals == "visible" and hidden)
            if unwanted and not candidate.spec.rule:  # declared rules bind
                return "the model learns the column itself"
        if not candidate.suits(cells):
            return "the table has rows that it cannot describe"
        return None

    def _take(
        self,
        schema: Schema,
        relations: Sequence[Relation],
        parts: tuple[EncodedColumn, ...],
        settling: Settling | None,
    ) -> None:
        self.schema_ = schema
        self._parts = parts
        self.layout_, self._spans = lay_out(parts)
        columns = _learned_columns(schema, relations)
        learned = {part.name: learned_column(part, columns[part.name]) for part in parts}
        self.graph_ = RelationGraph(schema, relations, learned, settling)

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
            f"{outcome}. Declare another kind to have it learned, or set text_placeholder.",
            LookalikeWarning,
            stacklevel=3,
        )

    def _warn_of_rare(self, choice: EncodingChoice, cells: Cells) -> None:
        """Warn of columns of which nothing is kept, and of rare categories kept for prediction."""
        secret = [
            part.name
            for part in self._parts
            if choice.is_secret(self.schema_[part.name], cells[part.name])
        ]
        if secret:
            warnings.warn(
                f"No value of {', '.join(map(repr, secret))} occurs in {self.min_category_count} "
                "rows, so none is kept: every cell will be missing. Leave such columns out, or set "
                "min_category_count=1 if their values may be published.",
                LookalikeWarning,
                stacklevel=3,
            )
        for name in filter(lambda name: choice.keeps_all(self.schema_[name]), self.keep):
            counted = cells[name].drop_null().value_counts()
            rare = counted.filter(pc.less(counted.field("counts"), self.min_category_count))
            if len(rare):
                words = ", ".join(repr(v) for v in rare.field("values").to_pylist()[:5])
                warnings.warn(
                    f"Every category of the target {name!r} is kept, however rare: {words} "
                    f"occur{'s' if len(rare) == 1 else ''} in fewer than "
                    f"{self.min_category_count} rows and will be stored and generated. "
                    "Drop these rows if they must stay private.",
                    LookalikeWarning,
                    stacklevel=3,
                )

    def encode(self, table: pa.Table) -> EncodedRows:
        """Return the encoded form of a canonical table, which may differ from that of `fit`.

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
        """Return the encoded form of rows; other columns are 0."""
        residuals = [r for name, r in self.graph_.residuals.items() if name in columns]
        needed = {*columns, *(on for r in residuals for on in r.spec.on)}
        cells = cells_of(table.select([n for n in table.column_names if n in needed]))
        cells |= {r.spec.column: r.residual(cells) for r in residuals}
        learned = [
            (part, span)
            for part, span in zip(self._parts, self._spans, strict=True)
            if part.name in columns
        ]
        return encode_columns(cells, learned, self.layout_, table.num_rows)

    def decode(
        self,
        drawn: SampledRows,
        *,
        start: int = 0,
        seed: int = 0,
        known: pa.Table | None = None,
        fixed: pa.Table | None = None,
        first: Collection[str] = (),
    ) -> pa.Table:
        """Return sampled rows as a canonical table.

        A decoded row depends only on the row itself, its number and the seed, not on the rows
        that are decoded with it.

        Parameters
        ----------
        drawn : SampledRows
            n rows.
        start : int
            The number of the first row within the whole sample.
        seed : int
            The seed of the sample.
        known : pyarrow.Table, optional
            Canonical rows whose cells replace sampled ones where they are not null; columns derived
            from others are derived from these.
        fixed : pyarrow.Table, optional
            The known cells that rules must not change, where these are not all of them.
        first : collection of str
            Columns under conditions: rules change other columns rather than these.

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
        given, kept = (None if rows is None else cells_of(rows) for rows in (known, fixed))
        cells, _ = self._decoded(drawn, Rows(start, seed), given, fixed=kept, first=first)
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
                identifiers = part.decode(nothing, missing, Rows(start, seed))
                table = table.set_column(at, part.name, identifiers)
        return table

    def value_origins(self) -> list[ValueOrigin]:
        """Return the origin of the generated values of each column, in the table's order."""
        self._check_fitted()
        return value_origins(
            self.schema_, self._parts, self.graph_.relations, self.min_category_count, self.keep
        )

    def whole_identifiers(self) -> frozenset[str]:
        """Return the columns of identifiers that are whole numbers, in any storage type."""
        parts = ((part.name, part.encoding) for part in self._parts)
        return frozenset(n for n, made in parts if isinstance(made, Identifier) and made.is_whole)

    def _table(self, cells: Cells) -> pa.Table:
        names = list(self.schema_.names)
        return pa.Table.from_arrays([cells[name] for name in names], names=names)

    def _decoded(
        self,
        drawn: SampledRows,
        rows: Rows,
        known: Cells | None,
        *,
        fixed: Cells | None = None,
        first: Collection[str] = (),
    ) -> tuple[Cells, Cells]:
        """Return the columns of sampled rows, and the residuals of those learned by one."""
        sampled: dict[str, pa.Array] = {}
        residuals: dict[str, pa.Array] = {}
        for part, span in zip(self._parts, self._spans, strict=True):
            missing = None
            if span.gate is not None:
                missing = drawn.levels[:, self.layout_.drawn_starts[span.gate]] == 1
            into = residuals if part.name in self.graph_.residuals else sampled
            into[part.name] = part.decode(span.of_drawn(drawn), missing, rows)
        graph = self.graph_
        return graph.compute(sampled, residuals, rows, known, fixed=fixed, first=first), residuals

    def feasible(self, known: pa.Table) -> RowCondition:
        """Return the condition on the blocks of rows under which known derived cells can follow.

        Parameters
        ----------
        known : pyarrow.Table
            The rows from `graph_.infer`.
        """
        self._check_fitted()
        pairs = zip(self._parts, self._spans, strict=True)
        learned = {part.name: (part, span) for part, span in pairs}
        return feasible_condition(
            self.graph_.feasible(known), known.num_rows, self.layout_, learned
        )

    def reconcile(
        self, known: pa.Table, drawn: SampledRows, *, start: int = 0, seed: int = 0
    ) -> tuple[pa.Table, np.ndarray, np.ndarray]:
        """Choose among sampled cells, and change them, so that the known cells of rows follow.

        Parameters
        ----------
        known : pyarrow.Table
            The n rows from `graph_.infer`.
        drawn : SampledRows
            The rows as sampled.
        start, seed : int
            As for `decode`.

        Returns
        -------
        pyarrow.Table
            The known cells and the cells from which they now follow.
        ndarray of bool, shape (n,)
            True for rows in which a cell differs from the sampled one.
        ndarray, shape (n,)
            The distance of each row, as sampled, from its known cells.
        """
        rows, cells = Rows(start, seed), cells_of(known)
        reconciled = self.graph_.reconcile(known, *self._decoded(drawn, rows, cells), rows)
        return self._table(reconciled.cells), reconciled.changed, reconciled.distance

    def violates_zeros(
        self, drawn: SampledRows, *, known: Mapping[int, np.ndarray] | None = None
    ) -> np.ndarray:
        """Return a mask of the sampled rows with a combination that never occurred at fit.

        Parameters
        ----------
        drawn : SampledRows
            n rows.
        known : mapping of int to ndarray of bool, shape (n,), optional
            The rows in which each block is known, not sampled, by its index. Pairs of known blocks
            are not checked.

        Returns
        -------
        ndarray of bool, shape (n,)
            The mask, see `exclusions_`; all False where `derive` is off.

        Raises
        ------
        NotFittedError
            Before `fit`.
        """
        self._check_fitted()
        return self.exclusions_.violates(drawn, known)

    def never_together(self) -> list[str]:
        """Return in words the combinations that never occurred at fit.

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
            expresses it: the column is derived from several others, or from another by chance.

        Raises
        ------
        DataError
            If no row can fulfil it.
        NotFittedError
            Before `fit`.
        """
        self._check_fitted()
        translated = self.graph_.condition_on_learned(condition)
        if translated is None:
            return None
        at = next(i for i, part in enumerate(self._parts) if part.name == translated.column)
        return encode_condition(self._parts[at], self._spans[at], self.layout_, translated)

    def contradiction(
        self, conditions: Sequence[ColumnCondition], encoded: Sequence[RowCondition | None]
    ) -> tuple[tuple[ColumnCondition, ...], str] | None:
        """Return conditions that no row can fulfil together, and the reason.

        Parameters
        ----------
        conditions : sequence of ColumnCondition
        encoded : sequence of RowCondition or None
            The result of `encode_condition` for each.

        Returns
        -------
        tuple of tuple of ColumnCondition and str, or None
            None where neither relations nor structural zeros contradict them.
        """
        return contradiction(self.graph_, self.exclusions_, conditions, encoded)

    def around(self, condition: ColumnCondition, share: float) -> ColumnCondition | None:
        """Return the range around the one number of a condition.

        Parameters
        ----------
        condition : ColumnCondition
        share : float
            The share of the fitted rows within the range on each side.

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
        """Return the columns that each *missing* block masks, by its index in the layout."""
        self._check_fitted()
        found: dict[int, tuple[str, ...]] = {}
        for part, span in zip(self._parts, self._spans, strict=True):
            if span.gate is not None:
                found[span.gate] = (*found.get(span.gate, ()), part.name)
        return found

    def missing_level(self, block: int) -> int | None:
        """Return the level of a softmax block for *missing*; None where it has none.

        Parameters
        ----------
        block : int
            The index of the block in the layout; not that of a *missing* block.
        """
        self._check_fitted()
        name = self.layout_.blocks[block].column
        part = next(part for part in self._parts if part.name == name)
        return part.encoding.missing_level

    def known(self, table: pa.Table) -> dict[int, np.ndarray]:
        """Return the blocks of rows that follow from the present cells of a canonical table.

        Parameters
        ----------
        table : pyarrow.Table
            n rows with the columns of the schema, null where a cell is not known.

        Returns
        -------
        dict of int to ndarray of bool, shape (n,)
            A mask of the rows, by the index of each block of the layout.
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
        """Return the learned state, without training rows; see each encoding."""
        self._check_fitted()
        options = {
            "encodings": None if self.encodings is None else dict(self.encodings),
            "min_category_count": self.min_category_count,
            "keep": list(self.keep),
            "onehot_limit": self.onehot_limit,
            "derive": self.derive,
            "residuals": self.residuals,
            "text_placeholder": self.text_placeholder,
        }
        columns = [
            {"name": part.name, "encoding": part.encoding.name, "gate": part.gate}
            for part in self._parts
        ]
        relations = self.graph_.relations
        derived = [fitted.spec.column for fitted in relations]
        parts = {f"column {i}": part.encoding.state() for i, part in enumerate(self._parts)}
        parts |= {f"derived {i}": fitted.state() for i, fitted in enumerate(relations)}
        parts["exclusions"] = self.exclusions_.state()
        if self.graph_.settling is not None:
            parts["settling"] = self.graph_.settling.state()
        values = {"options": options, "columns": columns, "derived": derived}
        if self.schema_.rules:
            values["rules"] = self._rules.facts()
        return Learned.joined(values, parts)

    @classmethod
    def from_state(cls, state: Learned, schema: Schema) -> Self:
        """Restore a fitted encoder from its `state` and the schema of the fit."""
        self = cls(**state.values["options"])
        stored_parts = state.parts()
        specs = {dependency.column: dependency for dependency in schema.dependencies}
        relations = [
            relation(specs[name]).load(stored_parts[f"derived {i}"], schema)
            for i, name in enumerate(state.values["derived"])
        ]
        columns = _learned_columns(schema, relations)
        parts = []
        for i, stored in enumerate(state.values["columns"]):
            column = columns[stored["name"]]
            encoding = _encoding(stored["encoding"]).from_state(stored_parts[f"column {i}"], column)
            parts.append(EncodedColumn(column.name, encoding, stored["gate"]))
        none: dict[str, dict[str, Any]] = {"levels": {}, "ranges": {}, "roundings": {}}
        self._rules = Ruleset.restored(schema.rules, schema, state.values.get("rules", none))
        settling = self._rules.settling(schema.dependencies)
        if settling is not None:
            settling.load(stored_parts["settling"])
        self._take(schema, relations, tuple(parts), settling)
        self.exclusions_ = StructuralZeros.from_state(stored_parts["exclusions"], self.layout_)
        return self

    def _check_fitted(self) -> None:
        if not hasattr(self, "layout_"):
            raise NotFittedError(
                "A TableEncoder must be fitted first: call fit(table, schema, rng)."
            )


def _learned_columns(schema: Schema, relations: Sequence[Relation]) -> dict[str, Column]:
    """Return the encoded columns, with residuals in span of the columns learned by one."""
    learned = {column.name: column for column in schema.columns}
    for made in relations:
        if made.learns_residual:
            learned[made.spec.column] = made.residual_column
        else:
            del learned[made.spec.column]
    return learned


def _rows_of(table: pa.Table, rows: np.ndarray) -> pa.Table:
    """Return some rows by their increasing numbers, without a copy where that is all rows."""
    if rows[-1] - rows[0] + 1 == len(rows):
        return table.slice(int(rows[0]), len(rows))
    return table.take(rows)


def _encoding(name: str) -> type[ColumnEncoding]:
    """Return the registered encoding that a state names."""
    own = {kind.name: kind for kind in (ConstantEncoding, Identifier)}
    found = own.get(name) or ENCODINGS.registered(name)
    if found is None:
        raise ModelFileError(f"it holds an encoding {name!r}, which is not registered.")
    return found
