"""The model file: a zip of JSON and plain arrays, checked before it is believed.

============================ =====================================================================
``manifest.json``            format and library version, class, parameters, seed, schema, origin,
                             target, row count and fingerprint of the training table, history,
                             the plain values of the model and of the counts of training rows
``encoding.json``            the plain values of the table's encoding
``weights.safetensors``      the arrays of all, as ``encoding/...``, ``support/...``, ``model/...``
============================ =====================================================================

There is no pickle in it and no training row, and loading runs no code of its own. The same model
gives the same bytes. A file of an older format is carried forward by `_MIGRATIONS`.
"""

from __future__ import annotations

import importlib
import math
import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from copy import deepcopy
from dataclasses import replace
from importlib.metadata import version
from typing import Any

import numpy as np
import pyarrow as pa

from lookalike._core.errors import (
    LookalikeError,
    MissingDependencyError,
    ModelFileError,
    ParameterError,
    nearest,
)
from lookalike._core.seeds import as_seed
from lookalike.encoding import State, TableEncoder
from lookalike.models._archive import Parts, read_parts, to_json, write_parts
from lookalike.models._base import Synthesizer
from lookalike.models._support import Support
from lookalike.tables import Origin, Schema
from lookalike.training import History

__all__ = ["FORMAT", "load", "save_model"]

#: The format that this version writes. A change of it needs an entry in `_MIGRATIONS`.
FORMAT = 4

#: Synthesizers that a file may name, and the modules that define them: imported when needed.
_SYNTHESIZERS = {"GAN": "lookalike.models.gan", "Independent": "lookalike.models.independent"}
#: Classes, or the modules that define them, by name.
_Known = Mapping[str, "str | type[Synthesizer]"]


def _named_penalties(parts: Parts) -> Parts:
    """Carry format 1 on: there a GAN had one kind of penalty, and no conditions."""
    manifest = dict(parts.manifest)
    parameters = dict(manifest["parameters"])
    if manifest["synthesizer"] == "GAN":
        weight = parameters.get("penalty", 0.5)
        parameters |= {"penalty": {"name": "zero-centred", "weight": weight}, "conditions": False}
    return replace(parts, manifest={**manifest, "parameters": parameters})


def _unbalanced_corrections(parts: Parts) -> Parts:
    """Carry format 2 on: there a correction chose of three times as many rows, unbalanced."""
    terms = parts.arrays.get("model/correction/terms")
    if terms is None:
        return parts
    more = {
        "model/correction/pool": np.array([3], np.int32),
        "model/correction/due": np.zeros(terms.shape, np.float32),
    }
    return replace(parts, arrays={**parts.arrays, **more})


def _as_it_is(parts: Parts) -> Parts:
    """Carry format 3 on: there nothing was drawn anew."""
    return parts


#: For each old format: the function that carries its parts on to the next one.
_MIGRATIONS: dict[int, Callable[[Parts], Parts]] = {
    1: _named_penalties,
    2: _unbalanced_corrections,
    3: _as_it_is,
}


# --- write ---------------------------------------------------------------------------------------


def save_model(model: Synthesizer, path: str | os.PathLike[str]) -> None:
    """Write a fitted model to one file, which is either whole or absent.

    Parameters
    ----------
    model : Synthesizer
        A fitted one.
    path : str or path-like
        Where to write it.

    Raises
    ------
    ParameterError
        If a parameter of the model cannot be written as JSON.
    OutputError
        If the file cannot be written.
    """
    write_parts(_take_apart(model), path)


def _take_apart(model: Synthesizer) -> Parts:
    encoding = model.encoder_.state()
    learned = model._state() if model.encoder_.layout_.blocks else State()
    support = State() if model._support is None else model._support.state()
    manifest = {
        "format": FORMAT,
        "lookalike": version("lookalike"),
        "synthesizer": type(model).__name__,
        "parameters": _parameters(model),
        "seed": model.seed_,
        "target": model.target_,
        "rows": model.n_rows_,
        "fingerprint": model.fingerprint_,
        "schema": model.schema_.to_dict(),
        "origin": model._origin.to_dict(),
        "history": _finite(model.history_.to_dict()),
        "support": support.values,
        "model": learned.values,
    }
    arrays = {
        # Not `ascontiguousarray`, which makes a scalar an array of one.
        f"{prefix}/{name}": np.asarray(array, order="C")
        for prefix, state in (("encoding", encoding), ("support", support), ("model", learned))
        for name, array in state.arrays.items()
    }
    return Parts(manifest, encoding.values, arrays)


def _parameters(model: Synthesizer) -> dict[str, Any]:
    """Return the arguments of the fit; a random generator becomes the seed drawn from it."""
    values = dict(model._fitted_with)
    if not isinstance(values["random_state"], int | None):
        values["random_state"] = model.seed_
    for name, value in values.items():
        # Objectives, architectures and the like stand in the file as a user would write them.
        values[name] = value.to_mapping() if hasattr(value, "to_mapping") else value
        try:
            to_json(values[name])
        except (TypeError, ValueError) as error:
            raise ParameterError(
                f"A saved parameter must be plain JSON, but {name} is {value!r}."
            ) from error
    return values


