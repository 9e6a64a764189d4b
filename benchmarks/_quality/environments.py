"""Environments for the peers: one for each, so that nobody's requirements meet anybody else's."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

#: Requirement lists and drivers.
PEERS = Path(__file__).resolve().parents[1] / "peers"
#: What is installed without its own requirements, after the list: they ask for what is not needed.
ALONE = {"argn": "mostlyai-engine==2.7.3", "forest": "ForestDiffusion==1.0.6"}


def default_folder() -> Path:
    """Return the folder of environments in the user's cache folder."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "lookalike-benchmarks"


def interpreter(name: str | None, folder: Path) -> Path:
    """Return the Python of an environment, built if it is not there or its list has changed.

    Parameters
    ----------
    name : str or None
        The name of a requirement list; None is the environment that runs this.
    folder : Path
        Where environments are.

    Raises
    ------
    subprocess.CalledProcessError
        If it cannot be built. What is half built is built anew the next time.
    """
    if name is None:
        return Path(sys.executable)
    place = folder / name
    python = place / ("Scripts" if os.name == "nt" else "bin") / "python"
    wanted = (PEERS / f"{name}.txt").read_text(encoding="utf-8") + ALONE.get(name, "")
    stamp = place / "built.txt"
    if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return python
    print(f"building the environment {name} in {place}", file=sys.stderr, flush=True)
    _run(sys.executable, "-m", "venv", "--clear", str(place))
    _run(str(python), "-m", "pip", "install", "-q", "-r", str(PEERS / f"{name}.txt"))
    if name in ALONE:
        _run(str(python), "-m", "pip", "install", "-q", "--no-deps", ALONE[name])
    stamp.write_text(wanted, encoding="utf-8")
    return python


def _run(*command: str) -> None:
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=sys.stderr)
