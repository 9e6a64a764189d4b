"""`serve`: the studio on a port of this machine."""

from __future__ import annotations

import asyncio
import os
import socket
import webbrowser
from pathlib import Path

from lookalike._core.errors import InputError, OutputError, ParameterError
from lookalike._core.optional import require
from lookalike._core.streams import say
from lookalike.studio._calls import read_schema
from lookalike.studio._store import SUFFIXES, Store

__all__ = ["serve"]

_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


def serve(
    file: str | os.PathLike[str] | None = None,
    *,
    folder: str | os.PathLike[str] = "lookalike-studio",
    host: str = "127.0.0.1",
    port: int = 8765,
    most_bytes: int = 500_000_000,
    browse: bool = True,
) -> None:
    """Serve the studio until Ctrl-C. Runs go on without it.

    Parameters
    ----------
    file : path, optional
        A table to open at once.
    folder : path
        The folder of tables, runs and their results.
    host : str
        The address to listen on: this machine alone by default.
    port : int
        The port; 0 for any free one.
    most_bytes : int
        The largest file that may be uploaded.
    browse : bool
        Whether to open a browser.

    Raises
    ------
    MissingDependencyError
        If the extra ``studio`` is not installed.
    ParameterError
        If the port cannot be used.
    InputError
        If the file cannot be read.
    """
    for package in ("starlette", "uvicorn"):
        require(package, "The studio", "pip install 'lookalike[studio]' installs all of it.")
    import uvicorn  # noqa: PLC0415

    from lookalike.studio._app import studio_app  # noqa: PLC0415

    hosts = {*_LOOPBACK, host} if host in _LOOPBACK else {*_LOOPBACK, host, socket.gethostname()}
    try:
        app = studio_app(Path(folder), hosts=hosts, most_bytes=most_bytes)
    except OSError as error:
        raise OutputError(f"Cannot use the folder {os.fspath(folder)!r}: {error}.") from error
    store = Store(Path(folder))
    where = "/" if file is None else _opened(store, Path(file))
    listener = _listen(host, port)
    name = f"[{host}]" if ":" in host else host
    at = f"http://{name}:{listener.getsockname()[1]}{where}?token={store.token}"
    if host not in _LOOPBACK:
        say(f"warning: {host} can be reached from other machines; the token is the only lock.")
    say(f"the studio is at {at}\nCtrl-C ends it; runs go on. Tables and results: {folder}")
    if browse:
        webbrowser.open(at)
    config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1)
    uvicorn.Server(config).run(sockets=[listener])


def _listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens, so that the address is known before it is shown."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen()  # what a browser asks before the server is ready waits
    except (OSError, OverflowError) as error:
        listener.close()
        raise ParameterError(
            f"The port {port} of {host} cannot be used ({error}). --port 0 takes a free one."
        ) from error
    return listener


def _opened(store: Store, file: Path) -> str:
    """Take a table of this machine into the store, and return the address of its page."""
    table = store.new_table(file.name)
    if table is None:
        raise InputError(f"A table is a {', '.join(SUFFIXES)} file; got {str(file)!r}.")
    try:
        table.data.write_bytes(file.read_bytes())
    except OSError as error:
        raise InputError(f"Cannot read {str(file)!r}: {error.strerror}.") from error
    wrong = asyncio.run(read_schema(table))
    if wrong:
        raise InputError(wrong)
    return f"/tables/{table.id}"
