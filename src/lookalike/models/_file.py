"""The model file: a zip of JSON and plain arrays, validated before use.

============================ =====================================================================
``manifest.json``            format and library version, class, parameters, seed, schema, origin,
                             target, row count and fingerprint of the training table, history,
                             privacy ledger (of `Private`), the plain values of the model and of
                             the counts of training rows
``encoding.json``            the plain values of the table's encoding
``weights.safetensors``      the arrays of all, as ``encoding/...``, ``support/...``, ``model/...``
============================ =====================================================================

It contains no pickle and no training rows, and loading runs no code from it. The manifest has a
digest of the other two. The same model gives the same bytes. Files of older formats are converted
by `_MIGRATIONS`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any

import numpy as np
import pyarrow as pa

from lookalike._core.bounds import whole
from lookalike._core.errors import (
    LookalikeError,
    MissingDependencyError,
    ModelFileError,
    TrainingError,
    nearest,
)
from lookalike._core.late import READERS
from lookalike._core.places import shown_path
from lookalike._core.registry import Registry, registered_only
from lookalike._core.seeds import as_seed
from lookalike.encoding import Learned, SampledRows, TableEncoder
from lookalike.models._archive import ArchiveParts, read_manifest, read_parts
from lookalike.models._base import Synthesizer
from lookalike.models._ledger import PrivacyLedger
from lookalike.models._saving import FORMAT
from lookalike.models._support import Support
from lookalike.refine import Refinement
from lookalike.tables import Origin, Schema, render
from lookalike.training import History

__all__ = ["SYNTHESIZERS", "build", "is_of", "load"]

#: The synthesizers. A file may name those that are entered here, never an entry point alone: a file
#: must not decide what is imported.
SYNTHESIZERS: Registry[Synthesizer] = Registry("synthesizer", Synthesizer)
_Synthesizers = Mapping[str, type[Synthesizer]]

#: The maximum number of columns of a model file: each takes some time, however small it is.
_MOST_COLUMNS = 2**15
#: The number of rows that a loaded model decodes as a check.
_PROOF = 8

#: For each older format, the function that converts its parts to the next one.
_MIGRATIONS: dict[int, Callable[[ArchiveParts], ArchiveParts]] = {}


# --- read ----------------------------------------------------------------------------------------


def load(path: str | os.PathLike[str], *, synthesizers: Iterable[type[Synthesizer]] = ()) -> Any:
    """Load a model that its `save` has written.

    Parameters
    ----------
    path : str or path-like
        The model file.
    synthesizers : iterable of class
        Classes that the model may have, besides the synthesizers of this library.

    Returns
    -------
    Synthesizer, Sequences or Relational
        The fitted model; it generates the same rows as the saved one.

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
    own = {cls.__name__: cls for cls in synthesizers}
    try:
        return _put_together(read_parts(path, _check_format), own)
    except ModelFileError as error:
        raise ModelFileError(f"Model file {shown_path(path)!r}: {error}") from error.__cause__


def is_of(path: str | os.PathLike[str], name: str) -> bool:
    """Return whether a model file is of a class, without loading it; False if it cannot be read.

    Parameters
    ----------
    path : str or path-like
    name : str
        The name of the class.

    Returns
    -------
    bool
        True if it is.
    """
    try:
        return read_manifest(path).get("synthesizer") == name
    except ModelFileError:
        return False


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


def _put_together(parts: ArchiveParts, own: _Synthesizers) -> Any:
    try:
        with registered_only():  # a file must not cause imports
            whole_parts = _migrate(parts)
            name = whole_parts.manifest["synthesizer"]
            read = None if name in own else READERS.find(name)
            return build(whole_parts, own) if read is None else read(whole_parts)
    except (ModelFileError, TrainingError):  # the latter concerns this process, not the file
        raise
    # A hostile file can cause any of these anywhere below; none of them is a defect.
    except (
        LookalikeError,
        ArithmeticError,
        AttributeError,
        LookupError,
        MemoryError,
        RecursionError,
        TypeError,
        ValueError,
        pa.ArrowException,
    ) as error:
        raise ModelFileError(
            f"its contents do not fit together ({type(error).__name__}: {error})."
        ) from error


