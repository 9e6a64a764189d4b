"""A history as TensorBoard event files."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from lookalike._core.errors import OutputError
from lookalike._core.optional import require

__all__ = ["write_tensorboard"]

#: The prefixes of measures that are grouped together; all others belong to monitors.
_GROUPS = ("loss", "accuracy", "probability", "gradient", "rate")
_HistoryRows = Sequence[Mapping[str, float]]
#: Step, kind and words.
_ScalarEvent = tuple[int, str, str]


def write_tensorboard(
    attempts: Sequence[_HistoryRows], events: Sequence[_ScalarEvent], folder: Path
) -> None:
    """Write rows as scalars and events as text.

    Parameters
    ----------
    attempts : sequence of sequence of dict
        The rows of a history, one sequence per attempt. Each attempt becomes a separate run in a
        subfolder, since steps in TensorBoard cannot go back.
    events : sequence of (int, str, str)
        Step, kind and words of each; written with the last attempt.
    folder : Path
        The folder, created if absent; it must not contain event files.

    Raises
    ------
    MissingDependencyError
        If tensorboard is not installed.
    OutputError
        If the folder holds event files or cannot be written.
    """
    require("tensorboard", "History.to_tensorboard")
    if folder.is_dir() and any(folder.rglob("*tfevents*")):
        raise OutputError(
            f"Each history needs a folder of its own, or TensorBoard mixes them; {str(folder)!r} "
            "holds event files. Name another folder."
        )
    for number, rows in enumerate(attempts, 1):
        last = number == len(attempts)
        home = folder if len(attempts) == 1 else folder / f"attempt-{number}"
        _write(home, [*_scalars(rows), *(_words(events) if last else ())])


def _write(folder: Path, summaries: Iterable[tuple[int, Any]]) -> None:
    writers = import_module("tensorboard.summary.writer.event_file_writer")
    protos = import_module("tensorboard.compat.proto.event_pb2")
    try:
        writer = writers.EventFileWriter(str(folder))
        for step, summary in summaries:
            event = protos.Event(wall_time=time.time(), step=step)
            event.summary.value.append(summary)
            writer.add_event(event)
        writer.close()
    except OSError as error:
        raise OutputError(f"Cannot write to {str(folder)!r}: {error.strerror or error}.") from error


def _scalars(rows: _HistoryRows) -> Iterable[tuple[int, Any]]:
    value = import_module("tensorboard.compat.proto.summary_pb2").Summary.Value
    for row in rows:
        for name, number in row.items():
            if name != "step" and number is not None:
                yield int(row["step"]), value(tag=_tag(name), simple_value=float(number))


def _tag(name: str) -> str:
    first = name.split("_")[0]
    return f"{first if first in _GROUPS else 'monitors'}/{name}"


def _words(events: Sequence[_ScalarEvent]) -> Iterable[tuple[int, Any]]:
    """Return events as the text plug-in reads them: tensors of strings."""
    summary = import_module("tensorboard.compat.proto.summary_pb2")
    tensor = import_module("tensorboard.compat.proto.tensor_pb2").TensorProto
    kind = import_module("tensorboard.compat.proto.types_pb2").DT_STRING
    plugin = summary.SummaryMetadata.PluginData(plugin_name="text")
    for step, event, words in events:
        yield (
            step,
            summary.Summary.Value(
                tag=f"events/{event}",
                metadata=summary.SummaryMetadata(plugin_data=plugin),
                tensor=tensor(dtype=kind, string_val=[words.encode()]),
            ),
        )
