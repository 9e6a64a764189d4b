"""What JAX is told before anything is compiled."""

from __future__ import annotations

import os
import sys
from functools import cache
from pathlib import Path

import jax

__all__ = ["keep_compiled_programs", "make_room_for_programs"]

#: Where Linux says which parts of memory a process has mapped, and how many it may.
_MAPS, _MOST_MAPS = Path("/proc/self/maps"), Path("/proc/sys/vm/max_map_count")
#: With more than this share of them, programs are forgotten.
_FULL = 0.4


@cache
def keep_compiled_programs() -> None:
    """Keep compiled programs on disk, so that a second run of the same shape compiles nothing.

    The folder is ``$LOOKALIKE_CACHE`` or the user's cache folder; ``LOOKALIKE_CACHE=off`` keeps
    nothing. A cache that the user set up for JAX is left as it is.
    """
    wish = os.environ.get("LOOKALIKE_CACHE", "")
    if wish == "off" or jax.config.values["jax_compilation_cache_dir"] is not None:
        return
    folder = Path(wish) if wish else _user_cache() / "lookalike"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return  # a read-only home costs compile time, nothing else
    for name, value in (
        ("jax_compilation_cache_dir", str(folder)),
        ("jax_persistent_cache_min_compile_time_secs", 0.05),
    ):
        jax.config.update(name, value)  # type: ignore[no-untyped-call]


def make_room_for_programs() -> None:
    """Forget all compiled programs where they have become so many that the next could fail.

    Each takes tens of memory maps, those of a fit some 2,500, and Linux ends a process that has
    more than 65,530 of them. What is needed again is read from the disk.
    """
    try:
        with _MAPS.open("rb") as maps:
            count = sum(1 for _ in maps)
        most = int(_MOST_MAPS.read_text())
    except OSError:
        return  # no Linux
    if count > _FULL * most:
        jax.clear_caches()  # type: ignore[no-untyped-call]


def _user_cache() -> Path:
    home = Path.home()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", home / "AppData" / "Local"))
    if sys.platform == "darwin":
        return home / "Library" / "Caches"
    return Path(os.environ.get("XDG_CACHE_HOME", home / ".cache"))
