"""Files that are either whole or absent: written beside the target, then renamed.

Everything that the package writes goes through `open_output`. Links are followed, and a file that
is replaced keeps its mode and its owner. What is no regular file (a device, a named pipe, a stream
of this process by its path, such as ``/dev/stdout``) cannot be renamed over: it is written to.
"""

from __future__ import annotations

import os
import re
import signal
import stat
import sys
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from platform import node
from types import FrameType
from typing import BinaryIO

from lookalike._core.errors import OutputError

try:
    import fcntl
except ImportError:  # Windows, where an open file cannot be deleted in the first place
    fcntl = None  # type: ignore[assignment]

__all__ = ["check_writable", "is_stream", "open_output", "saved", "write_text"]

#: What signals end a process at once, if nothing else was said: a temporary file would stay.
_ENDING = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
#: How temporary files are named: short, so that a target may have the longest name there is.
_PREFIX = f".lookalike-{zlib.crc32(node().encode()):08x}-"
_TEMPORARY = re.compile(re.escape(_PREFIX) + "[0-9a-f]{16}[.]tmp")
_FLAGS = os.O_RDWR | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
#: Of a file that is only its owner's to read, and of one for which the umask decides.
_PRIVATE, _BY_UMASK = 0o600, 0o666
_MOST_LINKS = 40

#: Temporary files that are being written, and by which process: a forked child has a copy.
_unfinished: dict[Path, int] = {}


# --- what is offered ------------------------------------------------------------------------------


def check_writable(path: str | os.PathLike[str]) -> None:
    """Check, before any long work, that an output can be written at `path`.

    Parameters
    ----------
    path : str or path-like
        The file that will be written; it need not exist, its folder must.

    Raises
    ------
    OutputError
        If the folder is missing, the path is a folder or no path, or writing is not permitted.
    """
    with _as_output_error(path):
        target = _find(path)
        if not target.is_stream:
            _sweep(target.place.parent)
            temporary, number, lock = _create(target.place.parent, _PRIVATE)
            os.close(number)
            _delete(temporary, lock)
        if target.found is not None and target.descriptor is None and not os.access(path, os.W_OK):
            raise OutputError(f"Cannot overwrite {str(path)!r}: permission denied.")


def is_stream(path: str | os.PathLike[str]) -> bool:
    """Return whether what is at `path` is written to as it comes: a device, a pipe, a stream.

    Examples
    --------
    >>> is_stream(os.devnull), is_stream("table.csv")
    (True, False)
    """
    with suppress(OSError, OutputError):
        return _find(path).is_stream
    return False


@contextmanager
def open_output(path: str | os.PathLike[str], *, private: bool = False) -> Iterator[BinaryIO]:
    """Open a file that gets its name, or takes another's place, only when all is written.

    Parameters
    ----------
    path : str or path-like
        Where the finished file will be. A link is followed. A device, a pipe or a stream is
        written to as it comes.
    private : bool
        Whether a file that was not there before is for its owner's eyes only. One that was there
        keeps its mode and, where that is permitted, its owner.

    Yields
    ------
    binary file
        What to write to, at its start. It may not be seekable.

    Raises
    ------
    OutputError
        If the file cannot be written (no permission, no space left).
    """
    with _as_output_error(path):
        target = _find(path)
        opened = _stream(target) if target.is_stream else _beside(target, private)
        with opened as file:
            yield file


