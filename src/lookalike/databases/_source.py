"""Sources and targets of databases: folders, and the databases that an address names."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import NamedTuple
from urllib.parse import unquote

from lookalike._core.errors import ParameterError, nearest
from lookalike._core.places import is_file_system
from lookalike.databases._contents import SourceContents, WrittenDatabase
from lookalike.tables import is_parts

__all__ = [
    "Connector",
    "check_target",
    "is_database",
    "read_source",
    "write_blocks",
]

_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+]*)://(.*)", re.DOTALL)


class Connector(NamedTuple):
    """Functions that read and write one sort of database.

    Parameters
    ----------
    read : callable
        Takes the place and the names of tables, or None for all.
    write : callable
        Takes the blocks of a database, the place, and whether to overwrite.
    check : callable
        Takes the place, whether to overwrite, and the names of tables; raises if it is certain that
        they cannot be written there.
    """

    read: Callable[[str, list[str] | None], SourceContents]
    write: Callable[[Iterable[WrittenDatabase], str, bool], None]
    check: Callable[[str, bool, Collection[str]], None]


def _folder() -> Connector:
    from lookalike.databases import _folder as module  # noqa: PLC0415 - only what is used

    return Connector(module.read, module.write, module.check)


def _sqlite() -> Connector:
    from lookalike.databases import _sqlite as module  # noqa: PLC0415

    return Connector(module.read, module.write, module.check)


def _duckdb() -> Connector:
    from lookalike.databases import _duckdb as module  # noqa: PLC0415

    return Connector(module.read, module.write, module.check)


def _postgresql() -> Connector:
    from lookalike.databases import _postgresql as module  # noqa: PLC0415

    return Connector(module.read, module.write, module.check)


#: Databases that are a file.
_FILES: Mapping[str, Callable[[], Connector]] = {"sqlite": _sqlite, "duckdb": _duckdb}
#: Databases that are served: their place is the whole address.
_SERVERS: Mapping[str, Callable[[], Connector]] = {
    "postgresql": _postgresql,
    "postgres": _postgresql,
}


def is_database(source: str | os.PathLike[str]) -> bool:
    """Return whether a source is a whole database: its address, or a folder of tables.

    Parameters
    ----------
    source : str or path-like
        The source.

    Returns
    -------
    bool
        False for a file, the address of one, and the parts of a single table.

    Examples
    --------
    >>> is_database("sqlite:///shop.db"), is_database("shop.csv"), is_database("s3://shop/sales")
    (True, False, False)
    """
    text = os.fspath(source)
    address = _ADDRESS.fullmatch(text)
    if address is None:
        return os.path.isdir(text) and not is_parts(text)
    # One of a file system is that of a table.
    return address[1].lower() in {*_FILES, *_SERVERS} or not is_file_system(text)


def _connector(source: str | os.PathLike[str]) -> tuple[Connector, str]:
    text = os.fspath(source)
    address = _ADDRESS.fullmatch(text)
    if address is None:
        return _folder(), text
    scheme, rest = address[1].lower(), address[2]
    if scheme in _SERVERS:
        return _SERVERS[scheme](), text
    if scheme not in _FILES:
        raise ParameterError(
            "A database is a folder, sqlite:///file.db, duckdb:///file.duckdb or "
            f"postgresql://host/name; got {scheme}://….{nearest(scheme, [*_FILES, *_SERVERS])} "
            "Export its tables to a folder of CSV or Parquet."
        )
    # As in SQLAlchemy: three slashes before a relative path, four before an absolute one.
    place = unquote(rest[1:]) if rest.startswith("/") else ""
    if not place:
        raise ParameterError(
            f"The address of a file is {scheme}:///relative.db or {scheme}:////absolute.db; got "
            f"{text!r}."
        )
    return _FILES[scheme](), place


def read_source(source: str | os.PathLike[str], tables: list[str] | None) -> SourceContents:
    """Read what a source holds; `lookalike.databases.Database.read` describes sources."""
    connector, place = _connector(source)
    return connector.read(place, tables)


def check_target(
    target: str | os.PathLike[str], *, overwrite: bool = False, names: Collection[str] = ()
) -> None:
    """Check, before any long work, that a database can be written to a target.

    Parameters
    ----------
    target : str or path-like
        As for `Database.write`.
    overwrite : bool
        Whether tables may be replaced.
    names : collection of str
        The names of the tables.

    Raises
    ------
    OutputError
        If it is certain that nothing can be written there.
    ParameterError
        If the target is no address of a database.
    """
    connector, place = _connector(target)
    connector.check(place, overwrite, names)


def write_blocks(
    blocks: Iterable[WrittenDatabase], target: str | os.PathLike[str], *, overwrite: bool
) -> None:
    """Write a database that comes in blocks: all of them, or nothing.

    Parameters
    ----------
    blocks : iterable of Database
        One at least, with the same tables, columns and keys; keys lead to rows of the own block or
        of earlier ones.
    target : str or path-like
        As for `Database.write`.
    overwrite : bool
        Whether tables of these names that are there already are replaced.
    """
    connector, place = _connector(target)
    connector.write(blocks, place, overwrite)
