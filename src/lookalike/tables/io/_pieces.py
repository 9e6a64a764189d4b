"""A data file, or a folder of them, read piece by piece."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa

from lookalike._core.errors import FileFormatError
from lookalike._core.places import Place, fetched, is_address
from lookalike.tables.io._read import (
    MANIFEST,
    check_alike,
    check_file,
    data_files,
    listed_in,
    local_parts,
    with_levels,
)
from lookalike.tables.io._read_csv import CsvSource, csv_pieces
from lookalike.tables.io._read_parquet import (
    parquet_groups,
    parquet_pieces,
    parquet_schema,
    parquet_width,
    repeated_texts,
)
from lookalike.tables.io._suffix import file_kind

__all__ = ["TablePieces"]

#: About how many bytes of memory a byte of a file takes, where the file itself does not say.
_EXPANDED = {"csv": 1, "csv.gz": 5, "parquet": 3}
#: The greatest number of places of a table at which it is glanced at.
_GLANCES = 20


@dataclass(frozen=True)
class _DataFile:
    """A file of a table.

    Parameters
    ----------
    name : str
        Within the folder; empty for a table of one file.
    size, memory : int
        Its bytes, and about how many it takes in memory; of Parquet, at least how many.
    groups : tuple of int
        The numbers of rows of its groups, where the file says them.
    schema : pyarrow.Schema or None
        Its columns, where the file says them.
    """

    name: str
    size: int
    memory: int
    groups: tuple[int, ...] = ()
    schema: pa.Schema | None = None


class TablePieces:
    """The rows of a data file or folder, as `read_table` gives them, in pieces.

    Parameters
    ----------
    path : str or path-like
        As for `read_table`, standard input excepted.

    Attributes
    ----------
    name : str
        The path for messages.
    size : int
        The bytes of all files.

    Raises
    ------
    FileFormatError
        If there is no such file or folder, a part is missing, or Parquet files differ in columns.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._remote = Place(str(path)) if is_address(path) else None
        self._path = Path(path)
        self.name = repr(os.fspath(path)) if self._remote is None else str(self._remote)
        self._parts = self._local() if self._remote is None else self._far(self._remote)
        self.size = sum(part.size for part in self._parts)
        check_alike([(p.name, p.schema) for p in self._parts if p.schema is not None], self.name)

    @cached_property
    def memory(self) -> int:
        """The approximate number of bytes that the whole table takes in memory.

        Pages of Parquet tell too few where values repeat: rows are as wide as the first ones.
        """
        counted = next((part for part in self._parts if sum(part.groups)), None)
        width = 0.0
        if counted is not None:
            with self._opened(counted.name) as file:
                width = parquet_width(file)
        return sum(max(part.memory, round(sum(part.groups) * width)) for part in self._parts)

    def _local(self) -> list[_DataFile]:
        try:
            self._is_folder = self._path.is_dir()
        except (OSError, ValueError):  # no name of a file, which its reader says
            self._is_folder = False
        names = local_parts(self._path, self.name) if self._is_folder else [""]
        parts = []
        for name in names:
            file = self._path / name if name else self._path
            kind = file_kind(file, FileFormatError)
            check_file(file)
            size = file.stat().st_size
            if kind == "parquet":
                rows, memory = zip((0, 0), *parquet_groups(file), strict=True)
                schema = with_levels(parquet_schema(file).empty_table(), name).schema
                parts.append(_DataFile(name, size, sum(memory), rows[1:], schema))
            else:
                parts.append(_DataFile(name, size, size * _EXPANDED[kind]))
        return parts

    def _far(self, place: Place) -> list[_DataFile]:
        self._is_folder = place.is_folder()
        if not self._is_folder:
            return [_far_part("", place)]
        found = place.files()
        names = data_files(found, self.name)
        if MANIFEST in found:
            with fetched(place.beneath(MANIFEST).address) as manifest:
                names = listed_in(manifest, self.name)
        return [_far_part(name, place.beneath(name)) for name in names]

    @cached_property
    def repeated(self) -> dict[str, pa.DataType]:
        """The types of text whose cells repeat, where the first file says so: Parquet does."""
        first = self._parts[0]
        if not first.groups:
            return {}
        with self._opened(first.name) as file:
            return repeated_texts(file)

    @property
    def rows(self) -> int | None:
        """The number of all rows, where every file says it: Parquet does."""
        if all(part.groups for part in self._parts):
            return sum(sum(part.groups) for part in self._parts)
        return None

    def __iter__(self) -> Iterator[tuple[pa.Table, int]]:
        """Yield some rows, and the number of bytes of files that have been read."""
        return self.read()

    def read(
        self, columns: Sequence[str] | None = None, coded: Sequence[str] = ()
    ) -> Iterator[tuple[pa.Table, int]]:
        """Read some columns.

        Parameters
        ----------
        columns : sequence of str, optional
            The columns to read; all by default.
        coded : sequence of str
            Columns of text that come as dictionaries if the files are Parquet, which is faster
            where cells repeat.

        Yields
        ------
        pyarrow.Table
            Some rows.
        int
            The number of bytes of files that have been read.
        """
        done, first, like = 0, "", None
        names = None if columns is None else list(columns)
        for part in self._parts:
            with self._opened(part.name) as file:
                for piece, read in _pieces(file, None, columns, coded):
                    rows = with_levels(piece, part.name)
                    if names is None:
                        names = rows.column_names
                    if columns is None:
                        if like is None:
                            first, like = part.name, _plain_schema(rows, coded)
                        both = [(first, like), (part.name, _plain_schema(rows, coded))]
                        check_alike(both, self.name)
                    share = read / max(os.path.getsize(file), 1)
                    yield rows.select(names), done + int(part.size * min(share, 1.0))
            done += part.size

    def glance(self, rows: int) -> tuple[pa.Table, str]:
        """Read some rows in seconds, however many there are.

        Parameters
        ----------
        rows : int
            The most rows.

        Returns
        -------
        pyarrow.Table
            The first rows of parts that are spread evenly over the table: no uniform sample.
        str
            Which rows these are, in words.
        """
        places = [(p, g) for p in self._parts for g in range(max(len(p.groups), 1))]
        some = places[:: -(-len(places) // _GLANCES)]
        found = []
        for part, group in some:
            with self._opened(part.name) as file:
                groups = [group] if part.groups else None
                pieces = _pieces(file, groups)
                left = -(-rows // len(some))
                for piece, _ in pieces:
                    found.append(with_levels(piece, part.name).slice(0, left))
                    left -= len(found[-1])
                    if left <= 0:
                        break
        if not found:
            raise FileFormatError(f"{self.name} has columns but no rows: a table needs some.")
        parts = [part.name for part, _ in some]
        check_alike([(n, t.schema) for n, t in zip(parts, found, strict=False)], self.name)
        names = found[0].column_names
        table = pa.concat_tables([t.select(names) for t in found], promote_options="permissive")
        known = sum(sum(part.groups) for part in self._parts)
        where = f"the first of {len(some)} parts" if len(some) > 1 else "the first"
        if all(part.groups for part in self._parts):
            return table, f"Of {known:,} rows, {len(table):,} were read: {where}."
        return table, f"{len(table):,} rows were read, {where}; there may be more."

    @contextmanager
    def _opened(self, part: str) -> Iterator[Path]:
        if self._remote is None:
            yield self._path / part if part else self._path
            return
        with TemporaryDirectory(prefix="lookalike-") as folder:
            place = self._remote.beneath(part) if part else self._remote
            local = Path(folder, os.path.basename(place.path))
            place.download(local)
            yield local


def _pieces(
    file: Path,
    groups: Sequence[int] | None = None,
    columns: Sequence[str] | None = None,
    coded: Sequence[str] = (),
) -> Iterator[tuple[pa.Table, int]]:
    kind = file_kind(file, FileFormatError)
    if kind != "parquet":
        yield from csv_pieces(CsvSource(repr(str(file)), file, compressed=kind == "csv.gz"))
        return
    rows, size, done = sum(n for n, _ in parquet_groups(file)), os.path.getsize(file), 0
    for piece in parquet_pieces(file, groups, columns, coded):
        done += len(piece)
        yield piece, size * done // rows


def _plain_schema(rows: pa.Table, coded: Sequence[str]) -> pa.Schema:
    """Return the columns of some rows, those that come as dictionaries as what they hold."""
    return pa.schema(
        (
            f.name,
            f.type.value_type if f.name in coded and pa.types.is_dictionary(f.type) else f.type,
        )
        for f in rows.schema
    )


def _far_part(name: str, place: Place) -> _DataFile:
    kind = file_kind(name or place.path, FileFormatError)
    size = int(place.system.get_file_info(place.path).size or 0)
    return _DataFile(name, size, size * _EXPANDED[kind])
