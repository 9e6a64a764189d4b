"""The work of one process: a part of a table."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from lookalike.models import load
from lookalike.scale._manifest import Folder, Part

__all__ = ["PartTask", "PartWork"]


@dataclass(frozen=True)
class PartTask:
    """A part that is to be made.

    Parameters
    ----------
    name : str
    start, rows : int
    """

    name: str
    start: int
    rows: int


@dataclass(frozen=True)
class PartWork:
    """Makes parts: a function that goes to each process once.

    Parameters
    ----------
    model : bytes
        The model file.
    folder : str
    options : dict
        Of `Synthesizer.sample_to`.
    """

    model: bytes
    folder: str
    options: dict[str, Any]

    def __call__(self, task: PartTask) -> Iterator[Part]:
        """Make a part, and yield what the manifest says of it."""
        model = _loaded(self.model)
        with Folder(self.folder).writing(task.name) as path:
            model.sample_to(path, task.rows, start=task.start, **self.options)
            size, digest = path.stat().st_size, digest_of(path)
        yield Part(task.name, task.start, task.rows, size, digest)


@lru_cache(maxsize=1)
def _loaded(content: bytes) -> Any:
    with tempfile.TemporaryDirectory(prefix="lookalike-") as folder:
        path = Path(folder) / "model.lookalike"
        path.write_bytes(content)
        return load(path)


def digest_of(path: Path) -> str:
    """Return the SHA-256 digest of a file, as hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
