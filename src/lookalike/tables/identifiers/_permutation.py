"""Random numbers and permutations that are computed row by row from a seed, without memory."""

from __future__ import annotations

import zlib

import numpy as np

__all__ = ["key", "permuted", "uniforms", "words"]

_GOLDEN = 0x9E3779B97F4A7C15
_MASK = 2**64 - 1
_ROUNDS = 4


def key(seed: int, *purpose: str | int) -> int:
    """Return a key of 64 bits for one purpose of a seed."""
    state = _mixed(np.array([seed & _MASK], np.uint64))
    for part in purpose:
        number = part if isinstance(part, int) else zlib.crc32(part.encode())
        state = _mixed(state + np.uint64((number * 2 + 1) * _GOLDEN & _MASK))
    return int(state[0])


def words(rows: np.ndarray, key_: int) -> np.ndarray:
    """Return 64 random bits for each row number, shape (n,)."""
    return _mixed(_mixed(rows.astype(np.uint64)) + np.uint64(key_))


def uniforms(rows: np.ndarray, key_: int) -> np.ndarray:
    """Return a number in [0, 1) for each row number, shape (n,)."""
    return np.ldexp((words(rows, key_) >> np.uint64(11)).astype(np.float64), -53)


def permuted(numbers: np.ndarray, size: int, key_: int) -> np.ndarray:
    """Return the images of numbers under a random permutation of ``range(size)``.

    A balanced Feistel network (Luby & Rackoff 1988) over the next power of four, walked on until
    the result is in range (Black & Rogaway 2002): a bijection that needs no memory.

    Parameters
    ----------
    numbers : ndarray of uint64, shape (n,)
        Numbers below `size`.
    size : int
        At most 2**64.
    key_ : int
        The key of the permutation.

    Returns
    -------
    ndarray of uint64, shape (n,)
        The images, distinct for distinct numbers.

    Examples
    --------
    >>> sorted(permuted(np.arange(5, dtype=np.uint64), 5, key_=1).tolist())
    [0, 1, 2, 3, 4]
    """
    half = max(1, ((size - 1).bit_length() + 1) // 2)
    places = _feistel(numbers, half, key_)
    if size < 4**half:
        out = np.flatnonzero(places >= np.uint64(size))
        while len(out):
            places[out] = _feistel(places[out], half, key_)
            out = out[places[out] >= np.uint64(size)]
    return np.asarray(places)


def _feistel(numbers: np.ndarray, half: int, key_: int) -> np.ndarray:
    shift, low = np.uint64(half), np.uint64(2**half - 1)
    left, right = numbers >> shift, numbers & low
    for i in range(_ROUNDS):
        salt = np.uint64((key_ + i * _GOLDEN) & _MASK)
        left, right = right, left ^ (_mixed(right + salt) & low)
    return np.asarray((left << shift) | right)


def _mixed(numbers: np.ndarray) -> np.ndarray:
    """Return numbers with mixed bits (the finaliser of SplitMix64, Steele et al. 2014)."""
    numbers = numbers + np.uint64(_GOLDEN)
    numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(numbers ^ (numbers >> np.uint64(31)))
