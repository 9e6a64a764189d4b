"""Every public name explains itself, in the numpydoc form."""

from __future__ import annotations

import enum
import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from typing import Any

import pytest
from numpydoc.validate import validate

import lookalike

ROOMS = [
    f"lookalike.{module.name}"
    for module in pkgutil.iter_modules(lookalike.__path__)
    if module.ispkg and module.name != "_core"
]
# A summary of one sentence on one line, not in the third person.
SUMMARY = {"GL08", "SS01", "SS02", "SS03", "SS04", "SS05", "SS06"}
# Parameters: all documented, none unknown, in order, with a type.
PARAMETERS = {"PR01", "PR02", "PR03", "PR04"}
RESULTS = {"RT01", "YD01"}
EXAMPLE = {"EX01"}


def functions_and_classes(module: str) -> Iterator[tuple[str, Any]]:
    """Yield the functions and classes that a module offers, with their full names."""
    offered = importlib.import_module(module)
    for name in offered.__all__:
        thing = getattr(offered, name)
        if inspect.isclass(thing) or inspect.isfunction(thing):
            yield f"{module}.{name}", thing


def methods(path: str, thing: Any) -> Iterator[tuple[str, Any]]:
    """Yield the public methods and properties of a class, its own and inherited ones of ours."""
    for name, member in inspect.getmembers_static(thing):
        home = next((base for base in thing.__mro__ if name in vars(base)), None)
        ours = home is not None and home.__module__.startswith("lookalike.")
        if ours and not name.startswith("_"):
            if isinstance(member, staticmethod | classmethod):
                member = member.__func__
            if inspect.isfunction(member) or isinstance(member, property):
                yield f"{path}.{name}", member


FRONT = dict(functions_and_classes("lookalike"))
INSIDE = {p: t for room in ROOMS for p, t in functions_and_classes(room)}


def faults(path: str, codes: set[str]) -> list[str]:
    """Return the findings of numpydoc that count here."""
    found = validate(path)
    asks = (found["docstring"] or "").lstrip().partition("\n")[0].endswith("?")
    wrong = [(code, text) for code, text in found["errors"] if code in codes]
    return [f"{code} {text}" for code, text in wrong if not (asks and code == "SS03")]


@pytest.mark.parametrize("path", FRONT)
def test_the_front_is_documented_in_full(path: str) -> None:
    assert faults(path, SUMMARY | PARAMETERS | RESULTS | EXAMPLE) == []
    if inspect.isclass(FRONT[path]):
        for method, _ in methods(path, FRONT[path]):
            assert faults(method, SUMMARY | PARAMETERS | RESULTS) == [], method


@pytest.mark.parametrize("path", INSIDE)
def test_the_rooms_are_documented(path: str) -> None:
    thing = INSIDE[path]
    if inspect.isfunction(thing):
        assert faults(path, SUMMARY | PARAMETERS | RESULTS) == []
        return
    # An enumeration is not called by those who use it.
    parameters = set() if issubclass(thing, enum.Enum) else PARAMETERS
    assert faults(path, SUMMARY | parameters) == []
    for method, member in methods(path, thing):
        inherited = getattr(thing, method.rpartition(".")[2])
        assert inspect.getdoc(member) or inspect.getdoc(inherited), method
