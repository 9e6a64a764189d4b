"""Run the commands of a run, one after the other: ``python -m lookalike.studio._runner FOLDER``.

The process belongs to no server. While it lives it holds the lock of its folder, so that a server,
also one that was started later, can tell. The state in the folder says how many commands are done:
a run whose process was killed goes on with the next one.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from lookalike._core.events import LOG_VARIABLE
from lookalike.studio._store import RunFolder, write_json

__all__ = ["is_running", "lock", "main"]

DONE, FAILED, STOPPED, RUNNING = "done", "failed", "stopped", "running"
_INTERRUPTED = 130
_LONGEST_ERROR = 2_000
#: How often the lock of a run is asked for, and the seconds in between.
_TRIES, _INSTANT = 20, 0.05


def lock(folder: Path) -> int | None:
    """Take the lock of a folder until this process ends; None where another one holds it."""
    number = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _take(number)
    except OSError:
        os.close(number)
        return None
    return number


def is_running(folder: Path) -> bool:
    """Return whether a process works on a run."""
    if not (folder / "lock").exists():
        return False
    number = lock(folder)
    if number is None:
        return True
    os.close(number)
    return False


def _take(number: int) -> None:
    try:
        import fcntl  # noqa: PLC0415
    except ImportError:  # Windows
        import msvcrt  # noqa: PLC0415

        msvcrt.locking(number, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
    else:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)


class _Work:
    """The commands, of which one runs at a time."""

    def __init__(self, run: RunFolder) -> None:
        self.run = run
        self.process: subprocess.Popen[bytes] | None = None
        self.stopping = False

    def stop(self, *_: Any) -> None:
        """End the present command as Ctrl-C does: a fit keeps what it has learned."""
        self.stopping = True
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)

    def do(self) -> str:
        """Do what is left, and return the last word on it."""
        commands = self.run.plan["commands"]
        done = int(self.run.state.get("done", 0))
        for place, words in enumerate(commands[done:], done):
            if self.stopping:
                self.say(STOPPED, place)
                return STOPPED
            self.say(RUNNING, place)
            code, messages = self.call(words)
            if self.stopping and code != 0:
                self.say(STOPPED, place)
                return STOPPED
            # A fit that was stopped has saved its best state: the other commands follow.
            self.stopping = False
            if code != 0:
                self.say(FAILED, place, messages.strip()[-_LONGEST_ERROR:])
                return FAILED
        self.say(DONE, len(commands))
        return DONE

    def say(self, word: str, done: int, error: str = "") -> None:
        """Write the state."""
        state = {"word": word, "done": done, "error": error, "pid": os.getpid(), "at": time.time()}
        write_json(self.run.path / "state.json", state)

    def call(self, words: list[str]) -> tuple[int, str]:
        """Run one command of lookalike, and return its exit code and its messages."""
        environment = {**os.environ, LOG_VARIABLE: str(self.run.events.resolve())}
        with open(self.run.path / "messages.txt", "ab") as messages:
            begin = messages.tell()
            self.process = subprocess.Popen(
                [sys.executable, "-m", "lookalike", *words],
                cwd=self.run.path,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=messages,
            )
            code = self.process.wait()
            self.process = None
        with open(self.run.path / "messages.txt", "rb") as messages:
            messages.seek(begin)
            text = messages.read().decode("utf-8", "replace")
        return code, text


def main(folder: str) -> int:
    """Do the work of a run.

    Parameters
    ----------
    folder : str
        Its folder.

    Returns
    -------
    int
        The exit code.
    """
    run = RunFolder(Path(folder))
    for _ in range(_TRIES):  # who looks whether a run is running holds the lock for an instant
        if lock(run.path) is not None:
            break
        time.sleep(_INSTANT)
    else:
        return 0  # another process does it
    work = _Work(run)
    signal.signal(signal.SIGINT, work.stop)
    signal.signal(signal.SIGTERM, work.stop)
    return 0 if work.do() == DONE else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
