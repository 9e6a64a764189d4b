"""The model file: a zip of JSON and plain arrays, checked before it is believed.

============================ =====================================================================
``manifest.json``            format and library version, class, parameters, seed, schema, origin,
                             target, row count and fingerprint of the training table, history,
                             the model's plain values
``encoding.json``            the plain values of the table's encoding
``weights.safetensors``      the arrays of both, as ``encoding/...`` and ``model/...``
============================ =====================================================================

There is no pickle in it and no training row, and loading runs no code of its own. The same model
gives the same bytes. A file of an older format is carried forward by `_MIGRATIONS`.
"""

from __future__ import annotations

import importlib
import json
import math
import os
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import safetensors.numpy
from safetensors import SafetensorError

from lookalike._core.errors import LookalikeError, ModelFileError, ParameterError, nearest
from lookalike._core.files import atomic_path
from lookalike._core.seeds import as_seed
from lookalike.encoding import State, TableEncoder
from lookalike.models._base import Synthesizer
from lookalike.tables import Origin, Schema
from lookalike.training._history import History

__all__ = ["FORMAT", "load", "save_model"]

#: The format that this version writes. A change of it needs an entry in `_MIGRATIONS`.
FORMAT = 1

_MANIFEST, _ENCODING, _WEIGHTS = _MEMBERS = (
    "manifest.json",
    "encoding.json",
    "weights.safetensors",
)
#: What JSON may unpack to: about two million levels of 30 letters.
_JSON_LIMIT = 64 * 2**20
#: What the list of members at the end of the zip may hold.
_DIRECTORY_LIMIT = 2**16
#: Synthesizers that a file may name, and the modules that define them: imported when needed.
_SYNTHESIZERS = {"GAN": "lookalike.models.gan", "Independent": "lookalike.models.independent"}


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


#: For each old format: the function that carries its parts on to the next one.
_MIGRATIONS: dict[int, Callable[[Parts], Parts]] = {}


# --- write ---------------------------------------------------------------------------------------


def save_model(model: Synthesizer, path: str | os.PathLike[str]) -> None:
    """Write a fitted model to one file, which is either whole or absent.

    Parameters
    ----------
    model : Synthesizer
        A fitted one.
    path : str or path-like
        Where to write it.

    Raises
    ------
    ParameterError
        If a parameter of the model cannot be written as JSON.
    OutputError
        If the file cannot be written.
    """
    parts = _take_apart(model)
    contents = {
        _MANIFEST: _json(parts.manifest),
        _ENCODING: _json(parts.encoding),
        _WEIGHTS: safetensors.numpy.save(parts.arrays),
    }
    with atomic_path(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        for name, content in contents.items():
            archive.writestr(_member(name), content)


def _member(name: str) -> zipfile.ZipInfo:
    """Return the entry of a member, equal on every day and every system."""
    info = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
    info.create_system = 3
    info.external_attr = 0o644 << 16
    # Weights do not shrink; stored, their declared size can be checked against the file's.
    info.compress_type = zipfile.ZIP_STORED if name == _WEIGHTS else zipfile.ZIP_DEFLATED
    return info


def _take_apart(model: Synthesizer) -> Parts:
    encoding = model.encoder_.state()
    learned = model._state() if model.encoder_.layout_.blocks else State()
    manifest = {
        "format": FORMAT,
        "lookalike": version("lookalike"),
        "synthesizer": type(model).__name__,
        "parameters": _parameters(model),
        "seed": model.seed_,
        "target": model.target_,
        "rows": model.n_rows_,
        "fingerprint": model.fingerprint_,
        "schema": model.schema_.to_dict(),
        "origin": model._origin.to_dict(),
        "history": _finite(model.history_.to_dict()),
        "model": learned.values,
    }
    arrays = {
        f"{prefix}/{name}": np.ascontiguousarray(array)
        for prefix, state in (("encoding", encoding), ("model", learned))
        for name, array in state.arrays.items()
    }
    return Parts(manifest, encoding.values, arrays)


def _parameters(model: Synthesizer) -> dict[str, Any]:
    """Return the constructor's arguments; a random generator becomes the seed drawn from it."""
    values = model.get_params(deep=False)
    if not isinstance(values["random_state"], int | None):
        values["random_state"] = model.seed_
    for name, value in values.items():
        try:
            _json(value)
        except (TypeError, ValueError) as error:
            raise ParameterError(
                f"A saved parameter must be plain JSON, but {name} is {value!r}."
            ) from error
    return values


def _json(value: Any) -> bytes:
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, default=_plain)
    return text.encode()


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} is not JSON")


