"""Tables and runs as folders: all that the studio knows.

::

    FOLDER/token              what the address must hold
    FOLDER/tables/ID/         data.csv (.csv.gz, .parquet, .sqlite), table.json, schema.json
    FOLDER/runs/ID/           run.json, state.json, events.jsonl, messages.txt, lock, results

Names of folders are made here and never taken from a page: what is no such name is not looked up.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lookalike._core.files import write_text

__all__ = ["RunFolder", "Store", "TableFolder", "address_of", "read_json", "write_json"]

#: The suffixes of files that are taken, each with that under which they are kept.
SUFFIXES = {
    **{suffix: suffix for suffix in (".csv.gz", ".csv", ".parquet")},
    **dict.fromkeys((".sqlite", ".sqlite3", ".db"), ".sqlite"),
}
_ID = re.compile(r"[0-9a-f]{12}")


def read_json(path: Path) -> dict[str, Any]:
    """Return the JSON object of a file; an empty one where there is none."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return values if isinstance(values, dict) else {}


def write_json(path: Path, values: Mapping[str, Any]) -> None:
    """Write a JSON object; the file is whole or unchanged."""
    write_text(json.dumps(values, ensure_ascii=False, indent=1), path)


def address_of(path: str) -> str:
    """Return the word by which commands read a file: an address for a database."""
    return f"sqlite:///{path}" if path.endswith(".sqlite") else path


@dataclass(frozen=True)
class TableFolder:
    """An uploaded table, or an uploaded database.

    Parameters
    ----------
    path : Path
        Its folder.
    """

    path: Path

    @property
    def id(self) -> str:
        """Its name in addresses."""
        return self.path.name

    @property
    def facts(self) -> dict[str, Any]:
        """Its name, its suffix and its size."""
        return read_json(self.path / "table.json")

    @property
    def name(self) -> str:
        """The name of the file that was uploaded."""
        return str(self.facts.get("name", self.id))

    @property
    def data(self) -> Path:
        """Its file."""
        return self.path / f"data{self.facts.get('suffix', '.csv')}"

    @property
    def is_database(self) -> bool:
        """Return whether it is a database of several tables."""
        return self.data.suffix == ".sqlite"

    @property
    def source(self) -> str:
        """The word by which commands in its folder read it."""
        return address_of(self.data.name)

    @property
    def words(self) -> str:
        """Its size in words."""
        schema = self.schema
        if self.is_database:
            rows = sum(schema["tables"].values())
            return f"{rows:,} rows in {len(schema['tables'])} tables"
        return f"{schema['rows']:,} rows, {len(schema['columns'])} columns"

    @property
    def schema(self) -> dict[str, Any]:
        """The schema, as ``lookalike info --json`` writes it; empty before."""
        return read_json(self.path / "schema.json")


@dataclass(frozen=True)
class RunFolder:
    """A run: some commands, done one after the other.

    Parameters
    ----------
    path : Path
        Its folder.
    """

    path: Path

    @property
    def id(self) -> str:
        """Its name in addresses."""
        return self.path.name

    @property
    def plan(self) -> dict[str, Any]:
        """What is to be done: title, commands, the same in Python."""
        return read_json(self.path / "run.json")

    @property
    def state(self) -> dict[str, Any]:
        """What has been done: the word, the number of finished commands, an error."""
        return read_json(self.path / "state.json")

    @property
    def events(self) -> Path:
        """The file of its events."""
        return self.path / "events.jsonl"

    def scores(self) -> dict[str, Any]:
        """Return the scores of its evaluation, by name; empty where there is none."""
        found = read_json(self.path / "evaluation.json").get("scores", {})
        if isinstance(found, list):  # of a database
            return {score["name"]: score for score in found}
        return found if isinstance(found, dict) else {}


#: The bytes of a token, which has more letters than that.
_SECRET = 24


class Store:
    """The folder of the studio.

    Parameters
    ----------
    folder : Path
        It is created if it does not exist, readable by its owner only.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for part in (folder, folder / "tables", folder / "runs"):
            part.mkdir(mode=0o700, parents=True, exist_ok=True)

    @property
    def token(self) -> str:
        """The secret that the address must hold; the same after a restart."""
        path = self.folder / "token"
        found = path.read_text(encoding="utf-8").strip() if path.exists() else ""
        if len(found) >= _SECRET:  # a write that was broken off leaves less
            return found
        path.unlink(missing_ok=True)
        made = secrets.token_urlsafe(_SECRET)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(made)
        return made

    def new_table(self, name: str) -> TableFolder | None:
        """Make the folder of a table; None where the name has no known suffix.

        Parameters
        ----------
        name : str
            The name of the file, of which only the last part is kept, as words to show.
        """
        shown = re.split(r"[\\/]", name)[-1][:120]
        suffix = next((one for one in SUFFIXES if shown.casefold().endswith(one)), None)
        if suffix is None:
            return None
        table = TableFolder(_fresh(self.folder / "tables"))
        facts = {"name": shown, "suffix": SUFFIXES[suffix], "at": time.time()}
        write_json(table.path / "table.json", facts)
        return table

    def new_run(self, plan: Mapping[str, Any], files: Mapping[str, str] | None = None) -> RunFolder:
        """Make the folder of a run, and write its plan and the texts that its commands read."""
        run = RunFolder(_fresh(self.folder / "runs"))
        for name, text in (files or {}).items():
            write_text(text, run.path / name)
        write_json(run.path / "run.json", {**plan, "at": time.time()})
        return run

    def table(self, name: str) -> TableFolder | None:
        """Return a table by its id; None if there is none."""
        path = self._known("tables", name)
        return None if path is None else TableFolder(path)

    def run(self, name: str) -> RunFolder | None:
        """Return a run by its id; None if there is none."""
        path = self._known("runs", name)
        return None if path is None else RunFolder(path)

    def tables(self) -> list[TableFolder]:
        """Return all tables that can be read, the latest first."""
        found = [TableFolder(path) for path in self._all("tables")]
        kept = [one for one in found if one.schema]
        return sorted(kept, key=lambda one: -float(one.facts.get("at", 0)))

    def runs(self) -> list[RunFolder]:
        """Return all runs, the latest first."""
        found = [RunFolder(path) for path in self._all("runs")]
        return sorted((r for r in found if r.plan), key=lambda r: -float(r.plan.get("at", 0)))

    def _all(self, part: str) -> list[Path]:
        return [path for path in (self.folder / part).iterdir() if _ID.fullmatch(path.name)]

    def _known(self, part: str, name: str) -> Path | None:
        if not _ID.fullmatch(name):
            return None
        path = self.folder / part / name
        return path if path.is_dir() else None


def _fresh(parent: Path) -> Path:
    path = parent / secrets.token_hex(6)
    path.mkdir(mode=0o700)
    return path
