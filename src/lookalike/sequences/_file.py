"""The model file of sequences: that of a model of rows, with the events beside it.

The archive is that of every synthesizer: JSON and plain arrays, checked before use. Its parts:

============================ =====================================================================
``manifest.json``            as for a synthesizer, with the roles of columns; the manifest of the
                             `Forest` of static rows, or of single events, is one of its values
``encoding.json``            the encoding of that `Forest`
``weights.safetensors``      its arrays, as ``rows/...``, and those of events, as ``model/...``
============================ =====================================================================
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from lookalike._core.bounds import whole
from lookalike._core.errors import ModelFileError
from lookalike._core.seeds import as_seed
from lookalike.encoding import Learned
from lookalike.models import ArchiveParts, Forest, build
from lookalike.sequences._history_model import HistoryModel
from lookalike.sequences._roles import Roles
from lookalike.sequences._sequences import Sequences
from lookalike.sequences._series_model import SeriesModel
from lookalike.tables import Origin, Schema
from lookalike.training import History

__all__ = ["read"]


def read(parts: ArchiveParts) -> Sequences:
    """Restore a model from the parts of its file, which may be damaged or hostile.

    Parameters
    ----------
    parts : ArchiveParts
        The content of the file, whose form has been checked.

    Returns
    -------
    Sequences
        The fitted model.

    Raises
    ------
    ModelFileError
        If they do not fit together; other errors of damaged values are turned into it by `load`.
    """
    manifest = parts.manifest
    model = Sequences(**_parameters(manifest["parameters"]))
    model._check_parameters()
    model._keep_parameters()
    schema = Schema.from_dict(manifest["schema"])
    roles = Roles.from_dict(manifest["roles"], schema)
    rows = build(ArchiveParts(manifest["rows model"], parts.encoding, _under("rows", parts)))
    if not isinstance(rows, Forest):
        raise ModelFileError("its rows are not those of a forest.")
    kind = SeriesModel if roles.entity is None else HistoryModel
    learned = Learned(dict(manifest["model"]), _under("model", parts))
    model._take(schema, roles, kind.from_state(learned, schema, roles, rows))
    model._origin = Origin.from_dict(manifest["origin"])
    model.seed_ = as_seed(manifest["seed"])
    model.n_rows_ = whole(manifest["rows"], 1, 2**63, "rows")
    model.n_entities_ = whole(manifest["entities"], 1, model.n_rows_, "entities")
    model.fingerprint_ = str(manifest["fingerprint"])
    target = manifest["target"]
    model.target_ = None if target is None else schema[target].name
    model.history_ = History.from_dict(manifest["history"])
    model._keep_names()
    return model


def _parameters(values: Mapping[str, Any]) -> dict[str, Any]:
    return {str(name): value for name, value in values.items()}


def _under(prefix: str, parts: ArchiveParts) -> dict[str, np.ndarray]:
    return {
        name.removeprefix(f"{prefix}/"): array
        for name, array in parts.arrays.items()
        if name.startswith(f"{prefix}/")
    }
