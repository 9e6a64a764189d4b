"""Small frozen classes whose fields are options: checked when made, written as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar

from lookalike._core.parameters import Rule, check_parameters

__all__ = ["Options"]


@dataclass(frozen=True)
class Options:
    """A named thing with options; the base of objectives and penalties.

    Equal options are equal and hash alike, so that a compiled program can be made for them.
    """

    #: How it is called in a registry.
    name: ClassVar[str]
    #: A rule for each field that has one.
    rules: ClassVar[Mapping[str, Rule]] = {}

    def __post_init__(self) -> None:
        values = {name: getattr(self, name) for name in self.rules}
        check_parameters(type(self).__name__, self.rules, values)

    def to_mapping(self) -> dict[str, Any]:
        """Return the name and the options as plain values, fit for JSON."""
        return {"name": self.name, **{f.name: getattr(self, f.name) for f in fields(self)}}
