"""Compiled programs are forgotten where a process would have too many of them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import pytest

from lookalike._core.errors import TrainingError
from lookalike.training import _device


@pytest.fixture
def program() -> jax.stages.Wrapped:
    """A compiled program."""
    made = jax.jit(lambda x: x + 1)
    made(jnp.zeros(2))
    assert made._cache_size() == 1
    return made


@pytest.fixture(autouse=True)
def process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return what sets how many maps and how much memory the process seems to have."""

    def seem(maps: int = 50, most: int = 10_000, gib: float = 1.0) -> None:
        pages = round(gib * 2**30 / os.sysconf("SC_PAGE_SIZE"))
        (tmp_path / "maps").write_text("a map\n" * maps)
        (tmp_path / "most").write_text(f"{most}\n")
        (tmp_path / "pages").write_text(f"{3 * pages} {pages} 0 0 0 0 0\n")

    seem()
    for name, file in (("_MAPS", "maps"), ("_MOST_MAPS", "most"), ("_PAGES", "pages")):
        monkeypatch.setattr(_device, name, tmp_path / file)
    monkeypatch.setattr(_device._Memory, "least", None)
    return seem


@pytest.mark.parametrize(("most", "left"), [(100, 0), (10_000, 1)])
def test_programs_are_forgotten_where_maps_run_out(
    program: jax.stages.Wrapped, process: Callable[..., None], most: int, left: int
) -> None:
    process(most=most)
    _device.make_room_for_programs()
    assert program._cache_size() == left


@pytest.mark.parametrize(
    ("seen", "left"),
    [
        ((1.0, 1.9), 1),
        ((1.0, 2.1), 0),
        ((3.0, 1.0, 2.1), 0),  # the least that was in use counts, …
        ((1.0, 2.1, 2.2, 3.0), 1),  # … since programs were last forgotten
        ((1.0, 2.1, 2.2, 3.2), 0),
    ],
)
def test_programs_are_forgotten_where_memory_grows(
    process: Callable[..., None], seen: tuple[float, ...], left: int
) -> None:
    for gib in seen[:-1]:
        process(gib=gib)
        _device.make_room_for_programs()
    made = jax.jit(lambda x: x + 1)
    made(jnp.zeros(2))
    process(gib=seen[-1])
    _device.make_room_for_programs()
    assert made._cache_size() == left


def test_where_nothing_says_how_much_is_used_nothing_is_forgotten(
    program: jax.stages.Wrapped, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("_MAPS", "_PAGES"):
        monkeypatch.setattr(_device, name, tmp_path / "none")
        _device.make_room_for_programs()
        assert program._cache_size() == 1


def test_a_user_without_a_home_keeps_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", homeless)
    monkeypatch.delenv("LOOKALIKE_CACHE", raising=False)
    told: list[object] = []
    fake = SimpleNamespace(
        values={"jax_compilation_cache_dir": None}, update=lambda *words: told.append(words)
    )
    monkeypatch.setattr(jax, "config", fake)
    _device._set_folder.__wrapped__()
    assert told == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are never forked here")
def test_a_process_that_was_forked_after_jax_was_used_is_told_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It would wait forever for threads that it does not have."""
    _device.keep_compiled_programs()
    parent = os.getpid()
    monkeypatch.setattr(os, "getpid", lambda: parent + 1)  # what a fork changes
    for _ in range(2):
        with pytest.raises(TrainingError, match=r"forked from one that had used JAX.*'spawn'"):
            _device.keep_compiled_programs()
    monkeypatch.undo()
    _device.keep_compiled_programs()