def _migrate(parts: ArchiveParts) -> ArchiveParts:
    number = parts.manifest["format"]
    while number < FORMAT:
        if number not in _MIGRATIONS:
            raise ModelFileError(f"format {number} is no longer supported. Fit the model again.")
        parts = _MIGRATIONS[number](parts)
        number += 1
    return parts


def build(parts: ArchiveParts, own: _Synthesizers | None = None) -> Synthesizer:
    """Restore a synthesizer from the parts of its file, which may be damaged or hostile.

    Parameters
    ----------
    parts : ArchiveParts
        The content of the file, whose form has been checked.
    own : mapping of str to class, optional
        Classes that the model may have, besides the synthesizers of this library.

    Returns
    -------
    Synthesizer
        The fitted model.

    Raises
    ------
    ModelFileError
        If the parts do not fit together; damaged values also raise the errors that they cause.
    """
    manifest = parts.manifest
    cls = _class(manifest["synthesizer"], own or {})
    model = cls(**{k: _frozen(v) for k, v in manifest["parameters"].items()})
    model._check_parameters()
    model._keep_parameters()
    columns = whole(len(manifest["schema"]["columns"]), 1, _MOST_COLUMNS, "the count of columns")
    whole(len(manifest["schema"]["dependencies"]), 0, columns, "the count of relations")
    whole(len(parts.encoding["columns"]), 0, columns, "the count of encodings")
    whole(len(parts.encoding["derived"]), 0, columns, "the count of derived columns")
    schema = Schema.from_dict(manifest["schema"])
    encoding = Learned(parts.encoding, _under("encoding", parts.arrays))
    model.schema_ = schema
    model.encoder_ = TableEncoder.from_state(encoding, schema)
    model._origin = Origin.from_dict(manifest["origin"])
    model.seed_ = as_seed(manifest["seed"])
    model.n_rows_ = whole(manifest["rows"], 1, 2**63, "rows")
    model.fingerprint_ = str(manifest["fingerprint"])
    model.target_ = None if manifest["target"] is None else schema[manifest["target"]].name
    model.history_ = History.from_dict(manifest["history"])
    if cls.HAS_LEDGER:
        model.ledger_ = PrivacyLedger.from_dict(manifest["privacy"])
    layout = model.encoder_.layout_
    model._support = None
    if layout.blocks:
        counts = Learned(dict(manifest["support"]), _under("support", parts.arrays))
        model._support = Support.from_state(counts, layout)
        model._restore(Learned(dict(manifest["model"]), _under("model", parts.arrays)), layout)
        fitted = Learned({}, _under("refinement", parts.arrays))
        model._refinement = Refinement.from_state(fitted, layout)
    model._keep_names()
    _prove(model)
    return model


def _prove(model: Synthesizer) -> None:
    """Decode a few rows, so that a damaged encoding is found here."""
    layout, rng = model.encoder_.layout_, np.random.default_rng(0)
    widths = [block.width for block in layout.blocks if block.head == "softmax"]
    numbers = 2 * rng.standard_normal((_PROOF, layout.numbers), np.float32)
    levels = rng.integers(0, widths, (_PROOF, len(widths))).astype(np.int32)
    render(model.encoder_.decode(SampledRows(numbers, levels), seed=model.seed_), model.schema_)
    # The dataframe library of the table may be missing: rows can still be written to a file.
    with suppress(MissingDependencyError):
        model.sample(0)


def _class(name: Any, own: _Synthesizers) -> type[Synthesizer]:
    if name in own:
        return own[name]
    if (found := SYNTHESIZERS.registered(name)) is not None:
        return found
    known = [*SYNTHESIZERS.entered, *own]
    raise ModelFileError(
        f"it holds a {name!r}, which is none of {', '.join(known)}.{nearest(name, known)} "
        "If it is a synthesizer of your own or of another package, use "
        "load(path, synthesizers=[...])."
    )


def _frozen(value: Any) -> Any:
    """Return a JSON value with tuples for lists, so that parameters are immutable."""
    return tuple(_frozen(v) for v in value) if isinstance(value, list) else value


def _under(prefix: str, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {
        k.removeprefix(f"{prefix}/"): v for k, v in arrays.items() if k.startswith(f"{prefix}/")
    }
