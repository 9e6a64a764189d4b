"""Files that are either whole or absent: written beside the target, then renamed.

Everything that the package writes goes through `open_output`. Links are followed, and a file that
is replaced keeps its mode and its owner. Devices, named pipes and
streams of this process (such as ``/dev/stdout``) cannot be replaced by a rename: they are written
to directly.
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
from lookalike._core.places import Place, is_address, uploaded

try:
    import fcntl
except ImportError:  # Windows, where an open file cannot be deleted in the first place
    fcntl = None  # type: ignore[assignment]

__all__ = ["check_writable", "is_stream", "open_output", "saved", "write_text"]

#: Signals that end a process at once by default, which would leave a temporary file behind.
_ENDING = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
#: Names of temporary files: short, so that the target's own name may be of the greatest length.
_PREFIX = f".lookalike-{zlib.crc32(node().encode()):08x}-"
_TEMPORARY = re.compile(re.escape(_PREFIX) + "[0-9a-f]{16}[.]tmp")
_FLAGS = os.O_RDWR | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
#: The mode of a file that only its owner may read, and of one for which the umask decides.
_PRIVATE, _BY_UMASK = 0o600, 0o666
_MOST_LINKS = 40

#: Temporary files being written, with their process: a forked child inherits a copy.
_unfinished: dict[Path, int] = {}


# --- public functions -----------------------------------------------------------------------------


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
    if is_address(path):
        Place(str(path))
        return
    with _as_output_error(path):
        target = _find(path)
        if not target.is_stream:
            _sweep(target.resolved.parent)
            temporary, number, lock = _create(target.resolved.parent, _PRIVATE)
            os.close(number)
            _delete(temporary, lock)
        is_file = target.existing is not None and target.descriptor is None
        if is_file and not os.access(path, os.W_OK):
            raise OutputError(f"Cannot overwrite {str(path)!r}: permission denied.")


def is_stream(path: str | os.PathLike[str]) -> bool:
    """Return whether `path` is written to directly: a device, a pipe or a stream.

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
        The path of the finished file. A link is followed. A device, a pipe or a stream is
        written to directly. To an address, such as ``s3://bucket/file``, the file is copied when
        all is written.
    private : bool
        Whether a new file is readable by its owner only. An existing file keeps its mode and,
        where that is permitted, its owner.

    Yields
    ------
    binary file
        The file to write to. It may not be seekable.

    Raises
    ------
    OutputError
        If the file cannot be written (no permission, no space left).
    """
    if is_address(path):
        with _as_output_error(path), uploaded(str(path)) as local, local.open("wb") as file:
            yield file
        return
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
        The text. Lone surrogates, which UTF-8 cannot encode, are escaped.
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
    """Return a text unchanged, and write it to a file where one is given; see `write_text`."""
    if path is not None:
        write_text(text, path)
    return text


# --- output targets -------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Target:
    """The file, folder, device or pipe that an output path leads to.

    Parameters
    ----------
    path : str
        The path as given.
    resolved : Path
        The path with all links followed.
    existing : os.stat_result or None
        The status of the file that exists there.
    descriptor : int or None
        The file descriptor of this process that the path is another name for.
    """

    path: str
    resolved: Path
    existing: os.stat_result | None
    descriptor: int | None

    @property
    def is_stream(self) -> bool:
        """True where the target is written to directly."""
        if self.descriptor is not None:
            return True
        return self.existing is not None and not stat.S_ISREG(self.existing.st_mode)


@contextmanager
def _as_output_error(path: str | os.PathLike[str]) -> Iterator[None]:
    """Turn an `OSError` into an `OutputError` that names the output."""
    try:
        yield
    except OutputError:
        raise
    except OSError as error:
        raise OutputError(
            f"Cannot write {os.fspath(path)!r}: {error.strerror or error}."
        ) from error


def _find(path: str | os.PathLike[str]) -> _Target:
    """Resolve a path, and reject one that no output file can have."""
    name = os.fspath(path)
    if not name or "\0" in name:
        raise OutputError(f"An output must be the path of a file; got {name!r}.")
    number = _descriptor(name)
    if number is not None:
        return _Target(name, Path(name), os.fstat(number), number)
    try:
        existing = os.stat(name)
    except FileNotFoundError:
        existing = None
    # A link's target is written, whether it exists yet or not.
    resolved = Path(os.path.realpath(name))
    if name.endswith(("/", os.sep)) or (existing is not None and stat.S_ISDIR(existing.st_mode)):
        raise OutputError(f"An output must be a file, but {name!r} is a folder.")
    if existing is not None and stat.S_ISSOCK(existing.st_mode):
        raise OutputError(f"An output must be a file, but {name!r} is a socket.")
    if existing is None and not resolved.parent.is_dir():
        folder = str(resolved.parent)
        raise OutputError(f"The folder of an output must exist: there is no {folder!r}.")
    return _Target(name, resolved, existing, None)


def _descriptor(name: str) -> int | None:
    """Return the descriptor of this process that a path such as ``/dev/stdout`` is a name for.

    The path itself is not opened: that would truncate a file to which others have written.
    """
    ours = rf"(?:/dev/fd|/proc/(?:self|{os.getpid()})/(?:task/\d+/)?fd)/(\d+)"
    for _ in range(_MOST_LINKS):
        folder, last = os.path.split(name)
        if not folder.startswith("/dev") and not os.path.islink(name):
            return None
        for spelling in (name, os.path.join(os.path.realpath(folder), last)):
            if match := re.fullmatch(ours, spelling):
                return int(match[1])
        if not os.path.islink(name):
            return None
        name = os.path.join(folder, os.readlink(name))
    return None


# --- streams --------------------------------------------------------------------------------------


@contextmanager
def _stream(target: _Target) -> Iterator[BinaryIO]:
    """Open a target that is written to directly."""
    if target.descriptor is not None:
        for stream in (sys.stdout, sys.stderr):  # earlier output comes first
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
    folder = target.resolved.parent
    _sweep(folder)
    mode = _PRIVATE if private or target.existing is not None else _BY_UMASK
    with _deleted_by_signals():
        temporary, number, lock = _create(folder, mode)
        try:
            with os.fdopen(number, "wb") as file:
                yield file
                file.flush()
                _keep_owner_and_mode(file.fileno(), target.existing)
            # Closed, since a file of a network file system is on disk only then.
            os.replace(temporary, target.resolved)
        finally:
            _delete(temporary, lock)


def _create(folder: Path, mode: int) -> tuple[Path, int, int | None]:
    """Create a temporary file; return its path, a descriptor and one that holds a lock on it.

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
        # Before it was locked, another process may have deleted it as a dead process's file.
        if fcntl is None or os.fstat(number).st_nlink:
            return path, number, None if fcntl is None else os.dup(number)
        os.close(number)
        del _unfinished[path]


