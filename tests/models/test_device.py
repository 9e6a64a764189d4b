"""Compiled programs are forgotten where a process would have too many of them."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import pytest

from lookalike._core.errors import TrainingError
from lookalike.models import _device


@pytest.fixture
def program() -> jax.stages.Wrapped:
    """A compiled program."""
    made = jax.jit(lambda x: x + 1)
    made(jnp.zeros(2))
    assert made._cache_size() == 1
    return made


@pytest.mark.parametrize(("most", "left"), [(100, 0), (10_000, 1)])
def test_programs_are_forgotten_where_maps_run_out(
    program: jax.stages.Wrapped,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    most: int,
    left: int,
) -> None:
    (tmp_path / "maps").write_text("a map\n" * 50)
    (tmp_path / "most").write_text(f"{most}\n")
    monkeypatch.setattr(_device, "_MAPS", tmp_path / "maps")
    monkeypatch.setattr(_device, "_MOST_MAPS", tmp_path / "most")
    _device.make_room_for_programs()
    assert program._cache_size() == left


def test_where_nothing_says_how_many_maps_there_are_nothing_is_forgotten(
    program: jax.stages.Wrapped, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_device, "_MAPS", tmp_path / "none")
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
