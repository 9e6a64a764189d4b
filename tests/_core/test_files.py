"""Outputs: whole or absent, where links lead, and never in the place of a device or a pipe."""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from lookalike._core import files
from lookalike._core.errors import OutputError
from lookalike._core.files import check_writable, is_stream, open_output, write_text

pytestmark = pytest.mark.skipif(os.name != "posix", reason="modes, links and pipes are POSIX")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def left(folder: Path) -> list[str]:
    """Return what is in a folder besides named files: nothing temporary may stay."""
    return [name for name in os.listdir(folder) if name.startswith(".")]


@pytest.fixture
def by_umask() -> Iterator[None]:
    before = os.umask(0o027)
    yield
    os.umask(before)


# --- links, modes and owners ----------------------------------------------------------------------


@pytest.mark.usefixtures("by_umask")
@pytest.mark.parametrize(("private", "expected"), [(False, 0o640), (True, 0o600)])
def test_a_new_file_is_by_the_umask_or_its_owners_alone(
    tmp_path: Path, private: bool, expected: int
) -> None:
    with open_output(tmp_path / "new", private=private) as file:
        file.write(b"x")
    assert mode(tmp_path / "new") == expected


@pytest.mark.usefixtures("by_umask")
@pytest.mark.parametrize("private", [False, True])
@pytest.mark.parametrize("kept", [0o600, 0o664, 0o755])
def test_a_file_that_is_replaced_keeps_its_mode(tmp_path: Path, private: bool, kept: int) -> None:
    (tmp_path / "old").write_bytes(b"old")
    (tmp_path / "old").chmod(kept)
    with open_output(tmp_path / "old", private=private) as file:
        file.write(b"new")
    assert mode(tmp_path / "old") == kept
    assert (tmp_path / "old").read_bytes() == b"new"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives away")
def test_a_file_that_is_replaced_keeps_its_owner(tmp_path: Path) -> None:
    (tmp_path / "old").write_bytes(b"old")
    os.chown(tmp_path / "old", 1234, 1235)
    write_text("new", tmp_path / "old")
    found = (tmp_path / "old").stat()
    assert (found.st_uid, found.st_gid) == (1234, 1235)


def test_a_group_that_cannot_be_kept_gets_no_other_in_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(*_: object) -> None:
        raise PermissionError(errno.EPERM, "no")

    monkeypatch.setattr(files, "_give", forbidden)
    (tmp_path / "old").write_bytes(b"")
    (tmp_path / "old").chmod(0o664)
    write_text("new", tmp_path / "old")
    assert mode(tmp_path / "old") == 0o604


@pytest.mark.parametrize("there", [True, False], ids=["file", "dangling"])
def test_a_link_is_followed(tmp_path: Path, there: bool) -> None:
    (tmp_path / "real").mkdir()
    if there:
        (tmp_path / "real" / "file").write_bytes(b"old")
    (tmp_path / "link").symlink_to("real/file")
    (tmp_path / "link to link").symlink_to(tmp_path / "link")
    check_writable(tmp_path / "link to link")
    write_text("new", tmp_path / "link to link")
    assert (tmp_path / "link to link").is_symlink()
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real" / "file").read_text() == "new"
    assert left(tmp_path) == left(tmp_path / "real") == []


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: path.symlink_to(path), "Too many levels of symbolic links"),
        (lambda path: path.symlink_to("none/file"), r"there is no '.*none'"),
        (lambda path: path.mkdir(), "is a folder"),
        (lambda path: path.symlink_to("."), "is a folder"),
    ],
    ids=["loop", "dangling without a folder", "folder", "link to a folder"],
)
def test_what_cannot_be_written_is_found_before(tmp_path: Path, make, words: str) -> None:
    make(tmp_path / "out")
    before = os.lstat(tmp_path / "out")
    for attempt in (check_writable, lambda path: write_text("x", path)):
        with pytest.raises(OutputError, match=words):
            attempt(tmp_path / "out")
    assert os.lstat(tmp_path / "out").st_ino == before.st_ino


@pytest.mark.parametrize("path", ["", "a\0b", "none/", "a" * 256, "é" * 128, "file/inside"])
def test_paths_that_no_file_can_have(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError):
        check_writable(path)


@pytest.mark.parametrize("name", ["a" * 241, "a" * 255, "é" * 127])
def test_the_longest_names_that_there_are(tmp_path: Path, name: str) -> None:
    check_writable(tmp_path / name)
    write_text("x", tmp_path / name)
    assert os.listdir(tmp_path) == [name]


