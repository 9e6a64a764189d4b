"""Measure what models of a rare class lose on synthetic rows alone, and what gives it back.

    rare_classes.py LINES FILE TARGET [--models Forest Mixture] [--seeds 3]

Of each of three splits, four fifths of the rows are learned without correction; logistic
regression, a random forest, a tree and boosted trees learn the rows below and predict the rest.
Every run is one JSON line with their mean ROC AUC; printed is a table of means over splits.

    real                the real rows
    real balanced       the real rows and copies of rarer classes, until all classes are equal
    teacher             the predictions of the teacher of labels itself
    own                 synthetic rows, as many as real ones, and five times as many
    balanced            the same with all classes equally often
    labelled            the same with labels that a teacher draws
    class-wise          rows of a model for each class, in the shares of the classes
"""

from __future__ import annotations

import statistics
import sys
import warnings
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from imblearn.over_sampling import RandomOverSampler

from _games import runs
from lookalike._core.errors import LookalikeWarning
from lookalike._core.seeds import derive_seed, generator
from lookalike.experiments._arms import TrainingSet
from lookalike.experiments._battery import ModelEvaluation
from lookalike.experiments._study import _training_set
from lookalike.experiments._study_spec import specify
from lookalike.experiments._teacher import Teacher
from lookalike.metrics import Codebook, preprocessor
from lookalike.models import Synthesizer, find_synthesizer
from lookalike.tables import read_table

_JUDGES = ("logistic regression", "random forest", "decision tree", "boosted trees")
_TIMES = (1, 5)
_SPLITS, _TEST = 3, 0.2


class _Part:
    """The learned rows of a split, and the judgement of rows by its held-out ones."""

    def __init__(self, file: Path, target: str, number: int) -> None:
        spec = specify(read_table(file), target, None, None, None)
        split = spec.splits(_SPLITS, _TEST, 0)[number]
        self.number, self.target = number, target
        self.train = spec.table.take(pa.array(split.train))
        self.kinds = {column.name: column.kind for column in spec.schema.columns}
        self.book = Codebook(self.train, spec.schema)
        test = self.cells(spec.table.take(pa.array(split.test)))
        seed = derive_seed(0, "models", number)
        self.judge = ModelEvaluation(self.book, target, test, seed, "pandas")

    def cells(self, table: pa.Table) -> TrainingSet:
        return _training_set(table, self.book, self.target)

    def fitted(self, family: str, rows: pa.Table, target: str | None) -> Synthesizer:
        kinds = {name: kind for name, kind in self.kinds.items() if name in rows.column_names}
        model = find_synthesizer(family)(random_state=self.number, refine={"correct": False})
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", LookalikeWarning)
            return model.fit(rows, kinds=kinds, target=target)

    def score(self, rows: TrainingSet) -> float:
        found = self.judge.take(rows, dict.fromkeys(_JUDGES))
        return statistics.fmean(float(found[name]["roc_auc"]) for name in _JUDGES)


def measure(file: Path, target: str, family: str, number: int) -> runs.Line:
    """Return the mean ROC AUC of models by the rows that they learn."""
    part = _Part(file, target, number)
    real, count = part.cells(part.train), part.train.num_rows
    prepare = partial(preprocessor, part.book, target)
    teacher = Teacher.fit(real.inputs, real.target, prepare, number, classes=True)
    found: dict[str, Any] = {"real": part.score(real)}
    places = np.arange(count)[:, None]
    even = RandomOverSampler(random_state=number).fit_resample(places, real.target)[0][:, 0]
    found["real balanced"] = part.score(TrainingSet(real.inputs[even], real.target[even]))
    found["teacher"] = part.judge.judge_teacher(teacher)["roc_auc"]
    model = part.fitted(family, part.train, target)
    most = max(_TIMES) * count
    own = part.cells(model.sample(most))
    labels = teacher.draw(own.inputs, generator(number, "labels"))
    made = {
        "own": own,
        "balanced": part.cells(model.sample(most, balance=target)),
        "labelled": TrainingSet(own.inputs, labels),
        "class-wise": part.cells(_class_wise(part, family)),
    }
    for name, rows in made.items():
        for times in _TIMES:
            some = TrainingSet(rows.inputs[: times * count], rows.target[: times * count])
            found[f"{name} x{times}"] = part.score(some)
    return {name: round(float(value), 4) for name, value in found.items()}


def _class_wise(part: _Part, family: str) -> pa.Table:
    """Return rows of a model for each class, in random order."""
    column = part.train[part.target]
    names = np.array(column.to_pylist(), object)
    parts = []
    for name in dict.fromkeys(names):
        places = np.flatnonzero(names == name)
        rows = part.train.take(pa.array(places)).drop_columns([part.target])
        made = part.fitted(family, rows, None).sample(max(_TIMES) * len(places))
        label = column.take(pa.array(np.full(len(made), places[0])))
        parts.append(made.append_column(part.target, label).select(part.train.column_names))
    whole = pa.concat_tables(one.cast(part.train.schema) for one in parts)
    return whole.take(pa.array(generator(part.number, "order").permutation(len(whole))))


def main() -> None:
    """Measure every model and print the table."""
    parser = runs.parser(__doc__, seeds=_SPLITS)
    parser.add_argument("file", type=Path)
    parser.add_argument("target")
    parser.add_argument("--models", nargs="+", default=["Forest", "Mixture"])
    given = runs.parsed(parser)

    def run(_data: str, method: str, seed: int) -> runs.Line:
        return measure(given.file, given.target, method, seed)

    tasks = [(given.file.stem, name, seed) for name in given.models for seed in range(given.seeds)]
    lines = runs.each(given.lines, tasks, run)
    shown = [k for k in lines[0] if k not in {"data", "method", "seed", "seconds", "cpu_seconds"}]
    rows = []
    for name in given.models:
        some = [one for one in lines if one["method"] == name]
        rows.append([name, *(f"{statistics.fmean(one[k] for one in some):.3f}" for k in shown)])
    sys.stdout.write(runs.table(["model", *shown], rows) + "\n")


if __name__ == "__main__":
    main()
