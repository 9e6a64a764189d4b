"""Every penalty by its name: the one place where a new one is entered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lookalike.nn._choose import chosen
from lookalike.nn.penalties._base import Penalty
from lookalike.nn.penalties.interpolated import Interpolated
from lookalike.nn.penalties.zero_centred import ZeroCentred

__all__ = ["PENALTIES", "penalty"]

#: Penalty classes by name; yours may join them.
PENALTIES: dict[str, type[Penalty]] = {kind.name: kind for kind in (ZeroCentred, Interpolated)}


def penalty(spec: str | Mapping[str, Any] | Penalty) -> Penalty:
    """Return the penalty that a name, or a mapping of a name and options, stands for.

    Parameters
    ----------
    spec : str, mapping or Penalty
        Such as ``"interpolated"`` or ``{"name": "zero-centred", "weight": 0.1}``; a penalty is
        returned as it is.

    Returns
    -------
    Penalty

    Raises
    ------
    ParameterError
        If the name or an option is unknown, or a value breaks its rule.

    Examples
    --------
    >>> penalty("interpolated")
    Interpolated(weight=10.0)
    """
    return spec if isinstance(spec, Penalty) else chosen("penalty", spec, PENALTIES)
