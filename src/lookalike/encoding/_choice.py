"""The choice of a column's encoding: the default of its kind, or the user's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lookalike._core.errors import ParameterError, nearest
from lookalike.encoding._base import ENCODINGS, ColumnEncoding
from lookalike.encoding._fixed import ConstantEncoding
from lookalike.encoding._identifier import Identifier
from lookalike.tables import Column, Kind, Schema

__all__ = ["EncodingChoice"]

#: The encoding of residuals.
_OF_RESIDUALS = "quantile"
_KINDS = tuple(kind.value for kind in Kind if kind.is_learned)


@dataclass(frozen=True)
class EncodingChoice:
    """The rules by which columns get their encodings.

    Parameters
    ----------
    schema : Schema
        The columns and their kinds.
    chosen : mapping of str to str
        Encodings by column or by kind; a column's own takes precedence. A name that is both, such
        as ``"duration"``, means the kind.
    onehot_limit : int
        The greatest number of categories for which one-hot is the default.
    min_count : int
        The least count of a level, or of a number, that is kept.
    keep : sequence of str
        The columns that keep all their categories.
    text_placeholder : str or None
        The value generated for cells of free text.
    """

    schema: Schema
    chosen: Mapping[str, str]
    onehot_limit: int
    min_count: int
    keep: Sequence[str] = ()
    text_placeholder: str | None = None

    def check(self) -> None:
        """Raise one ParameterError that lists every invalid choice."""
        wrong = [words for name in self.chosen if (words := self._broken(name)) is not None]
        if wrong:
            raise ParameterError("\n".join(wrong))

    def _broken(self, name: str) -> str | None:
        chosen = self.chosen[name]
        if name not in self.schema.names and name not in _KINDS:
            hint = nearest(name, [*self.schema.names, *_KINDS])
            return f"encodings: there is no column or learned kind {name!r}.{hint}"
        rule = ENCODINGS.name_rule
        if (words := rule.broken_by(chosen)) is not None:
            return f"encodings: {name!r} {words}; got {chosen!r}.{rule.hint(chosen)}"
        kind = Kind(name) if name in _KINDS else self.schema[name].kind
        if kind not in ENCODINGS[chosen].kinds:
            fit = [other for other, encoding in ENCODINGS.items() if kind in encoding.kinds]
            words = f"can be {', '.join(fit)}" if fit else "is not learned"
            return f"encodings: {name!r} is {kind.value} and {words}; got {chosen!r}."
        return None

    def is_chosen(self, name: str) -> bool:
        """Return whether a column has a chosen encoding that its residual could not have.

        An encoding chosen for all columns of a kind is also that of residuals, where it can be.
        """
        by_name = name in self.chosen and name not in _KINDS
        by_kind = self.chosen.get(self.schema[name].kind.value, _OF_RESIDUALS)
        return by_name or by_kind != _OF_RESIDUALS

    def encoding(self, column: Column, cells: pa.Array) -> ColumnEncoding:
        """Return the encoding, not yet fitted, of a column with n >= 1 cells."""
        if cells.null_count == len(cells) or self.is_secret(column, cells):
            return ConstantEncoding(pa.nulls(1, cells.type))
        if column.kind is Kind.TEXT:
            return ConstantEncoding(pa.array([self.text_placeholder], pa.string()).cast(cells.type))
        if column.kind is Kind.CONSTANT:
            return ConstantEncoding()
        if column.kind is Kind.IDENTIFIER:
            return Identifier(self.min_count)
        by_name = None if column.name in _KINDS else self.chosen.get(column.name)
        name = by_name or self.chosen.get(column.kind.value)
        kind: type[Any] = ENCODINGS[name or self._default(column, cells)]
        encoding: ColumnEncoding = kind(min_count=self.least(column)) if kind.pools else kind()
        return encoding

    def least(self, column: Column) -> int:
        """Return the least count with which a value of a column is kept."""
        return 1 if self.keeps_all(column) else self.min_count

    def keeps_all(self, column: Column) -> bool:
        """Return whether a column keeps all its categories, however rare."""
        return column.name in self.keep and column.kind.is_discrete

    def is_secret(self, column: Column, cells: pa.Array) -> bool:
        """Return whether a column has present cells, but too few for any value to be stored."""
        if column.kind in (Kind.IDENTIFIER, Kind.TEXT) or cells.null_count == len(cells):
            return False
        counts = pc.value_counts(cells.drop_null()).field("counts")
        most = pc.sum(counts) if column.kind.is_numeric else pc.max(counts)
        return bool(most.as_py() < self.least(column))

    def _default(self, column: Column, cells: pa.Array) -> str:
        if column.kind in (Kind.DATETIME, Kind.DATE):
            return "datetime"
        if column.kind.is_numeric:
            return "quantile"
        counts = pc.value_counts(cells.drop_null()).field("counts")
        kept = pc.sum(pc.greater_equal(counts, self.least(column))).as_py()
        return "onehot" if kept <= self.onehot_limit else "embedding"
