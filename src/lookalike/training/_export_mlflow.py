"""A history as a run of MLflow."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from lookalike._core.optional import require

__all__ = ["write_mlflow"]

_SQLITE = "sqlite:///"
#: The maximum size of an MLflow batch, and the longest parameter that all its versions accept.
_METRICS_AT_ONCE = 1000
_PARAMETERS_AT_ONCE = 100
_LONGEST = 500


def write_mlflow(
    history: Mapping[str, Any],
    rows: Sequence[Mapping[str, float]],
    *,
    experiment: str,
    run_name: str | None,
    tracking_uri: str | None,
    parameters: Mapping[str, Any],
) -> str:
    """Write a history as a new run: rows as metrics, all of it as an artifact.

    Parameters
    ----------
    history : mapping of str to object
        The record, as returned by `History.to_dict`: the artifact.
    rows : sequence of mapping of str to float
        Its rows with values that are not finite, which MLflow has and JSON lacks.
    experiment : str
        The experiment's name; made if it is absent.
    run_name : str or None
        The name of the run; by default MLflow generates one.
    tracking_uri : str or None
        The tracking server or file. By default that of ``mlflow.set_tracking_uri`` or
        its environment variable, else a SQLite file ``mlflow.db`` in the current folder.
    parameters : mapping of str to object
        Parameters to log, such as those of a model.

    Returns
    -------
    str
        The run's id.

    Raises
    ------
    MissingDependencyError
        If mlflow is not installed.
    """
    mlflow = require("mlflow", "History.to_mlflow")
    if tracking_uri is None:
        told = mlflow.is_tracking_uri_set()
        tracking_uri = mlflow.get_tracking_uri() if told else f"{_SQLITE}mlflow.db"
    client = mlflow.MlflowClient(tracking_uri=tracking_uri)
    run = client.create_run(
        _experiment(client, experiment, tracking_uri),
        run_name=run_name,
        tags={
            "lookalike.stopped": history["stopped"],
            "lookalike.events": str(len(history["events"])),
        },
    )
    number: str = run.info.run_id
    metrics = _metrics(rows)
    for first in range(0, len(metrics), _METRICS_AT_ONCE):
        client.log_batch(number, metrics=metrics[first : first + _METRICS_AT_ONCE])
    values = _parameters(parameters)
    for first in range(0, len(values), _PARAMETERS_AT_ONCE):
        client.log_batch(number, params=values[first : first + _PARAMETERS_AT_ONCE])
    client.log_dict(number, history, "history.json")
    client.set_terminated(number, "FAILED" if history["cut_short"] else "FINISHED")
    return number


def _experiment(client: Any, name: str, tracking_uri: str) -> str:
    """Return the id of an experiment; artifacts of a new one lie beside its SQLite file."""
    found = client.get_experiment_by_name(name)
    if found is not None:
        return str(found.experiment_id)
    home = None
    if tracking_uri.startswith(_SQLITE):
        home = (Path(tracking_uri.removeprefix(_SQLITE)).resolve().parent / "mlruns").as_uri()
    return str(client.create_experiment(name, artifact_location=home))


def _metrics(rows: Sequence[Mapping[str, float]]) -> list[Any]:
    metric = import_module("mlflow.entities").Metric
    now = int(1000 * time.time())
    return [
        metric(name, float(value), now, int(row["step"]))
        for row in rows
        for name, value in row.items()
        if name != "step" and value is not None
    ]


def _parameters(values: Mapping[str, Any]) -> list[Any]:
    param = import_module("mlflow.entities").Param
    return [param(name, str(value)[:_LONGEST]) for name, value in values.items()]
