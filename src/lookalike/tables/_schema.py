"""The schema of a table: its columns, their kinds, and the dependencies between them."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from typing import Any, ClassVar, Self

import pyarrow as pa

from lookalike._core.errors import SchemaError, nearest
from lookalike._core.tabular import Tabular
from lookalike.tables.text._calendar_codes import CODES

__all__ = ["Column", "Dependency", "Kind", "Schema", "TextForm"]


class Kind(StrEnum):
    """The meaning of a column's values."""

    CONTINUOUS = "continuous"
    INTEGER = "integer"
    CATEGORICAL = "categorical"
    BOOLEAN = "boolean"
    DATETIME = "datetime"
    DATE = "date"
    TIME = "time"
    DURATION = "duration"
    IDENTIFIER = "identifier"
    TEXT = "text"
    CONSTANT = "constant"

    @property
    def is_numeric(self) -> bool:
        """True for ordered, measured kinds: numbers, dates, times, durations."""
        return self in _NUMERIC

    @property
    def is_discrete(self) -> bool:
        """True for kinds with categories: categorical or boolean."""
        return self in (Kind.CATEGORICAL, Kind.BOOLEAN)

    @property
    def is_learned(self) -> bool:
        """True for kinds that synthesizers learn: all but identifiers, text and constants."""
        return self.is_numeric or self.is_discrete


_NUMERIC = frozenset(
    {Kind.CONTINUOUS, Kind.INTEGER, Kind.DATETIME, Kind.DATE, Kind.TIME, Kind.DURATION}
)


