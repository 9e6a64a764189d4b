#!/usr/bin/env python3
"""Break the code in small ways, one at a time, and list the ways that no test notices.

Usage::

    python tools/mutants.py                            # lines changed since main, and not committed
    python tools/mutants.py --since HEAD~3             # lines changed since another commit
    python tools/mutants.py src/lookalike/relations/lookup.py [--tests tests/relations]
    python tools/mutants.py src/lookalike/relations/lookup.py:60-75

Each mutant is one change of one expression or statement: a comparison, an operator or a number is
another, a condition is never or always true, a function's only argument is taken as its result, a
statement is left out. It is written into a copy of the package, against which the tests of the same
room that name the module or its room run (``-m "not train"``; ``--all`` trains, too). The exit code
is 1 where a mutant survives. A survivor is a missing test, code that does nothing, or a change
without effect; the last of these is for the reader to tell.
"""

from __future__ import annotations

import argparse
import ast
import copy
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = Path("src") / "lookalike"

COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}


class Mutant(NamedTuple):
    """One change of one module.

    Attributes
    ----------
    path : Path
        The module, relative to the project's root.
    line : int
        The line that changes.
    change : str
        The code before and after, for the reader.
    source : str
        The whole module with the change.
    """

    path: Path
    line: int
    change: str
    source: str


def mutants(path: Path, source: str, lines: set[int] | None = None) -> Iterator[Mutant]:
    """Yield every mutant of a module.

    Parameters
    ----------
    path : Path
        Its name, relative to the project's root.
    source : str
        Its text.
    lines : set of int, optional
        Only changes that begin on these lines; all by default.
    """
    tree = ast.parse(source)
    plain = ast.unparse(tree)
    annotations = set(_annotations(tree))  # they do nothing where the program runs
    for number, node in enumerate(ast.walk(tree)):
        line = getattr(node, "lineno", None)
        if line is None or node in annotations or (lines is not None and line not in lines):
            continue
        for other in _changed(node):
            made = copy.deepcopy(tree)
            place = next(n for k, n in enumerate(ast.walk(made)) if k == number)
            _Replace(place, other).visit(made)
            change = f"{_shown(node)}  →  {_shown(other)}"
            text = ast.unparse(ast.fix_missing_locations(made))
            if text != plain:
                yield Mutant(path, line, change, text)


def _annotations(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes of all annotations."""
    for node in ast.walk(tree):
        for name in ("annotation", "returns"):
            found = getattr(node, name, None)
            if found is not None:
                yield from ast.walk(found)


class _Replace(ast.NodeTransformer):
    """Put another node in the place of one."""

    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self._old, self._new = old, new

    def visit(self, node: ast.AST) -> ast.AST:
        """Return the node, or the one that takes its place."""
        return self._new if node is self._old else super().generic_visit(node)


def _changed(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what may stand in the place of a node."""
    if isinstance(node, ast.Compare) and type(node.ops[0]) in COMPARISONS:
        yield _with(node, ops=[COMPARISONS[type(node.ops[0])](), *node.ops[1:]])
    elif isinstance(node, ast.BinOp):
        if type(node.op) in OPERATORS:
            yield _with(node, op=OPERATORS[type(node.op)]())
        if isinstance(node.op, ast.Add | ast.Sub):  # a term less
            yield node.left
    elif isinstance(node, ast.BoolOp):
        yield _with(node, op=ast.Or() if isinstance(node.op, ast.And) else ast.And())
        for k in range(len(node.values)):
            values = node.values[:k] + node.values[k + 1 :]
            yield values[0] if len(values) == 1 else _with(node, values=values)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.Invert | ast.USub):
        yield node.operand
    elif isinstance(node, ast.Constant):
        yield from _changed_constant(node)
    elif isinstance(node, ast.Name) and node.id in ("all", "any", "min", "max"):
        other = {"all": "any", "any": "all", "min": "max", "max": "min"}[node.id]
        yield ast.Name(other, node.ctx)
    elif isinstance(node, ast.Call):
        # such as np.sort(x) → x
        if len(node.args) == 1 and not node.keywords and not isinstance(node.args[0], ast.Starred):
            yield node.args[0]
    else:
        yield from _changed_statement(node)


def _changed_constant(node: ast.Constant) -> Iterator[ast.AST]:
    if isinstance(node.value, bool):
        yield ast.Constant(not node.value)
    elif isinstance(node.value, int):
        yield ast.Constant(node.value + 1)
    elif isinstance(node.value, float):
        yield ast.Constant(2 * node.value if node.value else 1.0)


def _changed_statement(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.If):
        for value in (False, True):
            yield _with(node, test=ast.Constant(value))
    called = isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
    if called or isinstance(node, ast.AugAssign | ast.Continue | ast.Break):
        yield ast.Pass()


def _with(node: ast.AST, **fields: object) -> ast.AST:
    made = copy.copy(node)
    for name, value in fields.items():
        setattr(made, name, value)
    return made


def _shown(node: ast.AST) -> str:
    """Return the first line of a node's code."""
    text = ast.unparse(ast.fix_missing_locations(copy.deepcopy(node))).splitlines()[0]
    return text if len(text) <= 70 else text[:67] + "…"