def _delete(temporary: Path, lock: int | None) -> None:
    """Delete a temporary file, unless it was renamed, and release its lock."""
    with suppress(FileNotFoundError):
        temporary.unlink()
    if lock is not None:
        os.close(lock)
    _unfinished.pop(temporary, None)


def _keep_owner_and_mode(number: int, existing: os.stat_result | None) -> None:
    """Give a file the owner and the mode of the one that it will replace."""
    if existing is None or not hasattr(os, "fchown"):
        return
    mode = stat.S_IMODE(existing.st_mode) & 0o777
    try:
        _give(number, existing.st_uid, existing.st_gid)
    except OSError:
        try:
            _give(number, -1, existing.st_gid)
        except OSError:
            mode &= ~0o070  # the permission was another group's
    with suppress(OSError):  # some file systems have no modes
        os.fchmod(number, mode)


def _give(number: int, user: int, group: int) -> None:
    own = os.fstat(number)
    if (own.st_uid if user < 0 else user, group) != (own.st_uid, own.st_gid):
        os.fchown(number, user, group)


# --- leftovers of killed processes ----------------------------------------------------------------


def _sweep(folder: Path) -> None:
    """Delete temporary files of killed processes of this machine and user."""
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
    """Lock a file until this process ends; return whether that succeeded."""
    if fcntl is None:
        return False
    try:
        fcntl.flock(number, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except OSError:  # locked by another, or by a file system that has no locks
        return False
    return True


@contextmanager
def _deleted_by_signals() -> Iterator[None]:
    """Delete unfinished files before a signal ends the process.

    Only for signals that would end the process anyway, and where Python allows a handler.
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
    """Delete this process's unfinished files, and end by the signal."""
    for path, process in list(_unfinished.items()):
        if process == os.getpid():
            with suppress(OSError):
                path.unlink()
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
