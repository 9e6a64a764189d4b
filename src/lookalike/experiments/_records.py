"""Records of a study, a row for each number, in a file that a killed process leaves intact.

Rows of one item of work are written in one transaction of SQLite, and a row that is there
already is not written again: an interrupted study resumes where it stopped.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from types import TracebackType
from typing import Self

from lookalike._core.errors import FileFormatError, OutputError
from lookalike._core.files import is_stream

__all__ = ["Record", "Records"]

#: Seconds to wait for another process that writes to the same file.
_PATIENCE = 60.0


@dataclass(frozen=True)
class Record:
    """One number of a study.

    Parameters
    ----------
    data : str
        A digest of the table.
    settings : str
        A digest of everything else that the number depends on and that is not in the record.
    split : int
        The number of the split.
    arm : str
        The set of training rows.
    factor : float
        Rows added for each real row that was kept.
    share : float
        The share of the training rows that was kept.
    model, metric : str
        Names.
    value : float or None
        The number; None where there is none.
    reason : str or None
        The reason why there is none.
    kept_rows, train_rows, test_rows : int
        Real training rows that were kept, all training rows of the split, and held-out rows.
    """

    data: str
    settings: str
    split: int
    arm: str
    factor: float
    share: float
    model: str
    metric: str
    value: float | None
    reason: str | None
    kept_rows: int
    train_rows: int
    test_rows: int


_NAMES = [field.name for field in fields(Record)]
_TYPES = dict.fromkeys(_NAMES, "TEXT NOT NULL") | {
    "split": "INTEGER NOT NULL",
    "factor": "REAL NOT NULL",
    "share": "REAL NOT NULL",
    "value": "REAL",
    "reason": "TEXT",
    "kept_rows": "INTEGER NOT NULL",
    "train_rows": "INTEGER NOT NULL",
    "test_rows": "INTEGER NOT NULL",
}
#: The columns that identify a record.
_KEY = _NAMES[:8]
_CREATE = (
    f"CREATE TABLE IF NOT EXISTS records ({', '.join(f'{n} {_TYPES[n]}' for n in _NAMES)}, "
    f"PRIMARY KEY ({', '.join(_KEY)}))"
)
_INSERT = f"INSERT OR {{}} INTO records VALUES ({', '.join('?' * len(_NAMES))})"
_SELECT = f"SELECT {', '.join(_NAMES)} FROM records WHERE data = ? ORDER BY {', '.join(_KEY)}"


class Records:
    """Records in a SQLite file, or in memory.

    Parameters
    ----------
    path : str, path-like or None
        The file, created where there is none; None for memory.

    Raises
    ------
    OutputError
        If the file cannot be opened or written.
    FileFormatError
        If it is another kind of file.
    """

    def __init__(self, path: str | os.PathLike[str] | None) -> None:
        self.path = path
        if path is not None and (is_stream(path) or Path(path).is_dir()):
            raise OutputError(
                f"Records are kept in a file, but {os.fspath(path)!r} is none. Name a file."
            )
        try:
            name = ":memory:" if path is None else Path(path)
            self._database = sqlite3.connect(name, timeout=_PATIENCE)
            with self._database:
                self._database.execute(_CREATE)
            columns = [row[1] for row in self._database.execute("PRAGMA table_info(records)")]
        except sqlite3.OperationalError as error:
            raise OutputError(f"Cannot write records to {str(path)!r}: {error}.") from error
        except sqlite3.DatabaseError as error:
            raise FileFormatError(
                f"Records are kept in a SQLite file, but {str(path)!r} is something else. "
                "Name a new file."
            ) from error
        if columns != _NAMES:
            self.close()
            raise FileFormatError(
                f"The records in {str(path)!r} must have the columns {_NAMES}; got {columns}. "
                "Name a new file."
            )

    def add(self, records: Iterable[Record], *, replace: bool = False) -> None:
        """Write records, all or none of them; existing ones stay as they are by default.

        Parameters
        ----------
        records : iterable of Record
            The records of one item of work.
        replace : bool
            True to replace existing records.

        Raises
        ------
        OutputError
            If they cannot be written.
        """
        try:
            with self._database:
                insert = _INSERT.format("REPLACE" if replace else "IGNORE")
                self._database.executemany(insert, [astuple(record) for record in records])
        except sqlite3.OperationalError as error:
            raise OutputError(f"Cannot write records to {str(self.path)!r}: {error}.") from error

    def of(self, data: str) -> list[Record]:
        """Return the records of a table, in the order of their keys.

        Parameters
        ----------
        data : str
            The digest of the table.

        Returns
        -------
        list of Record
            The records of all studies of this table.
        """
        return [Record(*row) for row in self._database.execute(_SELECT, (data,))]

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self.close()
