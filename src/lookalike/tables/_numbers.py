"""Properties of numbers: integer or float, and the number of decimals."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lookalike.tables._storage import cast_cells

__all__ = ["as_measure", "as_whole", "decimals_of"]

#: A float64 holds every integer below this.
_EXACT = 2**53
#: Numbers with more decimals than this count as full floats.
_MOST_DECIMALS = 9
_MOST_DECIMALS_32 = 6


def as_measure(values: pa.Array) -> pa.Array | None:
    """Return numbers of any Arrow type as int64 or float64, or None if these cannot hold them.

    Parameters
    ----------
    values : pyarrow.Array, shape (n,)
        Numbers without infinities.

    Returns
    -------
    pyarrow.Array or None, shape (n,)
        int64 if all are whole and none is -0.0, else float64.

    Examples
    --------
    >>> as_measure(pa.array([2.0, 3.0])).type
    DataType(int64)
    """
    kind = values.type
    try:
        if pa.types.is_integer(kind):
            return pc.cast(values, pa.int64())
        if not pa.types.is_decimal(kind):
            return as_whole(pc.cast(values, pa.float64()))
        if kind.scale <= 0 or pc.all(pc.equal(values, pc.round(values))).as_py():
            return pc.cast(values, pa.int64())
        floats = cast_cells(values, pa.float64())
        same = pc.equal(pc.cast(floats, kind), values)
        return floats if pc.all(same).as_py() is not False else None
    except pa.ArrowInvalid:
        return None


def as_whole(values: pa.Array) -> pa.Array:
    """Return floats as int64 if all are whole, small enough to be exact, and none is -0.0."""
    floats = values.to_numpy(zero_copy_only=False)
    whole = (floats == np.rint(floats)) & (np.abs(floats) < _EXACT)
    if whole.all() and not (np.signbit(floats) & (floats == 0)).any():
        return pa.array(floats.astype(np.int64))
    return values


def decimals_of(values: pa.Array, single: bool = False) -> int | None:
    """Return the number of decimals that suffice to write numbers, or None for full floats.

    Parameters
    ----------
    values : pyarrow.Array of int64 or float64, shape (n,)
        The numbers.
    single : bool
        Whether they are stored as float32 or narrower, so that they need be equal in float32 only.

    Returns
    -------
    int or None
        The number of decimals, at most 9, or 6 for `single`.

    Examples
    --------
    >>> decimals_of(pa.array([0.5, 12.25]))
    2
    """
    if pa.types.is_integer(values.type):
        return 0
    floats = values.to_numpy(zero_copy_only=False)
    few = floats[:1000]
    for decimals in range((_MOST_DECIMALS_32 if single else _MOST_DECIMALS) + 1):
        if _are_round(few, decimals, single) and _are_round(floats, decimals, single):
            return decimals
    return None


def _are_round(floats: np.ndarray, decimals: int, single: bool) -> bool:
    if np.abs(floats).max(initial=0.0) >= _EXACT / 10.0**decimals:
        return False
    rounded = np.round(floats, decimals)
    if single:
        return bool((rounded.astype(np.float32) == floats.astype(np.float32)).all())
    return bool((rounded == floats).all())
