"""Declared rules for parameters; all broken rules of a call are reported at once."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, ClassVar, Self

from sklearn.base import BaseEstimator

from lookalike._core.errors import ParameterError, nearest

__all__ = [
    "AnyOf",
    "Choice",
    "Flag",
    "Group",
    "GroupOf",
    "Instance",
    "Number",
    "Rule",
    "check_parameters",
]

#: The greatest number of characters shown of a value that breaks its rule.
_LONGEST = 200


class Rule(ABC):
    """A rule that a parameter's value must follow."""

    @abstractmethod
    def broken_by(self, value: Any) -> str | None:
        """Return the rule in words if `value` breaks it, else None."""

    def hint(self, value: Any) -> str:  # noqa: ARG002 - rules with names to suggest need it
        """Return a sentence, with a leading space, that suggests a valid value."""
        return ""


@dataclass(frozen=True)
class Number(Rule):
    """A finite number within bounds (both included unless `open_low`)."""

    low: float = -math.inf
    high: float = math.inf
    integer: bool = False
    open_low: bool = False

    def broken_by(self, value: Any) -> str | None:
        kind = Integral if self.integer else Real
        if isinstance(value, kind) and not isinstance(value, bool):
            number = float(value)
            above = number > self.low if self.open_low else number >= self.low
            if math.isfinite(number) and above and number <= self.high:
                return None
        noun = "an integer" if self.integer else "a number"
        left = "(" if self.open_low or self.low == -math.inf else "["
        right = ")" if self.high == math.inf else "]"
        return f"must be {noun} in {left}{self.low:g}, {self.high:g}{right}"


@dataclass(frozen=True)
class Choice(Rule):
    """One of a few names."""

    options: tuple[str, ...]

    def broken_by(self, value: Any) -> str | None:
        if isinstance(value, str) and value in self.options:
            return None
        return f"must be one of {', '.join(map(repr, self.options))}"

    def hint(self, value: Any) -> str:
        return nearest(value, self.options) if isinstance(value, str) else ""


@dataclass(frozen=True)
class Flag(Rule):
    """True or False."""

    def broken_by(self, value: Any) -> str | None:
        return None if isinstance(value, bool) else "must be True or False"


@dataclass(frozen=True)
class Instance(Rule):
    """An instance of one of some types, or None where `optional`."""

    types: tuple[type, ...]
    words: str
    optional: bool = False

    def broken_by(self, value: Any) -> str | None:
        if isinstance(value, self.types) or (self.optional and value is None):
            return None
        return f"must be {self.words}"


@dataclass(frozen=True)
class AnyOf(Rule):
    """None, or a value that one of the other rules allows."""

    rules: tuple[Rule, ...]
    none: bool = False

    def broken_by(self, value: Any) -> str | None:
        if self.none and value is None:
            return None
        broken = [rule.broken_by(value) for rule in self.rules]
        if any(words is None for words in broken):
            return None
        return " or ".join([*(["must be None"] if self.none else []), *map(str, broken)])


def check_parameters(
    owner: str,
    rules: Mapping[str, Rule | Callable[[], Rule]],
    values: Mapping[str, Any],
) -> None:
    """Check values against their rules and raise one error that lists every fault.

    Parameters
    ----------
    owner : str
        The name of the parameters' owner, for the message.
    rules : mapping of str to Rule
        One rule for each known parameter.
    values : mapping of str to object
        The values that arrived.

    Raises
    ------
    ParameterError
        If a name is unknown or a value breaks its rule.
    """
    wrong = []
    for name, value in values.items():
        if name not in rules:
            wrong.append(f"{owner} has no parameter {name!r}.{nearest(name, rules)}")
            continue
        rule = rules[name]
        rule = rule if isinstance(rule, Rule) else rule()
        words = rule.broken_by(value)
        if words is not None:
            wrong.append(f"{owner}: {name} {words}; got {_shown(value)}.{rule.hint(value)}")
    if wrong:
        raise ParameterError("\n".join(wrong))


class Group(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Base class of parameters that belong together and travel as one value.

    A subclass stores them in ``__init__``, all by keyword, and declares a rule for each. A search
    in scikit-learn reaches them as ``group__parameter``.
    """

    #: One rule for each parameter.
    rules: ClassVar[Mapping[str, Rule | Callable[[], Rule]]] = {}

    @classmethod
    def read(cls, value: Self | Mapping[str, Any] | None) -> Self:
        """Return an instance unchanged, one built from a mapping, or the defaults for None.

        Raises
        ------
        ParameterError
            If a parameter is unknown or breaks its rule.
        """
        group = value if isinstance(value, cls) else cls._of(value or {})
        check_parameters(cls.__name__, cls.rules, group.get_params(deep=False))
        return group

    @classmethod
    def _of(cls, values: Mapping[str, Any]) -> Self:
        names = cls._get_param_names()
        for name in values:
            if name not in names:
                raise ParameterError(
                    f"{cls.__name__} has no parameter {name!r}.{nearest(name, names)}"
                )
        return cls(**values)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, type(self)):
            return NotImplemented
        return bool(self.get_params(deep=False) == other.get_params(deep=False))

    #: It can be changed, and so has no hash.
    __hash__ = None  # type: ignore[assignment]

    def to_mapping(self) -> dict[str, Any]:
        """Return the parameters that differ from their defaults, JSON-ready where possible."""
        default = type(self)().get_params(deep=False)
        values = {k: v for k, v in self.get_params(deep=False).items() if v != default[k]}
        return {k: v.to_mapping() if hasattr(v, "to_mapping") else v for k, v in values.items()}


@dataclass(frozen=True)
class GroupOf(Rule):
    """A group of parameters, a mapping of them, or None for the defaults."""

    cls: type[Group]

    def broken_by(self, value: Any) -> str | None:
        if value is not None and not isinstance(value, self.cls | Mapping):
            return f"must be a {self.cls.__name__}, a mapping of its parameters or None"
        try:
            self.cls.read(value)
        except ParameterError as error:
            return f"is not understood ({error})"
        return None


def _shown(value: Any) -> str:
    """Return the ``repr`` of a value, cut to a readable length."""
    words = repr(value)
    return words if len(words) <= _LONGEST else f"{words[:_LONGEST]}…"
