"""Fixtures of the tests of the command line: a way to call it, and small files."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from lookalike.cli import main
from lookalike.models import Independent
from lookalike.tables import read_table

#: Options of a fit that is over at once: one small network, and nothing after it.
SMALL = [
    *("--set", "steps=8", "--set", "width=16", "--set", "depth=1", "--set", "batch_size=32"),
    *("--set", "held_out=0", "--set", "conditions=false", "--set", "correct=false"),
]


class Result(NamedTuple):
    """The result of a call of the command line."""

    code: int
    out: str
    err: str

    @property
    def errors(self) -> list[str]:
        """The lines of standard error that are not warnings."""
        return [line for line in self.err.splitlines() if not line.startswith("warning: ")]


@pytest.fixture
def run(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Result]:
    """Call the command line in this process; `stdin` is what it can read."""

    def call(*words: object, stdin: str = "") -> Result:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        capfd.readouterr()
        code = main([str(word) for word in words])
        return Result(code, *capfd.readouterr())

    return call


@pytest.fixture(scope="session")
def people() -> str:
    """Return a small table as CSV: two numbers that go together, a class, a missing cell."""
    rng = np.random.default_rng(0)
    age = rng.integers(18, 80, 120)
    pay = np.round(age * 31.5 + rng.normal(0, 200, 120), 2)
    town = rng.choice(["Ulm", "Bonn", "Kiel"], 120)
    late = np.where(age + rng.normal(0, 9, 120) > 48, "yes", "no")
    lines = [f"{a},{p},{t},{y}" for a, p, t, y in zip(age, pay, town, late, strict=True)]
    lines[5] = lines[5].replace(town[5], "")
    return "\n".join(["age,pay,town,late", *lines]) + "\n"


@pytest.fixture(scope="session")
def small() -> list[str]:
    """Return the options of a fit that is over at once."""
    return SMALL


@pytest.fixture
def csv(tmp_path: Path, people: str) -> Path:
    """Return the path of the small table, in a folder of its own."""
    path = tmp_path / "people.csv"
    path.write_text(people)
    return path


@pytest.fixture(scope="session")
def fitted(tmp_path_factory: pytest.TempPathFactory, people: str) -> Path:
    """Return the path of a model of the small table that takes no time to learn."""
    folder = tmp_path_factory.mktemp("fitted")
    (folder / "people.csv").write_text(people)
    model = folder / "people.lookalike"
    Independent(random_state=1).fit(read_table(folder / "people.csv")).save(model)
    return model


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory, people: str) -> Path:
    """Return the path of a GAN of the small table, trained for a few steps by the command line."""
    folder = tmp_path_factory.mktemp("trained")
    (folder / "people.csv").write_text(people)
    model = folder / "people.lookalike"
    words = ["fit", folder / "people.csv", "-o", model, "--seed", 1, "--quiet"]
    assert main([str(word) for word in words] + SMALL) == 0
    return model
