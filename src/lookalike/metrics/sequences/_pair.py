"""Real and synthetic histories to be compared: a `Pair` of tables that knows how rows follow."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa

from lookalike._core.numerics import Floats
from lookalike.metrics._codebook import as_floats
from lookalike.metrics._pair import Pair
from lookalike.metrics.sequences._units import SequenceUnits, UnitRows
from lookalike.tables import Schema

__all__ = ["SequencePair", "static_columns"]

_T = TypeVar("_T")


@dataclass(frozen=True)
class SequencePair(Pair):
    """A pair of tables whose rows are events of histories, or moments of a series.

    Its tables are those of the histories, so that metrics of single events take it as it is.

    Parameters
    ----------
    real, synthetic, schema, target, test, seed
        As of `Pair`. The columns of entities and times are left out of the schema.
    real_units, synthetic_units : SequenceUnits or None
        The units of both tables; always given.
    test_units : SequenceUnits or None
        Those of the held-out table.
    static : tuple of str
        The columns that are constant within each entity of the real table.
    """

    real_units: SequenceUnits | None = None
    synthetic_units: SequenceUnits | None = None
    test_units: SequenceUnits | None = None
    static: tuple[str, ...] = ()
    _kept: dict[Hashable, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    @classmethod
    def of(
        cls,
        real: SequenceUnits,
        synthetic: SequenceUnits,
        schema: Schema,
        test: SequenceUnits | None = None,
        seed: int = 0,
    ) -> SequencePair:
        """Pair real and synthetic histories.

        Parameters
        ----------
        real, synthetic : SequenceUnits
            The units that are compared.
        schema : Schema
            The columns that are compared.
        test : SequenceUnits or None
            Held-out real units.
        seed : int
            The seed of everything that is drawn.
        """
        return cls(
            real.table,
            synthetic.table,
            schema,
            None,
            None if test is None else test.table,
            seed,
            real,
            synthetic,
            test,
            static_columns(real, schema),
        )

    @property
    def units(self) -> tuple[SequenceUnits, SequenceUnits]:
        """The real and the synthetic units."""
        assert self.real_units is not None
        assert self.synthetic_units is not None
        return self.real_units, self.synthetic_units

    @cached_property
    def dynamic(self) -> tuple[str, ...]:
        """The compared columns that change within an entity."""
        return tuple(name for name in self.columns if name not in self.static)

    @cached_property
    def numeric(self) -> tuple[str, ...]:
        """The numeric columns that change within an entity."""
        return tuple(name for name in self.codebook.numeric if name not in self.static)

    def with_units(self, synthetic: SequenceUnits) -> SequencePair:
        """Return the pair with other units in the place of the synthetic ones."""
        other = replace(self, synthetic=synthetic.table, synthetic_units=synthetic)
        if self._views.knows(synthetic.table):
            object.__setattr__(other, "_views", self._views)
        return other

    def keep(self, key: Hashable, make: Callable[[], _T]) -> _T:
        """Return the cached value of `key`, computed at its first use."""
        if key not in self._kept:
            self._kept[key] = make()
        kept: _T = self._kept[key]
        return kept


def static_columns(histories: SequenceUnits, schema: Schema) -> tuple[str, ...]:
    """Return the columns that are constant within every unit, but not from unit to unit.

    Parameters
    ----------
    histories : SequenceUnits
        Real units; blocks of a series have no static columns, nor have units of one event.
    schema : Schema
        The columns that are asked about.
    """
    if histories.order.window is not None or not (histories.lengths > 1).any():
        return ()
    names = [c.name for c in schema.columns if c.kind.is_learned]
    return tuple(name for name in names if not changes(histories, name).any())


def changes(histories: SequenceUnits, name: str) -> np.ndarray:
    """Return, for each event that has a next one, whether a column changes."""
    cells = cell_codes(histories.table[name])
    follows = histories.follows(1)
    found: np.ndarray = (cells[1:] != cells[:-1])[follows]
    return found


def cell_codes(column: pa.ChunkedArray) -> Floats | UnitRows:
    """Return cells as numbers that are equal where the cells are; missing cells are equal."""
    cells = column.combine_chunks()
    if pa.types.is_dictionary(cells.type):
        cells = cells.cast(cells.type.value_type)
    if pa.types.is_string(cells.type) or pa.types.is_large_string(cells.type):
        codes = cells.dictionary_encode().indices
        return np.asarray(codes.fill_null(-1).to_numpy(zero_copy_only=False), np.int64)
    if pa.types.is_boolean(cells.type):
        cells = cells.cast(pa.int8())
    numbers = as_floats(pa.chunked_array([cells]))
    return np.where(np.isnan(numbers), -np.inf, numbers)
