"""Writing of the files of sequences; `_file` describes their content and reads them."""

from __future__ import annotations

import os
from importlib.metadata import version
from typing import Any, Protocol

import numpy as np

from lookalike.models import FORMAT, ArchiveParts, saved_parameters, take_apart, write_parts
from lookalike.sequences._history_model import HistoryModel
from lookalike.sequences._roles import Roles
from lookalike.sequences._series_model import SeriesModel
from lookalike.tables import Origin, Schema
from lookalike.training import History

__all__ = ["save_sequences"]

_NAME = "Sequences"


class FittedSequences(Protocol):
    """The part of fitted sequences that a model file stores."""

    schema_: Schema
    target_: str | None
    history_: History
    n_entities_: int
    n_rows_: int
    seed_: int
    fingerprint_: str
    _origin: Origin
    _model: HistoryModel | SeriesModel
    _fitted_with: dict[str, Any]

    @property
    def _roles(self) -> Roles: ...


def save_sequences(model: FittedSequences, path: str | os.PathLike[str]) -> None:
    """Write a fitted model to one file, which is either whole or absent."""
    inner = model._model
    rows = take_apart(inner.entities.rows if isinstance(inner, HistoryModel) else inner.rows)
    learned = inner.state()
    manifest = {
        "format": FORMAT,
        "lookalike": version("lookalike"),
        "synthesizer": _NAME,
        "parameters": saved_parameters(model._fitted_with, model.seed_),
        "seed": model.seed_,
        "rows": model.n_rows_,
        "entities": model.n_entities_,
        "fingerprint": model.fingerprint_,
        "target": model.target_,
        "history": model.history_.to_dict(),
        "schema": model.schema_.to_dict(),
        "origin": model._origin.to_dict(),
        "roles": model._roles.to_dict(),
        "rows model": rows.manifest,
        "model": learned.values,
    }
    arrays = {f"rows/{name}": array for name, array in rows.arrays.items()}
    arrays |= {f"model/{k}": np.asarray(v, order="C") for k, v in learned.arrays.items()}
    write_parts(ArchiveParts(manifest, rows.encoding, arrays), path)
