"""One name, one meaning: no two classes or types of the package are called alike."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).parents[1] / "src" / "lookalike"


def defined(tree: ast.Module) -> Iterator[str]:
    """Return the names of classes and type aliases, without the underscore of private ones."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            yield node.name.lstrip("_")
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(target := node.targets[0], ast.Name):
            name = target.id.lstrip("_")
            # An alias is written as a class is: constants are in capitals, functions in lower case.
            if name[:1].isupper() and any(letter.islower() for letter in name):
                yield name


def test_no_two_classes_or_types_share_a_name() -> None:
    found: dict[str, list[str]] = defaultdict(list)
    for path in sorted(SOURCE.rglob("*.py")):
        for name in defined(ast.parse(path.read_text(encoding="utf-8"))):
            found[name].append(str(path.relative_to(SOURCE)))
    assert {name: files for name, files in found.items() if len(files) > 1} == {}
