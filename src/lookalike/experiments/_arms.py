"""Arms: the sets of training rows that are compared, each derived from the real training rows."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from imblearn.over_sampling import SMOTE, SMOTEN, SMOTENC, RandomOverSampler
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import StandardScaler

from lookalike._core.numerics import Floats
from lookalike.experiments._teacher import Teacher

__all__ = [
    "Arm",
    "ArmContext",
    "Boosted",
    "ComparedArm",
    "Duplicated",
    "Jittered",
    "Oversampled",
    "Real",
    "Replaced",
    "Role",
    "SmoteArm",
    "TrainingSet",
    "Weighted",
    "joined",
]

Role = Literal["real", "synthetic", "control"]

#: The noise of jittered rows, in standard deviations of the training rows.
_NOISE = 0.1
_NEIGHBOURS = 5


@dataclass(frozen=True)
class TrainingSet:
    """Rows to train a model on.

    Parameters
    ----------
    inputs : ndarray of float, shape (n, columns)
        Numbers with NaN where missing, then levels as numbers.
    target : ndarray of float, shape (n,)
        A number, or a level.
    balanced : bool
        True if models that support it weight classes by their rarity.
    """

    inputs: Floats
    target: Floats
    balanced: bool = False


@dataclass(frozen=True)
class ArmContext:
    """The material of an arm: training rows, and synthetic rows learned from them alone.

    Parameters
    ----------
    real : TrainingSet
        The real training rows that were kept.
    numbers : int
        The number of numeric input columns; the others are levels.
    synthetic : callable
        Takes a count and returns that many synthetic rows as a `TrainingSet`; the rows of a smaller
        count are the first ones of a larger.
    balanced : callable
        As `synthetic`, with all classes equally often.
    draw : callable
        Takes a purpose and returns a generator for it.
    teacher : callable
        Returns an ensemble that has learned the real rows.
    """

    real: TrainingSet
    numbers: int
    synthetic: Callable[[int], TrainingSet]
    balanced: Callable[[int], TrainingSet]
    draw: Callable[[str], np.random.Generator]
    teacher: Callable[[], Teacher]


@dataclass(frozen=True)
class ComparedArm:
    """The place of a set of training rows in a comparison.

    Parameters
    ----------
    factor : float
        Rows added for each real row; 0 where the arm has no such number.
    """

    #: Its name in records and tables.
    name: ClassVar[str]
    #: A description of its training rows, in a line.
    about: ClassVar[str]
    #: Its role in a comparison.
    role: ClassVar[Role]
    #: True if it has synthetic rows alone, which are added to nothing.
    alone: ClassVar[bool] = False

    factor: float = 0.0


@dataclass(frozen=True)
class Arm(ComparedArm, ABC):
    """A way to make training rows.

    Parameters
    ----------
    factor : float
        Rows added for each real row; 0 where the arm has no such number.
    """

    #: True if the target must have classes.
    needs_classes: ClassVar[bool] = False

    @abstractmethod
    def make(self, context: ArmContext) -> TrainingSet:
        """Return the rows to train on."""

    def added(self, context: ArmContext) -> int:
        """Return the number of rows to add."""
        return round(self.factor * len(context.real.target))


@dataclass(frozen=True)
class Real(Arm):
    """The real rows as they are."""

    name: ClassVar[str] = "real"
    about: ClassVar[str] = "the real training rows that were kept"
    role: ClassVar[Role] = "real"

    def make(self, context: ArmContext) -> TrainingSet:
        """Return the real rows."""
        return context.real


@dataclass(frozen=True)
class Boosted(Arm):
    """The real rows and synthetic ones."""

    name: ClassVar[str] = "boosted"
    about: ClassVar[str] = "the real rows and synthetic ones"
    role: ClassVar[Role] = "synthetic"

    def make(self, context: ArmContext) -> TrainingSet:
        """Return the real rows, then synthetic ones."""
        return joined(context.real, context.synthetic(self.added(context)))


@dataclass(frozen=True)
class Replaced(Arm):
    """Synthetic rows alone, as many as there are real ones at a factor of 1."""

    name: ClassVar[str] = "replaced"
    about: ClassVar[str] = "synthetic rows alone, as many as real rows were kept"
    role: ClassVar[Role] = "synthetic"
    alone: ClassVar[bool] = True

    def make(self, context: ArmContext) -> TrainingSet:
        """Return synthetic rows."""
        return context.synthetic(self.added(context))


@dataclass(frozen=True)
class Duplicated(Arm):
    """The real rows and copies of them."""

    name: ClassVar[str] = "duplicated"
    about: ClassVar[str] = "the real rows and exact copies of them, as many as synthetic rows"
    role: ClassVar[Role] = "control"

    def make(self, context: ArmContext) -> TrainingSet:
        """Return the real rows, then copies."""
        return joined(context.real, _copies(context, self.added(context)))


@dataclass(frozen=True)
class Jittered(Arm):
    """The real rows and copies of them with a little noise on their numbers."""

    name: ClassVar[str] = "jitter"
    about: ClassVar[str] = (
        "the real rows and as many copies, with normal noise on their numbers "
        f"({_NOISE:g} standard deviations of the training rows)"
    )
    role: ClassVar[Role] = "control"

    def make(self, context: ArmContext) -> TrainingSet:
        """Return the real rows, then noisy copies."""
        copies = _copies(context, self.added(context))
        inputs = copies.inputs.copy()
        numbers = inputs[:, : context.numbers]
        noise = context.draw("jitter").standard_normal(numbers.shape)
        numbers += noise * _NOISE * _spread(context.real.inputs[:, : context.numbers])
        return joined(context.real, TrainingSet(inputs, copies.target))


@dataclass(frozen=True)
class Oversampled(Arm):
    """The real rows and copies of those of rarer classes, until all classes are equal."""

    name: ClassVar[str] = "random oversampling"
    about: ClassVar[str] = "the real rows and copies of rarer classes, until all classes are equal"
    role: ClassVar[Role] = "control"
    needs_classes: ClassVar[bool] = True

    def make(self, context: ArmContext) -> TrainingSet:
        """Return the real rows, then copies."""
        real = context.real
        if len(np.unique(real.target)) < 2:
            return real
        sampler = RandomOverSampler(random_state=_seed(context, self.name))
        places = np.arange(len(real.target))[:, None]
        drawn = sampler.fit_resample(places, real.target)[0][:, 0]
        return TrainingSet(real.inputs[drawn], real.target[drawn])


@dataclass(frozen=True)
class SmoteArm(Arm):
    """The real rows and rows between neighbours of rarer classes, until all classes are equal.

    SMOTENC where columns are of both sorts, SMOTEN where all are levels. For the new rows, missing
    numbers take the median; classes of one row are left as they are.
    """

    name: ClassVar[str] = "SMOTE"
    about: ClassVar[str] = (
        "the real rows and rows between a row of a rarer class and one of its "
        f"{_NEIGHBOURS} nearest, until all classes are equal"
    )
    role: ClassVar[Role] = "control"
    needs_classes: ClassVar[bool] = True

    def make(self, context: ArmContext) -> TrainingSet:
        """Return the real rows, then the rows between neighbours."""
        real = context.real
        labels, counts = np.unique(real.target, return_counts=True)
        most = int(counts.max())
        targets = {
            label: most for label, count in zip(labels, counts, strict=True) if 1 < count < most
        }
        if not targets:
            return real
        least = min(int(counts[labels == label][0]) for label in targets)
        settings = {
            "sampling_strategy": targets,
            "k_neighbors": min(_NEIGHBOURS, least - 1),
            "random_state": _seed(context, self.name),
        }
        count, columns = context.numbers, real.inputs.shape[1]
        if count == 0:
            return TrainingSet(*SMOTEN(**settings).fit_resample(real.inputs, real.target))
        filled = SimpleImputer(strategy="median", keep_empty_features=True)
        scaler = StandardScaler()
        numbers = scaler.fit_transform(filled.fit_transform(real.inputs[:, :count]))
        cells = np.concatenate([numbers, real.inputs[:, count:]], axis=1)
        sampler = SMOTE(**settings)
        if count < columns:
            sampler = SMOTENC(list(range(count, columns)), **settings)
        inputs, target = _fresh(sampler, cells, real.target)
        inputs[:, :count] = scaler.inverse_transform(inputs[:, :count])
        return joined(real, TrainingSet(inputs, target))


@dataclass(frozen=True)
class Weighted(Arm):
    """The real rows, with classes weighted by their rarity."""

    name: ClassVar[str] = "class weights"
    about: ClassVar[str] = (
        "the real rows, weighted by the rarity of their class, in models that have weights"
    )
    role: ClassVar[Role] = "control"
    needs_classes: ClassVar[bool] = True

    def make(self, context: ArmContext) -> TrainingSet:
        """Return the real rows, to be weighted."""
        return TrainingSet(context.real.inputs, context.real.target, balanced=True)


def _copies(context: ArmContext, count: int) -> TrainingSet:
    """Return copies of real rows; the numbers of copies of any two rows differ by one at most."""
    rows = len(context.real.target)
    order = context.draw("copies").permutation(rows)
    places = order[np.arange(count) % rows]
    return TrainingSet(context.real.inputs[places], context.real.target[places])


def _fresh(sampler: Any, cells: Floats, target: Floats) -> tuple[Floats, Floats]:
    """Return the rows that a sampler adds."""
    made, labels = sampler.fit_resample(cells, target)
    return np.array(made[len(target) :]), labels[len(target) :]


def joined(first: TrainingSet, second: TrainingSet) -> TrainingSet:
    """Return the rows of one training set, then those of another."""
    return TrainingSet(
        np.concatenate([first.inputs, second.inputs]),
        np.concatenate([first.target, second.target]),
    )


def _spread(numbers: Floats) -> Floats:
    """Return the standard deviation of each column, 0 where nothing is present."""
    present = ~np.isnan(numbers)
    counts = np.maximum(present.sum(axis=0), 1)
    filled = np.where(present, numbers, 0.0)
    middle = filled.sum(axis=0) / counts
    away = np.where(present, numbers - middle, 0.0)
    spread: Floats = np.sqrt((away**2).sum(axis=0) / counts)
    return spread


def _seed(context: ArmContext, purpose: str) -> int:
    return int(context.draw(purpose).integers(2**31))
