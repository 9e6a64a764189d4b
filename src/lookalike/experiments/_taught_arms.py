"""Arms of balanced and of labelled synthetic rows, and all arms of a study."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from lookalike.experiments._arms import (
    Arm,
    ArmContext,
    Boosted,
    Duplicated,
    Jittered,
    Oversampled,
    Real,
    Replaced,
    Role,
    SmoteArm,
    TrainingSet,
    Weighted,
    joined,
)

__all__ = [
    "Balanced",
    "Labelled",
    "ReplacedBalanced",
    "ReplacedLabelled",
    "TeacherAlone",
    "arms_for",
]


@dataclass(frozen=True)
class Balanced(Arm):
    """The real rows and synthetic ones of rarer classes, until all classes are equal."""

    name: ClassVar[str] = "balanced"
    about: ClassVar[str] = (
        "the real rows and synthetic ones of rarer classes, until all classes are equal"
    )
    role: ClassVar[Role] = "synthetic"
    needs_classes: ClassVar[bool] = True

    def make(self, context: ArmContext) -> TrainingSet:
        """Return the real rows, then synthetic ones of each rarer class."""
        real = context.real
        labels, counts = np.unique(real.target, return_counts=True)
        lacks = counts.max() - counts
        made = context.balanced(int(len(labels) * lacks.max()))
        chosen = [
            np.flatnonzero(made.target == label)[:lack]
            for label, lack in zip(labels, lacks, strict=True)
        ]
        places = np.sort(np.concatenate(chosen))
        return joined(real, TrainingSet(made.inputs[places], made.target[places]))


@dataclass(frozen=True)
class ReplacedBalanced(Replaced):
    """Synthetic rows alone, with all classes equally often."""

    name: ClassVar[str] = "replaced and balanced"
    about: ClassVar[str] = (
        "synthetic rows alone, as many as real rows were kept, all classes equally often"
    )
    needs_classes: ClassVar[bool] = True

    def make(self, context: ArmContext) -> TrainingSet:
        """Return balanced rows."""
        return context.balanced(self.added(context))


@dataclass(frozen=True)
class Labelled(Arm):
    """The real rows and synthetic ones whose labels a teacher draws."""

    name: ClassVar[str] = "labelled"
    about: ClassVar[str] = (
        "the real rows and synthetic ones, whose labels are drawn by an ensemble that has learned "
        "the real rows"
    )
    role: ClassVar[Role] = "synthetic"

    def make(self, context: ArmContext) -> TrainingSet:
        """Return the real rows, then labelled ones."""
        return joined(context.real, _labelled(context, self.added(context)))


@dataclass(frozen=True)
class ReplacedLabelled(Replaced):
    """Synthetic rows alone, whose labels a teacher draws."""

    name: ClassVar[str] = "replaced and labelled"
    about: ClassVar[str] = (
        "synthetic rows alone, as many as real rows were kept, with labels of the ensemble"
    )

    def make(self, context: ArmContext) -> TrainingSet:
        """Return labelled rows."""
        return _labelled(context, self.added(context))


@dataclass(frozen=True)
class TeacherAlone(Arm):
    """The teacher itself: its score stands in the place of each model's."""

    name: ClassVar[str] = "teacher"
    about: ClassVar[str] = (
        "no model: the predictions of the ensemble itself, which has learned the real rows"
    )
    role: ClassVar[Role] = "control"

    def make(self, context: ArmContext) -> TrainingSet:
        """Return the rows that the teacher has learned."""
        context.teacher()  # its failure is the arm's
        return context.real


def arms_for(
    factors: tuple[float, ...],
    *,
    replace: bool,
    balance: bool,
    label: bool,
    controls: bool,
    classes: bool,
) -> tuple[Arm, ...]:
    """Return the arms of a study, the real one first.

    Parameters
    ----------
    factors : tuple of float
        The number of rows added for each real one.
    replace : bool
        True to train on synthetic rows alone as well.
    balance : bool
        True to use synthetic rows whose classes are equally frequent as well.
    label : bool
        True to let a teacher draw the labels of synthetic rows as well.
    controls : bool
        True to add the cheap controls.
    classes : bool
        True if the target has classes.

    Returns
    -------
    tuple of Arm
        Without those that need classes where there are none.
    """
    arms: list[Arm] = [Real(), *(Boosted(factor) for factor in factors)]
    if replace:
        arms.append(Replaced(1.0))
    if balance:
        arms += [Balanced(), *([ReplacedBalanced(1.0)] if replace else [])]
    if label:
        arms += [Labelled(factor) for factor in factors]
        arms += [ReplacedLabelled(1.0)] if replace else []
        arms.append(TeacherAlone())
    if controls:
        for factor in factors:
            arms += [Duplicated(factor), Jittered(factor)]
        arms += [Oversampled(), SmoteArm(), Weighted()]
    return tuple(arm for arm in arms if classes or not arm.needs_classes)


def _labelled(context: ArmContext, count: int) -> TrainingSet:
    """Return synthetic rows with labels that the teacher draws."""
    inputs = context.synthetic(count).inputs
    return TrainingSet(inputs, context.teacher().draw(inputs, context.draw("labels")))
