"""The container of a model: a zip of JSON and plain arrays, each validated before use.

Sizes are checked before memory is allocated, and nothing is ever extracted to disk. The manifest
holds the SHA-256 digest of each other member, so that a damaged or exchanged one is found before it
is used. A digest is not a signature: whoever writes a file can write its digests, too.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import safetensors.numpy
from safetensors import SafetensorError

from lookalike._core.errors import FileFormatError, ModelFileError, OutputError, ParameterError
from lookalike._core.files import open_output
from lookalike._core.places import fetched, is_address

__all__ = ["ArchiveParts", "read_manifest", "read_parts", "to_json", "write_parts"]

_MANIFEST, _ENCODING, _WEIGHTS = _MEMBERS = (
    "manifest.json",
    "encoding.json",
    "weights.safetensors",
)
#: The maximum size of unpacked JSON, about two million levels of 30 letters; the size from which on
#: the compression ratio is limited; and that limit. JSON that shrinks more is stored uncompressed.
_JSON_LIMIT, _LITTLE, _PACKED_LIMIT = 64 * 2**20, 2**20, 200
_USUAL = 6
#: The maximum number of JSON values, counted by their separators; each takes about 100 bytes.
_VALUES_LIMIT = 3_000_000
#: The maximum nesting depth of values, and the greatest magnitude of an integer.
_DEEPEST, _GREATEST = 32, 2**64
#: The maximum size of the list of members at the end of the zip.
_DIRECTORY_LIMIT = 2**16
#: The maximum size of the names and shapes of all arrays, and the maximum number of arrays.
_HEADER_LIMIT, _ARRAYS_LIMIT = 16 * 2**20, 100_000
#: The key of the manifest under which the digests of the other members are.
_DIGESTS = "sha256"


@dataclass
class ArchiveParts:
    """The content of a model file.

    Parameters
    ----------
    manifest, encoding : dict
        Plain values.
    arrays : dict of str to ndarray
        Arrays by their names within the file.
    """

    manifest: dict[str, Any]
    encoding: dict[str, Any]
    arrays: dict[str, np.ndarray]


def write_parts(parts: ArchiveParts, path: str | os.PathLike[str]) -> None:
    """Write a model's parts to one file, which is either whole or absent, and its owner's alone.

    Parameters
    ----------
    parts : ArchiveParts
        The content.
    path : str or path-like
        The file.

    Raises
    ------
    OutputError
        If the file cannot be written, or would be too large to be read again.
    """
    others = {
        _ENCODING: to_json(parts.encoding),
        _WEIGHTS: safetensors.numpy.save(parts.arrays),
    }
    digests = {name: _digest(content) for name, content in others.items()}
    contents = {_MANIFEST: to_json({**parts.manifest, _DIGESTS: digests}), **others}
    for name in (_MANIFEST, _ENCODING):
        if (words := _too_much(contents[name])) is not None:
            raise OutputError(
                f"A model file must be small enough to be read again, but its {name} {words}. "
                "Fit fewer columns, or pool more categories (min_category_count)."
            )
    with open_output(path, private=True) as file:
        # Built in memory: a pipe cannot seek, and its bytes must be the same.
        whole = io.BytesIO()
        with zipfile.ZipFile(whole, "w") as archive:
            for name, content in contents.items():
                archive.writestr(_member(name), content, compresslevel=_level(name, content))
        file.write(whole.getbuffer())


def _member(name: str) -> zipfile.ZipInfo:
    """Return the zip entry of a member, identical on all days and systems."""
    info = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
    info.create_system = 3
    info.external_attr = 0o644 << 16
    info.compress_type = _method(name)
    return info


def _method(name: str) -> int:
    """Return the compression method of a member."""
    # Weights do not shrink; stored, their declared size can be checked against the file's.
    return zipfile.ZIP_STORED if name == _WEIGHTS else zipfile.ZIP_DEFLATED


def _level(name: str, content: bytes) -> int:
    """Return the compression level of a member, 0 if it would look like a zip bomb."""
    if name == _WEIGHTS or len(content) <= _LITTLE:
        return _USUAL
    return _USUAL if len(zlib.compress(content)) * _PACKED_LIMIT >= len(content) else 0


def to_json(value: Any) -> bytes:
    """Return plain values as JSON; raise TypeError or ValueError for others, NaN and infinity."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, default=_plain)
    return text.encode()


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} is not JSON")


