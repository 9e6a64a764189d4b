"""Reading of the files of models of images, which may be damaged or hostile."""

from __future__ import annotations

from typing import Any

import numpy as np

from lookalike._core.bounds import whole
from lookalike._core.errors import ModelFileError
from lookalike._core.learned import Learned
from lookalike._core.seeds import as_seed
from lookalike.images._form import ImageForm
from lookalike.images._images import Images
from lookalike.images._saving import ENGINES
from lookalike.models import ArchiveParts
from lookalike.training import History

__all__ = ["read"]

_PLAIN = (bool, int, float, str)


def read(parts: ArchiveParts) -> Images:
    """Restore a model from the parts of its file.

    Parameters
    ----------
    parts : ArchiveParts
        The content of the file, whose form has been checked.

    Returns
    -------
    Images
        The fitted model.

    Raises
    ------
    ModelFileError
        If they do not fit together; other errors of damaged values are turned into it by `load`.
    """
    manifest = parts.manifest
    model = Images(**{str(name): value for name, value in manifest["parameters"].items()})
    model._check_parameters()
    model._keep_parameters()
    model.form_ = ImageForm.from_dict(manifest["form"])
    model.classes_ = _classes(manifest["classes"])
    model.seed_ = as_seed(manifest["seed"])
    model.n_images_ = whole(manifest["images"], 1, 2**63, "images")
    arrays = {
        name.removeprefix("model/"): array
        for name, array in parts.arrays.items()
        if name.startswith("model/")
    }
    history = History.from_dict(manifest["history"])
    learned = Learned(dict(manifest["model"]), arrays)
    model._engine = ENGINES[model.engine].restore(
        learned, model.form_, len(model._labels), model, history
    )
    model._keep_names()
    return model


def _classes(values: Any) -> np.ndarray | None:
    if values is None:
        return None
    kinds = {type(value) for value in values}
    if len(values) < 2 or len(kinds) != 1 or not kinds <= set(_PLAIN):
        raise ModelFileError("its classes are damaged.")
    if len(set(values)) < len(values):
        raise ModelFileError("a class of it is named twice.")
    return np.array(values)
