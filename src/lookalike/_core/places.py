"""Places that an address names: object stores and other file systems."""

from __future__ import annotations

import os
import posixpath
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from copy import copy
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote

from lookalike._core.errors import (
    FileFormatError,
    MissingDependencyError,
    OutputError,
    ParameterError,
)
from lookalike._core.optional import require

__all__ = ["Place", "fetched", "is_address", "is_file_system", "shown_path", "uploaded"]

_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")
#: The schemes that Arrow knows without another package.
_OF_ARROW = ("abfs", "abfss", "file", "gs", "gcs", "hdfs", "s3", "viewfs")


def is_address(path: str | os.PathLike[str]) -> bool:
    """Return whether a path is an address such as ``s3://bucket/table.parquet``.

    Examples
    --------
    >>> is_address("s3://bucket/table.parquet"), is_address("table.parquet")
    (True, False)
    """
    return isinstance(path, str) and _ADDRESS.match(path) is not None


def is_file_system(address: str) -> bool:
    """Return whether an address is that of a file system, not of a database for example.

    Examples
    --------
    >>> is_file_system("s3://bucket/folder"), is_file_system("mysql://host/shop")
    (True, False)
    """
    found = _ADDRESS.match(address)
    if found is None:
        return False
    scheme = found[1].lower()
    if scheme in _OF_ARROW:
        return True
    if find_spec("fsspec") is None:
        return False
    fsspec: Any = require("fsspec", "Another file system")
    return scheme in fsspec.available_protocols()


def shown_path(path: str | os.PathLike[str]) -> str:
    """Return a path as it may be shown: that of an address without keys.

    Examples
    --------
    >>> shown_path("s3://key:secret@bucket/a.csv"), shown_path("a@b.csv")
    ('s3://…@bucket/a.csv', 'a@b.csv')
    """
    if not is_address(path):
        return os.fspath(path)
    return re.sub(r"://.*@", "://…@", str(path).partition("?")[0])


class Place:
    """A file or a folder of a file system.

    Parameters
    ----------
    address : str
        Such as ``s3://bucket/folder``, ``gs://…``, ``abfs://…``, ``file:///…``, or any that fsspec
        knows, such as ``memory://…``. Access keys are those of the environment, as the file
        system's own tools use them.

    Raises
    ------
    ParameterError
        If no file system has such addresses.
    MissingDependencyError
        If fsspec is needed and not installed.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        found = _ADDRESS.match(address)
        assert found is not None
        from pyarrow import fs  # noqa: PLC0415 - only where there is an address

        try:
            if found[1].lower() in _OF_ARROW:
                self.system, self.path = fs.FileSystem.from_uri(address)
            else:
                fsspec: Any = require("fsspec", f"An address {found[1]}://…")
                system, self.path = fsspec.url_to_fs(address)
                self.system = fs.PyFileSystem(fs.FSSpecHandler(system))
        except MissingDependencyError:
            raise
        except (OSError, ValueError, NotImplementedError, ImportError) as error:
            said = _said(error).replace(address, self.shown)
            raise ParameterError(f"{self} is no place to read or write: {said}.") from error

    @property
    def shown(self) -> str:
        """The address without keys, which may be part of it, and without options."""
        return shown_path(self.address)

    def __str__(self) -> str:
        return repr(self.shown)

    def download(self, path: Path) -> None:
        """Copy the file to a local path."""
        from pyarrow import fs  # noqa: PLC0415

        with self._reading():
            if self.system.get_file_info(self.path).type != fs.FileType.File:
                raise FileFormatError(f"There is no file {self}.")
            with self.system.open_input_stream(self.path) as source, path.open("wb") as target:
                while piece := source.read(2**24):
                    target.write(piece)

    def files(self) -> list[str]:
        """Return the names of files in the folder and below, in order; none if it is not there."""
        from pyarrow import fs  # noqa: PLC0415

        with self._reading():
            selector = fs.FileSelector(self.path, recursive=True, allow_not_found=True)
            found = [i for i in self.system.get_file_info(selector) if i.type == fs.FileType.File]
        return sorted(posixpath.relpath(info.path, self.path) for info in found)

    def is_folder(self) -> bool:
        """Return whether the place is a folder."""
        from pyarrow import fs  # noqa: PLC0415

        with self._reading():
            return bool(self.system.get_file_info(self.path).type == fs.FileType.Directory)

    def beneath(self, name: str) -> Place:
        """Return a place in the folder."""
        address, mark, options = self.address.partition("?")
        below = copy(self)
        below.path = f"{self.path.rstrip('/')}/{name}"
        below.address = f"{address.rstrip('/')}/{quote(name)}{mark}{options}"
        return below

    def upload(self, path: Path) -> None:
        """Write a local file to the place, where it is whole or absent."""
        from pyarrow import fs  # noqa: PLC0415

        folder, name = posixpath.split(self.path)
        temporary = posixpath.join(folder, f".{name}.{os.urandom(6).hex()}.tmp")
        with self._writing():
            # File systems with folders need them; in object stores this makes none.
            if folder and not isinstance(self.system, fs.S3FileSystem):
                self.system.create_dir(folder, recursive=True)
            try:
                # To close a stream finishes a file, however much of it was written.
                with path.open("rb") as source, self.system.open_output_stream(temporary) as target:
                    while piece := source.read(2**24):
                        target.write(piece)
                self.system.move(temporary, self.path)
            except BaseException:
                with suppress(OSError, ValueError):
                    self.system.delete_file(temporary)
                raise

    def delete(self) -> None:
        """Delete the file."""
        with self._writing():
            self.system.delete_file(self.path)

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except (OSError, ValueError, NotImplementedError) as error:
            if isinstance(error, FileFormatError):
                raise
            raise FileFormatError(f"Cannot read {self}: {_said(error)}.") from error

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except (OSError, ValueError, NotImplementedError) as error:
            raise OutputError(f"Cannot write {self}: {_said(error)}.") from error


def _said(error: BaseException) -> str:
    lines = str(error).splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__


@contextmanager
def fetched(address: str) -> Iterator[Path]:
    """Copy a file to a local one with the same name, which is deleted at the end.

    Parameters
    ----------
    address : str

    Yields
    ------
    Path

    Raises
    ------
    FileFormatError
        If there is no such file, or it cannot be read.
    """
    place = Place(address)
    with tempfile.TemporaryDirectory(prefix="lookalike-") as folder:
        local = Path(folder) / os.path.basename(place.path)
        place.download(local)
        yield local


@contextmanager
def uploaded(address: str) -> Iterator[Path]:
    """Write a local file, and copy it to an address when all is written.

    Parameters
    ----------
    address : str

    Yields
    ------
    Path
        The path to write to.

    Raises
    ------
    OutputError
        If it cannot be written there.
    """
    place = Place(address)
    with tempfile.TemporaryDirectory(prefix="lookalike-") as folder:
        local = Path(folder) / os.path.basename(place.path)
        yield local
        place.upload(local)
