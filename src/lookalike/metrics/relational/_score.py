"""A score of a database, with its parts: one for each key, table or chain of keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np

__all__ = ["RelationalPart", "RelationalScore"]


@dataclass(frozen=True)
class RelationalPart:
    """The score of one key, table or chain of keys.

    Parameters
    ----------
    name : str
        Its name in words.
    value, ceiling, floor : float or None
        The score, that of a half of the real entities against the other half, and that of the real
        tables with keys at random (of a table's trends: with columns shuffled); None where it is
        not defined.
    keys : tuple of str
        The keys that it is about.
    """

    name: str
    value: float | None
    ceiling: float | None
    floor: float | None
    keys: tuple[str, ...] = ()

    @property
    def standing(self) -> float | None:
        """The place between floor and ceiling, from 0 to 1; None where they do not differ."""
        if self.value is None or self.ceiling is None or self.floor is None:
            return None
        if self.ceiling - self.floor < 0.01:
            return None
        return float(np.clip((self.value - self.floor) / (self.ceiling - self.floor), 0.0, 1.0))


@dataclass(frozen=True)
class RelationalScore:
    """A score of a database: the mean of its parts. 1 is best.

    Parameters
    ----------
    name : str
    title : str
        In words.
    parts : tuple of RelationalPart
    """

    name: str
    title: str
    parts: tuple[RelationalPart, ...]

    @property
    def value(self) -> float | None:
        """The mean over the parts for which it is defined."""
        return self._mean("value")

    @property
    def ceiling(self) -> float | None:
        """The mean ceiling."""
        return self._mean("ceiling")

    @property
    def floor(self) -> float | None:
        """The mean floor."""
        return self._mean("floor")

    def _mean(self, field: str) -> float | None:
        found = [getattr(p, field) for p in self.parts if p.value is not None]
        known = [number for number in found if number is not None]
        return float(np.mean(known)) if known else None

    def to_dict(self) -> dict[str, Any]:
        """Return the score as JSON-ready values."""
        means = {"value": self.value, "ceiling": self.ceiling, "floor": self.floor}
        return {
            "name": self.name,
            "title": self.title,
            **means,
            "parts": [asdict(p) for p in self.parts],
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Restore a score from its `to_dict`."""
        parts = tuple(
            RelationalPart(**{**part, "keys": tuple(part["keys"])}) for part in values["parts"]
        )
        return cls(values["name"], values["title"], parts)
