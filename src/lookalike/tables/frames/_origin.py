"""The origin of a table: all that is needed to return a generated one in the same type."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from lookalike._core.errors import DataError

__all__ = ["FILE", "ColumnOrigin", "Origin"]

#: The library name of a table from a file.
FILE = "file"
#: The kind of dataframe of pyarrow, as callers name it.
ARROW = "arrow"


@dataclass(frozen=True)
class ColumnOrigin:
    """The origin of one column of the caller's table.

    Parameters
    ----------
    name : str
        Its name in the Arrow table.
    arrow : str
        Its type in the Arrow table, as `str` gives it.
    dtype : dict
        Further properties of its dtype, JSON-ready; empty where the Arrow type says all.
    """

    name: str
    arrow: str
    dtype: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Origin:
    """The origin of the caller's table, so that a generated one can be returned in its type.

    Parameters
    ----------
    library : str
        ``"pandas"``, ``"polars"``, ``"pyarrow"``, or another library as narwhals names it;
        ``"file"`` where it was a file.
    columns : tuple of ColumnOrigin
        The columns, in order.
    frame : dict
        Properties of the frame as a whole that its library needs, JSON-ready.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from lookalike.tables import from_arrow, to_arrow
    >>> table, origin = to_arrow(pa.table({"age": [31, 54]}))
    >>> origin.library
    'pyarrow'
    >>> Origin.from_dict(origin.to_dict()) == origin
    True
    """

    library: str
    columns: tuple[ColumnOrigin, ...]
    frame: dict[str, Any] = field(default_factory=dict)

    @property
    def is_file(self) -> bool:
        """True where the table came from a file, not from a library."""
        return self.library == FILE

    @property
    def kind(self) -> str:
        """The kind of dataframe, as callers name it: the library, ``"arrow"`` for pyarrow."""
        return ARROW if self.library == "pyarrow" else self.library

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names in the Arrow table, in order."""
        return tuple(column.name for column in self.columns)

    def only(self, names: Collection[str]) -> Origin:
        """Return the origin of some of the columns, in their order here."""
        kept = [k for k, column in enumerate(self.columns) if column.name in names]
        frame = dict(self.frame)
        if "labels" in frame:
            frame["labels"] = [frame["labels"][k] for k in kept]
        return Origin(self.library, tuple(self.columns[k] for k in kept), frame)

    def to_dict(self) -> dict[str, Any]:
        """Return the origin as JSON-ready values."""
        return {**asdict(self), "columns": [asdict(column) for column in self.columns]}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Origin:
        """Restore an origin from its `to_dict`.

        Parameters
        ----------
        values : mapping
            The result of `to_dict`, directly or through JSON.

        Returns
        -------
        Origin
            The same origin.

        Raises
        ------
        DataError
            If the values are not those of an origin.
        """
        try:
            columns = tuple(ColumnOrigin(**column) for column in values["columns"])
            origin = cls(values["library"], columns, dict(values["frame"]))
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"Not the origin of a table: {error!r}.") from error
        for column in columns:
            if not (
                isinstance(column.name, str)
                and isinstance(column.arrow, str)
                and isinstance(column.dtype, dict)
            ):
                raise DataError(f"Not the origin of a column: {column!r}.")
        return origin
