"""The site and its notebooks: built without a warning, without places of a machine, and current."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "docs" / "notebooks").glob("*.py"))
EXTRA = ("mkdocs", "material", "mkdocstrings_handlers.python")


def tool(name: str) -> ModuleType:
    """Return a script of `tools/` as a module."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def missing(name: str) -> bool:
    """Return whether a package of the extra is not installed."""
    try:
        return importlib.util.find_spec(name) is None
    except ModuleNotFoundError:
        return True


def test_every_page_of_the_contents_is_there() -> None:
    pages = re.findall(r": ((?:guide/)?[\w-]+\.md)$", (ROOT / "mkdocs.yml").read_text(), re.M)
    made = {"index.md", "contributing.md", "changelog.md", "licence.md", "licences-of-data.md"}
    assert len(pages) > 25
    assert [
        page for page in pages if page not in made and not (ROOT / "docs" / page).exists()
    ] == []
    guides = {f"guide/{path.name}" for path in (ROOT / "docs" / "guide").glob("*.md")}
    assert guides <= set(pages)


@pytest.mark.slow
@pytest.mark.skipif(any(map(missing, EXTRA)), reason="the extra 'docs' is not installed")
def test_the_site_is_built_without_a_warning(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=os.environ)
    assert done.returncode == 0, done.stderr[-3000:]
    pages = list(tmp_path.rglob("*.html"))
    names = {str(page.relative_to(tmp_path)) for page in pages}
    assert {
        "index.html",
        "guide/boost.html",
        "reference/GAN.html",
        "benchmarks/index.html",
    } <= names
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert str(ROOT) not in text
        assert not re.search(r'(src|href)="(https?:)?//[^"]*\.(js|css|woff2?)"', text), page.name


def test_there_are_six_notebooks() -> None:
    assert len(SOURCES) == 6
    assert {path.with_suffix(".ipynb").name for path in SOURCES} == {
        path.name for path in (ROOT / "docs" / "notebooks").glob("*.ipynb")
    }


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_a_notebook_has_the_cells_of_its_source_and_no_place_of_a_machine(path: Path) -> None:
    text = path.with_suffix(".ipynb").read_text(encoding="utf-8")
    cells = json.loads(text)["cells"]
    assert ["".join(cell["source"]) for cell in cells] == [
        cell.source for cell in tool("notebooks").cells_of(path)
    ]
    assert any(cell.get("outputs") for cell in cells)
    assert len(text) < 300_000
    assert not re.search(r"/(tmp|home|root|work|Users)/", text)


@pytest.mark.slow
@pytest.mark.train
@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
@pytest.mark.usefixtures("optimised")
def test_a_notebook_runs(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    made = tool("notebooks").notebook(path)
    assert sum(bool(cell.get("outputs")) for cell in made["cells"]) >= 3