@dataclass(frozen=True)
class TextForm:
    """The text format of a column's values, where it is stored as text.

    Parameters
    ----------
    missing : str or None
        The word for a missing cell, such as ``"?"``; None for a null.
    true, false : str or None
        The words of a boolean, such as ``"yes"`` and ``"no"``.
    pattern : str or None
        A ``strftime`` pattern for dates and times, with ``%-d`` for a day that is not padded
        (``%-m``, ``%-H``, ``%-I`` likewise), ``%^b`` for capitals, ``%_b`` for small
        letters, and ``%3f`` for three digits.
    as_number : bool
        Whether the digits of `pattern` are written like a number, without leading zeros, or
        stored as one.
    zones : tuple of (str, tuple of float)
        The time zones of a pattern that ends in ``%z``, each with its share of the cells in
        January, in February, and so on.
    impossible : bool
        Whether impossible days, such as 30 February, mean missing cells.
    prefix, suffix : str
        The text around a number, such as ``"$"`` or ``"%"``.
    thousands, decimal : str
        The separators of a number.
    fixed : int or None
        The number of decimals of every number, None where it varies.
    least : int
        The least number of decimals where it varies: 1 where whole numbers are written ``"7.0"``.
    negative : str
        The format of minus one with a prefix: ``"-$1"``, ``"$-1"`` or ``"($1)"``.
    minus : str
        The sign of numbers below zero: ``"-"``, or the longer one of typesetters.
    plus : str
        The sign of numbers above zero: ``"+"``; ``"+0"`` where zero has it too.
    lakhs : bool
        Whether digits above thousands are grouped by two, as in ``"12,34,567"``.
    units : tuple of (str, int)
        The suffixes for thousands, millions and so on, from small to large (``""``, ``"k"``,
        ``"M"``), each with its greatest number of decimals. With `fixed`, all of them are
        written.
    exponent : str
        The format of the exponent in scientific notation, such as ``"e+00"`` or ``"E0"``.
    most : int or None
        The greatest number of decimals before an exponent, where it varies.
    """

    missing: str | None = None
    true: str | None = None
    false: str | None = None
    pattern: str | None = None
    as_number: bool = False
    zones: tuple[tuple[str, tuple[float, ...]], ...] = ()
    impossible: bool = False
    prefix: str = ""
    suffix: str = ""
    thousands: str = ""
    decimal: str = "."
    fixed: int | None = None
    least: int = 0
    negative: str = "-$1"
    minus: str = "-"
    plus: str = ""
    lakhs: bool = False
    units: tuple[tuple[str, int], ...] = ()
    exponent: str = ""
    most: int | None = None


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Parameters
    ----------
    name : str
        The column's name.
    kind : Kind
        The meaning of its values.
    storage : str
        The Arrow type in which the caller's table holds it, such as ``"int64"``.
    nullable : bool
        Whether cells may be missing.
    why : str
        The reason for this kind, in words.
    missing, distinct : int
        The numbers of missing cells and of distinct values at inference.
    decimals : int or None
        The greatest number of decimals of its numbers; None where they are full floats.
    unit : str or None
        The finest step of a date, time or duration: one of ``"D"``, ``"h"``, ``"m"``, ``"s"``,
        ``"ms"``, ``"us"``, ``"ns"``.
    categories : tuple or None
        The categories of a column whose type declares them (ordered or not); None where they are
        those that occur in the data.
    ordered : bool
        Whether the order of `categories` has a meaning.
    form : TextForm or None
        The format of values where the storage is text and the kind is not.
    example : str or None
        For an identifier, its pattern as a shape (``"9"`` for a digit, ``"A"`` and ``"a"`` for a
        letter, other characters as they are); for a constant, its value as JSON.
    """

    name: str
    kind: Kind
    storage: str
    nullable: bool = False
    why: str = ""
    missing: int = 0
    distinct: int = 0
    decimals: int | None = None
    unit: str | None = None
    categories: tuple[Any, ...] | None = None
    ordered: bool = False
    form: TextForm | None = None
    example: str | None = None


@dataclass(frozen=True)
class Dependency:
    """A column that is, wholly or nearly, a function of others.

    Parameters
    ----------
    column : str
        The column that is derived.
    on : tuple of str
        The columns that determine it.
    form : str
        The name of the relation, see `lookalike.relations.RELATIONS`. The column is computed:

        - ``"lookup"``: each combination of categories of `on` has one value of `column`.
        - ``"linear"``: `column` = constant + sum of coefficient times column of `on`.
        - ``"formula"``: `column` is a formula of those of `on`, rounded as in the training table.
        - ``"last_flag"``: `column` is 1 where none of `on` is, otherwise 0.
        - ``"mostly"``: each combination of categories of `on` has one value of `column` in nearly
          all rows; the exceptions depend on nothing else and are drawn by their frequencies.

        A residual is learned in its place:

        - ``"offset"``: `column` = sum of coefficient times column of `on` + residual.
        - ``"ratio"``: `column` = the column of `on` times residual.
        - ``"equal"``: `column` equals that of `on` in many rows, and is independent in the others.
        - ``"flag"``: `column` is 0 where one of `on` is 1, otherwise the residual.
    coefficients : tuple of float
        For ``"linear"`` and ``"offset"``: one for each of `on`.
    constant : float
        For ``"linear"``.
    why : str
        The evidence for a relation that is not exact, in words.
    at_least, at_most : tuple of str
        For ``"offset"`` and ``"ratio"``: columns that this one was never below, or never above.
    against : str
        The reason, in words, for not using the dependency.
    formula : str
        For ``"formula"``: the formula, in the variables ``c0``, ``c1``, … for those of `on`.
    rule : str
        The declared rule that it stands for; such a dependency binds, and needs no proof.
    """

    column: str
    on: tuple[str, ...]
    form: str = "lookup"
    coefficients: tuple[float, ...] = ()
    constant: float = 0.0
    why: str = ""
    at_least: tuple[str, ...] = ()
    at_most: tuple[str, ...] = ()
    against: str = ""
    formula: str = ""
    rule: str = ""

    @property
    def needs(self) -> frozenset[str]:
        """All columns that must be known before this one can be computed."""
        return frozenset((*self.on, *self.at_least, *self.at_most))

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Build a dependency from JSON values; fields that older files lack keep their defaults.

        Parameters
        ----------
        values : mapping
            The fields by name.

        Returns
        -------
        Dependency
            The dependency, with tuples where JSON has lists.
        """
        fields: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in values.items()
        }
        return cls(**fields)


