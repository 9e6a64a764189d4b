"""The tool that breaks code: what it changes, where, and which tests it runs."""

from __future__ import annotations

import ast
import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]
PATH = Path("src/lookalike/relations/lookup.py")


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("mutants", ROOT / "tools" / "mutants.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def made(tool: ModuleType, source: str, lines: set[int] | None = None) -> set[str]:
    """Return the last lines of all mutants of a source."""
    return {m.source.splitlines()[-1].strip() for m in tool.mutants(PATH, source, lines)}


@pytest.mark.parametrize(
    ("line", "changed"),
    [
        ("a < b", {"a <= b"}),
        ("a == b", {"a != b"}),
        ("a - b", {"a + b", "a"}),
        ("a * 2", {"a / 2", "a * 3"}),
        ("a and b", {"a or b", "a", "b"}),
        ("not a", {"a"}),
        ("x = np.sort(a)", {"x = a"}),
        ("x = all(a, key=b)", {"x = any(a, key=b)"}),
        ("x = 0.5", {"x = 1.0"}),
        ("x = True", {"x = False"}),
        ("x += 1", {"x += 2", "pass"}),
        ("x: int | None = y", set()),
        ("'text'", set()),
    ],
)
def test_each_mutant_is_one_change(tool: ModuleType, line: str, changed: set[str]) -> None:
    assert made(tool, line) == changed


def test_conditions_are_never_and_always_true(tool: ModuleType) -> None:
    sources = [m.source for m in tool.mutants(PATH, "if a:\n    b = c")]
    assert sources == ["if False:\n    b = c", "if True:\n    b = c"]


@pytest.mark.slow
def test_only_lines_that_are_asked_for_change_and_each_mutant_compiles(tool: ModuleType) -> None:
    source = (ROOT / PATH).read_text(encoding="utf-8")
    plain = ast.unparse(ast.parse(source))
    found = list(tool.mutants(PATH, source, set(range(50, 90))))
    assert len(found) > 20
    for mutant in found:
        compile(mutant.source, str(PATH), "exec")
        assert mutant.source != plain
    some = list(tool.mutants(PATH, source, {found[0].line}))
    assert {mutant.line for mutant in some} == {found[0].line}


def test_the_tests_of_a_module_are_those_of_its_room(tool: ModuleType) -> None:
    assert "tests/refine/test_holdout.py" in tool.tests_of(Path("src/lookalike/refine/_holdout.py"))
    assert tool.tests_of(Path("src/lookalike/tables/_zzz.py")) == ["tests/tables"]
    assert tool.tests_of(Path("src/lookalike/errors.py")) == ["tests"]
