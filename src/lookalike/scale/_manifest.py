"""The manifest of a table in parts: what it is a table of, and which parts are whole."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from lookalike._core.errors import FileFormatError, OutputError, ParameterError
from lookalike._core.files import write_text
from lookalike._core.places import Place, fetched, is_address, uploaded
from lookalike.tables import MANIFEST

__all__ = ["Folder", "Manifest", "Part"]

_FORMAT = 1


@dataclass(frozen=True)
class Part:
    """A part that is whole.

    Parameters
    ----------
    name : str
    start, rows : int
        The number of its first row, and of its rows.
    bytes : int
    sha256 : str
        The digest of the file.
    """

    name: str
    start: int
    rows: int
    bytes: int
    sha256: str


@dataclass
class Manifest:
    """A table in parts.

    Parameters
    ----------
    plan : dict
        All that decides over its rows, as JSON-ready values: the digest of the model file, the
        seed, conditions, the numbers of rows of the table and of a part, the file format.
    parts : dict of str to Part
        The parts that are whole, by name.
    """

    plan: dict[str, Any]
    parts: dict[str, Part] = field(default_factory=dict)

    def text(self) -> str:
        """Return the manifest as JSON."""
        parts = sorted(self.parts.values(), key=lambda part: part.start)
        whole = sum(part.rows for part in parts) == self.plan["rows"]
        values = {"format": _FORMAT, **self.plan, "complete": whole}
        values["parts"] = [asdict(part) for part in parts]
        return json.dumps(values, ensure_ascii=False, indent=1)

    @classmethod
    def parse(cls, text: str, place: str) -> Manifest:
        """Return the manifest from its JSON; FileFormatError where it is damaged."""
        try:
            values = json.loads(text)
            if values.pop("format") != _FORMAT:
                raise ValueError("another format")
            del values["complete"]
            parts = [Part(**part) for part in values.pop("parts")]
            return cls(values, {part.name: part for part in parts})
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise FileFormatError(f"The manifest in {place} is damaged: {error}.") from error

    def check_plan(self, plan: dict[str, Any], place: str) -> None:
        """Raise an error if the parts that are there are those of another table."""
        for name, value in plan.items():
            if self.plan.get(name) != value:
                raise ParameterError(
                    f"{place} holds parts of another table: its {name} is "
                    f"{self.plan.get(name)!r}, not {value!r}. Choose another folder, or allow to "
                    "overwrite."
                )


class Folder:
    """The folder of parts, local or at an address.

    Parameters
    ----------
    place : str
    """

    def __init__(self, place: str) -> None:
        self.place = place
        self._remote = Place(place) if is_address(place) else None

    def __str__(self) -> str:
        return repr(self.place) if self._remote is None else str(self._remote)

    def names(self) -> list[str]:
        """Return the names of the files that are there."""
        if self._remote is not None:
            return self._remote.files()
        folder = Path(self.place)
        return sorted(p.name for p in folder.iterdir()) if folder.is_dir() else []

    def sized(self, name: str) -> int:
        """Return the size of a file in bytes; -1 if it is not there."""
        if self._remote is not None:
            part = self._remote.beneath(name)
            size = part.system.get_file_info(part.path).size
            return -1 if size is None else int(size)
        path = Path(self.place, name)
        return path.stat().st_size if path.is_file() else -1

    def manifest(self) -> Manifest | None:
        """Return the manifest; None if there is none."""
        if self.sized(MANIFEST) < 0:
            return None
        with self.reading(MANIFEST) as path:
            return Manifest.parse(path.read_text(encoding="utf-8"), str(self))

    def keep(self, manifest: Manifest) -> None:
        """Write the manifest."""
        with self.writing(MANIFEST) as path:
            write_text(manifest.text(), path)

    @contextmanager
    def reading(self, name: str) -> Iterator[Path]:
        """Yield a local path of a file to read."""
        if self._remote is None:
            yield Path(self.place, name)
        else:
            with fetched(self._remote.beneath(name).address) as path:
                yield path

    @contextmanager
    def writing(self, name: str) -> Iterator[Path]:
        """Yield a local path; what is written there is in the folder at the end."""
        if self._remote is None:
            try:
                Path(self.place).mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise OutputError(f"Cannot make the folder {self}: {error.strerror}.") from error
            yield Path(self.place, name)
        else:
            with uploaded(self._remote.beneath(name).address) as path:
                yield path

    def delete(self, name: str) -> None:
        """Delete a file."""
        if self._remote is None:
            Path(self.place, name).unlink(missing_ok=True)
        else:
            self._remote.beneath(name).delete()
