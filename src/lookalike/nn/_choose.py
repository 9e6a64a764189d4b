"""Parts by name, with their options: as users, presets and model files write them."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from lookalike._core.errors import ParameterError
from lookalike._core.parameters import Choice, Rule, check_parameters

__all__ = ["chosen"]

T = TypeVar("T")


@dataclass(frozen=True)
class _Anything(Rule):
    """A value that the class it is meant for will judge."""

    def broken_by(self, value: Any) -> str | None:  # noqa: ARG002 - nothing breaks this rule
        return None


def chosen(kind: str, spec: str | Mapping[str, Any], registry: Mapping[str, type[T]]) -> T:
    """Return what a name, or a mapping of a name and options, stands for in a registry.

    Parameters
    ----------
    kind : str
        What is chosen, for the message.
    spec : str or mapping
        A registered name, or a mapping with that ``"name"`` and the options of its class.
    registry : mapping of str to type
        The classes by name.

    Returns
    -------
    object
        An instance of the registered class.

    Raises
    ------
    ParameterError
        If the name or an option is unknown, or a value breaks its rule.
    """
    if not isinstance(spec, str | Mapping):
        raise ParameterError(
            f"{kind} must be a name, a mapping with a 'name', or an instance; got {spec!r}."
        )
    options = {"name": spec} if isinstance(spec, str) else dict(spec)
    check_parameters(kind, {"name": Choice(tuple(registry))}, {"name": options.pop("name", None)})
    name = spec if isinstance(spec, str) else spec["name"]
    kind_of, rules = registry[name], getattr(registry[name], "rules", {})
    known = {p: rules.get(p, _Anything()) for p in inspect.signature(kind_of).parameters}
    check_parameters(f"{kind} {name!r}", known, options)
    return kind_of(**options)
