"""What happened while training: one tidy table, a row per interval."""

from __future__ import annotations

import csv
import io
import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from lookalike._core.errors import ParameterError, nearest
from lookalike.training._export_mlflow import write_mlflow
from lookalike.training._export_tensorboard import write_tensorboard

__all__ = ["KINDS", "Event", "History"]

#: What can happen: a player's rate changed; a remedy was applied; the run went back to an earlier
#: state; generated rows lie too near to rows that train; the best run was played again with all
#: rows; rows are chosen by a correction, or why not; the run ended.
KINDS = ("rate", "remedy", "copying", "refit", "correction", "stop")


@dataclass(frozen=True)
class Event:
    """Something that happened at one step, and why.

    Parameters
    ----------
    step : int
        The step at which it was noticed.
    kind : str
        One of `KINDS`; a run of a later version may know more.
    words : str
        What happened and why, as a sentence.

    Examples
    --------
    >>> Event(400, "rate", "The discriminator's rate was halved: it was right too often.").kind
    'rate'
    """

    step: int
    kind: str
    words: str


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
    events : list of Event
        What happened between, in order: changed rates, remedies, roll-backs.
    interrupted : bool
        Whether somebody ended it (Ctrl-C).
    optimisers : tuple of str
        The names by which the run has losses and rates, such as ``("generator",
        "discriminator")``: columns ``loss_<name>`` and ``rate_<name>``.
    training_seconds, monitor_seconds : float
        How long training took, wall clock, and for how much of it it waited for monitors; 0 where
        nobody measured. They are not compared and not written: the same run is the same record.

    Examples
    --------
    >>> history = History([{"step": 50.0, "loss_generator": 0.7}], stopped="all steps were played")
    >>> history.add(50, "remedy", "The penalty was doubled: the generator had collapsed.")
    >>> history["loss_generator"], len(history.events)
    ([0.7], 1)
    """

    rows: list[dict[str, float]] = field(default_factory=list)
    stopped: str = ""
    cut_short: bool = False
    events: list[Event] = field(default_factory=list)
    interrupted: bool = False
    optimisers: tuple[str, ...] = ()
    training_seconds: float = field(default=0.0, compare=False, repr=False)
    monitor_seconds: float = field(default=0.0, compare=False, repr=False)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def monitor_share(self) -> float | None:
        """The share of training time spent waiting for monitors; None where nobody measured."""
        return self.monitor_seconds / self.training_seconds if self.training_seconds else None

    @property
    def names(self) -> tuple[str, ...]:
        """The measured columns, in the order in which they first appeared."""
        return tuple(dict.fromkeys(name for row in self.rows for name in row))

    def __getitem__(self, name: str) -> list[float | None]:
        return [row.get(name) for row in self.rows]

    def add(self, step: int, kind: str, words: str) -> None:
        """Record that something happened.

        Parameters
        ----------
        step : int
            When.
        kind : str
            One of `KINDS`.
        words : str
            What and why, as a sentence.

        Raises
        ------
        ParameterError
            If the kind is not one of `KINDS`.
        """
        if kind not in KINDS:
            raise ParameterError(
                f"An event must be of one of the kinds {', '.join(KINDS)}; got {kind!r}."
                f"{nearest(kind, KINDS)}"
            )
        self.events.append(Event(int(step), kind, words))

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
        return {
            "rows": self.rows,
            "stopped": self.stopped,
            "cut_short": self.cut_short,
            "interrupted": self.interrupted,
            "optimisers": list(self.optimisers),
            "events": [asdict(event) for event in self.events],
        }

    def to_json(self) -> str:
        """Return the record as JSON text; what is not finite becomes null."""
        values = self.to_dict()
        values["rows"] = [
            {name: value if _finite(value) else None for name, value in row.items()}
            for row in self.rows
        ]
        return json.dumps(values, allow_nan=False)

    def to_tensorboard(self, folder: str | os.PathLike[str]) -> None:
        """Write the record as TensorBoard event files (tensorboard must be installed).

        Rows become scalars, events texts. Where the run went back to an earlier step, each attempt
        is a run of its own in a folder below.

        Parameters
        ----------
        folder : str or path-like
            Made if it is absent; it must not hold event files yet.

        Raises
        ------
        MissingDependencyError
            If tensorboard is not installed.
        OutputError
            If the folder holds event files or cannot be written.
        """
        words = [(event.step, event.kind, event.words) for event in self.events]
        write_tensorboard(self._attempts(), words, Path(folder))

    def to_mlflow(
        self,
        experiment: str = "lookalike",
        *,
        run_name: str | None = None,
        tracking_uri: str | None = None,
        parameters: Mapping[str, Any] | None = None,
    ) -> str:
        """Write the record as a new run of MLflow (mlflow must be installed).

        Rows become metrics; the whole record, events included, is the artifact ``history.json``.

        Parameters
        ----------
        experiment : str
            The experiment's name; made if it is absent.
        run_name : str, optional
            The run's name; MLflow makes one up by default.
        tracking_uri : str, optional
            Where runs are kept. By default what MLflow was told, by ``mlflow.set_tracking_uri`` or
            its environment variable, else a SQLite file ``mlflow.db`` in the current folder.
        parameters : mapping of str to object, optional
            What else to keep, such as ``model.get_params()``.

        Returns
        -------
        str
            The run's id.

        Raises
        ------
        MissingDependencyError
            If mlflow is not installed.
        """
        return write_mlflow(
            self.to_dict(),
            experiment=experiment,
            run_name=run_name,
            tracking_uri=tracking_uri,
            parameters=parameters or {},
        )

    def _attempts(self) -> list[list[dict[str, float]]]:
        """Return the rows of each attempt: a new one begins where steps go back."""
        found: list[list[dict[str, float]]] = [[]]
        for row in self.rows:
            if found[-1] and row["step"] <= found[-1][-1]["step"]:
                found.append([])
            found[-1].append(row)
        return found

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> History:
        """Make a record from what `to_dict` gave; those of older versions have no events."""
        rows: Sequence[Mapping[str, float]] = values["rows"]
        events = [
            Event(int(event["step"]), str(event["kind"]), str(event["words"]))
            for event in values.get("events", ())
        ]
        stopped, cut_short = str(values["stopped"]), bool(values["cut_short"])
        interrupted = bool(values.get("interrupted", False))
        optimisers = tuple(map(str, values.get("optimisers", ())))
        return cls([dict(row) for row in rows], stopped, cut_short, events, interrupted, optimisers)


def _finite(value: float | None) -> bool:
    return value is not None and math.isfinite(value)
