"""Writing of the files of models of images; `_file` reads them.

The archive is that of every synthesizer: JSON and plain arrays, checked before use. Its parts:

============================ =====================================================================
``manifest.json``            parameters, seed, the form of images, classes, history, and the plain
                             values of the engine
``encoding.json``            empty
``weights.safetensors``      the arrays of the engine
============================ =====================================================================
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Protocol

import numpy as np

from lookalike._core.learned import Learned
from lookalike._core.numerics import Floats32
from lookalike.encoding import EncodedRows
from lookalike.images._form import ImageForm
from lookalike.models import FORMAT, ArchiveParts, saved_parameters, write_parts
from lookalike.training import History

__all__ = ["ENGINES", "Engine", "EngineKind", "save_images"]

NAME = "Images"


class Engine(Protocol):
    """The engine that draws images: see `GanEngine` and `ComponentsEngine`."""

    @property
    def history(self) -> History: ...

    def block(
        self, seed: int, number: int, count: int, code: int | None
    ) -> tuple[Floats32, np.ndarray]: ...

    def state(self) -> Learned: ...


#: Learned images, held-out ones, their form, the number of classes, parameters and the seed.
_FitEngine = Callable[[EncodedRows, EncodedRows | None, ImageForm, int, Any, int], Engine]
#: A learned state, the form of images, the number of classes, parameters and the history.
_RestoreEngine = Callable[[Learned, ImageForm, int, Any, History], Engine]


@dataclass(frozen=True)
class EngineKind:
    """The ways to fit an engine, and to restore it from its state."""

    fit: _FitEngine
    restore: _RestoreEngine


def _fit_gan(
    rows: EncodedRows,
    held_out: EncodedRows | None,
    form: ImageForm,
    classes: int,
    recipe: Any,
    seed: int,
) -> Engine:
    from lookalike.images._gan_engine import GanEngine  # noqa: PLC0415 - it loads JAX

    counts = np.bincount(rows.codes[:, 0], minlength=classes) if classes else np.zeros(0)
    shares = counts / max(counts.sum(), 1)
    return GanEngine.fit(rows, held_out, form, shares, recipe, seed, show=recipe.progress)


def _restore_gan(
    state: Learned, form: ImageForm, classes: int, recipe: Any, history: History
) -> Engine:
    from lookalike.images._gan_engine import GanEngine  # noqa: PLC0415 - it loads JAX

    return GanEngine.from_state(state, form, classes, recipe, history)


def _fit_components(
    rows: EncodedRows,
    held_out: EncodedRows | None,  # noqa: ARG001 - a table has held-out rows of its own
    form: ImageForm,  # noqa: ARG001 - rows have it
    classes: int,
    recipe: Any,
    seed: int,
) -> Engine:
    from lookalike.images._components_engine import ComponentsEngine  # noqa: PLC0415

    parts = recipe.components, recipe.family, classes, seed
    return ComponentsEngine.fit(rows, *parts, show=recipe.progress)


def _restore_components(
    state: Learned,
    form: ImageForm,
    classes: int,
    recipe: Any,  # noqa: ARG001 - the table has its own
    history: History,  # noqa: ARG001 - the table has its own
) -> Engine:
    from lookalike.images._components_engine import ComponentsEngine  # noqa: PLC0415

    return ComponentsEngine.from_state(state, form.pixels, classes)


#: The engines by name.
ENGINES = {
    "gan": EngineKind(_fit_gan, _restore_gan),
    "components": EngineKind(_fit_components, _restore_components),
}


class FittedImages(Protocol):
    """The part of a fitted model that its file stores."""

    classes_: np.ndarray | None
    form_: ImageForm
    n_images_: int
    seed_: int
    _engine: Engine
    _fitted_with: dict[str, Any]

    @property
    def history_(self) -> History: ...


def save_images(model: FittedImages, path: str | os.PathLike[str]) -> None:
    """Write a fitted model to one file, which is either whole or absent."""
    learned = model._engine.state()
    manifest = {
        "format": FORMAT,
        "lookalike": version("lookalike"),
        "synthesizer": NAME,
        "parameters": saved_parameters(model._fitted_with, model.seed_),
        "seed": model.seed_,
        "images": model.n_images_,
        "form": model.form_.to_dict(),
        "classes": None if model.classes_ is None else model.classes_.tolist(),
        "history": model.history_.to_dict(),
        "model": learned.values,
    }
    arrays = {f"model/{k}": np.asarray(v, order="C") for k, v in learned.arrays.items()}
    write_parts(ArchiveParts(manifest, {}, arrays), path)
