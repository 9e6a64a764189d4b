"""The declaration of a column in a database: its type, its default, whether it may be missing."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["DeclaredColumn", "sql_default", "sql_type"]

_SIZED = re.compile(r"(N?VARCHAR|CHAR|CHARACTER VARYING)\s*\(\s*(\d+)\s*\)", re.IGNORECASE)
_EXACT = re.compile(r"(NUMERIC|DECIMAL)\s*\(\s*\d+\s*(,\s*\d+\s*)?\)", re.IGNORECASE)
#: The defaults that mean the same in every database: literals, and the current time.
_LITERAL = re.compile(
    r"[-+]?\d+(\.\d+)?|'(?:[^']|'')*'|NULL|TRUE|FALSE|CURRENT_(?:TIMESTAMP|DATE|TIME)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class DeclaredColumn:
    """A column as its database declares it.

    Parameters
    ----------
    type : str
        The SQL type.
    nullable : bool
        Whether cells may be missing.
    default : str or None
        The default, as an SQL expression.
    """

    type: str = ""
    nullable: bool = True
    default: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the declaration as JSON-ready values."""
        return asdict(self)


def sql_type(cells: pa.ChunkedArray, declared: DeclaredColumn | None) -> str:
    """Return the SQL type of a column, the same in every database.

    Parameters
    ----------
    cells : pyarrow.ChunkedArray
    declared : DeclaredColumn or None
        Its earlier declaration; a length or a precision is kept where the cells fit it.
    """
    kind, word = cells.type, "" if declared is None else declared.type
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if pa.types.is_boolean(kind):
        return "BOOLEAN"
    if pa.types.is_integer(kind):
        return "BIGINT"
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return re.sub(r"\s", "", word).upper() if _EXACT.fullmatch(word) else "DOUBLE PRECISION"
    if pa.types.is_date(kind):
        return "DATE"
    if pa.types.is_time(kind):
        return "TIME"
    if pa.types.is_timestamp(kind):
        return "TIMESTAMP WITH TIME ZONE" if kind.tz else "TIMESTAMP"
    sized = _SIZED.fullmatch(word)
    if sized and (pc.max(pc.utf8_length(cells.cast(pa.string()))).as_py() or 0) <= int(sized[2]):
        return f"VARCHAR({sized[2]})"
    return "TEXT"


def sql_default(declared: DeclaredColumn | None, kind: str = "") -> str | None:
    """Return a default that means the same in every database, None for any other.

    Parameters
    ----------
    declared : DeclaredColumn or None
    kind : str
        The type of the column that is created, which the default must fit.
    """
    if declared is None or declared.default is None:
        return None
    word = declared.default.strip()
    while word.startswith("(") and word.endswith(")"):
        word = word[1:-1].strip()
    word = re.sub(r"::[\w \"]+(\(\d+\))?$", "", word)
    if not _LITERAL.fullmatch(word):
        return None
    number, special = re.fullmatch(r"[-+]?\d+(\.\d+)?", word), word.upper()
    if kind == "BOOLEAN":
        word = {"0": "FALSE", "1": "TRUE"}.get(word, special)
        return word if word in ("TRUE", "FALSE", "NULL") else None
    if kind in ("BIGINT", "DOUBLE PRECISION") or kind.startswith(("NUMERIC", "DECIMAL")):
        return word if number or special == "NULL" else None
    if kind in ("DATE", "TIME") or kind.startswith("TIMESTAMP"):
        return None if number or special in ("TRUE", "FALSE") else word
    return word