@dataclass(frozen=True)
class Schema(Tabular):
    """The kinds of a table's columns, and the dependencies between them.

    Parameters
    ----------
    columns : tuple of Column
        The columns, in the table's order.
    dependencies : tuple of Dependency
        Columns that are functions of others, or nearly; a column is derived at most once, and never
        (through others) from itself.
    rows : int
        The number of rows at inference.
    rejected : tuple of Dependency
        The dependencies that are not used, as they did not prove themselves: a fit adds to these.
    rules : tuple of str
        Declared rules, which hold on every generated row; see `lookalike.rules`.

    Examples
    --------
    >>> import lookalike as la
    >>> import pyarrow as pa
    >>> table = pa.table({"zip": ["02139", "02139", "10001"], "price": ["$8.00", "$12.50", "?"]})
    >>> schema = la.Schema.infer(table, kinds={"zip": "categorical"})
    >>> schema["price"].kind.value, schema["price"].missing, schema["price"].why
    ('continuous', 1, "2 distinct numbers in 2 rows, written with '$'")
    >>> Schema.from_json(schema.to_json()) == schema
    True
    """

    columns: tuple[Column, ...]
    dependencies: tuple[Dependency, ...] = field(default=())
    rows: int = 0
    rejected: tuple[Dependency, ...] = field(default=())
    rules: tuple[str, ...] = field(default=())

    #: `lookalike.relations.infer_schema`, which that room, above this one, registers here.
    _inferred: ClassVar[Callable[..., Schema]]

    def __repr__(self) -> str:
        return f"Schema({self._headline()})"

    def _headline(self) -> str:
        counts = Counter(column.kind.value for column in self.columns)
        kinds = ", ".join(f"{count} {kind}" for kind, count in counts.items())
        words = f"{self.rows:,} rows, {len(self.columns):,} columns: {kinds}"
        found = {"relations": len(self.dependencies), "rules": len(self.rules)}
        return "; ".join([words, *(f"{count} {name}" for name, count in found.items() if count)])

    def _frame_columns(self) -> Mapping[str, Any]:
        columns = self.columns
        return {
            "column": pa.array([one.name for one in columns], pa.string()),
            "kind": pa.array([one.kind.value for one in columns], pa.string()),
            "missing": pa.array([one.missing for one in columns], pa.int64()),
            "distinct": pa.array([one.distinct for one in columns], pa.int64()),
            "why": pa.array([one.why for one in columns], pa.string()),
        }

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names, in order."""
        return tuple(column.name for column in self.columns)

    @cached_property
    def _by_name(self) -> dict[str, Column]:
        # Reversed, so that the first of two columns with one name is found.
        return {column.name: column for column in reversed(self.columns)}

    def __getitem__(self, name: str) -> Column:
        if (column := self._by_name.get(name)) is not None:
            return column
        raise SchemaError(f"There is no column {name!r}.{nearest(name, self.names)}")

    def of(self, *kinds: Kind) -> tuple[str, ...]:
        """Return the names of the columns of some kinds, in order.

        Parameters
        ----------
        *kinds : Kind
            The kinds.

        Returns
        -------
        tuple of str
            The names.
        """
        return tuple(column.name for column in self.columns if column.kind in kinds)

    def with_column(self, column: Column) -> Schema:
        """Return the schema with one column replaced by another of the same name.

        Parameters
        ----------
        column : Column
            The new description of an existing column.

        Returns
        -------
        Schema
            A new schema.

        Raises
        ------
        SchemaError
            If there is no column of that name.
        """
        self[column.name]
        columns = tuple(column if c.name == column.name else c for c in self.columns)
        return replace(self, columns=columns)

    def to_dict(self) -> dict[str, Any]:
        """Return the schema as JSON-ready values.

        Returns
        -------
        dict
            The values for `from_dict`.
        """
        return asdict(self)

    def to_json(self) -> str:
        """Return the schema as JSON text.

        Returns
        -------
        str
            The text for `from_json`.
        """
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=1)

    @classmethod
    def infer(
        cls,
        data: Any,
        kinds: Mapping[str, Kind | str] | None = None,
        *,
        dependencies: bool = True,
    ) -> Schema:
        """Infer the schema of a table; see `lookalike.relations.infer_schema`.

        Parameters
        ----------
        data : pandas, polars or pyarrow table, shape (rows, columns)
            The table.
        kinds : mapping of str to str, optional
            Declared kinds, which are not inferred, such as ``{"zip": "categorical"}``.
        dependencies : bool
            Whether to look for columns that are functions of others.

        Returns
        -------
        Schema
            Every column with its kind and the reason for it.

        Raises
        ------
        DataError
            If the table cannot be used.
        ParameterError
            If `kinds` is not possible for the table.
        """
        return cls._inferred(data, kinds, dependencies=dependencies)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Schema:
        """Restore a schema from its `to_dict`.

        Parameters
        ----------
        values : mapping
            The values.

        Returns
        -------
        Schema
            The same schema.

        Raises
        ------
        SchemaError
            If the values are not those of a schema.
        """
        try:
            columns = tuple(_column(v) for v in values["columns"])
            dependencies = tuple(Dependency.from_dict(v) for v in values["dependencies"])
            rejected = tuple(Dependency.from_dict(v) for v in values.get("rejected", ()))
            rules = tuple(map(str, values.get("rules", ())))
            return cls(columns, dependencies, int(values["rows"]), rejected, rules)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise SchemaError(f"Not a schema: {error}.") from error

    @classmethod
    def from_json(cls, text: str) -> Schema:
        """Restore a schema from its `to_json`.

        Parameters
        ----------
        text : str
            The JSON.

        Returns
        -------
        Schema
            The same schema.

        Raises
        ------
        SchemaError
            If the text is not that of a schema.
        """
        try:
            return cls.from_dict(json.loads(text))
        except json.JSONDecodeError as error:
            raise SchemaError(f"A schema must be JSON: {error}.") from error


#: The valid stored formats; they come from a file.
_PATTERN = re.compile(r"(?:[^%]|%[-^_1-9]?[YymdeojGVbBaAHIMSfpPsz])*")
_NEGATIVES = ("-$1", "$-1", "($1)")
_PLUSES = ("", "+", "+0")
_EXPONENT = re.compile(r"(?:[eE]\+?0{1,3})?")
_MOST_DECIMALS = 16
_MONTHS = 12


def _form(values: Mapping[str, Any]) -> TextForm:
    units = tuple((str(unit), int(most)) for unit, most in values.get("units", ()))
    zones = tuple((str(zone), tuple(map(float, of))) for zone, of in values.get("zones", ()))
    form = TextForm(**{**values, "units": units, "zones": zones})
    decimals = {form.fixed or 0, form.most or 0, form.least, *(most for _, most in units)}
    if (
        not _PATTERN.fullmatch(form.pattern or "")
        or form.negative not in _NEGATIVES
        or (form.as_number and form.pattern not in CODES)
        or form.plus not in _PLUSES
        or any(len(of) != _MONTHS for _, of in zones)
        or (form.pattern or "").endswith("%z") != bool(zones)
        or not _EXPONENT.fullmatch(form.exponent)
        or not decimals <= set(range(_MOST_DECIMALS + 1))
    ):
        raise ValueError(f"no such text format: {values}")
    return form


def _column(values: Mapping[str, Any]) -> Column:
    categories: Sequence[Any] | None = values["categories"]
    form = values["form"]
    return Column(
        **{
            **values,
            "kind": Kind(values["kind"]),
            "categories": None if categories is None else tuple(categories),
            "form": None if form is None else _form(form),
        }
    )
