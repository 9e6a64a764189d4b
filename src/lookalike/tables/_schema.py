"""What a table is: its columns, their kinds, and how they depend on each other."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from typing import Any, ClassVar, Self

from lookalike._core.errors import SchemaError, nearest
from lookalike.tables.text._calendar_codes import CODES

__all__ = ["Column", "Dependency", "Kind", "Schema", "TextForm"]


class Kind(StrEnum):
    """What the values of a column mean."""

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
        """Whether the kind is ordered and measured: numbers, dates, times, durations."""
        return self in _NUMERIC

    @property
    def is_discrete(self) -> bool:
        """Whether the kind has levels: categorical or boolean."""
        return self in (Kind.CATEGORICAL, Kind.BOOLEAN)

    @property
    def is_learned(self) -> bool:
        """Whether synthesizers learn the kind (identifiers, text and constants they do not)."""
        return self.is_numeric or self.is_discrete


_NUMERIC = frozenset(
    {Kind.CONTINUOUS, Kind.INTEGER, Kind.DATETIME, Kind.DATE, Kind.TIME, Kind.DURATION}
)


@dataclass(frozen=True)
class TextForm:
    """How the values of a column are written where it is stored as text.

    Parameters
    ----------
    missing : str or None
        The word that stands for a missing cell, such as ``"?"``; None for a null.
    true, false : str or None
        The words of a boolean, such as ``"yes"`` and ``"no"``.
    pattern : str or None
        A ``strftime`` pattern for dates and times, with ``%-d`` for a day that is not padded
        (``%-m``, ``%-H``, ``%-I`` likewise), ``%^b`` for capitals, ``%_b`` for small
        letters, and ``%3f`` for three digits.
    as_number : bool
        Whether the digits of `pattern` are written as a number is, without zeros before it, or
        stored as one.
    zones : tuple of (str, tuple of float)
        Where the pattern ends in ``%z``: the time zones that occur, each with its share of the
        cells in January, in February, and so on.
    impossible : bool
        Whether days that there are not, such as 30 February, stand for missing cells.
    prefix, suffix : str
        What surrounds a number, such as ``"$"`` or ``"%"``.
    thousands, decimal : str
        The separators of a number.
    fixed : int or None
        The count of decimals that every number is written with, None where it varies.
    least : int
        The least count of decimals where it varies: 1 where whole numbers are written ``"7.0"``.
    negative : str
        How minus one is written with a prefix: ``"-$1"``, ``"$-1"`` or ``"($1)"``.
    minus : str
        The sign of numbers below zero: ``"-"``, or the longer one of typesetters.
    plus : str
        The sign of numbers above zero: ``"+"``; ``"+0"`` where zero has it too.
    lakhs : bool
        Whether digits above thousands are grouped by two, as in ``"12,34,567"``.
    units : tuple of (str, int)
        What stands behind a number for thousands, millions and so on, from small to large (``""``,
        ``"k"``, ``"M"``), each with the most decimals that numbers have there. With `fixed`, all
        of them are written.
    exponent : str
        How the exponent of scientific notation is written, such as ``"e+00"`` or ``"E0"``.
    most : int or None
        The most decimals before an exponent, where their count varies.
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
        Its name.
    kind : Kind
        What its values mean.
    storage : str
        The Arrow type in which the caller's table holds it, such as ``"int64"``.
    nullable : bool
        Whether cells may be missing.
    why : str
        Why it was taken for this kind, in words.
    missing, distinct : int
        Missing cells and distinct values at inference.
    decimals : int or None
        Decimals that numbers are written with at most; None where they are full floats.
    unit : str or None
        The finest step of a date, time or duration: one of ``"D"``, ``"h"``, ``"m"``, ``"s"``,
        ``"ms"``, ``"us"``, ``"ns"``.
    categories : tuple or None
        The levels of a categorical column where their order is known beforehand (an ordered or
        declared category type); None where the levels are whatever the data hold.
    ordered : bool
        Whether the order of `categories` has a meaning.
    form : TextForm or None
        How values are written where the storage is text and the kind is not.
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

        - ``"lookup"``: each combination of levels of `on` has one value of `column`.
        - ``"linear"``: `column` = constant + sum of coefficient times column of `on`.
        - ``"mostly"``: each combination of levels of `on` has one value of `column` in nearly all
          rows; the others depend on nothing else and are drawn by their frequencies.

        A residual is learned in its place:

        - ``"offset"``: `column` = sum of coefficient times column of `on` + residual.
        - ``"ratio"``: `column` = the column of `on` times residual.
        - ``"equal"``: `column` is that of `on` in many rows, and on its own in the others.
    coefficients : tuple of float
        For ``"linear"`` and ``"offset"``: one for each of `on`.
    constant : float
        For ``"linear"``.
    why : str
        The evidence for a relation that is not exact, in words.
    at_least, at_most : tuple of str
        For ``"offset"`` and ``"ratio"``: columns that this one was below, or above, in no row.
    against : str
        For one that is not used: the reason, in words.
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

    @property
    def needs(self) -> frozenset[str]:
        """All columns that must be known before this one can be made."""
        return frozenset((*self.on, *self.at_least, *self.at_most))

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Make a dependency of JSON values; what older files do not have keeps its default.

        Parameters
        ----------
        values : mapping
            The fields by name.

        Returns
        -------
        Dependency
            With tuples where JSON has lists.
        """
        fields: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in values.items()
        }
        return cls(**fields)


@dataclass(frozen=True)
class Schema:
    """What each column of a table is, and how columns depend on each other.

    Parameters
    ----------
    columns : tuple of Column
        The columns, in the table's order.
    dependencies : tuple of Dependency
        Columns that are functions of others, or nearly; a column is derived at most once, and never
        (through others) from itself.
    rows : int
        The row count at inference.
    rejected : tuple of Dependency
        What was found but is not used, since it did not prove itself: a fit adds to these.

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

    #: `lookalike.relations.infer_schema`, which stands above this room: that room enters it here.
    _inferred: ClassVar[Callable[..., Schema]]

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names, in order."""
        return tuple(column.name for column in self.columns)

    @cached_property
    def _by_name(self) -> dict[str, Column]:
        # Reversed, so that of two columns of one name the first is found.
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
            The new description of a column that there is.

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
            What `from_dict` takes.
        """
        return asdict(self)

    def to_json(self) -> str:
        """Return the schema as JSON text.

        Returns
        -------
        str
            What `from_json` takes.
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
        """Find out what each column of a table is; see `lookalike.relations.infer_schema`.

        Parameters
        ----------
        data : pandas, polars or pyarrow table, shape (rows, columns)
            The table.
        kinds : mapping of str to str, optional
            Kinds that are not to be guessed, such as ``{"zip": "categorical"}``.
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
            If `kinds` cannot be.
        """
        return cls._inferred(data, kinds, dependencies=dependencies)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Schema:
        """Make a schema from what `to_dict` gave.

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
            return cls(columns, dependencies, int(values["rows"]), rejected)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise SchemaError(f"Not a schema: {error}.") from error

    @classmethod
    def from_json(cls, text: str) -> Schema:
        """Make a schema from what `to_json` gave.

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


#: What a stored way of writing may be; it comes from a file.
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
        raise ValueError(f"no such way of writing: {values}")
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
