"""A study of a table, and one item of its work, which any process can do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from importlib.metadata import version
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from sklearn.base import clone

from lookalike._core.errors import (
    DataError,
    LookalikeError,
    ParameterError,
    TrainingError,
)
from lookalike._core.seeds import derive_seed, generator
from lookalike.experiments._arms import Arm, ArmContext, TrainingSet
from lookalike.experiments._battery import (
    NAIVE,
    ModelEvaluation,
    failure,
    is_compiled,
    synthesizer_failure,
)
from lookalike.experiments._declared import Declared
from lookalike.experiments._fitting import fit_whole
from lookalike.experiments._identity import digest, identity, table_digest
from lookalike.experiments._records import Record
from lookalike.experiments._splits import Split, keep_share
from lookalike.experiments._taught_arms import TeacherAlone
from lookalike.experiments._teacher import Teacher
from lookalike.metrics import Codebook, View, preprocessor
from lookalike.models import Synthesizer
from lookalike.tables import Schema

__all__ = ["Study", "WorkItem", "steps", "training_set", "versions"]

#: The packages whose releases may change a number.
_VERSIONED = ("lookalike", "scikit-learn", "imbalanced-learn", "lightgbm", "jax", "numpy")


@dataclass(frozen=True)
class Study:
    """A study of one table: everything that its numbers depend on.

    Parameters
    ----------
    table : pyarrow.Table
        Inputs and target in plain canonical values; no target is missing.
    schema : Schema
        The columns and their kinds.
    target : str
        The column to predict.
    strata : ndarray of int, shape (n,)
        Classes by which splits are stratified; all the same where there are none.
    synthesizer : Synthesizer
        Unfitted.
    arms : tuple of Arm
        The sets of training rows.
    models : mapping of str to estimator or None
        See `lookalike.experiments._battery.check_models`.
    metrics : tuple of str
        The names of the metrics.
    seed : int
        The seed of everything.
    library : {"pandas", "polars"}
        The library of the dataframes that pipelines get.
    parted : tuple
        The settings of the splits in plain values: all that they depend on beside table and seed.
    declared : Declared
        The rules that the rows of the synthesizer obey.
    """

    table: pa.Table
    schema: Schema
    target: str
    strata: npt.NDArray[np.int64]
    synthesizer: Synthesizer
    arms: tuple[Arm, ...]
    models: Mapping[str, Any]
    metrics: tuple[str, ...]
    seed: int
    library: str
    parted: tuple[Any, ...]
    declared: Declared = Declared()  # noqa: RUF009 - it is immutable

    @cached_property
    def data(self) -> str:
        """A digest of the table."""
        return table_digest(self.table)

    @cached_property
    def settings(self) -> dict[str, str]:
        """For each model, a digest of all that its numbers depend on beside a record's fields."""
        common = (
            self.target,
            [(column.name, str(column.kind)) for column in self.schema.columns],
            identity(_seedless(self.synthesizer)),
            self.seed,
            self.parted,
            list(versions().items()),
            *self.declared.options.items(),
        )
        return {name: digest(common, identity(model)) for name, model in self.entrants.items()}

    @property
    def compiled(self) -> bool:
        """True where XLA computes some of the numbers: they depend on its number of threads."""
        made = self.synthesizer.COMPILED and any(arm.role == "synthetic" for arm in self.arms)
        return made or any(is_compiled(*entrant) for entrant in self.entrants.items())

    @property
    def entrants(self) -> dict[str, Any]:
        """The models and the naive baseline."""
        return {**self.models, NAIVE: None}

    @property
    def keys(self) -> list[tuple[Arm, str]]:
        """Every arm and model of a split; the naive baseline has the real arm alone."""
        return [
            (arm, model)
            for arm in self.arms
            for model in self.entrants
            if model != NAIVE or arm.role == "real"
        ]


@dataclass(frozen=True)
class WorkItem:
    """One item of work: a split, a share, and the arms and models to measure on them.

    Parameters
    ----------
    split : Split
        The rows.
    share : float
        The share of the training rows that is kept.
    todo : tuple of (Arm, str)
        Arms and names of models.
    """

    split: Split
    share: float
    todo: tuple[tuple[Arm, str], ...]


def steps(study: Study, item: WorkItem) -> Iterator[list[Record]]:
    """Do one item of work, arm by arm.

    Everything is learned from the kept training rows; seeds depend on names and numbers alone, so
    that it does not matter where and in which order items are done.

    Parameters
    ----------
    study : Study
        The study.
    item : WorkItem
        The item of work.

    Yields
    ------
    list of Record
        For each arm, one for each model and metric.
    """
    tables = _StudyTables(study, item)
    for arm in dict.fromkeys(arm for arm, _ in item.todo):
        models = {name: study.entrants[name] for one, name in item.todo if one == arm}
        yield tables.try_arm(arm, models)


def versions() -> dict[str, str]:
    """Return the versions of lookalike and of the libraries that numbers depend on."""
    return {name: version(name) for name in _VERSIONED}


