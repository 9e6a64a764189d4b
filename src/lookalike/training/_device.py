"""Settings of JAX for the cache and the memory of compiled programs."""

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

#: The files in which Linux lists the memory maps of a process, and their maximum number.
_MAPS, _MOST_MAPS = Path("/proc/self/maps"), Path("/proc/sys/vm/max_map_count")
#: The share of that number from which on compiled programs are dropped, …
_FULL = 0.4
#: … and the growth in memory, in bytes, since they were last dropped.
_MOST_GROWTH = 2**30
#: The file in which Linux states the number of memory pages of a process.
_PAGES = Path("/proc/self/statm")


class _Memory:
    """The minimum memory in use since programs were last dropped, in bytes."""

    least: ClassVar[int | None] = None


#: The processes that have used JAX, this one or those it was forked from.
_users: set[int] = set()


def keep_compiled_programs() -> None:
    """Keep compiled programs on disk, so that a second run of the same shape compiles nothing.

    Called before anything is computed. The folder is ``$LOOKALIKE_CACHE`` or the user's cache
    folder; ``LOOKALIKE_CACHE=off`` keeps nothing. A cache that the user has configured for JAX is
    not changed.

    Raises
    ------
    TrainingError
        If this process was forked from one that had used JAX.
    """
    _users.add(os.getpid())
    if len(_users) > 1:
        _users.remove(os.getpid())
        raise TrainingError(
            "A network needs a process in which JAX works, but this one was forked from one that "
            "had used JAX: its threads are missing, and it would wait forever. Start processes "
            "with multiprocessing's 'spawn' or 'forkserver', or with joblib's 'loky'."
        )
    _set_folder()


@cache
def _set_folder() -> None:
    """Set the folder in which compiled programs are kept."""
    chosen = os.environ.get("LOOKALIKE_CACHE", "")
    if chosen == "off" or jax.config.values["jax_compilation_cache_dir"] is not None:
        return
    try:
        folder = Path(chosen) if chosen else _user_cache() / "lookalike"
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError):
        return  # no home, or a read-only one: programs are compiled again, nothing else
    for name, value in (
        ("jax_compilation_cache_dir", str(folder)),
        ("jax_persistent_cache_min_compile_time_secs", 0.05),
    ):
        jax.config.update(name, value)  # type: ignore[no-untyped-call]


def make_room_for_programs() -> None:
    """Drop all compiled programs if they take too much memory.

    The programs of a fit with new shapes take some 200 MB and 2,500 memory maps; Linux ends a
    process with more than 65,530 maps. Fits with the same shapes share programs. Programs that are
    needed again are read from disk.
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
    """Return the memory of the process in bytes."""
    return int(_PAGES.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _maps() -> int:
    with _MAPS.open("rb") as maps:
        return sum(1 for _ in maps)


def _give_back() -> None:
    """Return free memory to the system, if the C library can."""
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
