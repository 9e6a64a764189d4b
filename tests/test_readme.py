"""Tests of the README and the guides: their blocks are run unchanged."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

import lookalike
from lookalike.cli import main
from lookalike.metrics import METRICS
from lookalike.models.presets import PRESETS
from lookalike.nn import OBJECTIVES
from lookalike.relations import RELATIONS
from lookalike.training.monitors import MONITORS
from lookalike.training.strategies import STRATEGIES

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
REGISTRIES = (METRICS, MONITORS, STRATEGIES, OBJECTIVES, PRESETS, RELATIONS)
#: Pages whose blocks train long; those of the README are also run in a plain installation.
SLOW = {
    "README.md",
    "CONTRIBUTING.md",
    "boost.md",
    "conditions.md",
    "evaluate-sequences.md",
    "evaluation.md",
    "families.md",
    "functions.md",
    "gan.md",
    "images.md",
    "pipeline.md",
    "privacy.md",
    "scale.md",
    "scenarios.md",
    "tuning.md",
}
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(page: Path, language: str) -> list[str]:
    """Return the fenced blocks of one language."""
    text = page.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


@pytest.fixture(autouse=True)
def registries() -> Iterator[None]:
    """Take back what the pages enter into registries: other tests go through all entries."""
    kept = [(registry, dict(registry)) for registry in REGISTRIES]
    yield
    for registry, entries in kept:
        if dict(registry) != entries:  # entering them anew checks them all
            registry.clear()
            registry.update(entries)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Work in an empty folder, as a reader does, and train a few steps only."""
    GAN = lookalike.GAN
    once = {"steps": 8, "held_out": 0.0, "monitors": False, "refine": {"correct": False}}
    small = partial(GAN, **once, width=16, depth=1, batch_size=32)
    small.preset = partial(GAN.preset, **once)  # type: ignore[attr-defined]
    for place in (lookalike, lookalike.models):
        monkeypatch.setattr(place, "GAN", small, raising=False)
    tiny = partial(lookalike.Images, steps=8, width=4, monitors=False)
    monkeypatch.setattr(lookalike, "Images", tiny)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(page, id=page.name, marks=[pytest.mark.slow] * (page.name in SLOW))
        for page in PAGES
        if blocks(page, "python")
    ],
)
@pytest.mark.train
def test_python_blocks(page: Path, quick: Path) -> None:
    for block in blocks(page, "python"):
        exec(compile(block, page.name, "exec"), {"__name__": "__main__"})


@pytest.mark.train
def test_command_line_block(quick: Path, capsys: pytest.CaptureFixture[str]) -> None:
    commands = [
        shlex.split(line, comments=True)
        for block in blocks(ROOT / "README.md", "bash")
        for line in block.splitlines()
        if line.startswith("lookalike ")
    ]
    assert [words[1] for words in commands] == ["example", "info", "fit", "sample", "evaluate"]
    for words in commands:
        assert main(words[1:]) == 0, words
    assert (quick / "report.html").is_file()
    assert "c2st" in capsys.readouterr().out


PLAIN = """
import sys
from functools import partial
from importlib.machinery import PathFinder

class Plain(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        found = super().find_spec(name, path, target)
        return None if name.partition(".")[0] in ("pandas", "polars") else found

sys.meta_path[sys.meta_path.index(PathFinder)] = Plain
import lookalike as la
import lookalike.models
once = {"steps": 8, "held_out": 0.0, "monitors": False, "refine": {"correct": False}}
la.GAN = partial(la.GAN, **once, width=16, depth=1, batch_size=32)
for block in sys.stdin.read().split("# ---"):
    exec(compile(block, "README.md", "exec"), {"__name__": "__main__"})
"""


@pytest.mark.slow
@pytest.mark.train
def test_the_readme_needs_no_library_beyond_a_plain_installation(tmp_path: Path) -> None:
    text = "# ---".join(blocks(ROOT / "README.md", "python"))
    done = subprocess.run(
        [sys.executable, "-c", PLAIN], input=text, cwd=tmp_path, text=True, capture_output=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert (tmp_path / "report.html").is_file()


def test_ci_runs_the_test_command_of_the_readme() -> None:
    command = next(b for b in blocks(ROOT / "README.md", "bash") if "check.py" in b).strip()
    assert command in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for link in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text):
        if not link.startswith("http"):
            assert (page.parent / link).exists(), link