class _StudyTables:
    """The kept rows of a split, and all that is learned from them."""

    def __init__(self, study: Study, item: WorkItem) -> None:
        self.study, self.item = study, item
        kept = keep_share(item.split, study.strata, item.share, study.seed)
        self.train = study.table.take(pa.array(kept))
        test = study.table.take(pa.array(item.split.test))
        book = Codebook(self.train, study.schema)
        self.evaluation = ModelEvaluation(
            book,
            study.target,
            training_set(test, book, study.target),
            derive_seed(study.seed, "models", item.split.number),
            study.library,
        )
        self.context = ArmContext(
            real=training_set(self.train, book, study.target),
            numbers=sum(name != study.target for name in book.numeric),
            synthetic=self._synthetic,
            balanced=self._balanced,
            draw=self._draw,
            teacher=self._teacher,
        )
        self._made: TrainingSet | None = None
        self._even: TrainingSet | None = None
        self._taught: Teacher | None = None

    def try_arm(self, arm: Arm, models: Mapping[str, Any]) -> list[Record]:
        """Train models on an arm's rows and record their scores."""
        results: dict[str, dict[str, float | str]]
        training = self._rows_of(arm)
        if isinstance(training, str):
            results = {name: dict.fromkeys(self.study.metrics, training) for name in models}
        elif isinstance(arm, TeacherAlone):
            results = dict.fromkeys(models, self.evaluation.judge_teacher(self._teacher()))
        else:
            results = self.evaluation.take(training, models)
        return [
            self._record(arm, name, metric, results[name][metric])
            for name in models
            for metric in self.study.metrics
        ]

    def _teacher(self) -> Teacher:
        """Return the teacher of labels; it is fitted once, for all arms."""
        if self._taught is None:
            real, evaluation = self.context.real, self.evaluation
            self._taught = Teacher.fit(
                real.inputs,
                real.target,
                partial(preprocessor, evaluation.book, evaluation.target),
                derive_seed(self.study.seed, "teacher", self.item.split.number),
                classes=evaluation.classes,
            )
        return self._taught

    def _rows_of(self, arm: Arm) -> TrainingSet | str:
        """Return an arm's rows, or the reason why there are none."""
        try:
            return arm.make(self.context)
        except (TrainingError, DataError) as error:
            return synthesizer_failure(error)
        except LookalikeError:  # a mistake of the call, not of these rows
            raise
        except ValueError as error:
            return failure("arm", error)

    def _record(self, arm: Arm, model: str, metric: str, found: float | str) -> Record:
        good = not isinstance(found, str) and np.isfinite(found)
        return Record(
            data=self.study.data,
            settings=self.study.settings[model],
            split=self.item.split.number,
            arm=arm.name,
            factor=arm.factor,
            share=self.item.share,
            model=model,
            metric=metric,
            value=float(found) if good else None,
            reason=None if good else str(found),
            kept_rows=self.train.num_rows,
            train_rows=len(self.item.split.train),
            test_rows=len(self.evaluation.test.target),
        )

    def _synthetic(self, count: int) -> TrainingSet:
        """Return synthetic rows; the synthesizer is fitted once, for all arms."""
        if self._made is None:
            arms = [arm for arm in self.study.arms if arm.role == "synthetic"]
            most = max(arm.added(self.context) for arm in arms)
            self._made = self._as_training_set(self._model.sample(most))
        return TrainingSet(self._made.inputs[:count], self._made.target[:count])

    def _balanced(self, count: int) -> TrainingSet:
        """Return synthetic rows whose classes are equally frequent."""
        if self._even is None or len(self._even.target) < count:
            try:
                made = self._model.sample(count, balance=self.study.target)
            except ParameterError as error:  # it cannot generate rows of a class that is too rare
                raise DataError(str(error)) from error
            self._even = self._as_training_set(made)
        return TrainingSet(self._even.inputs[:count], self._even.target[:count])

    def _as_training_set(self, table: pa.Table) -> TrainingSet:
        return training_set(table, self.evaluation.book, self.study.target)

    @cached_property
    def _model(self) -> Synthesizer:
        """The synthesizer, fitted to the kept rows."""
        study = self.study
        model: Synthesizer = clone(study.synthesizer)
        model.set_params(random_state=int(self._draw("synthesizer").integers(2**63)))
        kinds = {column.name: column.kind for column in study.schema.columns}
        fit_whole(model, self.train, kinds, study.target, study.declared)
        return model

    def _draw(self, purpose: str) -> np.random.Generator:
        share = f"{self.item.share:g}"
        return generator(self.study.seed, "arm", purpose, self.item.split.number, share)


def training_set(table: pa.Table, book: Codebook, target: str) -> TrainingSet:
    """Return a table as inputs and target: numbers as they are, then levels as numbers.

    Parameters
    ----------
    table : pyarrow.Table
        Canonical.
    book : Codebook
        The columns of the training rows.
    target : str
        The column to predict.

    Returns
    -------
    TrainingSet
    """
    view = View(table, book, 0)
    cells = np.concatenate([view.numbers, view.codes], axis=1)
    place = (*book.numeric, *book.discrete).index(target)
    return TrainingSet(np.delete(cells, place, axis=1), cells[:, place])


def _seedless(model: Synthesizer) -> Synthesizer:
    """Return a synthesizer without a seed: each split has its own."""
    plain: Synthesizer = clone(model).set_params(random_state=None)
    return plain
