"""The rules of the parameters of `Images`; those of networks are made where JAX is needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from lookalike._core.errors import ParameterError
from lookalike._core.parameters import AnyOf, Choice, Flag, GroupOf, Instance, Number, Rule
from lookalike.images._recipe import STEPS
from lookalike.images._saving import ENGINES
from lookalike.models import find_synthesizer

__all__ = ["RULES"]

_RANDOM_STATE = Instance(
    (int, np.integer, np.random.Generator, np.random.RandomState),
    "an integer, a numpy Generator, a numpy RandomState or None",
    optional=True,
)


def _networks() -> Rule:
    from lookalike.models import Networks  # noqa: PLC0415 - it loads JAX

    return GroupOf(Networks)


def _training() -> Rule:
    from lookalike.models import TrainingRules  # noqa: PLC0415 - it loads JAX

    return GroupOf(TrainingRules)


def _objective() -> Rule:
    from lookalike.models import Option  # noqa: PLC0415 - it loads JAX
    from lookalike.nn import OBJECTIVES  # noqa: PLC0415

    return Option(OBJECTIVES.create)


def _monitors() -> Rule:
    from lookalike.models import Option  # noqa: PLC0415 - it loads JAX
    from lookalike.training.monitors import MONITORS  # noqa: PLC0415

    return AnyOf((Flag(), Option(MONITORS.create_all)))


class _FamilyName(Rule):
    """Rule for the name of a family of models of tables."""

    def broken_by(self, value: Any) -> str | None:
        if not isinstance(value, str):
            return "must be the name of a family of models, such as 'GAN'"
        try:
            find_synthesizer(value)
        except ParameterError as error:
            return f"is not understood ({error})"
        return None


#: A rule for each parameter.
RULES: Mapping[str, Rule | Callable[[], Rule]] = {
    "engine": Choice(tuple(ENGINES)),
    "budget": Choice(tuple(STEPS)),
    "steps": AnyOf((Number(1, integer=True),), none=True),
    "epochs": AnyOf((Number(1, integer=True),), none=True),
    "batch_size": Number(1, 2**16, integer=True),
    "width": Number(1, 2**12, integer=True),
    "objective": _objective,
    "learning_rate": Number(0, open_low=True),
    "held_out": Number(0, 0.9),
    "monitors": _monitors,
    "remedies": Flag(),
    "networks": _networks,
    "training": _training,
    "components": Number(1, 2**16, integer=True),
    "family": _FamilyName(),
    "progress": AnyOf((Flag(),), none=True),
    "random_state": _RANDOM_STATE,
}