def test_a_deleted_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with pytest.raises(OutputError, match="'x': No such file"):
        check_writable("x")
    write_text("x", tmp_path / "absolute")
    assert (tmp_path / "absolute").read_text() == "x"


# --- devices, pipes, streams ----------------------------------------------------------------------


def test_a_device_stays_a_device() -> None:
    before = os.stat(os.devnull)
    check_writable(os.devnull)
    write_text("x", os.devnull)
    after = os.stat(os.devnull)
    assert is_stream(os.devnull)
    assert (after.st_ino, after.st_mode) == (before.st_ino, before.st_mode)


def test_a_link_to_a_device(tmp_path: Path) -> None:
    (tmp_path / "out").symlink_to(os.devnull)
    write_text("x", tmp_path / "out")
    assert is_stream(tmp_path / "out")
    assert os.readlink(tmp_path / "out") == os.devnull


def test_a_pipe_gets_what_is_written(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    check_writable(tmp_path / "pipe")  # does not wait for a reader
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append((tmp_path / "pipe").read_bytes()))
    reader.start()
    write_text("whole", tmp_path / "pipe")
    reader.join()
    assert got == [b"whole"]
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="there are no names of streams")
def test_a_stream_by_its_path_is_added_to(tmp_path: Path) -> None:
    """As ``>> file`` has it: opened by that path, what is there would be cut off."""
    number = os.open(tmp_path / "file", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(number, b"before ")
    (tmp_path / "link").symlink_to(f"/dev/fd/{number}")
    inode = os.fstat(number).st_ino
    for path in (f"/dev/fd/{number}", tmp_path / "link"):
        assert is_stream(path)
        check_writable(path)
        write_text("after ", path)
    os.close(number)
    assert (tmp_path / "file").read_text() == "before after after "
    assert (tmp_path / "file").stat().st_ino == inode
    with pytest.raises(OutputError, match="Bad file descriptor"):
        write_text("x", f"/dev/fd/{number}")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full to write to")
def test_a_full_device() -> None:
    with pytest.raises(OutputError, match="'/dev/full': No space left on device"):
        write_text("x", "/dev/full")


# --- failures and signals -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, "full"), ValueError(), KeyboardInterrupt()]
)
def test_a_failure_leaves_what_was_there(tmp_path: Path, error: BaseException) -> None:
    (tmp_path / "old").write_text("old")
    expected = OutputError if isinstance(error, OSError) else type(error)

    def fails() -> None:
        with open_output(tmp_path / "old") as file:
            file.write(b"half")
            raise error

    with pytest.raises(expected):
        fails()
    assert (tmp_path / "old").read_text() == "old"
    assert os.listdir(tmp_path) == ["old"]


KILLED = """
import os, signal, sys
from lookalike._core.files import open_output
with open_output(sys.argv[1]) as file:
    file.write(b"half")
    file.flush()
    os.kill(os.getpid(), int(sys.argv[2]))
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_process_that_is_ended_leaves_nothing_or_what_the_next_one_sweeps(
    tmp_path: Path, number: signal.Signals
) -> None:
    (tmp_path / "old").write_text("old")
    command = [sys.executable, "-c", KILLED, str(tmp_path / "old"), str(int(number))]
    assert subprocess.run(command, check=False).returncode == -number
    assert (tmp_path / "old").read_text() == "old"
    assert len(left(tmp_path)) == (number == signal.SIGKILL)
    write_text("next", tmp_path / "other")
    assert left(tmp_path) == []


def test_what_is_still_being_written_is_not_swept(tmp_path: Path) -> None:
    (tmp_path / ".lookalike-mine.tmp").write_text("of somebody else")
    with open_output(tmp_path / "one") as one:
        one.write(b"1")
        with open_output(tmp_path / "two") as two:
            two.write(b"2")
        check_writable(tmp_path / "three")
        assert len(left(tmp_path)) == 2
    assert sorted(os.listdir(tmp_path)) == [".lookalike-mine.tmp", "one", "two"]


def test_handlers_of_signals_are_the_callers_again(tmp_path: Path) -> None:
    def own(*_: object) -> None:
        raise AssertionError

    before = signal.signal(signal.SIGTERM, own)
    try:
        with open_output(tmp_path / "x"):
            assert signal.getsignal(signal.SIGTERM) is own
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        with suppress(ValueError), open_output(tmp_path / "x"):
            assert signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL
            raise ValueError
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    finally:
        signal.signal(signal.SIGTERM, before)


def test_half_a_character_is_escaped(tmp_path: Path) -> None:
    write_text("a\udc80b", tmp_path / "x")
    assert (tmp_path / "x").read_text() == r"a\udc80b"
