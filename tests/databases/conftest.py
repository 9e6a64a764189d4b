"""A PostgreSQL server that the tests start and stop."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

_USER = "tester"


def _programs() -> Path | None:
    """Return the folder of the newest installed server's programs."""
    path = shutil.which("initdb")
    if path is not None:
        return Path(path).parent
    return max(Path("/usr/lib/postgresql").glob("*/bin"), default=None)


def _owner() -> str | None:
    """Return the user that runs the server, which refuses to be root; None is the own one."""
    if os.getuid() != 0:
        return None
    users = {user.pw_name for user in pwd.getpwall()}
    return next((name for name in ("postgres", "nobody") if name in users), None)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """Return the address of an empty database of a server of our own, on a Unix socket."""
    programs, owner = _programs(), _owner()
    if programs is None or (os.getuid() == 0 and owner is None):
        pytest.skip("no PostgreSQL server is installed")
    # The names of sockets are short, and the server's user must reach them.
    folder = Path(tempfile.mkdtemp(dir="/tmp", prefix="pg"))
    if owner is not None:
        os.chown(folder, pwd.getpwnam(owner).pw_uid, -1)

    def run(program: str, *arguments: str) -> None:
        # Of what the server inherits, nothing may keep the call waiting.
        with warnings.catch_warnings():  # another test of this process may have used JAX
            warnings.filterwarnings("ignore", r"os\.fork\(\) was called", RuntimeWarning)
            subprocess.run(
                [programs / program, "-D", folder / "data", *arguments],
                user=owner,
                cwd=folder,
                check=True,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )

    try:
        run("initdb", "-A", "trust", "-U", _USER, "-E", "UTF8", "--locale=C", "--no-sync")
        settings = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off"
        run("pg_ctl", "-w", "-o", settings, "-l", str(folder / "log"), "start")
        try:
            yield f"postgresql:///postgres?host={folder}&user={_USER}"
        finally:
            run("pg_ctl", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