def _finite(value: Any) -> Any:
    """Return values with null for NaN and infinity, which JSON does not know: a loss may be one."""
    if isinstance(value, dict):
        return {k: _finite(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_finite(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


# --- read ----------------------------------------------------------------------------------------


def load(
    path: str | os.PathLike[str], *, synthesizers: Iterable[type[Synthesizer]] = ()
) -> Synthesizer:
    """Read a model that `Synthesizer.save` wrote.

    Parameters
    ----------
    path : str or path-like
        The model file.
    synthesizers : iterable of class
        Synthesizers of your own that the file may be one of, besides those of the library.

    Returns
    -------
    Synthesizer
        The fitted model: it makes the same rows as the saved one.

    Raises
    ------
    ModelFileError
        If the file is missing, damaged, foreign, hostile or written by a newer version.

    Examples
    --------
    >>> import lookalike as la, pyarrow as pa, tempfile, pathlib
    >>> model = la.Independent(random_state=0).fit(pa.table({"x": [1.5, 2.5, 2.0, 1.0]}))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = pathlib.Path(folder) / "x.lookalike"
    ...     model.save(file)
    ...     la.load(file).sample(3).equals(model.sample(3))
    True
    """
    source = Path(path)
    known = {**_SYNTHESIZERS, **{cls.__name__: cls for cls in synthesizers}}
    try:
        with source.open("rb") as file:
            parts = _read(file)
        return _put_together(parts, known)
    except OSError as error:
        reason = error.strerror or error
        raise ModelFileError(f"Cannot read the model file {str(path)!r}: {reason}.") from error
    except ModelFileError as error:
        raise ModelFileError(f"{str(path)!r}: {error}") from error.__cause__


def _read(file: BinaryIO) -> Parts:
    """Read the members of a model file, each checked before memory is taken for it."""
    size = os.fstat(file.fileno()).st_size
    _check_directory(file, size)
    try:
        with zipfile.ZipFile(file) as archive:
            manifest = _read_json(archive, _MANIFEST)
            _check_format(manifest)
            if sorted(archive.namelist()) != sorted(_MEMBERS):
                raise ModelFileError(
                    f"A model file holds {', '.join(_MEMBERS)}, each once; "
                    f"this one holds {', '.join(archive.namelist())[:200]}."
                )
            encoding = _read_json(archive, _ENCODING)
            return Parts(manifest, encoding, _read_arrays(archive, size))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise ModelFileError(f"The file is damaged ({error}). Save the model again.") from error


def _check_directory(file: BinaryIO, size: int) -> None:
    """Check the zip's end record, as our files have it: last, no comment, no 64-bit extension."""
    file.seek(max(size - 42, 0))
    tail = file.read()
    file.seek(0)
    begins = file.read(4)
    if begins != b"PK\x03\x04":
        raise ModelFileError("This is not a lookalike model: it is no zip file.")
    if tail[-22:-18] != b"PK\x05\x06" or tail[:4] == b"PK\x06\x07":
        raise ModelFileError(
            "This is not a whole lookalike model: the end is missing or foreign. "
            "Copy or save the file again."
        )
    directory = struct.unpack("<I", tail[-10:-6])[0]
    if directory > _DIRECTORY_LIMIT:
        raise ModelFileError("This is not a lookalike model: it has too many members.")


def _find(archive: zipfile.ZipFile, name: str) -> zipfile.ZipInfo:
    found = [info for info in archive.infolist() if info.filename == name]
    if len(found) != 1:
        raise ModelFileError(
            f"This is not a lookalike model: a zip with exactly one {name} was expected, "
            f"it has {len(found)}."
        )
    return found[0]


def _read_json(archive: zipfile.ZipFile, name: str) -> dict[str, Any]:
    info = _find(archive, name)
    if info.file_size > _JSON_LIMIT:
        raise ModelFileError(
            f"{name} would unpack to {info.file_size:,} bytes; {_JSON_LIMIT:,} are allowed."
        )
    try:
        # A member that holds more than it declares is cut there, and its checksum is then wrong.
        values = json.loads(archive.read(info), parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise ModelFileError(f"{name} is not the JSON that lookalike writes: {error}.") from error
    if not isinstance(values, dict):
        raise ModelFileError(f"{name} must hold a JSON object.")
    return values


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _read_arrays(archive: zipfile.ZipFile, size: int) -> dict[str, np.ndarray]:
    info = _find(archive, _WEIGHTS)
    stored = info.compress_type == zipfile.ZIP_STORED
    if not stored or info.file_size != info.compress_size or info.file_size > size:
        raise ModelFileError(f"{_WEIGHTS} declares a size that the file does not have.")
    content = archive.read(info)
    try:
        arrays: dict[str, np.ndarray] = safetensors.numpy.load(content)
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise ModelFileError(f"{_WEIGHTS} is damaged: {error}.") from error
    # An array without elements costs no bytes, so its other sides could say anything.
    if any(side > len(content) for array in arrays.values() for side in array.shape):
        raise ModelFileError(f"{_WEIGHTS} is damaged: an array has an impossible shape.")
    return arrays


def _check_format(manifest: Mapping[str, Any]) -> None:
    number = manifest.get("format")
    if not isinstance(number, int) or isinstance(number, bool) or number < 0:
        raise ModelFileError(f"This is not a lookalike model: its format is {number!r}.")
    if number > FORMAT:
        raise ModelFileError(
            f"The model was written by a newer lookalike (format {number}, lookalike "
            f"{manifest.get('lookalike')}); this one reads formats up to {FORMAT}. "
            "Update lookalike."
        )


def _put_together(parts: Parts, known: Mapping[str, str | type[Synthesizer]]) -> Synthesizer:
    try:
        return _build(_migrate(parts), known)
    except ModelFileError:
        raise
    # A hostile file can make any of these happen anywhere below; none of them is a defect.
    except (
        LookalikeError,
        ArithmeticError,
        AttributeError,
        LookupError,
        RecursionError,
        TypeError,
        ValueError,
        pa.ArrowException,
    ) as error:
        raise ModelFileError(
            f"The file's contents do not fit together ({type(error).__name__}: {error})."
        ) from error


def _migrate(parts: Parts) -> Parts:
    number = parts.manifest["format"]
    while number < FORMAT:
        if number not in _MIGRATIONS:
            raise ModelFileError(f"Models of format {number} cannot be read any more. Fit again.")
        parts = _MIGRATIONS[number](parts)
        number += 1
    return parts


def _build(parts: Parts, known: Mapping[str, str | type[Synthesizer]]) -> Synthesizer:
    manifest = parts.manifest
    cls = _class(manifest["synthesizer"], known)
    model = cls(**{k: _frozen(v) for k, v in manifest["parameters"].items()})
    model._check_parameters()
    schema = Schema.from_dict(manifest["schema"])
    encoding = State(parts.encoding, _under("encoding", parts.arrays))
    model.schema_ = schema
    model.encoder_ = TableEncoder.from_state(encoding, schema)
    model._origin = Origin.from_dict(manifest["origin"])
    model.seed_ = as_seed(manifest["seed"])
    model.n_rows_ = int(manifest["rows"])
    model.fingerprint_ = str(manifest["fingerprint"])
    model.target_ = None if manifest["target"] is None else schema[manifest["target"]].name
    model.history_ = History.from_dict(manifest["history"])
    layout = model.encoder_.layout_
    if layout.blocks:
        model._restore(State(manifest["model"], _under("model", parts.arrays)), layout)
    model._empty()  # one row is decoded, so that an encoding that cannot decode is found here
    return model


def _class(name: Any, known: Mapping[str, str | type[Synthesizer]]) -> type[Synthesizer]:
    if name not in known:
        raise ModelFileError(
            f"The file holds a {name!r}, which is none of {', '.join(known)}.{nearest(name, known)} "
            "If it is a synthesizer of your own: load(path, synthesizers=[...])."
        )
    found = known[name]
    if isinstance(found, str):
        cls: type[Synthesizer] = getattr(importlib.import_module(found), name)
        return cls
    return found


def _frozen(value: Any) -> Any:
    """Return a JSON value with tuples for lists: a parameter must not change under a model."""
    return tuple(_frozen(v) for v in value) if isinstance(value, list) else value


def _under(prefix: str, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {
        k.removeprefix(f"{prefix}/"): v for k, v in arrays.items() if k.startswith(f"{prefix}/")
    }