# --- which lines, which tests ---------------------------------------------------------------------


def changed_lines(since: str) -> dict[Path, set[int]]:
    """Return the lines of the package that differ from a commit, by file.

    Parameters
    ----------
    since : str
        A commit or a branch; lines that are not committed count as well.
    """
    base = _git("merge-base", since, "HEAD").strip()
    found: dict[Path, set[int]] = {}
    path = None
    for text in _git("diff", "--unified=0", base, "--", str(PACKAGE)).splitlines():
        if text.startswith("+++ "):
            path = None if text.endswith("/dev/null") else Path(text[6:])
        elif path is not None and (hunk := re.match(r"@@ .* \+(\d+)(?:,(\d+))? @@", text)):
            first, count = int(hunk[1]), int(hunk[2] or 1)
            found.setdefault(path, set()).update(range(first, first + count))
    return {path: lines for path, lines in found.items() if path.suffix == ".py"}


def tests_of(path: Path) -> list[str]:
    """Return the tests of a module: those of its room that name it, or else all of the room."""
    room, *inner = path.relative_to(PACKAGE).parts
    folder = ROOT / "tests" / room.removesuffix(".py")
    if not folder.is_dir():
        return ["tests"]
    bare = Path(room, *inner).stem.strip("_")
    named = [
        test
        for test in sorted(folder.rglob("test_*.py"))
        if bare in test.stem or re.search(rf"\b_?{bare}\b", test.read_text(encoding="utf-8"))
    ]
    return [str(test.relative_to(ROOT)) for test in named or [folder]]


def _git(*words: str) -> str:
    return subprocess.run(
        ["git", *words], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout


# --- running --------------------------------------------------------------------------------------


class Bench:
    """A copy of the package, against which tests run.

    Parameters
    ----------
    folder : Path
        Where the copy is made.
    train : bool
        Whether tests that train networks run, too.
    """

    def __init__(self, folder: Path, *, train: bool) -> None:
        self._folder, self._train = folder, train
        shutil.copytree(ROOT / "src", folder / "src", ignore=shutil.ignore_patterns("__pycache__"))

    def passes(self, tests: list[str], timeout: float | None = None) -> bool:
        """Return whether all tests pass within a time."""
        marks = [] if self._train else ["-m", "not train"]
        command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *marks]
        environment = {**os.environ, "PYTHONPATH": str(self._folder / "src")}
        environment["PYTHONDONTWRITEBYTECODE"] = "1"  # a change within a second is a change
        try:
            done = subprocess.run(
                [*command, *tests],
                cwd=ROOT,
                env=environment,
                capture_output=True,
                timeout=timeout,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return False
        return done.returncode == 0

    def survives(self, mutant: Mutant, tests: list[str], timeout: float) -> bool:
        """Return whether tests pass although the package has a mutant's change."""
        place = self._folder / mutant.path
        before = place.read_text(encoding="utf-8")
        place.write_text(mutant.source, encoding="utf-8")
        try:
            return self.passes(tests, timeout)
        finally:
            place.write_text(before, encoding="utf-8")


def main() -> int:
    """Run mutants and name the survivors."""
    given = _arguments()
    if given.files:
        wanted: dict[Path, set[int] | None] = dict(map(_named, given.files))
    else:
        wanted = dict(changed_lines(given.since))
    survivors, count = 0, 0
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), train=given.all)
        for path, lines in wanted.items():
            tests = given.tests or tests_of(path)
            made = list(mutants(path, (ROOT / path).read_text(encoding="utf-8"), lines))
            if given.most is not None:
                made = random.Random(0).sample(made, min(given.most, len(made)))
            print(f"{path}: {len(made)} mutants against {' '.join(tests)}", flush=True)
            begin = time.monotonic()
            if made and not bench.passes(tests):
                raise SystemExit("These tests fail, or none is left, without any mutant.")
            timeout = 10 + 3 * (time.monotonic() - begin)
            for mutant in sorted(made):
                count += 1
                if bench.survives(mutant, tests, timeout):
                    survivors += 1
                    print(f"  survived: {mutant.path}:{mutant.line}  {mutant.change}", flush=True)
    print(f"{survivors} of {count} mutants survived")
    return 1 if survivors else 0


def _named(words: str) -> tuple[Path, set[int] | None]:
    """Return a module and its lines from ``PATH``, ``PATH:LINE`` or ``PATH:FIRST-LAST``."""
    path, _, lines = words.partition(":")
    first, _, last = lines.partition("-")
    chosen = set(range(int(first), int(last or first) + 1)) if lines else None
    return Path(path).resolve().relative_to(ROOT), chosen


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", nargs="*", metavar="PATH[:LINES]", help="changed ones by default")
    parser.add_argument("--since", default="main", help="the commit that changes count from")
    parser.add_argument("--tests", nargs="+", help="which tests run, whatever the module is")
    parser.add_argument("--most", type=int, help="mutants of one module, drawn at random")
    parser.add_argument("--all", action="store_true", help="tests that train networks, too")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