def write_text(text: str, path: str | os.PathLike[str]) -> None:
    """Write a text to a file, in UTF-8.

    Parameters
    ----------
    text : str
        What UTF-8 cannot hold, half a pair of surrogates, is escaped.
    path : str or path-like
        See `open_output`.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    with open_output(path) as file:
        file.write(text.encode("utf-8", "backslashreplace"))


def saved(text: str, path: str | os.PathLike[str] | None) -> str:
    """Return a text, and write it to a file where one is given; see `write_text`."""
    if path is not None:
        write_text(text, path)
    return text


# --- where a path leads ---------------------------------------------------------------------------


@dataclass(frozen=True)
class _Target:
    """The file, folder, device or pipe that an output path leads to.

    Parameters
    ----------
    path : str
        As it was given.
    place : Path
        The same with all links followed.
    found : os.stat_result or None
        What is there now.
    descriptor : int or None
        The stream of this process that it is another name of.
    """

    path: str
    place: Path
    found: os.stat_result | None
    descriptor: int | None

    @property
    def is_stream(self) -> bool:
        """True where it is written to as it comes."""
        if self.descriptor is not None:
            return True
        return self.found is not None and not stat.S_ISREG(self.found.st_mode)


@contextmanager
def _as_output_error(path: str | os.PathLike[str]) -> Iterator[None]:
    """Say of an error of the system which output it is about."""
    try:
        yield
    except OutputError:
        raise
    except OSError as error:
        raise OutputError(
            f"Cannot write {os.fspath(path)!r}: {error.strerror or error}."
        ) from error


def _find(path: str | os.PathLike[str]) -> _Target:
    """Find out where a path leads, and refuse what no file can be."""
    name = os.fspath(path)
    if not name or "\0" in name:
        raise OutputError(f"An output must be the path of a file; got {name!r}.")
    number = _descriptor(name)
    if number is not None:
        return _Target(name, Path(name), os.fstat(number), number)
    try:
        found = os.stat(name)
    except FileNotFoundError:
        found = None
    # What a link points to is what is written, whether it is there yet or not.
    place = Path(os.path.realpath(name))
    if name.endswith(("/", os.sep)) or (found is not None and stat.S_ISDIR(found.st_mode)):
        raise OutputError(f"An output must be a file, but {name!r} is a folder.")
    if found is not None and stat.S_ISSOCK(found.st_mode):
        raise OutputError(f"An output must be a file, but {name!r} is a socket.")
    if found is None and not place.parent.is_dir():
        raise OutputError(f"The folder of an output must exist: there is no {str(place.parent)!r}.")
    return _Target(name, place, found, None)


def _descriptor(name: str) -> int | None:
    """Return which stream of this process a path is another name of, such as ``/dev/stdout``.

    It is not opened by that path: that would cut off what a file has already got from others.
    """
    ours = rf"(?:/dev/fd|/proc/(?:self|{os.getpid()})/(?:task/\d+/)?fd)/(\d+)"
    for _ in range(_MOST_LINKS):
        folder, last = os.path.split(name)
        if not folder.startswith("/dev") and not os.path.islink(name):
            return None
        for spelling in (name, os.path.join(os.path.realpath(folder), last)):
            if found := re.fullmatch(ours, spelling):
                return int(found[1])
        if not os.path.islink(name):
            return None
        name = os.path.join(folder, os.readlink(name))
    return None


# --- streams --------------------------------------------------------------------------------------


@contextmanager
def _stream(target: _Target) -> Iterator[BinaryIO]:
    """Open what is written to as it comes."""
    if target.descriptor is not None:
        for stream in (sys.stdout, sys.stderr):  # what was said before comes first
            if stream is not None:
                stream.flush()
        number = os.dup(target.descriptor)
    else:
        number = os.open(target.path, os.O_WRONLY | getattr(os, "O_NOCTTY", 0))
    with os.fdopen(number, "wb") as file:
        yield file


# --- files ----------------------------------------------------------------------------------------


@contextmanager
def _beside(target: _Target, private: bool) -> Iterator[BinaryIO]:
    """Open a temporary file beside the target; rename it on success, delete it on failure."""
    folder = target.place.parent
    _sweep(folder)
    mode = _PRIVATE if private or target.found is not None else _BY_UMASK
    with _deleted_by_signals():
        temporary, number, lock = _create(folder, mode)
        try:
            with os.fdopen(number, "wb") as file:
                yield file
                file.flush()
                _keep_owner_and_mode(file.fileno(), target.found)
            # Closed, since a file of a network is on its disk only then.
            os.replace(temporary, target.place)
        finally:
            _delete(temporary, lock)


def _create(folder: Path, mode: int) -> tuple[Path, int, int | None]:
    """Make a temporary file; return its path, a descriptor and one that holds a lock on it.

    The lock says that a process still writes to it: see `_sweep`.
    """
    while True:
        path = folder / f"{_PREFIX}{os.urandom(8).hex()}.tmp"
        _unfinished[path] = os.getpid()
        try:
            number = os.open(path, _FLAGS | os.O_CREAT | os.O_EXCL, mode)
        except BaseException:
            del _unfinished[path]
            raise
        _lock(number, wait=True)
        # Another process may have taken it for a dead one's before it was locked.
        if fcntl is None or os.fstat(number).st_nlink:
            return path, number, None if fcntl is None else os.dup(number)
        os.close(number)
        del _unfinished[path]


def _delete(temporary: Path, lock: int | None) -> None:
    """Delete a temporary file, if it has not been renamed, and let go of it."""
    with suppress(FileNotFoundError):
        temporary.unlink()
    if lock is not None:
        os.close(lock)
    _unfinished.pop(temporary, None)


def _keep_owner_and_mode(number: int, found: os.stat_result | None) -> None:
    """Give a file the owner and the mode of the one whose place it will take."""
    if found is None or not hasattr(os, "fchown"):
        return
    mode = stat.S_IMODE(found.st_mode) & 0o777
    try:
        _give(number, found.st_uid, found.st_gid)
    except OSError:
        try:
            _give(number, -1, found.st_gid)
        except OSError:
            mode &= ~0o070  # it was for another group
    with suppress(OSError):  # of some file systems, which have no modes
        os.fchmod(number, mode)


def _give(number: int, user: int, group: int) -> None:
    own = os.fstat(number)
    if (own.st_uid if user < 0 else user, group) != (own.st_uid, own.st_gid):
        os.fchown(number, user, group)


# --- what killed processes leave ------------------------------------------------------------------


def _sweep(folder: Path) -> None:
    """Delete temporary files that processes of this machine and user left when they were killed."""
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if _TEMPORARY.fullmatch(entry.name):
                _delete_unless_written(entry.path)


def _delete_unless_written(path: str) -> None:
    if fcntl is None:
        with suppress(OSError):
            os.unlink(path)  # refused where it is still open
        return
    with suppress(OSError):
        number = os.open(path, _FLAGS | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            own = os.fstat(number)
            ours = stat.S_ISREG(own.st_mode) and own.st_uid == os.geteuid()
            if ours and _lock(number, wait=False):
                os.unlink(path)
        finally:
            os.close(number)


def _lock(number: int, *, wait: bool) -> bool:
    """Lock a file for this process alone; say whether it could be. It ends with the process."""
    if fcntl is None:
        return False
    try:
        fcntl.flock(number, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except OSError:  # locked by another, or by a file system that has no locks
        return False
    return True


@contextmanager
def _deleted_by_signals() -> Iterator[None]:
    """Let a signal that ends the process delete what is unfinished first.

    Only where the process would end by it anyway, and where Python lets it be changed.
    """
    here = threading.current_thread() is threading.main_thread()
    taken = [s for s in _ENDING if here and signal.getsignal(s) is signal.SIG_DFL]
    for number in taken:
        signal.signal(number, _end)
    try:
        yield
    finally:
        for number in taken:
            signal.signal(number, signal.SIG_DFL)


def _end(number: int, _frame: FrameType | None) -> None:
    """Delete what this process has not finished, and end by the signal."""
    for path, process in list(_unfinished.items()):
        if process == os.getpid():
            with suppress(OSError):
                path.unlink()
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
