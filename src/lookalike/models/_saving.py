"""Writing of model files; `_file` describes their content and reads them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any, Protocol

import numpy as np

from lookalike._core.errors import ParameterError
from lookalike.encoding import Learned, TableEncoder
from lookalike.models._archive import ArchiveParts, to_json, write_parts
from lookalike.models._ledger import PrivacyLedger
from lookalike.models._support import Support
from lookalike.refine import Refinement
from lookalike.tables import Origin, Schema
from lookalike.training import History

__all__ = ["FORMAT", "save_model", "saved_parameters", "take_apart"]

#: The format version. A change of it needs an entry in `_MIGRATIONS` of `_file`.
FORMAT = 1


class Fitted(Protocol):
    """The part of a fitted synthesizer that a model file stores."""

    schema_: Schema
    encoder_: TableEncoder
    target_: str | None
    history_: History
    seed_: int
    n_rows_: int
    fingerprint_: str
    ledger_: PrivacyLedger | None
    _origin: Origin
    _support: Support | None
    _refinement: Refinement
    _fitted_with: dict[str, Any]

    def _state(self) -> Learned: ...


def save_model(model: Fitted, path: str | os.PathLike[str]) -> None:
    """Write a fitted model to one file, which is either whole or absent.

    Parameters
    ----------
    model : Fitted
        A fitted synthesizer.
    path : str or path-like
        The file.

    Raises
    ------
    ParameterError
        If a parameter of the model cannot be written as JSON.
    OutputError
        If the file cannot be written.
    """
    write_parts(take_apart(model), path)


def take_apart(model: Fitted) -> ArchiveParts:
    """Return the content of the file of a fitted model.

    Parameters
    ----------
    model : Fitted
        A fitted synthesizer.

    Returns
    -------
    ArchiveParts
    """
    encoding = model.encoder_.state()
    learned = model._state() if model.encoder_.layout_.blocks else Learned()
    support = Learned() if model._support is None else model._support.state()
    manifest = {
        "format": FORMAT,
        "lookalike": version("lookalike"),
        "synthesizer": type(model).__name__,
        "parameters": saved_parameters(model._fitted_with, model.seed_),
        "seed": model.seed_,
        "target": model.target_,
        "rows": model.n_rows_,
        "fingerprint": model.fingerprint_,
        "schema": model.schema_.to_dict(),
        "origin": model._origin.to_dict(),
        "history": model.history_.to_dict(),
        "support": support.values,
        "model": learned.values,
    }
    if model.ledger_ is not None:  # beside the learned state, which may be empty
        manifest["privacy"] = model.ledger_.to_dict()
    arrays = {
        # Not `ascontiguousarray`, which turns a scalar into an array of one.
        f"{prefix}/{name}": np.asarray(array, order="C")
        for prefix, state in (
            ("encoding", encoding),
            ("support", support),
            ("model", learned),
            ("refinement", model._refinement.state()),
        )
        for name, array in state.arrays.items()
    }
    return ArchiveParts(manifest, encoding.values, arrays)


def saved_parameters(fitted_with: Mapping[str, Any], seed: int) -> dict[str, Any]:
    """Return the parameters of a fit; a random generator becomes the seed drawn from it.

    Parameters
    ----------
    fitted_with : mapping of str to object
        The parameters as they were at the fit.
    seed : int
        The seed of the fit.

    Returns
    -------
    dict of str to object
        JSON-ready.

    Raises
    ------
    ParameterError
        If a parameter cannot be written as JSON.
    """
    values = dict(fitted_with)
    if not isinstance(values["random_state"], int | None):
        values["random_state"] = seed
    for name, value in values.items():
        # Objectives, architectures and the like are stored as mappings, as a user may write them.
        values[name] = value.to_mapping() if hasattr(value, "to_mapping") else value
        try:
            to_json(values[name])
        except (TypeError, ValueError) as error:
            raise ParameterError(
                f"A saved parameter must be plain JSON, but {name} is {value!r}."
            ) from error
    return values
