"""Declared rules for parameters; every broken rule of a call is reported at once."""

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

#: The most characters that are shown of a value that breaks its rule.
_LONGEST = 200


class Rule(ABC):
    """A rule that a parameter's value must follow."""

    @abstractmethod
    def broken_by(self, value: Any) -> str | None:
        """Say in words what the rule is if `value` breaks it, else return None."""

    def hint(self, value: Any) -> str:  # noqa: ARG002 - rules with names to suggest need it
        """Return a sentence, with a leading space, on what may have been meant."""
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
    """None, or what one of the other rules allows."""

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
    """Check values against their rules and raise one error that lists all that is wrong.

    Parameters
    ----------
    owner : str
        Whose parameters these are, for the message.
    rules : mapping of str to Rule
        One rule for each known parameter.
    values : mapping of str to object
        What arrived.

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

    A subclass stores them in ``__init__``, all by keyword, and declares a rule for each. Searches
    of scikit-learn reach them by ``group__parameter``.
    """

    #: One rule for each parameter.
    rules: ClassVar[Mapping[str, Rule | Callable[[], Rule]]] = {}

    @classmethod
    def read(cls, value: Self | Mapping[str, Any] | None) -> Self:
        """Return an instance as it is, one of a mapping, or the defaults where there is none.

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

    def to_mapping(self) -> dict[str, Any]:
        """Return the parameters that are not the default ones, JSON-ready where they can be."""
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
    """Return a value as Python would write it, cut where nobody would read on."""
    words = repr(value)
    return words if len(words) <= _LONGEST else f"{words[:_LONGEST]}…"
