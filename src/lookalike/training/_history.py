"""The record of training: a tidy table with a row per interval, and events."""

from __future__ import annotations

import csv
import io
import json
import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from lookalike._core.errors import ParameterError, nearest
from lookalike._core.events import log_event
from lookalike._core.plain import jsonable
from lookalike._core.tabular import Tabular
from lookalike.training._export_mlflow import write_mlflow
from lookalike.training._export_tensorboard import write_tensorboard

__all__ = ["KINDS", "Event", "History"]

_LOG = logging.getLogger("lookalike.training")

#: The kinds of events: a strategy changed a learning rate; a remedy was applied after a roll-back;
#: generated rows repeat training rows; the model was retrained on all rows; a correction was fitted
#: or rejected; the model was chosen among several; a sample of the table is learned; the run ended.
KINDS = ("rate", "remedy", "copying", "refit", "correction", "choice", "sample", "stop")


@dataclass(frozen=True)
class Event:
    """An event of training at one step.

    Parameters
    ----------
    step : int
        The step at which it was noticed.
    kind : str
        One of `KINDS`; a record of a later version may have others.
    words : str
        A sentence about the event and its reason.

    Examples
    --------
    >>> Event(400, "rate", "The discriminator's rate was halved: it was right too often.").kind
    'rate'
    """

    step: int
    kind: str
    words: str


@dataclass(repr=False)
class History(Tabular):
    """A tidy record of training.

    Parameters
    ----------
    rows : list of dict
        One row for each interval: ``"step"`` and the measures of the interval.
    stopped : str
        The reason why training ended, in words.
    cut_short : bool
        Whether training was ended by an interrupt or a failure.
    events : list of Event
        The events of the run, in order: changed rates, remedies, roll-backs.
    interrupted : bool
        Whether the user interrupted training (Ctrl-C).
    optimisers : tuple of str
        The names of the optimisers, such as ``("generator", "discriminator")``, which name the
        columns ``loss_<name>`` and ``rate_<name>``.
    training_seconds, monitor_seconds : float
        The wall-clock time of training, and the part of it spent waiting for monitors; 0 if not
        measured. They are neither compared nor saved, so that equal runs have equal records.

    Examples
    --------
    >>> history = History([{"step": 50.0, "loss_generator": 0.7}], stopped="all steps completed")
    >>> history.add(50, "remedy", "The penalty was doubled: the generator had collapsed.")
    >>> history["loss_generator"], len(history.events)
    ([0.7], 1)
    """

    _last_lines = True

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
        """The share of training time spent waiting for monitors; None if not measured."""
        return self.monitor_seconds / self.training_seconds if self.training_seconds else None

    @property
    def names(self) -> tuple[str, ...]:
        """The measured columns, in the order in which they first appeared."""
        return tuple(dict.fromkeys(name for row in self.rows for name in row))

    def __getitem__(self, name: str) -> list[float | None]:
        return [row.get(name) for row in self.rows]

    def add(self, step: int, kind: str, words: str) -> None:
        """Record an event.

        Parameters
        ----------
        step : int
            The step of the event.
        kind : str
            One of `KINDS`.
        words : str
            A sentence about the event and its reason.

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
        self.record_events([Event(int(step), kind, words)])

    def record(self, step: int, measures: Mapping[str, float]) -> None:
        """Add and log the measures of an interval.

        Parameters
        ----------
        step : int
            The step at its end.
        measures : mapping of str to float
        """
        row = {"step": float(step), **measures}
        self.rows.append(row)
        log_event(_LOG, f"step {step:,}: measured", "measures", **row)

    def record_events(self, events: Sequence[Event]) -> None:
        """Add and log events.

        Parameters
        ----------
        events : sequence of Event
        """
        self.events.extend(events)
        for one in events:
            log_event(_LOG, one.words, "event", step=one.step, sort=one.kind, words=one.words)

    def to_arrow(self) -> pa.Table:
        """Return the record as an Arrow table."""
        return pa.table(dict(self._frame_columns()))

    def _headline(self) -> str:
        if not self.rows:
            return "No record: the model is not trained in steps."
        words = f"{len(self.rows):,} intervals, {self.rows[-1]['step']:,.0f} steps"
        return ", ".join([words, *([f"{len(self.events)} events"] if self.events else [])]) + (
            f": {self.stopped}" if self.stopped else ""
        )

    def _frame_columns(self) -> Mapping[str, Any]:
        return {name: pa.array(self[name], pa.float64()) for name in self.names}

    def __repr__(self) -> str:
        return f"History({self._headline()})"

    def to_csv(self) -> str:
        """Return the record as CSV text."""
        text = io.StringIO()
        writer = csv.DictWriter(text, self.names, lineterminator="\n")
        writer.writeheader()
        writer.writerows(self.rows)
        return text.getvalue()

    def to_dict(self) -> dict[str, Any]:
        """Return the record as JSON-ready values; those that are not finite become None."""
        values = {
            "rows": self.rows,
            "stopped": self.stopped,
            "cut_short": self.cut_short,
            "interrupted": self.interrupted,
            "optimisers": list(self.optimisers),
            "events": [asdict(event) for event in self.events],
        }
        plain: dict[str, Any] = jsonable(values)
        return plain

    def to_json(self) -> str:
        """Return the record as JSON text; values that are not finite become null."""
        return json.dumps(self.to_dict(), allow_nan=False)

    def to_tensorboard(self, folder: str | os.PathLike[str]) -> None:
        """Write the record as TensorBoard event files (tensorboard must be installed).

        Rows become scalars and events texts. If the run went back to an earlier step, each attempt
        is a separate run in a subfolder.

        Parameters
        ----------
        folder : str or path-like
            The folder, created if absent; it must not contain event files.

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
            The name of the experiment, created if absent.
        run_name : str, optional
            The name of the run; by default MLflow generates one.
        tracking_uri : str, optional
            The tracking server or file. By default that of ``mlflow.set_tracking_uri`` or MLflow's
            environment variable, else a SQLite file ``mlflow.db`` in the current folder.
        parameters : mapping of str to object, optional
            Parameters to log, such as ``model.get_params()``.

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
            self.rows,
            experiment=experiment,
            run_name=run_name,
            tracking_uri=tracking_uri,
            parameters=parameters or {},
        )

    def _attempts(self) -> list[list[dict[str, float]]]:
        """Return the rows of each attempt: a new one begins where steps go back."""
        attempts: list[list[dict[str, float]]] = [[]]
        for row in self.rows:
            if attempts[-1] and row["step"] <= attempts[-1][-1]["step"]:
                attempts.append([])
            attempts[-1].append(row)
        return attempts

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> History:
        """Restore a record from `to_dict`; those of older versions have no events."""
        rows: Sequence[Mapping[str, float]] = values["rows"]
        events = [
            Event(int(event["step"]), str(event["kind"]), str(event["words"]))
            for event in values.get("events", ())
        ]
        stopped, cut_short = str(values["stopped"]), bool(values["cut_short"])
        interrupted = bool(values.get("interrupted", False))
        optimisers = tuple(map(str, values.get("optimisers", ())))
        return cls([dict(row) for row in rows], stopped, cut_short, events, interrupted, optimisers)