def _finite(value: Any) -> Any:
    """Return values with null for NaN and infinity, which JSON does not know: a loss may be one."""
    if isinstance(value, dict):
        return {k: _finite(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_finite(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


# --- read ----------------------------------------------------------------------------------------


def load(
    path: str | os.PathLike[str], *, synthesizers: Iterable[type[Synthesizer]] = ()
) -> Synthesizer:
    """Read a model that `Synthesizer.save` wrote.

    Parameters
    ----------
    path : str or path-like
        The model file.
    synthesizers : iterable of class
        Synthesizers of your own that the file may be one of, besides those of the library.

    Returns
    -------
    Synthesizer
        The fitted model: it makes the same rows as the saved one.

    Raises
    ------
    ModelFileError
        If the file is missing, damaged, foreign, hostile or written by a newer version.

    Examples
    --------
    >>> import lookalike as la, pyarrow as pa, tempfile, pathlib
    >>> model = la.Independent(random_state=0).fit(pa.table({"x": [1.5, 2.5, 2.0, 1.0]}))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = pathlib.Path(folder) / "x.lookalike"
    ...     model.save(file)
    ...     la.load(file).sample(3).equals(model.sample(3))
    True
    """
    known: _Known = {**_SYNTHESIZERS, **{cls.__name__: cls for cls in synthesizers}}
    try:
        return _put_together(read_parts(path, _check_format), known)
    except ModelFileError as error:
        raise ModelFileError(f"Model file {os.fspath(path)!r}: {error}") from error.__cause__


def _check_format(manifest: Mapping[str, Any]) -> None:
    number = manifest.get("format")
    if not isinstance(number, int) or isinstance(number, bool) or number < 0:
        raise ModelFileError(f"it is not a lookalike model: its format is {number!r}.")
    if number > FORMAT:
        raise ModelFileError(
            f"it was written by a newer lookalike (format {number}, lookalike "
            f"{manifest.get('lookalike')}); this one reads formats up to {FORMAT}. "
            "Update lookalike."
        )


def _put_together(parts: Parts, known: _Known) -> Synthesizer:
    try:
        return _build(_migrate(parts), known)
    except ModelFileError:
        raise
    # A hostile file can make any of these happen anywhere below; none of them is a defect.
    except (
        LookalikeError,
        ArithmeticError,
        AttributeError,
        LookupError,
        RecursionError,
        TypeError,
        ValueError,
        pa.ArrowException,
    ) as error:
        raise ModelFileError(
            f"its contents do not fit together ({type(error).__name__}: {error})."
        ) from error


def _migrate(parts: Parts) -> Parts:
    number = parts.manifest["format"]
    while number < FORMAT:
        if number not in _MIGRATIONS:
            raise ModelFileError(f"format {number} cannot be read any more. Fit the model again.")
        parts = _MIGRATIONS[number](parts)
        number += 1
    return parts


def _build(parts: Parts, known: _Known) -> Synthesizer:
    manifest = parts.manifest
    cls = _class(manifest["synthesizer"], known)
    model = cls(**{k: _frozen(v) for k, v in manifest["parameters"].items()})
    model._check_parameters()
    model._fitted_with = deepcopy(model.get_params(deep=False))
    schema = Schema.from_dict(manifest["schema"])
    encoding = State(parts.encoding, _under("encoding", parts.arrays))
    model.schema_ = schema
    model.encoder_ = TableEncoder.from_state(encoding, schema)
    model._origin = Origin.from_dict(manifest["origin"])
    model.seed_ = as_seed(manifest["seed"])
    model.n_rows_ = int(manifest["rows"])
    model.fingerprint_ = str(manifest["fingerprint"])
    model.target_ = None if manifest["target"] is None else schema[manifest["target"]].name
    model.history_ = History.from_dict(manifest["history"])
    layout = model.encoder_.layout_
    model._support = None
    if layout.blocks:
        counts = State(dict(manifest["support"]), _under("support", parts.arrays))
        model._support = Support.from_state(counts, layout)
        model._restore(State(dict(manifest["model"]), _under("model", parts.arrays)), layout)
    # One row is decoded, so that an encoding that cannot is found here. The library that the table
    # came from need not be there: rows can still be written to a file.
    with suppress(MissingDependencyError):
        model.sample(0)
    return model


def _class(name: Any, known: _Known) -> type[Synthesizer]:
    if name not in known:
        raise ModelFileError(
            f"it holds a {name!r}, which is none of {', '.join(known)}.{nearest(name, known)} "
            "If it is a synthesizer of your own: load(path, synthesizers=[...])."
        )
    found = known[name]
    if isinstance(found, str):
        cls: type[Synthesizer] = getattr(importlib.import_module(found), name)
        return cls
    return found


def _frozen(value: Any) -> Any:
    """Return a JSON value with tuples for lists: a parameter must not change under a model."""
    return tuple(_frozen(v) for v in value) if isinstance(value, list) else value


def _under(prefix: str, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {
        k.removeprefix(f"{prefix}/"): v for k, v in arrays.items() if k.startswith(f"{prefix}/")
    }
