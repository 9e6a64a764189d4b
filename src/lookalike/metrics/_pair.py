"""Two tables to be compared, with everything that metrics share about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import pyarrow as pa

from lookalike.metrics._codebook import Codebook
from lookalike.metrics._view import View
from lookalike.tables import Schema

__all__ = ["Pair"]


class _Views:
    """The views of all tables that are compared with one real table."""

    def __init__(self, tables: Sequence[pa.Table], schema: Schema, seed: int) -> None:
        self._tables = tables
        self._schema = schema
        self._seed = seed
        self._views: dict[int, View] = {}

    @cached_property
    def codebook(self) -> Codebook:
        return Codebook(self._tables[0], self._schema, *self._tables[1:])

    def knows(self, table: pa.Table) -> bool:
        """Return whether every level of a table has a number of its own."""
        unseen = [len(levels) for levels in self.codebook.levels]
        return not (self.of(table).codes == np.array(unseen, np.int32)).any()

    def of(self, table: pa.Table) -> View:
        # A view holds its table, so that the table's id is not given to another one.
        if id(table) not in self._views:
            self._views[id(table)] = View(table, self.codebook, self._seed)
        return self._views[id(table)]


@dataclass(frozen=True)
class Pair:
    """A real and a synthetic table, and what is known about them.

    Parameters
    ----------
    real : pyarrow.Table
        Canonical; the table that the synthetic one is compared with.
    synthetic : pyarrow.Table
        Canonical.
    schema : Schema
        The columns and their kinds. Identifiers, texts and constants are left out of all scores.
    target : str or None
        The column that models of the utility metrics predict.
    test : pyarrow.Table or None
        Held-out real rows.
    seed : int
        The seed of everything that is drawn.

    Examples
    --------
    >>> from lookalike.tables import Column, Kind, Schema
    >>> schema = Schema((Column("age", Kind.INTEGER, "int64"),))
    >>> real = pa.table({"age": [31, 40, None]})
    >>> Pair(real, real, schema).real_view.numbers.shape
    (3, 1)
    """

    real: pa.Table
    synthetic: pa.Table
    schema: Schema
    target: str | None = None
    test: pa.Table | None = None
    seed: int = 0
    _views: _Views = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.target is not None:
            self.schema[self.target]  # raises SchemaError, with the nearest name
        tables = [table for table in (self.real, self.synthetic, self.test) if table is not None]
        object.__setattr__(self, "_views", _Views(tables, self.schema, self.seed))

    def against(self, synthetic: pa.Table) -> Pair:
        """Return the pair with another table in the place of the synthetic one.

        What was computed about the real table is shared, not computed again, unless the other
        table has levels that none of the first ones has.
        """
        other = replace(self, synthetic=synthetic)
        if self._views.knows(synthetic):
            object.__setattr__(other, "_views", self._views)
        return other

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns that are compared."""
        return self.codebook.columns

    @property
    def codebook(self) -> Codebook:
        """The real table's levels, ranges and bins."""
        return self._views.codebook

    @property
    def real_view(self) -> View:
        """The real table as arrays."""
        return self._views.of(self.real)

    @property
    def synthetic_view(self) -> View:
        """The synthetic table as arrays."""
        return self._views.of(self.synthetic)

    @property
    def test_view(self) -> View | None:
        """The held-out rows as arrays."""
        return None if self.test is None else self._views.of(self.test)

    def equal_views(self, most: int) -> tuple[View, View]:
        """Return both tables as arrays, cut to the same number of rows.

        Parameters
        ----------
        most : int
            The largest number of rows of each.

        Returns
        -------
        real, synthetic : View
            Rows drawn from the seed where a table has more than the other one, or than `most`.
        """
        rows = min(len(self.real), len(self.synthetic), most)
        return self.real_view.sample(rows), self.synthetic_view.sample(rows)
