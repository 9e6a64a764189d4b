"""What happened while training: one tidy table, a row per interval."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

__all__ = ["History"]


@dataclass
class History:
    """A tidy record of training.

    Parameters
    ----------
    rows : list of dict
        One for each interval: ``"step"`` and what was measured over it.
    stopped : str
        Why training ended, in words.
    cut_short : bool
        Whether it ended by an interrupt or by losses that were not finite.
    """

    rows: list[dict[str, float]] = field(default_factory=list)
    stopped: str = ""
    cut_short: bool = False

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def names(self) -> tuple[str, ...]:
        """The measured columns, in the order in which they first appeared."""
        return tuple(dict.fromkeys(name for row in self.rows for name in row))

    def __getitem__(self, name: str) -> list[float | None]:
        return [row.get(name) for row in self.rows]

    def to_arrow(self) -> pa.Table:
        """Return the record as an Arrow table."""
        return pa.table({name: pa.array(self[name], pa.float64()) for name in self.names})

    def to_frame(self) -> Any:
        """Return the record as a pandas data frame (pandas must be installed)."""
        return self.to_arrow().to_pandas()

    def to_csv(self) -> str:
        """Return the record as CSV text."""
        text = io.StringIO()
        writer = csv.DictWriter(text, self.names, lineterminator="\n")
        writer.writeheader()
        writer.writerows(self.rows)
        return text.getvalue()

    def to_dict(self) -> dict[str, Any]:
        """Return the record as JSON-ready values."""
        return {"rows": self.rows, "stopped": self.stopped, "cut_short": self.cut_short}

    def to_json(self) -> str:
        """Return the record as JSON text."""
        return json.dumps(self.to_dict())

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> History:
        """Make a record from what `to_dict` gave."""
        rows: Sequence[dict[str, float]] = values["rows"]
        return cls([dict(row) for row in rows], str(values["stopped"]), bool(values["cut_short"]))
