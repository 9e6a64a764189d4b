"""The glossary has every public name, and no term that nothing uses."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import lookalike
from lookalike._core.registry import Registry

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "glossary.md"
ENTRY = re.compile(r"\*\*(?P<term>.+?)\*\* — (?P<definition>.+?)(?: Names?: (?P<names>.+)\.)?")
ENTRIES = [
    match
    for line in PAGE.read_text(encoding="utf-8").splitlines()
    if (match := ENTRY.fullmatch(line))
]
TERMS = [entry["term"] for entry in ENTRIES]
NAMES = [name for entry in ENTRIES for name in re.findall(r"`(.+?)`", entry["names"] or "")]


def rooms(package: ModuleType) -> Iterator[ModuleType]:
    """Yield the public packages within a package, at any depth."""
    for found in pkgutil.iter_modules(package.__path__):
        if found.ispkg and not found.name.startswith("_"):
            room = importlib.import_module(f"{package.__name__}.{found.name}")
            yield room
            yield from rooms(room)


def listed(value: Any) -> bool:
    """Return whether a name with this value belongs into the glossary: functions need not."""
    return inspect.isclass(value) or isinstance(value, Registry)


def meanings() -> dict[str, list[Any]]:
    """Return every public name that the glossary should have, with all that it stands for."""
    found: dict[str, list[Any]] = {name: [] for name in lookalike.__all__}
    for module in (lookalike, lookalike.errors, *rooms(lookalike)):
        for name in getattr(module, "__all__", ()):
            value = getattr(module, name)
            if listed(value) or name in found:
                known = found.setdefault(name, [])
                if not any(value is one for one in known):
                    known.append(value)
    return found


MEANINGS = meanings()
ALIASES = {"BlockConditions", "BlockSource", "Latent"}  # types without a class of their own


def test_every_line_is_an_entry() -> None:
    _, _, body = PAGE.read_text(encoding="utf-8").partition("\n**")
    lines = [line for line in f"**{body}".splitlines() if line]
    assert [line for line in lines if not ENTRY.fullmatch(line)] == []


def test_every_public_name_is_in_the_glossary() -> None:
    assert sorted(MEANINGS.keys() - set(NAMES)) == []


def test_a_name_stands_in_the_glossary_once_for_each_of_its_meanings() -> None:
    often = {name: NAMES.count(name) for name in set(NAMES)}
    assert {n: k for n, k in often.items() if k != len(MEANINGS.get(n, [n]))} == {}


def test_every_name_of_the_glossary_is_public() -> None:
    assert sorted(set(NAMES) - MEANINGS.keys() - ALIASES) == []


def test_terms_are_in_alphabetical_order_and_stand_once() -> None:
    folded = [term.casefold() for term in TERMS]
    assert folded == sorted(set(folded))


@pytest.mark.parametrize("entry", ENTRIES, ids=TERMS)
def test_an_entry_is_short_and_its_names_are_in_order(entry: re.Match[str]) -> None:
    assert entry["definition"].endswith(".")
    assert entry["definition"].count(". ") <= 1, "one or two sentences"
    names = re.findall(r"`(.+?)`", entry["names"] or "")
    assert names == sorted(set(names))
    assert entry["names"] is None or entry["names"] == ", ".join(f"`{n}`" for n in names)
    assert (" Names: " in entry[0]) == (len(names) > 1)


def test_every_term_is_used() -> None:
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    sources = sorted((ROOT / "src").rglob("*.py"))
    texts = [path.read_text(encoding="utf-8") for path in (*pages, *sources) if path != PAGE]
    text = re.sub(r"\s+", " ", " ".join(texts)).casefold()
    unused = [term for term in TERMS if not re.search(rf"\b{re.escape(term.casefold())}", text)]
    assert unused == []
