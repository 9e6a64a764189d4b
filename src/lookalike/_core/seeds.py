"""Seeds as values that are passed down: nothing here touches global random state."""

from __future__ import annotations

import secrets
import zlib
from typing import Any

import numpy as np

from lookalike._core.errors import ParameterError

__all__ = ["RandomState", "as_seed", "derive_seed", "generator"]

#: The values that every ``random_state`` parameter accepts.
RandomState = int | np.random.Generator | np.random.RandomState | None

_SEED_BITS = 63


def as_seed(random_state: RandomState) -> int:
    """Turn a ``random_state`` into one integer seed.

    Parameters
    ----------
    random_state : int, numpy.random.Generator, numpy.random.RandomState or None
        An integer is used unchanged; a generator is drawn from once (and so advanced);
        None takes fresh entropy from the operating system.

    Returns
    -------
    int
        A seed in ``[0, 2**63)``.

    Raises
    ------
    ParameterError
        If `random_state` is something else, or a negative or too large integer.

    Examples
    --------
    >>> as_seed(7)
    7
    """
    if random_state is None:
        return secrets.randbits(_SEED_BITS)
    if isinstance(random_state, np.random.Generator):
        return int(random_state.integers(0, 2**_SEED_BITS))
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(0, 2**31 - 1))
    if isinstance(random_state, (int, np.integer)) and not isinstance(random_state, bool):
        if 0 <= random_state < 2**_SEED_BITS:
            return int(random_state)
        raise ParameterError(f"random_state must be in [0, 2**63), got {random_state}.")
    raise ParameterError(
        "random_state must be an integer, a numpy Generator, a numpy RandomState or None, "
        f"got {type(random_state).__name__}."
    )


def generator(seed: int, *path: Any) -> np.random.Generator:
    """Return a numpy generator for one named purpose of a seed.

    Parameters
    ----------
    seed : int
        The root seed.
    *path : str or int
        The purpose, such as ``("sample", block_index)``: different paths give
        independent streams, equal paths the same stream.

    Returns
    -------
    numpy.random.Generator
        The stream of that purpose.

    Examples
    --------
    >>> bool(generator(1, "fit").random() == generator(1, "fit").random())
    True
    """
    words = [p if isinstance(p, int) else zlib.crc32(str(p).encode()) for p in path]
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=tuple(words)))


def derive_seed(seed: int, *path: Any) -> int:
    """Return a seed for one named purpose of a seed, such as one attempt of a run.

    Parameters
    ----------
    seed : int
        The root seed.
    *path : str or int
        The purpose, as for `generator`.

    Returns
    -------
    int
        A seed in ``[0, 2**63)``.

    Examples
    --------
    >>> derive_seed(1, "attempt", 1) == derive_seed(1, "attempt", 2)
    False
    """
    return int(generator(seed, *path).integers(2**_SEED_BITS))
