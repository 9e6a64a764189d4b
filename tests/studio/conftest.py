"""A studio in a folder of its own, asked without a network."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

CSV = "age,town\n" + "\n".join(f"{20 + i % 40},{'ab'[i % 2]}" for i in range(60)) + "\n"


@pytest.fixture(scope="session")
def wait() -> Callable[..., None]:
    """Return a function that waits until something is true, and fails after a minute or two."""

    def until(true: Callable[[], object], seconds: float = 150) -> None:
        end = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < end, "it never came true"
            time.sleep(0.05)

    return until


@pytest.fixture(scope="session")
def csv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a small table."""
    path = tmp_path_factory.mktemp("data") / "people.csv"
    path.write_text(CSV)
    return path