def read_parts(
    path: str | os.PathLike[str], check: Callable[[dict[str, Any]], None]
) -> ArchiveParts:
    """Read a model's parts.

    Parameters
    ----------
    path : str or path-like
        The model file.
    check : callable
        Called with the manifest before anything else is read; raises if it cannot be used.

    Returns
    -------
    ArchiveParts
        The content of the file; its form has been validated, its meaning has not.

    Raises
    ------
    ModelFileError
        If the file is missing, damaged, foreign or hostile.
    """
    if is_address(path):
        with _local(str(path)) as local:
            return read_parts(local, check)
    try:
        mode = os.stat(path).st_mode
        if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
            # Reading a pipe would block, and a device may have no end.
            raise ModelFileError("a model must be a file, but this is a device or a pipe.")
        with Path(path).open("rb") as file:
            return _read(file, check)
    except ModelFileError:
        raise
    except (OSError, ValueError) as error:  # the latter for an impossible path
        reason = getattr(error, "strerror", None) or error
        raise ModelFileError(f"it cannot be read ({reason}).") from error


def read_manifest(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read the manifest of a model file alone.

    Raises
    ------
    ModelFileError
        If the file is missing, damaged, foreign or hostile.
    """
    if is_address(path):
        with _local(str(path)) as local:
            return read_manifest(local)
    try:
        with Path(path).open("rb") as file:
            _check_directory(file, os.fstat(file.fileno()).st_size)
            with zipfile.ZipFile(file) as archive:
                return _read_json(archive, _MANIFEST)
    except (OSError, ValueError, RuntimeError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        if isinstance(error, ModelFileError):
            raise
        raise ModelFileError(f"it cannot be read ({error}).") from error


@contextmanager
def _local(address: str) -> Iterator[Path]:
    """Yield a local copy of a model file."""
    try:
        with fetched(address) as path:
            yield path
    except (FileFormatError, ParameterError) as error:
        raise ModelFileError(f"it cannot be read ({error})") from error


def _read(file: BinaryIO, check: Callable[[dict[str, Any]], None]) -> ArchiveParts:
    """Read the members of a model file, each checked before memory is allocated for it."""
    size = os.fstat(file.fileno()).st_size
    _check_directory(file, size)
    try:
        with zipfile.ZipFile(file) as archive:
            manifest = _read_json(archive, _MANIFEST)
            check(manifest)
            if sorted(archive.namelist()) != sorted(_MEMBERS):
                raise ModelFileError(
                    f"a model file holds {', '.join(_MEMBERS)}, each once; "
                    f"this one holds {', '.join(archive.namelist())[:200]}."
                )
            digests = manifest.pop(_DIGESTS, None)
            encoding = _read_json(archive, _ENCODING, digests)
            return ArchiveParts(manifest, encoding, _read_arrays(archive, size, digests))
    except ModelFileError:
        raise
    except (
        zipfile.BadZipFile,
        zlib.error,
        struct.error,
        EOFError,
        MemoryError,
        OverflowError,
        RuntimeError,  # includes NotImplementedError
        ValueError,
    ) as error:
        raise ModelFileError(f"it is damaged ({error}). Save the model again.") from error


def _check_directory(file: BinaryIO, size: int) -> None:
    """Check that the zip's end record is last, without comment and without 64-bit extension."""
    file.seek(max(size - 42, 0))
    tail = file.read()
    file.seek(0)
    begins = file.read(4)
    if begins != b"PK\x03\x04":
        raise ModelFileError("it is not a lookalike model (not a zip file).")
    if tail[-22:-18] != b"PK\x05\x06" or tail[:4] == b"PK\x06\x07":
        raise ModelFileError(
            "it is not a complete lookalike model (its end is missing or foreign). "
            "Copy or save the file again."
        )
    directory = struct.unpack("<I", tail[-10:-6])[0]
    if directory > _DIRECTORY_LIMIT:
        raise ModelFileError("it is not a lookalike model (it has too many members).")


def _find(archive: zipfile.ZipFile, name: str) -> zipfile.ZipInfo:
    found = [info for info in archive.infolist() if info.filename == name]
    if len(found) != 1:
        raise ModelFileError(
            f"it is not a lookalike model: exactly one {name} was expected, it has {len(found)}."
        )
    # Some other methods unpack a whole member at once, regardless of its declared size.
    if found[0].compress_type != _method(name):
        raise ModelFileError(
            f"{name} is compressed in a way that lookalike does not write "
            f"(method {found[0].compress_type}). Save the model again."
        )
    return found[0]


def _content(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    """Return the content of a member, up to its declared size.

    `ZipFile.read` would unpack all of it before cutting it off. A member that holds more than it
    declares fails its checksum here.
    """
    with archive.open(info) as member:
        return member.read(info.file_size)


def _read_json(archive: zipfile.ZipFile, name: str, digests: Any = None) -> dict[str, Any]:
    info = _find(archive, name)
    most = min(_JSON_LIMIT, max(_LITTLE, _PACKED_LIMIT * info.compress_size))
    if info.file_size > most:
        raise ModelFileError(
            f"{name} would unpack to {info.file_size:,} bytes; {most:,} are allowed."
        )
    content = _content(archive, info)
    _check_digest(name, content, digests)
    if (words := _too_much(content)) is not None:
        raise ModelFileError(f"{name} {words}.")
    try:
        values = json.loads(content, parse_constant=_refuse)
        _check_values(values)
    except (ValueError, RecursionError) as error:
        raise ModelFileError(f"{name} is not the JSON that lookalike writes: {error}.") from error
    if not isinstance(values, dict):
        raise ModelFileError(f"{name} must hold a JSON object.")
    return values


def _too_much(content: bytes) -> str | None:
    """Return the limit that JSON exceeds before it is parsed, in words; None if there is none."""
    if len(content) > _JSON_LIMIT:
        return f"has {len(content):,} bytes; {_JSON_LIMIT:,} are allowed"
    values = sum(map(content.count, (b",", b":", b"[", b"{")))
    if values > _VALUES_LIMIT:
        return f"has about {values:,} values; {_VALUES_LIMIT:,} are allowed"
    return None


def _check_values(values: Any) -> None:
    """Check the nesting depth of JSON values and the size of numbers."""
    level = [values]
    for _ in range(_DEEPEST):
        below: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                below += value.values()
            elif isinstance(value, list):
                below += value
            elif (isinstance(value, int) and abs(value) > _GREATEST) or (
                isinstance(value, float) and not math.isfinite(value)
            ):
                raise ValueError("a number exceeds the allowed range")
        level = below
    if level:
        raise ValueError(f"values are nested more than {_DEEPEST} levels deep")


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _check_digest(name: str, content: bytes, digests: Any) -> None:
    """Check a member against the digest in the manifest."""
    if name == _MANIFEST:
        return
    if not isinstance(digests, dict) or digests.get(name) != _digest(content):
        raise ModelFileError(
            f"{name} does not match its digest in {_MANIFEST}: the file is damaged or has been "
            "changed. Copy or save it again."
        )


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _read_arrays(archive: zipfile.ZipFile, size: int, digests: Any) -> dict[str, np.ndarray]:
    info = _find(archive, _WEIGHTS)
    if info.file_size != info.compress_size or info.file_size > size:
        raise ModelFileError(f"{_WEIGHTS} declares a size that the file does not have.")
    content = _content(archive, info)
    _check_digest(_WEIGHTS, content, digests)
    if int.from_bytes(content[:8], "little") > _HEADER_LIMIT:
        raise ModelFileError(f"{_WEIGHTS} is damaged: its header is too long.")
    try:
        arrays: dict[str, np.ndarray] = safetensors.numpy.load(content)
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise ModelFileError(f"{_WEIGHTS} is damaged: {error}.") from error
    if len(arrays) > _ARRAYS_LIMIT:
        raise ModelFileError(
            f"{_WEIGHTS} holds {len(arrays):,} arrays; {_ARRAYS_LIMIT:,} are allowed."
        )
    # An array without elements takes no bytes, so its other dimensions could be anything.
    if any(side > len(content) for array in arrays.values() for side in array.shape):
        raise ModelFileError(f"{_WEIGHTS} is damaged: an array has an impossible shape.")
    return arrays
