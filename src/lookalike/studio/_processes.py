"""Processes of runs: begun, stopped, and found again after the server was killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress

from lookalike.studio._runner import DONE, FAILED, RUNNING, STOPPED, is_running
from lookalike.studio._store import RunFolder

__all__ = ["BROKEN", "WAITING", "begin", "stop", "word_of"]

#: A run whose process was killed; it can go on.
BROKEN = "broken off"
#: A run that has just been begun.
WAITING = "beginning"
_PATIENCE = 20.0
_LOOK = 0.1


def begin(run: RunFolder) -> None:
    """Begin a run, or go on with one that was broken off; nothing where it runs already."""
    if is_running(run.path):
        return
    (run.path / "begun").write_text(str(time.time()), encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, "-m", "lookalike.studio._runner", str(run.path.resolve())],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # the run goes on when the server ends
    )
    threading.Thread(target=process.wait, daemon=True).start()


def stop(run: RunFolder) -> None:
    """Stop a run as Ctrl-C does; a fit keeps the best state so far.

    A run that is only beginning is waited for.
    """
    for _ in range(int(_PATIENCE / _LOOK)):
        pid = run.state.get("pid")
        if word_of(run) not in (RUNNING, WAITING):
            return
        if pid and is_running(run.path):
            with suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGINT)
            return
        time.sleep(_LOOK)


def word_of(run: RunFolder) -> str:
    """Return the state of a run in a word.

    Parameters
    ----------
    run : RunFolder

    Returns
    -------
    str
        ``"beginning"``, ``"running"``, ``"done"``, ``"failed"``, ``"stopped"`` or ``"broken off"``.
    """
    running = is_running(run.path)  # looked at first: the state is written before the lock is left
    word = str(run.state.get("word", ""))
    if word in (DONE, FAILED, STOPPED):
        return word
    if running:
        return RUNNING
    begun = run.path / "begun"
    fresh = begun.exists() and time.time() - begun.stat().st_mtime < _PATIENCE
    return WAITING if fresh else BROKEN
