"""The file of results: one JSON line for each data set, method and seed."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

Line = dict[str, Any]
Key = tuple[str, str, int, int | None]


def key(line: Line) -> Key:
    """Return what tells a line from others."""
    return line["data"], line["method"], line["seed"], line.get("most_rows")


def read(path: Path) -> list[Line]:
    """Return the lines of a file, the last one of each key; a line that was cut is left out."""
    found: dict[Key, Line] = {}
    if path.exists():
        for text in path.read_text(encoding="utf-8").splitlines():
            try:
                line = json.loads(text)
            except ValueError:  # the process was killed while it wrote
                continue
            found.pop(key(line), None)
            found[key(line)] = line
    return list(found.values())


def append(path: Path, line: Line) -> None:
    """Add a line by one write; if the file's last line was cut, it is ended first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        size = os.lseek(handle, 0, os.SEEK_END)
        whole = not size or _last(handle, size) == b"\n"
        text = json.dumps(line, allow_nan=False) + "\n"
        os.write(handle, (b"" if whole else b"\n") + text.encode())
        os.fsync(handle)
    finally:
        os.close(handle)


def whole(lines: Iterable[Line]) -> list[Line]:
    """Return the lines that have scores."""
    return [line for line in lines if "error" not in line]


def _last(handle: int, size: int) -> bytes:
    os.lseek(handle, size - 1, os.SEEK_SET)
    return os.read(handle, 1)
