"""The container of a model: a zip of JSON and plain arrays, each checked before it is believed.

Sizes are checked before memory is taken for them, and nothing is ever extracted to disk.
"""

from __future__ import annotations

import io
import json
import os
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import safetensors.numpy
from safetensors import SafetensorError

from lookalike._core.errors import ModelFileError
from lookalike._core.files import open_output

__all__ = ["Parts", "read_parts", "to_json", "write_parts"]

_MANIFEST, _ENCODING, _WEIGHTS = _MEMBERS = (
    "manifest.json",
    "encoding.json",
    "weights.safetensors",
)
#: What JSON may unpack to: about two million levels of 30 letters.
_JSON_LIMIT = 64 * 2**20
#: What the list of members at the end of the zip may hold.
_DIRECTORY_LIMIT = 2**16


@dataclass
class Parts:
    """What a model file holds.

    Parameters
    ----------
    manifest, encoding : dict
        Plain values.
    arrays : dict of str to ndarray
        By their names within the file.
    """

    manifest: dict[str, Any]
    encoding: dict[str, Any]
    arrays: dict[str, np.ndarray]


def write_parts(parts: Parts, path: str | os.PathLike[str]) -> None:
    """Write a model's parts to one file, which is either whole or absent, and its owner's alone.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    contents = {
        _MANIFEST: to_json(parts.manifest),
        _ENCODING: to_json(parts.encoding),
        _WEIGHTS: safetensors.numpy.save(parts.arrays),
    }
    with open_output(path, private=True) as file:
        # Made in memory: a pipe cannot be gone back in, and the bytes shall be the same there.
        whole = io.BytesIO()
        with zipfile.ZipFile(whole, "w") as archive:
            for name, content in contents.items():
                archive.writestr(_member(name), content)
        file.write(whole.getbuffer())


def _member(name: str) -> zipfile.ZipInfo:
    """Return the entry of a member, equal on every day and every system."""
    info = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
    info.create_system = 3
    info.external_attr = 0o644 << 16
    info.compress_type = _method(name)
    return info


def _method(name: str) -> int:
    """Return how a member is compressed."""
    # Weights do not shrink; stored, their declared size can be checked against the file's.
    return zipfile.ZIP_STORED if name == _WEIGHTS else zipfile.ZIP_DEFLATED


def to_json(value: Any) -> bytes:
    """Return plain values as JSON; others, NaN and infinity raise TypeError or ValueError."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, default=_plain)
    return text.encode()


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} is not JSON")


def read_parts(path: str | os.PathLike[str], check: Callable[[dict[str, Any]], None]) -> Parts:
    """Read a model's parts.

    Parameters
    ----------
    path : str or path-like
        The model file.
    check : callable
        Is given the manifest before anything else is read, and raises if it is not for us.

    Returns
    -------
    Parts
        What the file holds: its form is sound, its meaning is still to be checked.

    Raises
    ------
    ModelFileError
        If the file is missing, damaged, foreign or hostile.
    """
    try:
        with Path(path).open("rb") as file:
            return _read(file, check)
    except OSError as error:
        reason = error.strerror or error
        raise ModelFileError(f"it cannot be read ({reason}).") from error


def _read(file: BinaryIO, check: Callable[[dict[str, Any]], None]) -> Parts:
    """Read the members of a model file, each checked before memory is taken for it."""
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
            encoding = _read_json(archive, _ENCODING)
            return Parts(manifest, encoding, _read_arrays(archive, size))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise ModelFileError(f"it is damaged ({error}). Save the model again.") from error


def _check_directory(file: BinaryIO, size: int) -> None:
    """Check the zip's end record, as our files have it: last, no comment, no 64-bit extension."""
    file.seek(max(size - 42, 0))
    tail = file.read()
    file.seek(0)
    begins = file.read(4)
    if begins != b"PK\x03\x04":
        raise ModelFileError("it is not a lookalike model (not a zip file).")
    if tail[-22:-18] != b"PK\x05\x06" or tail[:4] == b"PK\x06\x07":
        raise ModelFileError(
            "it is no whole lookalike model (its end is missing or foreign). "
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
    # Some other methods unpack a whole member at once, whatever size it declares.
    if found[0].compress_type != _method(name):
        raise ModelFileError(
            f"{name} is compressed in a way that lookalike does not write "
            f"(method {found[0].compress_type}). Save the model again."
        )
    return found[0]


def _content(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    """Return what a member holds, up to the size that it declares.

    `ZipFile.read` would unpack whatever is there and cut it then. A member that holds more than it
    declares has a wrong checksum here.
    """
    with archive.open(info) as member:
        return member.read(info.file_size)


def _read_json(archive: zipfile.ZipFile, name: str) -> dict[str, Any]:
    info = _find(archive, name)
    if info.file_size > _JSON_LIMIT:
        raise ModelFileError(
            f"{name} would unpack to {info.file_size:,} bytes; {_JSON_LIMIT:,} are allowed."
        )
    try:
        values = json.loads(_content(archive, info), parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise ModelFileError(f"{name} is not the JSON that lookalike writes: {error}.") from error
    if not isinstance(values, dict):
        raise ModelFileError(f"{name} must hold a JSON object.")
    return values


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _read_arrays(archive: zipfile.ZipFile, size: int) -> dict[str, np.ndarray]:
    info = _find(archive, _WEIGHTS)
    if info.file_size != info.compress_size or info.file_size > size:
        raise ModelFileError(f"{_WEIGHTS} declares a size that the file does not have.")
    content = _content(archive, info)
    try:
        arrays: dict[str, np.ndarray] = safetensors.numpy.load(content)
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise ModelFileError(f"{_WEIGHTS} is damaged: {error}.") from error
    # An array without elements costs no bytes, so its other sides could say anything.
    if any(side > len(content) for array in arrays.values() for side in array.shape):
        raise ModelFileError(f"{_WEIGHTS} is damaged: an array has an impossible shape.")
    return arrays
