"""Imports are what they seem: no circle, also none behind a function, and none in a string."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import grimp
import pytest
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

import lookalike

SOURCE = Path(lookalike.__file__).parent
#: What imports a module by its name.
BY_NAME = {"import_module", "__import__", "resolve_name"}
#: Imports packages that not everybody has, by any name, for callers of `require`.
OPTIONAL = SOURCE / "_core" / "optional.py"


def circles(imports: Mapping[str, Iterable[str]]) -> list[list[str]]:
    """Return the modules that import each other, directly or through others."""
    names = sorted({*imports, *(name for found in imports.values() for name in found)})
    place = {name: i for i, name in enumerate(names)}
    edges = [(place[a], place[b]) for a, found in imports.items() for b in found]
    rows, columns = zip(*edges, strict=True)
    graph = coo_array(([1] * len(edges), (rows, columns)), shape=(len(names), len(names)))
    count, of = connected_components(graph, directed=True, connection="strong")
    found = [[name for name in names if of[place[name]] == c] for c in range(count)]
    return [circle for circle in found if len(circle) > 1]


def hidden(tree: ast.AST) -> Iterator[str]:
    """Yield imports of which a linter cannot see that they are of this package."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level:
            yield ast.unparse(node)
        if isinstance(node, ast.ImportFrom) and any(
            alias.name in BY_NAME and alias.asname for alias in node.names
        ):
            yield ast.unparse(node)
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "attr", getattr(node.func, "id", None))
        what = getattr(node.args[0], "value", None) if node.args else None
        plain = isinstance(what, str)
        own = plain and what.startswith((".", "lookalike"))
        if (name in BY_NAME and not plain) or (name in {*BY_NAME, "require"} and own):
            yield ast.unparse(node)


@pytest.fixture(scope="module")
def imports() -> dict[str, set[str]]:
    """Every module with those that it imports, also within functions and for types alone."""
    graph = grimp.build_graph("lookalike", cache_dir=None)
    return {name: graph.find_modules_directly_imported_by(name) for name in graph.modules}


def test_no_module_imports_itself_through_others(imports: dict[str, set[str]]) -> None:
    assert len(imports) > 300
    assert circles(imports) == []


def test_no_room_imports_private_modules_of_another(imports: dict[str, set[str]]) -> None:
    reached = [
        (name, other)
        for name, found in imports.items()
        for other in found
        if (parts := other.split("."))[1:2] not in (["_core"], name.split(".")[1:2])
        if any(part.startswith("_") for part in parts[2:])
    ]
    assert reached == []


def test_a_circle_is_found() -> None:
    assert circles({"a": ["b"], "b": ["c"], "c": ["b"], "d": ["a"]}) == [["b", "c"]]


def test_no_import_is_hidden_in_a_string() -> None:
    found = {
        str(path.relative_to(SOURCE)): imports
        for path in SOURCE.rglob("*.py")
        if path != OPTIONAL
        if (imports := list(hidden(ast.parse(path.read_text(encoding="utf-8")))))
    }
    assert found == {}


@pytest.mark.parametrize(
    ("code", "count"),
    [
        ("import_module('lookalike.reports')", 1),
        ("importlib.import_module(_HOMES[name])", 1),
        ("__import__('lookalike.reports')", 1),
        ("from importlib import import_module as load", 1),
        ("from . import _base", 1),
        ("require('lookalike.reports', 'Drawing')", 1),
        ("import_module('mlflow.entities')", 0),
        ("from lookalike.reports import figures", 0),
    ],
)
def test_what_hides_an_import_is_found(code: str, count: int) -> None:
    assert len(list(hidden(ast.parse(code)))) == count
