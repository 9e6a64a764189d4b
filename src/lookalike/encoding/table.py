"""A whole table: which encoding each column gets, missing cells, and derived columns."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lookalike._core.errors import LookalikeWarning, NotFittedError
from lookalike.encoding._arrow import filled, flat, is_null
from lookalike.encoding._asked import Asked, asked, range_about, wish_of_parent
from lookalike.encoding._base import ColumnEncoding, Learned
from lookalike.encoding._choice import Choice
from lookalike.encoding._columns import EncodedColumn, fit_columns
from lookalike.encoding._completion import broken, follow, open_to, recognised
from lookalike.encoding._conflict import conflict
from lookalike.encoding._derivation import Cells, Derivation
from lookalike.encoding._derive import in_order, relation
from lookalike.encoding._fixed import Constant
from lookalike.encoding._identifier import Identifier
from lookalike.encoding._layout import EncodedRows, SampledRows
from lookalike.encoding._leeway import Leeway
from lookalike.encoding._lookup import Lookup
from lookalike.encoding._proof import Proof
from lookalike.encoding._registry import ENCODINGS
from lookalike.encoding._rest import Rest
from lookalike.encoding._rows import Rows
from lookalike.encoding._settle import settle
from lookalike.encoding._spans import lay_out
from lookalike.encoding._ties import Ties
from lookalike.encoding._zero_words import describe_zeros
from lookalike.encoding._zeros import StructuralZeros
from lookalike.tables import ColumnCondition, Kind, Schema

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
        Whether columns that depend on others are derived, or told by what is left of them, and
        what never occurs together is known; if not, all columns are learned as they are. A column
        for which an encoding is chosen is never told by a rest.
    text_placeholder : str, optional
        What stands in every cell of free text; by default such cells are missing.

    Attributes
    ----------
    schema_ : Schema
        What the columns are, with the relations that proved themselves, and those that did not.
    layout_ : Layout
        What the spans of an encoded row are.
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
        schema = self._relate(schema, choice, cells)
        rests = self._rests
        derived = {made.dependency.column for made in self._relations} - rests.keys()
        learned = {
            name: rests[name].rest(cells) if name in rests else cells[name]
            for name in schema.names
            if name not in derived
        }
        columns = tuple(rests[c.name].column if c.name in rests else c for c in schema.columns)
        told = replace(schema, columns=columns)
        self._take(schema, fit_columns(learned, replace(choice, schema=told), rng))
        self.exclusions_ = self._find_exclusions(table)
        self._warn_of_text()
        self._warn_of_rare(choice, cells)
        return self

    def _relate(self, schema: Schema, choice: Choice, cells: Cells) -> Schema:
        """Fit the relations between columns that prove themselves, each after those it builds on.

        Returns
        -------
        Schema
            With these alone as dependencies, and the others as rejected.
        """
        self._relations: list[Derivation | Rest] = []
        rejected = []
        proof = Proof(schema, choice, cells)
        for dependency in in_order(schema) if self.derive else ():
            made = relation(dependency, choice.least)
            if isinstance(made, Rest) and choice.is_chosen(dependency.column):
                against: str | None = "an encoding was chosen for the column"
            elif isinstance(made, Rest) and not made.suits(cells):
                against = "the table has rows that cannot be told so"
            else:
                against = proof.refuted(dependency)
            if against is None:
                made.fit(cells, schema)
                if isinstance(made, Derivation) and made.is_empty:
                    against = "too few rows share any of its values"
            if against is None:
                self._relations.append(made)
            else:
                rejected.append(replace(dependency, against=against))
        kept = {made.dependency.column for made in self._relations}
        return replace(
            schema,
            dependencies=tuple(d for d in schema.dependencies if d.column in kept),
            rejected=(*schema.rejected, *rejected),
        )

    @property
    def _rests(self) -> dict[str, Rest]:
        """The relations of which a rest is learned, by the column it takes the place of."""
        return {r.dependency.column: r for r in self._relations if isinstance(r, Rest)}

    def _take(self, schema: Schema, parts: tuple[EncodedColumn, ...]) -> None:
        self.schema_ = schema
        self._parts = parts
        self.layout_, self._places = lay_out(parts)

    def _find_exclusions(self, table: pa.Table) -> StructuralZeros:
        if not self.derive:
            return StructuralZeros(self.layout_, {}, ())
        keys = [
            frozenset(r.dependency.on)
            for r in self._relations
            if isinstance(r, Derivation) and len(r.dependency.on) == 2
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

    def _warn_of_rare(self, choice: Choice, cells: Cells) -> None:
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
        rows, rests = table.num_rows, self._rests
        whole = EncodedRows(
            np.zeros((rows, self.layout_.floats), np.float32),
            np.zeros((rows, self.layout_.codes), np.int32),
        )
        for part, place in zip(self._parts, self._places, strict=True):
            if part.name not in columns or not (place.own.blocks or part.has_gate):
                continue
            name = part.name
            values = rests[name].rest(_Flat(table)) if name in rests else flat(table.column(name))
            if part.has_gate and place.gate is not None:
                gate = self.layout_.blocks[place.gate]
                whole.codes[:, gate.source_start] = is_null(values)
            for mine, made in zip(place.of_encoded(whole), part.encode(values), strict=True):
                mine[:] = made
        return whole

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
        cells, _ = self._decoded(drawn, Rows(start, seed), {} if known is None else _Flat(known))
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

    def _decoded(
        self, drawn: SampledRows, rows: Rows, known: Cells
    ) -> tuple[dict[str, pa.Array], dict[str, pa.Array]]:
        """Return the columns of drawn rows, and the rests that some of them are told by."""
        cells: dict[str, pa.Array] = {}
        plain: dict[str, pa.Array] = {}
        left: dict[str, pa.Array] = {}
        rests = self._rests
        for part, place in zip(self._parts, self._places, strict=True):
            missing = None
            if place.gate is not None:
                missing = drawn.levels[:, self.layout_.drawn_starts[place.gate]] == 1
            into = left if part.name in rests else plain
            into[part.name] = part.decode(place.of_drawn(drawn), missing, rows)
        for name, made in plain.items():
            cells[name] = filled(known[name], made) if known else made
        for tie in self._relations:
            name = tie.dependency.column
            if isinstance(tie, Rest):
                plain[name] = tie.make(cells, left[name])
            else:
                plain[name] = tie.make(recognised(tie, cells, plain), rows)
            cells[name] = filled(known[name], plain[name]) if known else plain[name]
        return cells, left

    def ties(self) -> Ties:
        """Return how columns depend on each other and on blocks."""
        self._check_fitted()
        learned = {
            part.name: (part, place) for part, place in zip(self._parts, self._places, strict=True)
        }
        return Ties.of(self.schema_, self._relations, self.layout_, learned)

    def follow(self, known: pa.Table) -> pa.Table:
        """Fill in what follows exactly from the known cells of rows.

        Parameters
        ----------
        known : pyarrow.Table
            Canonical rows with the columns of the schema, null where a cell is not known.

        Returns
        -------
        pyarrow.Table
            n rows, fewer cells of which are null.
        """
        self._check_fitted()
        return self._table(follow(self.ties(), _cells(known)))

    def open_to(self, known: pa.Table) -> Leeway:
        """Return what the blocks of rows may be, so that the known cells of others follow.

        Parameters
        ----------
        known : pyarrow.Table
            What `follow` gave.
        """
        return open_to(self.ties(), _cells(known))

    def settle(
        self, known: pa.Table, drawn: SampledRows, *, start: int = 0, seed: int = 0
    ) -> tuple[pa.Table, np.ndarray, np.ndarray]:
        """Choose of what was drawn, and change it, so that the known cells of rows follow from it.

        Parameters
        ----------
        known : pyarrow.Table
            What `follow` gave, n rows.
        drawn : SampledRows
            Rows as they were drawn.
        start, seed : int
            As for `decode`.

        Returns
        -------
        pyarrow.Table
            The known cells and those that they now follow from.
        ndarray of bool, shape (n,)
            Rows in which a cell is another than was drawn.
        ndarray, shape (n,)
            How far rows were from what is known, as they had been drawn.
        """
        rows, cells = Rows(start, seed), _cells(known)
        made, left = self._decoded(drawn, rows, cells)
        settled = settle(self.ties(), cells, made, left, rows)
        return self._table(settled.cells), settled.changed, settled.misfit

    def broken(self, known: pa.Table, made: pa.Table) -> dict[str, np.ndarray]:
        """Return for each column in which completed rows its relation to others does not hold.

        Parameters
        ----------
        known : pyarrow.Table
            Canonical rows, null where a cell was not known. Relations of which all cells were
            known do not count, nor cells that were never learned.
        made : pyarrow.Table
            The same rows, completed.

        Returns
        -------
        dict of str to ndarray of bool, shape (n,)
        """
        return broken(self.ties(), _cells(known), _cells(made))

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
        rests = {
            name: f"the rest of {name}"
            for name, made in self._rests.items()
            if made.column != self.schema_[name]
        }
        return describe_zeros(self.exclusions_, self._parts, rests)

    def ask(self, wish: ColumnCondition) -> Asked | None:
        """Return what a wish means for the blocks of a row.

        Parameters
        ----------
        wish : ColumnCondition
            What is asked of one column.

        Returns
        -------
        Asked or None
            None where no block can be told: the column is made of several others, or of another
            by chance.

        Raises
        ------
        DataError
            If no row can be as wished.
        NotFittedError
            Before `fit`.
        """
        self._check_fitted()
        for made in self._relations:
            if made.dependency.column == wish.column:
                parent = wish_of_parent(made, wish, self._parts)
                return None if parent is None else self.ask(parent)
        at = next(i for i, part in enumerate(self._parts) if part.name == wish.column)
        return asked(self._parts[at], self._places[at], self.layout_, wish)

    def conflict(
        self, wishes: Sequence[ColumnCondition], asked: Sequence[Asked | None]
    ) -> tuple[tuple[ColumnCondition, ...], str] | None:
        """Return wishes that no row can fulfil together, and why.

        Parameters
        ----------
        wishes : sequence of ColumnCondition
        asked : sequence of Asked or None
            What `ask` gave of each.

        Returns
        -------
        tuple of tuple of ColumnCondition and str, or None
            None where neither relations nor what never occurs together say so.
        """
        return conflict(self.ties(), self.exclusions_, wishes, asked)

    def unrelated(self) -> frozenset[str]:
        """Return the columns that are not made of others, and of which no other is made."""
        self._check_fitted()
        related = {r.dependency.column for r in self._relations}
        related |= {name for r in self._relations for name in r.dependency.needs}
        return frozenset(self.schema_.names) - related

    def around(self, wish: ColumnCondition, share: float) -> ColumnCondition | None:
        """Return the range about the one number that is wished.

        Parameters
        ----------
        wish : ColumnCondition
            What is asked of one column.
        share : float
            Which share of the rows of the fit lies within the range on each side.

        Returns
        -------
        ColumnCondition or None
            None where the wish is not of one value, or the column is not told by one number alone.
        """
        self._check_fitted()
        if wish.column not in self.unrelated():
            return None
        part = next(part for part in self._parts if part.name == wish.column)
        return range_about(part, wish, share)

    def levels(self, name: str) -> pa.Array | None:
        """Return the levels of a column that can be made; None where it is not of levels."""
        self._check_fitted()
        made = next((r for r in self._relations if r.dependency.column == name), None)
        if made is None:
            return next(part.encoding.known for part in self._parts if part.name == name)
        if not isinstance(made, Lookup) or len(made.dependency.on) != 1:
            return None
        parent = self.levels(made.dependency.on[0])
        if parent is None:
            return None
        found = pc.unique(made.make({made.dependency.on[0]: parent}, Rows())).drop_null()
        return found.dictionary_decode() if pa.types.is_dictionary(found.type) else found

    def gates(self) -> dict[int, tuple[str, ...]]:
        """Return the columns that each *missing* block tells of, by its index in the layout."""
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
        for name, made in self._rests.items():
            for other in made.dependency.on:
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
        derived = [made.dependency.column for made in self._relations]
        parts = {f"column {i}": part.encoding.state() for i, part in enumerate(self._parts)}
        parts |= {f"derived {i}": made.state() for i, made in enumerate(self._relations)}
        parts["exclusions"] = self.exclusions_.state()
        return Learned.joined({"options": options, "columns": columns, "derived": derived}, parts)

    @classmethod
    def from_state(cls, state: Learned, schema: Schema) -> Self:
        """Make a fitted encoder from what `state` gave and the schema of the fit."""
        self = cls(**state.values["options"])
        found = state.parts()
        dependencies = {dependency.column: dependency for dependency in schema.dependencies}
        self._relations = []
        for i, name in enumerate(state.values["derived"]):
            made, learned = relation(dependencies[name]), found[f"derived {i}"]
            self._relations.append(
                made.load(learned, schema) if isinstance(made, Rest) else made.load(learned)
            )
        rests = self._rests
        parts = []
        for i, stored in enumerate(state.values["columns"]):
            kind, name = _BY_NAME[stored["encoding"]], stored["name"]
            column = rests[name].column if name in rests else schema[name]
            encoding = kind.from_state(found[f"column {i}"], column)
            parts.append(EncodedColumn(column.name, encoding, stored["gate"]))
        self._take(schema, tuple(parts))
        self.exclusions_ = StructuralZeros.from_state(found["exclusions"], self.layout_)
        return self

    def _check_fitted(self) -> None:
        if not hasattr(self, "layout_"):
            raise NotFittedError(
                "A TableEncoder must be fitted first: call fit(table, schema, rng)."
            )


def _rows_of(table: pa.Table, rows: np.ndarray) -> pa.Table:
    """Return some rows by their rising numbers, without a copy where none is left out."""
    if rows[-1] - rows[0] + 1 == len(rows):
        return table.slice(int(rows[0]), len(rows))
    return table.take(rows)


def _cells(table: pa.Table) -> dict[str, pa.Array]:
    """Return the columns of a table by name, each as one array."""
    return {name: flat(table.column(name)) for name in table.column_names}


class _Flat(Mapping[str, pa.Array]):
    """The columns of a table by name, each as one array."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table

    def __getitem__(self, name: str) -> pa.Array:
        return flat(self._table.column(name))

    def __iter__(self) -> Iterator[str]:
        return iter(self._table.column_names)

    def __len__(self) -> int:
        return int(self._table.num_columns)


#: Every encoding that a state can name.
_BY_NAME: dict[str, type[ColumnEncoding]] = {
    **ENCODINGS,
    Constant.name: Constant,
    Identifier.name: Identifier,
}
