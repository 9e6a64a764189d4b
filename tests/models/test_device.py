"""Compiled programs are forgotten where a process would have too many of them."""

from __future__ import annotations

from pathlib import Path

import jax
import jax.numpy as jnp
import pytest

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
