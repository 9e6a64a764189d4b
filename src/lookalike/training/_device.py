"""What JAX is told before anything is compiled."""

from __future__ import annotations

import ctypes
import gc
import os
import sys
from functools import cache
from pathlib import Path
from typing import ClassVar

import jax

from lookalike._core.errors import TrainingError

__all__ = ["keep_compiled_programs", "make_room_for_programs"]

#: Where Linux says which parts of memory a process has mapped, and how many it may.
_MAPS, _MOST_MAPS = Path("/proc/self/maps"), Path("/proc/sys/vm/max_map_count")
#: With more than this share of them, programs are forgotten, …
_FULL = 0.4
#: … or where so many bytes more of memory are in use than when there were none.
_MOST_GROWTH = 2**30
#: Where Linux says how many pages of memory a process has.
_PAGES = Path("/proc/self/statm")


class _Memory:
    """The least memory that was in use since programs were last forgotten, in bytes."""

    least: ClassVar[int | None] = None


#: The processes that have used JAX, this one or those it was forked from.
_users: set[int] = set()


def keep_compiled_programs() -> None:
    """Keep compiled programs on disk, so that a second run of the same shape compiles nothing.

    Called before anything is computed. The folder is ``$LOOKALIKE_CACHE`` or the user's cache
    folder; ``LOOKALIKE_CACHE=off`` keeps nothing. A cache that the user set up for JAX is left as
    it is.

    Raises
    ------
    TrainingError
        If this process was forked from one that had used JAX.
    """
    _users.add(os.getpid())
    if len(_users) > 1:
        _users.remove(os.getpid())
        raise TrainingError(
            "A GAN needs a process in which JAX works, but this one was forked from one that had "
            "used JAX, whose threads are not here: it would wait forever. Start processes by "
            "multiprocessing's 'spawn' or 'forkserver', or by joblib's 'loky'."
        )
    _set_folder()


@cache
def _set_folder() -> None:
    """Say where compiled programs are kept."""
    wish = os.environ.get("LOOKALIKE_CACHE", "")
    if wish == "off" or jax.config.values["jax_compilation_cache_dir"] is not None:
        return
    try:
        folder = Path(wish) if wish else _user_cache() / "lookalike"
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError):
        return  # no home, or one that is read-only: it costs compile time, nothing else
    for name, value in (
        ("jax_compilation_cache_dir", str(folder)),
        ("jax_persistent_cache_min_compile_time_secs", 0.05),
    ):
        jax.config.update(name, value)  # type: ignore[no-untyped-call]


def make_room_for_programs() -> None:
    """Forget all compiled programs where they take too much room.

    Those of a fit of a new shape take some 200 MB, and 2,500 memory maps, of which a process may
    have 65,530: Linux ends one that has more. Fits of the same shape share programs and add
    nothing. What is needed again is read from the disk.
    """
    try:
        used = _used()
        _Memory.least = used if _Memory.least is None else min(used, _Memory.least)
        if used - _Memory.least <= _MOST_GROWTH and _maps() <= _FULL * int(_MOST_MAPS.read_text()):
            return
        jax.clear_caches()  # type: ignore[no-untyped-call]
        gc.collect()
        _give_back()
        _Memory.least = _used()
    except OSError:
        return  # no Linux


def _used() -> int:
    """Return how many bytes of memory the process has."""
    return int(_PAGES.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _maps() -> int:
    with _MAPS.open("rb") as maps:
        return sum(1 for _ in maps)


def _give_back() -> None:
    """Give memory that is free back to the system, where the C library can."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def _user_cache() -> Path:
    """Return the user's cache folder; RuntimeError where a user has no home."""
    home = Path.home()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", home / "AppData" / "Local"))
    if sys.platform == "darwin":
        return home / "Library" / "Caches"
    return Path(os.environ.get("XDG_CACHE_HOME", home / ".cache"))
