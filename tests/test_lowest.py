"""The lowest versions that CI tries are those that the package allows."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
#: Tools of `check.py`, which are no libraries: their lowest versions know other rules.
TOOLS = {"import-linter", "mypy", "numpydoc", "pytest-xdist", "ruff"}


def test_the_lowest_versions_are_tried() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = [*project["dependencies"], *project["optional-dependencies"]["test"]]
    allowed = dict(re.fullmatch(r"([\w-]+)>=([\d.]+)", one).groups() for one in asked)
    lines = (ROOT / ".ci" / "lowest.txt").read_text(encoding="utf-8").splitlines()
    tried = dict(line.split("==") for line in lines if not line.startswith("#"))
    assert set(tried) == set(allowed) - TOOLS
    for name, version in tried.items():
        # 1.26 and 1.26.0 are one version.
        assert (version + ".").startswith(allowed[name] + "."), name
