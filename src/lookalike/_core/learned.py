"""Learned state of fitted objects, as plain values and arrays: the parts of a model file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

__all__ = ["Learned"]


@dataclass(frozen=True)
class Learned:
    """Learned state: JSON-ready values and plain arrays, never training rows.

    Parameters
    ----------
    values : dict
        JSON-ready.
    arrays : dict of str to ndarray
        Numeric arrays, for safetensors.
    """

    values: dict[str, Any] = field(default_factory=dict)
    arrays: dict[str, np.ndarray] = field(default_factory=dict)

    @classmethod
    def joined(cls, values: dict[str, Any], parts: Mapping[str, Learned]) -> Learned:
        """Return a state of `values` and nested parts; arrays are named after their part."""
        stored = {name: part.values for name, part in parts.items()}
        arrays = {
            f"{name}/{key}": array
            for name, part in parts.items()
            for key, array in part.arrays.items()
        }
        return cls({**values, "parts": stored}, arrays)

    def parts(self) -> dict[str, Learned]:
        """Return the parts passed to `joined`, in the same order.

        Examples
        --------
        >>> Learned.joined({"a": 1}, {"x": Learned({"b": 2})}).parts()
        {'x': Learned(values={'b': 2}, arrays={})}
        """
        arrays: dict[str, dict[str, np.ndarray]] = {}
        for key, array in self.arrays.items():
            name, _, rest = key.partition("/")
            arrays.setdefault(name, {})[rest] = array
        parts = self.values["parts"].items()
        return {name: Learned(values, arrays.get(name, {})) for name, values in parts}
