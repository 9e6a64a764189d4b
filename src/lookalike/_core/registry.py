"""Components chosen by name: this package's, the caller's, and those of installed packages."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, fields
from importlib.metadata import EntryPoint, entry_points
from typing import Any, ClassVar, Generic, TypeVar

from lookalike._core.errors import ParameterError, nearest
from lookalike._core.parameters import Instance, Rule, check_parameters

__all__ = ["Component", "Registry", "registered_only"]

T = TypeVar("T")
#: True while entry points are ignored.
_SEALED: ContextVar[bool] = ContextVar("sealed", default=False)


@contextmanager
def registered_only() -> Iterator[None]:
    """Let all registries ignore entry points: for names that come from a file."""
    token = _SEALED.set(True)
    try:
        yield
    finally:
        _SEALED.reset(token)


@dataclass(frozen=True)
class Component:
    """A named part with options: its fields, checked at construction, written as plain values.

    Parts with equal options are equal and hash alike, so that compiled programs can be cached.
    """

    #: Its name in a registry.
    name: ClassVar[str]
    #: The rules of its fields.
    rules: ClassVar[Mapping[str, Rule]] = {}

    def __post_init__(self) -> None:
        values = {name: getattr(self, name) for name in self.rules}
        check_parameters(type(self).__name__, self.rules, values)

    def to_mapping(self) -> dict[str, Any]:
        """Return the name and the options as plain values, fit for JSON and for `create`."""
        options = ((field.name, getattr(self, field.name)) for field in fields(self))
        plain = {k: v.to_mapping() if isinstance(v, Component) else v for k, v in options}
        return {"name": self.name, **plain}


@dataclass(frozen=True)
class _Anything(Rule):
    """Any value; the component that receives it checks it."""

    def broken_by(self, value: Any) -> str | None:  # noqa: ARG002 - nothing breaks this rule
        return None


@dataclass(frozen=True)
class _RegisteredName(Rule):
    """The name of a part in a registry."""

    registry: Registry[Any]

    def broken_by(self, value: Any) -> str | None:
        return None if value in self.registry else f"must be one of {self.registry.listed}"

    def hint(self, value: Any) -> str:
        return nearest(str(value), self.registry)


class Registry(MutableMapping[str, type[T]], Generic[T]):
    """Classes by the names that users, presets and model files write.

    A class is added in one of three ways: it is entered here; the caller sets ``registry[name]``;
    or an installed package declares it as an entry point of the group ``lookalike.<plural>``. An
    entry point is imported when its name is looked up, never before, and never because a file
    names it (see `registered` and `registered_only`).

    Parameters
    ----------
    noun : str
        The noun for the classes in messages, such as "objective".
    base : type
        The base class of all of them.
    plural : str, optional
        The last part of the entry points' group; `noun` and "s" by default.
    key : str
        The attribute of a class that is its name.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> from lookalike._core.registry import Component, Registry
    >>> @dataclass(frozen=True)
    ... class Shape(Component):
    ...     sides: int = 4
    ...     name = "polygon"
    >>> shapes: Registry[Shape] = Registry("shape", Shape)
    >>> shapes.enter(Shape)
    >>> shapes.create("polygon").sides, shapes.create({"name": "polygon", "sides": 3}).sides
    (4, 3)
    """

    def __init__(
        self, noun: str, base: type, plural: str | None = None, *, key: str = "name"
    ) -> None:
        self.noun = noun
        self.base = base
        self.key = key
        self.group = f"lookalike.{plural or noun + 's'}"
        self._entered: dict[str, type[T] | Callable[[], type[T]]] = {}

    def enter(self, *kinds: type[T], **loaders: Callable[[], type[T]]) -> None:
        """Register classes under their own names, and loaders under their keywords.

        Parameters
        ----------
        *kinds : type
            The classes.
        **loaders : callable
            Functions that import and return a class, called at its first use.
        """
        for kind in kinds:
            self._entered[getattr(kind, self.key, kind.__name__)] = kind
        self._entered.update(loaders)

    # --- a mapping ------------------------------------------------------------------------------

    def __getitem__(self, name: str) -> type[T]:
        found = self._entered[name] if name in self._entered else self._installed()[name].load()
        if not isinstance(found, type):
            found = found()
        if not issubclass(found, self.base):
            raise ParameterError(
                f"The {self.noun} {name!r} must be a subclass of {self.base.__name__}; "
                f"got {found!r}. Correct its registration: a package's entry point of "
                f"{self.group!r}, or your code."
            )
        self._entered[name] = found
        return found

    def __setitem__(self, name: str, kind: type[T]) -> None:
        self._entered[name] = kind

    def __delitem__(self, name: str) -> None:
        del self._entered[name]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and (name in self._entered or name in self._installed())

    def __iter__(self) -> Iterator[str]:
        return iter([*self._entered, *sorted(self._installed())])

    def __len__(self) -> int:
        return len(list(iter(self)))

    def _installed(self) -> dict[str, EntryPoint]:
        """Return the entry points whose names are not registered yet."""
        found = () if _SEALED.get() else entry_points(group=self.group)
        return {point.name: point for point in found if point.name not in self._entered}

    # --- names ----------------------------------------------------------------------------------

    @property
    def entered(self) -> tuple[str, ...]:
        """The registered names, without entry points that were not looked up yet."""
        return tuple(self._entered)

    def registered(self, name: str) -> type[T] | None:
        """Return a registered class, or None; entry points are ignored."""
        return self[name] if name in self._entered else None

    @property
    def listed(self) -> str:
        """All names, for a message."""
        return ", ".join(map(repr, self))

    @property
    def name_rule(self) -> Rule:
        """The rule for a parameter whose value is a name of this registry."""
        return _RegisteredName(self)

    # --- instances ------------------------------------------------------------------------------

    def create(self, spec: str | Mapping[str, Any] | T) -> T:
        """Return the part that a name, or a mapping with a name and options, specifies.

        Parameters
        ----------
        spec : str, mapping or instance
            A name; or a mapping with that ``"name"`` and the options of its class, where an option
            that is itself such a part may again be a name or a mapping; or a part, which is
            returned unchanged.

        Returns
        -------
        object

        Raises
        ------
        ParameterError
            If the name or an option is unknown, or a value breaks its rule.
        """
        if isinstance(spec, self.base):
            part: T = spec  # type: ignore[assignment]
            return part
        options: dict[str, Any] = dict(spec) if isinstance(spec, Mapping) else {"name": spec}
        name = options.pop("name", None)
        if name not in self:
            raise ParameterError(self._unknown(spec, name))
        kind: Callable[..., T] = self[name]
        rules: Mapping[str, Rule] = getattr(kind, "rules", {})
        known = {p: rules.get(p, _Anything()) for p in inspect.signature(kind).parameters}
        options = {k: self.create(v) if self._is_part(known, k) else v for k, v in options.items()}
        check_parameters(f"{self.noun} {name!r}", known, options)
        return kind(**options)

    def create_all(self, specs: Iterable[str | Mapping[str, Any] | T]) -> list[T]:
        """Return the parts that several specifications describe; see `create`.

        Raises
        ------
        ParameterError
            If any is wrong; all faults are listed at once.
        """
        made, wrong = [], []
        for spec in [specs] if isinstance(specs, str) else specs:
            try:
                made.append(self.create(spec))
            except ParameterError as error:
                wrong.append(str(error))
        if wrong:
            raise ParameterError("\n".join(wrong))
        return made

    def _is_part(self, known: Mapping[str, Rule], option: str) -> bool:
        rule = known.get(option)
        return isinstance(rule, Instance) and self.base in rule.types

    def _unknown(self, spec: object, name: object) -> str:
        article = "An" if self.noun[0] in "aeiou" else "A"
        hint = nearest(name, self) if isinstance(name, str) else ""
        return (
            f"{article} {self.noun} must be one of {self.listed}, or a mapping with that 'name' "
            f"and its options; got {spec!r}.{hint}"
        )
