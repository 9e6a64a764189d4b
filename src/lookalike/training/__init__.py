"""The training loop. Room rule: ``training`` knows networks, never tables, models or metrics.

`History` needs no JAX; the other names are imported at their first use, so that reading a history
is fast.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lookalike.training._history import Event, History

if TYPE_CHECKING:
    from lookalike.training._adversarial import MEASURES, Game, Optimiser, TrainState
    from lookalike.training._adversarial_codes import AdversarialCodesTask
    from lookalike.training._averaged import AveragedState, AveragedTask
    from lookalike.training._checkpoints import CheckpointScore, EarlyStopping
    from lookalike.training._data import Data, RowsByLevel
    from lookalike.training._device import keep_compiled_programs, make_room_for_programs
    from lookalike.training._diffusion import DiffusionTask
    from lookalike.training._image_game import ImageGame
    from lookalike.training._image_task import ImageTask
    from lookalike.training._latent_game import LatentGameTask
    from lookalike.training._masked import MaskedTask
    from lookalike.training._recurrent_judge import recurrent_judge
    from lookalike.training._remedies import REMEDIES
    from lookalike.training._supervised import (
        DenseModel,
        DenseSpec,
        LabelledRows,
        SupervisedTask,
    )
    from lookalike.training._task import CHUNK, GeneratedRows, GenerativeTask, Remedy, Task
    from lookalike.training._trainer import TrainingPlan, TrainingResult, train
    from lookalike.training._variational import VariationalTask

__all__ = [
    "CHUNK",
    "MEASURES",
    "REMEDIES",
    "AdversarialCodesTask",
    "AveragedState",
    "AveragedTask",
    "CheckpointScore",
    "Data",
    "DenseModel",
    "DenseSpec",
    "DiffusionTask",
    "EarlyStopping",
    "Event",
    "Game",
    "GeneratedRows",
    "GenerativeTask",
    "History",
    "ImageGame",
    "ImageTask",
    "LabelledRows",
    "LatentGameTask",
    "MaskedTask",
    "Optimiser",
    "Remedy",
    "RowsByLevel",
    "SupervisedTask",
    "Task",
    "TrainState",
    "TrainingPlan",
    "TrainingResult",
    "VariationalTask",
    "keep_compiled_programs",
    "make_room_for_programs",
    "recurrent_judge",
    "train",
]


def __getattr__(name: str) -> Any:
    """Import names that need JAX at their first use (PEP 562)."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from lookalike.training import (  # noqa: PLC0415
        _adversarial,
        _adversarial_codes,
        _averaged,
        _checkpoints,
        _data,
        _device,
        _diffusion,
        _image_game,
        _image_task,
        _latent_game,
        _masked,
        _recurrent_judge,
        _remedies,
        _supervised,
        _task,
        _trainer,
        _variational,
    )

    modules = (
        _adversarial,
        _adversarial_codes,
        _averaged,
        _checkpoints,
        _data,
        _device,
        _diffusion,
        _image_game,
        _image_task,
        _latent_game,
        _masked,
        _recurrent_judge,
        _remedies,
        _supervised,
        _task,
        _trainer,
        _variational,
    )
    return getattr(next(module for module in modules if name in module.__all__), name)
