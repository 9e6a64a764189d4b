"""The signed envelope (DSSE), its place, and canonical JSON.

The statement is an in-toto statement (v1); the envelope is that of DSSE 1.0.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from lookalike._core.errors import DataError
from lookalike._core.files import open_output, write_text
from lookalike.provenance._keys import public_from_id, public_id, read_private

__all__ = [
    "STATEMENT",
    "SUFFIX",
    "canonical",
    "embed",
    "enclose",
    "file_digest",
    "find_envelope",
    "opened",
    "write_beside",
]

STATEMENT = "https://in-toto.io/Statement/v1"
_PAYLOAD = "application/vnd.in-toto+json"
#: The suffix of an envelope beside its file, and its name in the metadata of Parquet.
SUFFIX, _METADATA = ".dsse.json", b"lookalike.dsse"
_MOST_BYTES = 10_000_000


def canonical(values: Any) -> bytes:
    """Return JSON in its one form: keys in order, no spaces, UTF-8, no floats but finite ones.

    Parameters
    ----------
    values : JSON value

    Raises
    ------
    ValueError
        If a number is not finite, or a value is no JSON.

    Examples
    --------
    >>> canonical({"b": [1, None], "a": "ü"}).decode()
    '{"a":"ü","b":[1,null]}'
    """
    text = json.dumps(
        values, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    return text.encode("utf-8", "backslashreplace")


def enclose(statement: Mapping[str, Any], key: str | os.PathLike[str]) -> str:
    """Sign a statement and return its envelope as JSON."""
    private, payload = read_private(key), canonical(statement)
    signature = private.sign(_signed(payload))
    envelope = {
        "payloadType": _PAYLOAD,
        "payload": base64.b64encode(payload).decode(),
        "signatures": [
            {
                "keyid": public_id(private.public_key()),
                "sig": base64.b64encode(signature).decode(),
            }
        ],
    }
    return canonical(envelope).decode()


def opened(text: str | bytes) -> tuple[dict[str, Any], str, bool]:
    """Open an envelope.

    Returns
    -------
    dict
        The statement.
    str
        The key that it names.
    bool
        Whether the signature is that key's.

    Raises
    ------
    DataError
        If it is no envelope of such a statement.
    """
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - optional

    try:
        envelope = json.loads(text)
        if envelope["payloadType"] != _PAYLOAD:
            raise ValueError(f"a payload of type {envelope['payloadType']!r}")
        payload = base64.b64decode(envelope["payload"], validate=True)
        (one,) = envelope["signatures"]
        signature, name = base64.b64decode(one["sig"], validate=True), str(one["keyid"])
        key = public_from_id(name)
        statement = json.loads(payload)
        if statement["_type"] != STATEMENT or not isinstance(statement["predicate"], dict):
            raise ValueError("no in-toto statement")
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise DataError(f"Not a signed statement on a synthetic table: {error!r}.") from error
    try:
        key.verify(signature, _signed(payload))
    except InvalidSignature:
        return statement, name, False
    return statement, name, True


def _signed(payload: bytes) -> bytes:
    """Return the pre-authentication encoding of DSSE."""
    kind = _PAYLOAD.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def file_digest(path: str | os.PathLike[str]) -> str:
    """Return the SHA-256 of a file."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_beside(envelope: str, path: str | os.PathLike[str]) -> str:
    """Write an envelope beside its file, and return its path."""
    place = f"{os.fspath(path)}{SUFFIX}"
    write_text(envelope, place)
    return place


def embed(envelope: str, path: str | os.PathLike[str]) -> None:
    """Write an envelope into the metadata of a Parquet file, which is rewritten by row groups."""
    with parquet.ParquetFile(path) as source:
        schema = source.schema_arrow
        metadata = {**(schema.metadata or {}), _METADATA: envelope.encode()}
        with (
            open_output(path) as file,
            parquet.ParquetWriter(file, schema.with_metadata(metadata)) as writer,
        ):
            for group in range(source.num_row_groups):
                rows = source.read_row_group(group)
                writer.write_table(rows.replace_schema_metadata(metadata))


def find_envelope(path: str | os.PathLike[str]) -> tuple[str, str]:
    """Return the envelope of a file, and the words for its place.

    Raises
    ------
    DataError
        If there is none, neither beside the file nor in its metadata.
    """
    beside = Path(f"{os.fspath(path)}{SUFFIX}")
    if beside.is_file():
        if beside.stat().st_size > _MOST_BYTES:
            raise DataError(f"{str(beside)!r} is too large for a signed statement.")
        try:
            return beside.read_text(encoding="utf-8"), str(beside)
        except (OSError, UnicodeDecodeError) as error:
            raise DataError(f"{str(beside)!r} cannot be read: {error}.") from error
    if os.fspath(path).endswith(".parquet"):
        try:
            metadata = parquet.read_schema(path).metadata or {}
        except (pa.ArrowException, OSError) as error:
            raise DataError(f"{os.fspath(path)!r} is not Parquet: {error}.") from error
        if _METADATA in metadata:
            try:
                return metadata[_METADATA].decode(), "the metadata of the file"
            except (UnicodeDecodeError, binascii.Error) as error:
                raise DataError(f"The metadata of the file is damaged: {error}.") from error
    raise DataError(
        f"{os.fspath(path)!r} is not signed: there is no {beside.name!r}. "
        "Sign it by lookalike sign."
    )
