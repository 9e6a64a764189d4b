"""Ed25519 keys in files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lookalike._core.errors import OutputError, ParameterError
from lookalike._core.files import open_output
from lookalike._core.optional import require

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (
        Ed25519PrivateKey,
        Ed25519PublicKey,
    )

__all__ = ["new_key", "public_from_id", "public_id", "read_private", "read_public"]

_PREFIX = "ed25519:"


def new_key(path: str | os.PathLike[str]) -> str:
    """Write a new Ed25519 key to a file, and its public half beside it.

    Parameters
    ----------
    path : str or path-like
        The file of the private key (PEM, PKCS #8, without a password, readable by its owner only).
        The public one gets the suffix ``.pub``. Neither may exist.

    Returns
    -------
    str
        The public key as statements name it.

    Raises
    ------
    OutputError
        If a file exists or cannot be written.
    MissingDependencyError
        If ``cryptography`` is not installed.
    """
    crypto = _crypto()
    for place in (os.fspath(path), f"{os.fspath(path)}.pub"):
        if os.path.lexists(place):
            raise OutputError(f"A new key must not replace a file, but {place!r} exists.")
    key = crypto.Ed25519PrivateKey.generate()
    forms = _forms()
    private = key.private_bytes(forms.Encoding.PEM, forms.PrivateFormat.PKCS8, forms.NoEncryption())
    public = key.public_key().public_bytes(
        forms.Encoding.PEM, forms.PublicFormat.SubjectPublicKeyInfo
    )
    with open_output(path, private=True) as file:
        file.write(private)
    with open_output(f"{os.fspath(path)}.pub") as file:
        file.write(public)
    return public_id(key.public_key())


def read_private(path: str | os.PathLike[str]) -> Ed25519PrivateKey:
    """Read a private key.

    Raises
    ------
    ParameterError
        If the file is missing, or holds no such key.
    """
    crypto = _crypto()
    content = _content(path)
    key: Any
    try:
        key = _forms().load_pem_private_key(content, None)
    except (ValueError, TypeError) as error:
        hint = " This is a public key." if b"PUBLIC KEY" in content else ""
        raise ParameterError(
            f"A table is signed with an Ed25519 private key in PEM without a password; "
            f"{os.fspath(path)!r} holds none.{hint} lookalike sign --new-key FILE makes one."
        ) from error
    if not isinstance(key, crypto.Ed25519PrivateKey):
        raise ParameterError(
            f"A table is signed with an Ed25519 key; {os.fspath(path)!r} holds a key of another "
            "kind. lookalike sign --new-key FILE makes one."
        )
    found: Ed25519PrivateKey = key
    return found


def read_public(path: str | os.PathLike[str]) -> Ed25519PublicKey:
    """Read a public key; of a private one, its public half.

    Raises
    ------
    ParameterError
        If the file is missing, or holds no such key.
    """
    crypto = _crypto()
    content = _content(path)
    if b"PRIVATE KEY" in content:
        return read_private(path).public_key()
    key: Any
    try:
        key = _forms().load_pem_public_key(content)
    except ValueError as error:
        raise ParameterError(
            f"A signature is verified with an Ed25519 public key in PEM; {os.fspath(path)!r} "
            "holds none."
        ) from error
    if not isinstance(key, crypto.Ed25519PublicKey):
        raise ParameterError(
            f"A signature is verified with an Ed25519 key; {os.fspath(path)!r} holds a key of "
            "another kind."
        )
    found: Ed25519PublicKey = key
    return found


def public_id(key: Ed25519PublicKey) -> str:
    """Return a public key as text: ``ed25519:`` and 64 hexadecimal digits."""
    raw: bytes = key.public_bytes_raw()
    return _PREFIX + raw.hex()


def public_from_id(text: str) -> Ed25519PublicKey:
    """Return the key that `public_id` has written.

    Raises
    ------
    ValueError
        If it is not one.
    """
    if not text.startswith(_PREFIX):
        raise ValueError(f"not an Ed25519 key: {text!r}")
    key: Ed25519PublicKey = _crypto().Ed25519PublicKey.from_public_bytes(
        bytes.fromhex(text.removeprefix(_PREFIX))
    )
    return key


def _content(path: str | os.PathLike[str]) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise ParameterError(
            f"The key {os.fspath(path)!r} cannot be read: {error.strerror}."
        ) from error


def _crypto() -> Any:
    require("cryptography", "Signing", "It comes with lookalike[sign].")
    from cryptography.hazmat.primitives.asymmetric import ed25519  # noqa: PLC0415 - optional

    return ed25519


def _forms() -> Any:
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - optional

    return serialization
