"""The roles of the columns of histories."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from lookalike.tables import Schema

__all__ = ["Roles"]


@dataclass(frozen=True)
class Roles:
    """The roles of columns.

    Parameters
    ----------
    entity : str or None
        The column that names the entity of an event; None for one series.
    time : str or None
        The column of times; None where the order of rows is that of time.
    static, dynamic : tuple of str
        The columns that are constant within entities, and the others.
    """

    entity: str | None
    time: str | None
    static: tuple[str, ...]
    dynamic: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the roles as JSON-ready values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], schema: Schema) -> Self:
        """Restore the roles from their `to_dict`; ValueError if they do not fit the schema."""
        static, dynamic = (tuple(map(str, values[name])) for name in ("static", "dynamic"))
        roles = cls(values["entity"], values["time"], static, dynamic)
        own = [name for name in (roles.entity, roles.time) if name is not None]
        if sorted((*own, *static, *dynamic)) != sorted(schema.names):
            raise ValueError("the roles of columns are not those of the schema")
        return roles
